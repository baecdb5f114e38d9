//! A run of WordCount that waits: for a master that leads, for executors, for its verdict, for its result.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::program::{Ended, REGISTER, deployed, ended, nomspark, run};
use crate::support::fake_nomad::{Fake, Reply, allocation, batch};
use crate::support::rows::row;

const SUMMARY: &str = "GET /v1/client/fs/cat/alloc-1";

/// A fake that knows a complete run, of which the result does not come.
async fn without_result() -> Fake {
    let fake = Fake::start().await;
    fake.list(110, &batch("run", "dead", 109, 1), &[allocation("run", "alloc-1", "complete", (90, 108))], &[]);
    fake.on(SUMMARY, Reply::Hang);
    fake
}

fn is_of_the_run(document: &Value, code: i32, verdict: &str) {
    assert_eq!((&document["error"]["code"], &document["job"]), (&json!(code), &json!("run")), "{document:#}");
    assert_eq!(document["verdict"], verdict, "{document:#}");
    let hint = document["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("`nomspark wordcount --resume run"), "{hint}");
}

#[tokio::test]
async fn a_result_that_does_not_come_is_waited_for_within_the_timeout() {
    let fake = without_result().await;
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("words.tsv");
    let arguments = ["wordcount", "--resume", "run", "-o", "json", "--timeout", "1s", "--output"];
    let ended = run(&fake, &[&arguments[..], &[output.to_str().unwrap()]].concat()).await;
    assert_eq!(ended.code, 5, "{}", ended.stderr);
    is_of_the_run(&ended.document(), 5, "timeout");
    assert!(ended.stderr.contains("while waiting for the result of run to arrive"), "{}", ended.stderr);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing is left half written");
}

#[tokio::test]
async fn who_waits_for_a_result_can_interrupt() {
    let mut fake = without_result().await;
    let command = nomspark(&fake, &["wordcount", "--resume", "run", "-o", "json"]).spawn().unwrap();
    let process = Pid::from_raw(i32::try_from(command.id().unwrap()).unwrap());
    fake.received(SUMMARY, 1).await;
    kill(process, Signal::SIGINT).unwrap();
    let output = tokio::time::timeout(Duration::from_secs(30), command.wait_with_output()).await;
    let ended = Ended::new(output.expect("nomspark does not end").unwrap());
    assert_eq!(ended.code, 130, "{}", ended.stderr);
    is_of_the_run(&ended.document(), 130, "complete");
    assert!(ended.stderr.contains("the job run has ended, and its result is not fetched"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_result_that_nomad_cannot_give_just_now_is_fetched_later() {
    let fake = without_result().await;
    // Nomad calls some of these a success.
    let refusals = [(403, "Permission denied", 4), (200, "No path to node", 1), (200, "", 1), (200, "{\"total", 1)];
    for (status, text, code) in refusals {
        fake.on(SUMMARY, Reply::status(status, text));
        let ended = run(&fake, &["wordcount", "--resume", "run", "-o", "json"]).await;
        assert_eq!(ended.code, code, "{text}: {}", ended.stderr);
        is_of_the_run(&ended.document(), code, "complete");
    }
    let summary = json!({ "total_words": 3, "distinct_words": 1, "top": [["a", 3]] });
    fake.on(SUMMARY, Reply::Json(summary));
    let ended = run(&fake, &["wordcount", "--resume", "run", "-o", "json"]).await;
    assert_eq!((ended.code, &ended.document()["total_words"]), (0, &json!(3)), "{}", ended.stderr);
}

#[tokio::test]
async fn a_run_waits_for_the_end_of_a_takeover() {
    let fake = Fake::start().await;
    deployed(&fake);
    let standby = json!({ "url": "spark://127.0.0.1:7077", "status": "STANDBY", "workers": [], "activeapps": [] });
    let mut unknown = standby.clone();
    unknown["status"] = json!("ALIVE");
    for state in [standby, unknown] {
        fake.once("GET /json/", Reply::Json(state));
    }
    let run = ["wordcount", "--name", "spark", "--driver", "raw_exec", "--input", "file:///a", "--timeout", "1s"];
    let ended = ended(nomspark(&fake, &run)).await;
    let words = row("waiting for a master of the cluster spark to be ALIVE; ");
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
    assert_eq!(fake.requests_of(REGISTER).len(), 1, "{}", ended.stderr);
}

/// The master has lost its state, or another one leads: Spark itself says nothing, and waits for ever.
#[tokio::test]
async fn a_run_that_the_master_does_not_know_says_so() {
    let fake = Fake::start().await;
    deployed(&fake);
    let master = json!({ "url": "spark://127.0.0.1:7077", "status": "ALIVE", "workers": [], "activeapps": [] });
    fake.on("GET /json/", Reply::Json(master));
    let mut job = batch("run", "running", 90, 1);
    job["Meta"] = json!({ "nomspark.cluster": "spark", "nomspark.role": "wordcount" });
    let mut driver = allocation("run", "alloc-1", "running", (90, 95));
    driver["TaskStates"] = json!({ "driver": driver["TaskStates"]["task"].clone() });
    fake.list(100, &job, std::slice::from_ref(&driver), &[]);
    let port = |label: &str| json!({ "Label": label, "Value": fake.address().port(), "HostIP": "127.0.0.1" });
    driver["AllocatedResources"] = json!({ "Shared": { "Ports": [port("ui"), port("driver")] } });
    driver["Job"] = json!({ "Version": 0 });
    fake.on("GET /v1/allocation/alloc-1", Reply::Json(driver));
    fake.on("GET /api/v1/applications", Reply::Json(json!([{ "id": "app-1", "name": "run" }])));
    for list in ["stages", "allexecutors"] {
        fake.on(&format!("GET /api/v1/applications/app-1/{list}"), Reply::Json(json!([])));
    }
    let ended = ended(nomspark(&fake, &["wordcount", "--resume", "run", "--timeout", "28s"])).await;
    assert_eq!(ended.code, 5, "{}", ended.stderr);
    let told = "run: waiting for executors: the master at spark://127.0.0.1:7077 does not know the application app-1";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
}
