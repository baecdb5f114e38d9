//! The client: what it repeats, what it never repeats, how it tells what failed.

use std::time::Duration;

use nomspark::error::{Advice, causes};
use nomspark::exit::Exit;
use nomspark::http::{Endpoint, Error};
use nomspark::nomad::jobs::{ParsedJob, Registered, Submission};
use nomspark::nomad::{Nomad, SERVER};
use serde_json::{Value, json};

use crate::support::fake_nomad::{Fake, Reply};

const REGISTER: &str = "POST /v1/jobs";
const NODES: &str = "GET /v1/nodes";

fn client(fake: &Fake) -> Nomad {
    Nomad::new(fake.endpoint()).unwrap()
}

async fn register(nomad: &Nomad) -> Result<Registered, Error> {
    let submission = Submission { source: "job".to_owned(), format: "hcl2", variables: String::new() };
    nomad.register_job(&ParsedJob(json!({ "ID": "j" })), 0, &submission).await
}

/// The message with all its causes, as a user reads it.
fn told(error: &Error) -> String {
    format!("{error}: {}", causes(error).join(": "))
}

#[tokio::test]
async fn a_read_is_repeated_after_what_passes() {
    let fake = Fake::start().await;
    for reply in [Reply::status(500, "leader lost"), Reply::status(429, "slow down"), Reply::HangUp] {
        fake.once(NODES, reply);
    }
    assert_eq!(client(&fake).nodes().await.unwrap().len(), 1);
    assert_eq!(fake.requests_of(NODES).len(), 4);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_read_again() {
    let fake = Fake::start().await;
    fake.once(NODES, Reply::BreakOff(b"[{\"ID\":".to_vec()));
    assert_eq!(client(&fake).nodes().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_server_that_stays_busy_is_told_soon() {
    let fake = Fake::start().await;
    fake.on(NODES, Reply::status(503, "no leader"));
    let error = client(&fake).nodes().await.unwrap_err();
    assert_eq!(error.exit(), Exit::Failed);
    assert_eq!(told(&error), format!("Nomad at {} answered 503 to GET /v1/nodes: no leader: ", fake.url()));
    assert_eq!(fake.requests_of(NODES).len(), 4);
}

#[tokio::test]
async fn what_will_never_work_is_not_repeated() {
    let fake = Fake::start().await;
    for (status, words) in [(400, "bad request"), (404, "job not found"), (500, "1 error(s) occurred: bad job")] {
        fake.once(NODES, Reply::status(status, words));
        client(&fake).nodes().await.unwrap_err();
    }
    assert_eq!(fake.requests_of(NODES).len(), 3);
}

#[tokio::test]
async fn a_change_that_may_have_arrived_is_never_sent_again() {
    let replies = [
        Reply::HangUp,
        Reply::BreakOff(b"{\"EvalID\":".to_vec()),
        Reply::status(500, "leader lost"),
        Reply::status(502, "bad gateway"),
        Reply::status(503, "no leader"),
        Reply::status(200, "not json"),
    ];
    for reply in replies {
        let fake = Fake::start().await;
        fake.once(REGISTER, reply.clone());
        let error = register(&client(&fake)).await.unwrap_err();
        assert_eq!(error.exit(), Exit::Failed, "{reply:?}: {error}");
        assert_eq!(fake.requests_of(REGISTER).len(), 1, "{reply:?}");
    }
}

#[tokio::test]
async fn a_change_that_was_turned_away_is_sent_again() {
    let fake = Fake::start().await;
    fake.once(REGISTER, Reply::status(429, "too many connections"));
    register(&client(&fake)).await.unwrap();
    let sent = fake.requests_of(REGISTER);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].body, sent[1].body);
    assert_eq!(sent[1].json()["EnforceIndex"], true);
}

#[tokio::test]
async fn a_server_that_is_away_is_told_with_its_variable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let endpoint = Endpoint::open(&SERVER, format!("http://user:hunter2@{address}").parse().unwrap());
    let error = register(&Nomad::new(endpoint).unwrap()).await.unwrap_err();
    assert!(error.never_arrived(), "{error:?}");
    assert_eq!(error.exit(), Exit::Failed);
    let text = told(&error);
    assert!(text.starts_with(&format!("Nomad at http://{address} does not answer: ")), "{text}");
    assert!(text.to_lowercase().contains("connection refused"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    assert!(error.hint().unwrap().contains("NOMAD_ADDR"));
}

#[tokio::test]
async fn a_refusal_is_not_repeated_and_names_the_token() {
    let refusals =
        [(401, "token expired"), (403, "Permission denied"), (500, "Permission denied"), (500, "ACL not found")];
    for (status, words) in refusals {
        let fake = Fake::start().await;
        fake.on(NODES, Reply::status(status, words));
        fake.on(REGISTER, Reply::status(status, words));
        let nomad = Nomad::new(fake.endpoint()).unwrap();
        for error in [nomad.nodes().await.unwrap_err(), register(&nomad).await.unwrap_err()] {
            assert_eq!(error.exit(), Exit::Refused, "{error}");
            assert!(error.to_string().contains(words), "{error}");
            assert!(error.hint().unwrap().contains("NOMAD_TOKEN"));
        }
        assert_eq!(fake.requests().len(), 2, "{status} {words}");
    }
}

#[tokio::test]
async fn garbage_is_told_with_the_request_that_got_it() {
    for garbage in ["<html>login</html>", "", "{\"ID\": 1}", "[{\"ID\":\"a\"}]", "[", "null"] {
        let fake = Fake::start().await;
        fake.on(NODES, Reply::status(200, garbage));
        let error = client(&fake).nodes().await.unwrap_err();
        assert_eq!(error.exit(), Exit::Failed);
        let what = format!("Nomad at {} answered GET /v1/nodes with something unexpected", fake.url());
        assert_eq!(error.to_string(), what);
        assert!(!causes(&error).is_empty(), "{garbage:?}");
        assert_eq!(fake.requests_of(NODES).len(), 1, "{garbage:?}");
    }
}

#[tokio::test]
async fn hostile_words_are_bounded_and_cannot_move_the_cursor() {
    let fake = Fake::start().await;
    let mut body = b"\x1b[2J\x1b]0;owned\x07 no\r\nerror: forged\0\xff\xc2\x9b31m ".to_vec();
    body.extend(std::iter::repeat_n(b'x', 32 << 20));
    fake.on(NODES, Reply::Raw(400, body));
    let text = told(&client(&fake).nodes().await.unwrap_err());
    assert!(!text.contains(char::is_control), "{text:?}");
    assert!(text.contains("owned"), "{text:?}");
    assert!(text.len() < 10_000, "{} bytes", text.len());
}

#[tokio::test]
async fn what_the_endpoint_adds_is_in_every_request() {
    let fake = Fake::start().await;
    let endpoint = Endpoint {
        token: Some("s3cret".to_owned().into()),
        basic_auth: Some(("user".to_owned(), "hunter2".to_owned().into())),
        query: vec![("namespace", "a b&c".to_owned()), ("region", "eu".to_owned())],
        ..fake.endpoint()
    };
    assert!(!format!("{endpoint:?}").contains("s3cret"));
    assert!(!format!("{endpoint:?}").contains("hunter2"));
    let nomad = Nomad::new(endpoint).unwrap();
    nomad.list_jobs("spark-").await.unwrap();
    register(&nomad).await.unwrap();
    nomad.stop_job("../j", true).await.unwrap();
    drop(nomad.events(&["j"]).await.unwrap());
    let queries: Vec<String> = fake.requests().iter().map(|request| request.query.clone()).collect();
    assert_eq!(
        queries,
        [
            "namespace=a+b%26c&region=eu&prefix=spark-&meta=true",
            "namespace=a+b%26c&region=eu",
            "namespace=a+b%26c&region=eu&purge=true",
            "namespace=a+b%26c&region=eu&topic=Job%3Aj&topic=Allocation%3Aj&topic=Evaluation%3Aj&topic=Deployment%3Aj",
        ]
    );
    for request in fake.requests() {
        assert_eq!(request.header("x-nomad-token"), "s3cret");
        assert_eq!(request.header("authorization"), "Basic dXNlcjpodW50ZXIy");
    }
    assert_eq!(fake.requests()[2].path, "/v1/job/..%2Fj");
}

#[tokio::test]
async fn a_token_does_not_follow_a_redirect_to_another_server() {
    let (fake, other) = (Fake::start().await, Fake::start().await);
    fake.on(NODES, Reply::Redirect(format!("{}/v1/nodes", other.url())));
    let endpoint = Endpoint { token: Some("s3cret".to_owned().into()), ..fake.endpoint() };
    let error = Nomad::new(endpoint).unwrap().nodes().await.unwrap_err();
    assert!(error.to_string().contains("answered 302 to GET /v1/nodes"), "{error}");
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_redirect_on_the_same_server_is_followed() {
    let fake = Fake::start().await;
    fake.on("GET /v1/node/pools", Reply::Redirect("/v1/elsewhere".to_owned()));
    fake.on("GET /v1/elsewhere", Reply::Json(json!([{ "Name": "gpu" }])));
    assert_eq!(client(&fake).node_pools().await.unwrap(), ["gpu"]);
}

/// Lets 31 seconds pass as soon as the fake has read the request.
async fn let_time_pass_after(fake: &mut Fake, route: &str) {
    fake.received(route, 1).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_server_that_never_answers_is_told_after_one_time_limit() {
    for route in [NODES, REGISTER, "GET /v1/event/stream"] {
        let mut fake = Fake::start().await;
        fake.on(route, Reply::Hang);
        let nomad = client(&fake);
        let ask = async {
            match route {
                NODES => nomad.nodes().await.map(|_| ()).unwrap_err(),
                REGISTER => register(&nomad).await.map(|_| ()).unwrap_err(),
                _ => nomad.events(&["j"]).await.map(|_| ()).unwrap_err(),
            }
        };
        let (error, ()) = tokio::join!(ask, let_time_pass_after(&mut fake, route));
        assert_eq!(error.exit(), Exit::TimedOut);
        let what = format!("Nomad at {} did not answer {route} in time", fake.url());
        assert_eq!(error.to_string(), what);
        assert_eq!(fake.requests_of(route).len(), 1, "{route}");
    }
}

#[tokio::test]
async fn absence_is_an_answer() {
    let fake = Fake::start().await;
    assert_eq!(client(&fake).find_job("missing").await.unwrap(), None);
    fake.on("GET /v1/job/j", Reply::Json(Value::Null));
    client(&fake).find_job("j").await.unwrap_err();
}
