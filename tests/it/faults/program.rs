//! The program as a user runs it: exit codes, messages, what is sent, and what is never shown.

use std::process::{Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::fake_nomad::{Fake, Reply, allocation, batch, evaluation, job};

pub(super) const REGISTER: &str = "POST /v1/jobs";
const NODES: &str = "GET /v1/nodes";

/// nomspark with the fake for a Nomad and a Consul, and nothing else of this process's environment.
pub(super) fn nomspark(fake: &Fake, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nomspark"));
    command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("NOMAD_ADDR", fake.url()).env("CONSUL_HTTP_ADDR", fake.url()).kill_on_drop(true);
    command
}

pub(super) struct Ended {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Ended {
    pub(super) fn new(output: Output) -> Self {
        Self {
            code: output.status.code().expect("an exit code"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The last line of standard output.
    pub(super) fn document(&self) -> Value {
        let last = self.stdout.lines().last().unwrap_or_else(|| panic!("no document; {}", self.stderr));
        serde_json::from_str(last).unwrap()
    }

    /// The events of NDJSON, by their names.
    fn events(&self) -> Vec<String> {
        let lines = self.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter_map(|line| Some(line["event"].as_str()?.to_owned())).collect()
    }
}

pub(super) async fn ended(mut command: Command) -> Ended {
    let output = tokio::time::timeout(Duration::from_secs(30), command.output()).await;
    Ended::new(output.expect("nomspark does not end").unwrap())
}

pub(super) async fn run(fake: &Fake, arguments: &[&str]) -> Ended {
    ended(nomspark(fake, arguments)).await
}

fn changed(topic: &str, document: &Value) -> Value {
    json!({ "Index": document["ModifyIndex"], "Events": [{
        "Topic": topic, "Type": "Updated", "Key": document["ID"], "Payload": { topic: document },
    }] })
}

/// A fake that runs the job `j`.
async fn running() -> Fake {
    let fake = Fake::start().await;
    fake.list(100, &batch("j", "running", 90, 1), &[allocation("j", "alloc-1", "running", (90, 95))], &[]);
    fake
}

#[tokio::test]
async fn a_watched_job_completes() {
    let mut fake = running().await;
    let program = tokio::spawn(ended(nomspark(&fake, &["watch", "j", "-o", "ndjson"])));
    let feed = fake.next_stream().await;
    feed.line(&changed("Allocation", &allocation("j", "alloc-1", "complete", (90, 105))));
    let ended = program.await.unwrap();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let document = ended.document();
    assert_eq!((document["verdict"].as_str(), document["job"].as_str()), (Some("complete"), Some("j")));
    assert!(ended.events().contains(&"allocation_ended".to_owned()), "{}", ended.stdout);
}

#[tokio::test]
async fn a_watched_job_fails_with_its_last_words() {
    let fake = running().await;
    fake.list(110, &batch("j", "dead", 109, 1), &[allocation("j", "alloc-1", "failed", (90, 108))], &[]);
    let ended = run(&fake, &["watch", "j", "-o", "json"]).await;
    assert_eq!(ended.code, 6, "{}", ended.stderr);
    let document = ended.document();
    assert_eq!(document["error"]["code"], 6);
    let failure = &document["failures"][0];
    assert_eq!(failure["reason"], "it exited with code 1");
    assert_eq!((&failure["exit_code"], &failure["oom"], &failure["task"]), (&json!(1), &json!(false), &json!("task")));
    assert_eq!(failure["log_tail"], json!(["the last words"]));
    assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
    // A command that is named leads to the same job.
    let ended = run(&fake, &["watch", "j", "-o", "json", "--namespace", "team-a"]).await;
    let hint = ended.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("`nomspark logs j --namespace team-a`"), "{hint}");
}

#[tokio::test]
async fn a_break_is_told_and_mended() {
    let mut fake = running().await;
    let program = tokio::spawn(ended(nomspark(&fake, &["watch", "j"])));
    let feed = fake.next_stream().await;
    fake.received("GET /v1/job/j", 2).await;
    fake.list(110, &batch("j", "dead", 109, 1), &[allocation("j", "alloc-1", "complete", (90, 108))], &[]);
    // One break is mended in silence; the second is told.
    fake.once("GET /v1/event/stream", Reply::status(503, "no leader"));
    feed.bytes("{\"Index\":1");
    feed.break_off();
    let ended = program.await.unwrap();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("no leader"), "{}", ended.stderr);
    assert!(ended.stderr.contains("Nomad: connected again"), "{}", ended.stderr);
    assert_eq!(ended.stdout, "j: complete\n");
}

#[tokio::test]
async fn a_job_that_is_missing_or_purged_is_infrastructure_s_failure() {
    let fake = Fake::start().await;
    let missing = run(&fake, &["watch", "j", "-o", "json"]).await;
    assert_eq!(missing.code, 1);
    assert_eq!(missing.document()["error"]["message"], "Nomad has no job j");

    let mut fake = running().await;
    let program = tokio::spawn(ended(nomspark(&fake, &["watch", "j"])));
    let feed = fake.next_stream().await;
    feed.line(&json!({ "Index": 120, "Events": [{ "Topic": "Job", "Type": "JobDeregistered", "Key": "j",
        "Payload": { "Deleted": true, "Job": batch("j", "running", 90, 1) } }] }));
    assert_eq!(program.await.unwrap().code, 1);
}

#[tokio::test]
async fn a_wait_that_is_too_long_says_for_what_and_how_to_go_on() {
    let hangs = ["GET /v1/event/stream", "GET /v1/job/j", "nothing"];
    for route in hangs {
        let fake = running().await;
        fake.on(route, Reply::Hang);
        let ended = run(&fake, &["watch", "j", "--timeout", "300ms", "--namespace", "team"]).await;
        assert_eq!(ended.code, 5, "{route}: {}", ended.stderr);
        assert!(ended.stderr.contains("timed out after 300ms while waiting for the job j to end"), "{}", ended.stderr);
        assert!(ended.stderr.contains("`nomspark watch j --namespace team` goes on"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn an_interrupt_leaves_the_job_and_says_how_to_go_on() {
    let mut fake = running().await;
    let child = nomspark(&fake, &["watch", "j"]).spawn().unwrap();
    let id = Pid::from_raw(child.id().unwrap().try_into().unwrap());
    fake.received("GET /v1/job/j", 2).await;
    kill(id, Signal::SIGINT).unwrap();
    let ended = Ended::new(child.wait_with_output().await.unwrap());
    assert_eq!(ended.code, 130, "{}", ended.stderr);
    assert!(ended.stderr.contains("`nomspark watch j` goes on"), "{}", ended.stderr);
    assert!(fake.requests().iter().all(|request| request.method == "GET"));
}

#[tokio::test]
async fn an_interrupt_while_a_run_is_registered_says_how_to_go_on() {
    let mut fake = running().await;
    deployed(&fake);
    fake.on(REGISTER, Reply::Hang);
    let state = tempfile::tempdir().unwrap();
    let mut command = nomspark(&fake, &["wordcount", "--input", "file:///book.txt"]);
    let child = command.env("XDG_STATE_HOME", state.path()).spawn().unwrap();
    let id = Pid::from_raw(child.id().unwrap().try_into().unwrap());
    fake.received(REGISTER, 1).await;
    kill(id, Signal::SIGINT).unwrap();
    let ended = Ended::new(child.wait_with_output().await.unwrap());
    assert_eq!(ended.code, 130, "{}", ended.stderr);
    assert!(ended.stderr.contains("interrupted; Nomad may have the job already"), "{}", ended.stderr);
    assert!(ended.stderr.contains("to go on"), "{}", ended.stderr);
}

#[tokio::test]
async fn refusals_exit_with_4_and_name_the_token() {
    for status in [401, 403] {
        let fake = running().await;
        for route in ["GET /v1/event/stream", NODES] {
            fake.on(route, Reply::status(status, "Permission denied"));
        }
        for arguments in [["watch", "j", "-o", "json"], ["deploy", "--workers", "1", "-ojson"]] {
            let ended = run(&fake, &arguments).await;
            assert_eq!(ended.code, 4, "{arguments:?}: {}", ended.stderr);
            assert!(ended.document()["error"]["hint"].as_str().unwrap().contains("NOMAD_TOKEN"), "{}", ended.stdout);
        }
        assert!(fake.requests_of(REGISTER).is_empty());
    }
}

/// A cluster that Nomad runs: a master and one worker, both at the fake's own address.
pub(super) fn deployed(fake: &Fake) {
    for (name, role) in [("spark-master", "m"), ("spark-worker", "w")] {
        let mut job = job(name, "running", 90);
        job["Meta"] = json!({ "nomspark.cluster": "spark", "nomspark.role": name.trim_start_matches("spark-") });
        let allocation = allocation(name, role, "running", (90, 95));
        fake.list(100, &job, std::slice::from_ref(&allocation), &[]);
        let ports: Vec<Value> = ["rpc", "ui"]
            .iter()
            .map(|label| {
                json!({ "Label": label, "Value": fake.address().port(), "HostIP": fake.address().ip().to_string() })
            })
            .collect();
        let mut detail = allocation;
        detail["AllocatedResources"] = json!({ "Shared": { "Ports": ports } });
        detail["Job"] = json!({ "Version": 0 });
        fake.on(&format!("GET /v1/allocation/{role}"), Reply::Json(detail));
    }
}

/// The same, seen by a `deploy` that comes first; Consul hears of the master at once.
async fn empty_then_deployed() -> Fake {
    let fake = Fake::start().await;
    deployed(&fake);
    for name in ["spark-master", "spark-worker"] {
        fake.once(&format!("GET /v1/job/{name}"), Reply::status(404, "job not found"));
    }
    let master = json!([{
        "Node": { "Node": "node-1", "Address": "127.0.0.1" },
        "Service": { "ID": "m", "Address": "", "Port": 7077 },
        "Checks": [{ "Name": "Spark says ALIVE", "Status": "critical" }],
    }]);
    fake.on("GET /v1/health/service/spark-master", Reply::Json(master));
    fake
}

#[tokio::test]
async fn a_deployment_registers_each_job_once_and_only_as_it_was_planned() {
    let fake = empty_then_deployed().await;
    let ended = run(&fake, &["deploy", "-o", "json", "--driver", "raw_exec"]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let document = ended.document();
    assert_eq!((&document["ready"], &document["changed"]), (&json!(true), &json!(true)));
    assert_eq!(document["endpoints"]["master"], "spark://127.0.0.1:7077");
    let registered = fake.requests_of(REGISTER);
    assert_eq!(registered.len(), 2);
    for (request, name) in registered.iter().zip(["master", "worker"]) {
        let body = request.json();
        assert_eq!((&body["EnforceIndex"], &body["JobModifyIndex"]), (&json!(true), &json!(0)));
        let (source, variables) = (&body["Submission"]["Source"], &body["Submission"]["Variables"]);
        assert!(source.as_str().unwrap().contains(&format!("job \"{name}\"")));
        // What was parsed is what is registered and what Nomad's UI shows.
        assert_eq!((source, variables), (&body["Job"]["Parsed"]["JobHCL"], &body["Job"]["Parsed"]["Variables"]));
    }
}

#[tokio::test]
async fn a_deployment_that_changes_nothing_sends_nothing() {
    let fake = Fake::start().await;
    deployed(&fake);
    for name in ["spark-master", "spark-worker"] {
        let plan = json!({ "Diff": { "Type": "None" }, "JobModifyIndex": 7 });
        fake.on(&format!("POST /v1/job/{name}/plan"), Reply::Json(plan));
    }
    let ended = run(&fake, &["deploy", "-o", "json"]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(ended.document()["changed"], false);
    assert!(fake.requests_of(REGISTER).is_empty());
}

#[tokio::test]
async fn a_registration_that_may_have_arrived_is_not_sent_again() {
    let replies = [Reply::HangUp, Reply::status(500, "leader lost"), Reply::status(403, "Permission denied")];
    for (reply, code) in replies.into_iter().zip([1, 1, 4]) {
        let fake = empty_then_deployed().await;
        fake.once(REGISTER, reply.clone());
        let ended = run(&fake, &["deploy", "-o", "json"]).await;
        assert_eq!(ended.code, code, "{reply:?}: {}", ended.stderr);
        assert_eq!(ended.document()["error"]["code"], code);
        assert_eq!(fake.requests_of(REGISTER).len(), 1, "{reply:?}");
    }
}

#[tokio::test]
async fn a_job_that_somebody_else_changed_meanwhile_is_left_to_them() {
    let fake = Fake::start().await;
    deployed(&fake);
    fake.on(REGISTER, Reply::status(500, "Enforcing job modify index 7: job exists with conflicting index"));
    let ended = run(&fake, &["deploy", "-o", "json"]).await;
    assert_eq!(ended.code, 1);
    assert_eq!(ended.document()["error"]["message"], "somebody else changed the job spark-master at the same moment");
    assert_eq!(fake.requests_of(REGISTER).len(), 1);
    assert_eq!(fake.requests_of(REGISTER)[0].json()["JobModifyIndex"], 7);
    assert!(fake.requests().iter().all(|request| request.method != "DELETE"));
}

#[tokio::test]
async fn what_has_no_place_is_not_registered() {
    let fake = empty_then_deployed().await;
    let failed = evaluation("spark-worker", "e", "complete", 5, Some("worker"))["FailedTGAllocs"].clone();
    let plan = json!({ "Diff": { "Type": "Added" }, "FailedTGAllocs": failed, "JobModifyIndex": 0 });
    fake.on("POST /v1/job/spark-worker/plan", Reply::Json(plan));
    let ended = run(&fake, &["deploy", "-o", "json"]).await;
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("not enough memory on 1 of 1 nodes"), "{}", ended.stderr);
    assert!(fake.requests_of(REGISTER).is_empty());
}

#[tokio::test]
async fn a_job_of_somebody_else_is_left_alone() {
    let fake = Fake::start().await;
    fake.on("GET /v1/job/spark-master", Reply::Json(job("spark-master", "running", 90)));
    let ended = run(&fake, &["deploy", "-o", "json"]).await;
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(ended.document()["error"]["hint"].as_str().unwrap().contains("--adopt"), "{}", ended.stdout);
    assert!(fake.requests().iter().all(|request| request.method == "GET"));
}

#[tokio::test]
async fn secrets_are_sent_and_never_shown() {
    let replies =
        [None, Some(Reply::status(403, "Permission denied")), Some(Reply::status(200, "garbage")), Some(Reply::HangUp)];
    for reply in replies {
        let fake = empty_then_deployed().await;
        if let Some(reply) = &reply {
            fake.on(NODES, reply.clone());
        }
        let mut command = nomspark(&fake, &["deploy", "-vv"]);
        command.env("NOMAD_ADDR", format!("http://urluser:urlsecret@{}", fake.address()));
        command.env("NOMAD_TOKEN", "nomadsecret").env("CONSUL_HTTP_TOKEN", "consulsecret");
        command.env("CONSUL_HTTP_AUTH", "user:authsecret").env("RUST_LOG", "trace");
        let ended = ended(command).await;
        assert_eq!(ended.code == 0, reply.is_none(), "{}", ended.stderr);
        let shown = format!("{}{}", ended.stdout, ended.stderr);
        for secret in ["urlsecret", "nomadsecret", "consulsecret", "authsecret", "dXNlcjph", "dXJsdXNlcj"] {
            assert!(!shown.contains(secret), "{secret} after {reply:?}: {shown}");
        }
        assert_eq!(fake.requests_of(NODES)[0].header("x-nomad-token"), "nomadsecret");
        assert!(fake.requests_of(NODES)[0].header("authorization").starts_with("Basic dXJsdXNlcj"));
        let consul = fake.requests_of("GET /v1/agent/self");
        assert!(consul.iter().all(|request| request.header("x-consul-token") == "consulsecret"));
        assert!(consul.iter().all(|request| request.header("x-nomad-token").is_empty()));
    }
}

#[tokio::test]
async fn namespace_and_region_are_asked_for_and_flags_win() {
    let fake = Fake::start().await;
    let mut command = nomspark(&fake, &["watch", "j"]);
    command.env("NOMAD_NAMESPACE", "team").env("NOMAD_REGION", "eu");
    ended(command).await;
    let mut command = nomspark(&fake, &["watch", "j", "--namespace", "other"]);
    command.env("NOMAD_NAMESPACE", "team").env("NOMAD_REGION", "eu");
    ended(command).await;
    let queries: Vec<String> = fake.requests_of("GET /v1/job/j").iter().map(|request| request.query.clone()).collect();
    assert_eq!(queries.first().unwrap(), "namespace=team&region=eu");
    assert_eq!(queries.last().unwrap(), "namespace=other&region=eu");
    assert!(fake.requests().iter().all(|request| request.query.contains("region=eu")));
}

#[tokio::test]
async fn no_proxy_stands_between_this_machine_and_itself() {
    let fake = Fake::start().await;
    let mut command = nomspark(&fake, &["watch", "j"]);
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        command.env(variable, "http://127.0.0.1:1");
    }
    assert!(ended(command).await.stderr.contains("Nomad has no job j"));
}

#[tokio::test]
async fn the_words_of_servers_and_tasks_cannot_move_the_cursor() {
    let hostile = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\nerror: forged \u{9b}31m";
    let fake = running().await;
    let mut failed = allocation("j", "alloc-1\u{1b}[1m", "failed", (90, 108));
    failed["NodeName"] = hostile.into();
    failed["TaskStates"]["task"]["Events"] = json!([{
        "Type": "Driver Failure", "Time": 1, "DisplayMessage": "", "Details": { "driver_error": hostile },
    }]);
    fake.on("GET /v1/client/fs/logs/alloc-1%1B%5B1m", Reply::status(200, hostile));
    fake.list(110, &batch("j", "dead", 109, 1), &[failed.clone()], &[]);
    let finished = run(&fake, &["watch", "j"]).await;
    assert_eq!(finished.code, 6, "{}", finished.stderr);
    assert!(!finished.stderr.contains(|c: char| c.is_control() && c != '\n'), "{:?}", finished.stderr);
    assert!(!finished.stderr.lines().any(|line| line.starts_with("error: forged")), "{:?}", finished.stderr);

    failed["ClientStatus"] = "running".into();
    failed["ModifyIndex"] = 200.into();
    let mut fake = running().await;
    let program = tokio::spawn(ended(nomspark(&fake, &["watch", "j"])));
    let feed = fake.next_stream().await;
    feed.line(&changed("Allocation", &failed));
    feed.line(&changed("Allocation", &allocation("j", "alloc-1\u{1b}[1m", "complete", (90, 201))));
    feed.line(&changed("Allocation", &allocation("j", "alloc-1", "complete", (90, 202))));
    let finished = program.await.unwrap();
    assert!(!finished.stderr.contains(|c: char| c.is_control() && c != '\n'), "{:?}", finished.stderr);
}
