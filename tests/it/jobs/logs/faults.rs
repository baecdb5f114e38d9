//! What a real Nomad does only now and then, on cue.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::support::fake_nomad::{Fake, Reply, allocation, batch};

const LIST: &str = "GET /v1/client/fs/ls/alloc-1";
const READ: &str = "GET /v1/client/fs/readat/alloc-1";
const STREAM: &str = "GET /v1/event/stream";

/// A fake in which the job `j` is as its allocation is.
async fn job_that(status: &str) -> Fake {
    let fake = Fake::start().await;
    let of_job = if status == "running" { "running" } else { "dead" };
    let mut allocation = allocation("j", "alloc-1", status, (90, 95));
    allocation["TaskStates"]["task"]["StartedAt"] = "2026-11-22T06:00:00Z".into();
    fake.list(100, &batch("j", of_job, 90, 1), &[allocation], &[]);
    fake
}

fn files(sizes: &[(u64, u64)]) -> Reply {
    let file = |(index, size): &(u64, u64)| json!({ "Name": format!("task.stdout.{index}"), "Size": size });
    Reply::Json(sizes.iter().map(file).collect::<Vec<Value>>().into())
}

fn crowded() -> Reply {
    Reply::status(429, "Your IP is issuing too many concurrent connections, please rate limit your calls")
}

fn nomspark(fake: &Fake, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nomspark"));
    command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("NOMAD_ADDR", fake.url()).env("CONSUL_HTTP_ADDR", fake.url()).kill_on_drop(true).spawn().unwrap()
}

/// Standard output and standard error of a run that ends well.
async fn ended(program: Child) -> (String, String) {
    let output = tokio::time::timeout(Duration::from_secs(30), program.wait_with_output()).await;
    let output = output.expect("nomspark does not end").unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{stdout}\n{stderr}");
    (stdout, stderr)
}

#[tokio::test]
async fn a_file_that_vanishes_between_the_list_and_the_read_is_told_with_its_amount() {
    let fake = job_that("complete").await;
    fake.once(LIST, files(&[(0, 2_048), (1, 4)]));
    // A real Nomad answers 200, with these words in place of the file's.
    fake.once(READ, Reply::status(200, "stat /alloc/logs/task.stdout.0: no such file or directory"));
    fake.on(LIST, files(&[(1, 4), (2, 4)]));
    fake.once(READ, Reply::status(200, "one\n"));
    fake.once(READ, Reply::status(200, "two\n"));
    let (stdout, stderr) = ended(nomspark(&fake, &["logs", "j", "--stdout"])).await;
    assert_eq!(stdout, "one\ntwo\n");
    let told = "Nomad removed 1 file of stdout of the task task of alloc-1, about 2 KiB, before it was read";
    assert!(stderr.lines().count() == 1 && stderr.contains(told), "{stderr}");
}

#[tokio::test]
async fn a_task_may_write_what_nomad_says_of_a_file_that_is_gone() {
    const WORDS: &str = "stat /data: no such file or directory\n";
    let fake = job_that("complete").await;
    fake.on(LIST, files(&[(0, WORDS.len() as u64)]));
    fake.on(READ, Reply::status(200, WORDS));
    let (stdout, stderr) = ended(nomspark(&fake, &["logs", "j", "--stdout"])).await;
    assert_eq!((stdout.as_str(), stderr.as_str()), (WORDS, ""));
    // The same length by chance, and the file is gone.
    fake.once(LIST, files(&[(0, WORDS.len() as u64)]));
    fake.once(LIST, files(&[(1, 4)]));
    fake.once(READ, Reply::status(200, WORDS));
    fake.on(LIST, files(&[(1, 4)]));
    fake.on(READ, Reply::status(200, "one\n"));
    let (stdout, stderr) = ended(nomspark(&fake, &["logs", "j", "--stdout"])).await;
    assert!(stdout == "one\n" && stderr.contains("Nomad removed 1 file of stdout"), "{stdout}\n{stderr}");
}

#[tokio::test]
async fn an_allocation_that_is_collected_while_it_is_read_is_told() {
    let fake = job_that("complete").await;
    fake.once(LIST, files(&[(0, 4)]));
    fake.once(READ, Reply::status(200, "one\n"));
    fake.on(LIST, Reply::status(404, "unknown allocation"));
    let (stdout, stderr) = ended(nomspark(&fake, &["logs", "j", "--stdout"])).await;
    assert_eq!(stdout, "one\n");
    assert!(stderr.contains("Nomad removed stdout of the task task of alloc-1 before its end was read"), "{stderr}");
}

#[tokio::test]
async fn a_read_that_breaks_off_is_repeated_from_where_it_began() {
    let fake = job_that("complete").await;
    fake.once(LIST, files(&[(0, 4)]));
    fake.on(LIST, files(&[(0, 8)]));
    fake.once(READ, Reply::status(200, "one\n"));
    fake.once(READ, Reply::BreakOff(b"tw".to_vec()));
    fake.once(READ, Reply::status(200, "two\n"));
    let (stdout, _) = ended(nomspark(&fake, &["logs", "j", "--stdout"])).await;
    assert_eq!(stdout, "one\ntwo\n");
    let offsets: Vec<String> = fake.requests_of(READ).into_iter().map(|request| request.query).collect();
    assert!(offsets.len() == 3 && offsets[1] == offsets[2] && offsets[1].contains("offset=4"), "{offsets:?}");
}

#[tokio::test]
async fn a_log_that_cannot_be_read_hides_no_other_one() {
    let fake = job_that("complete").await;
    let mut all = [allocation("j", "alloc-1", "complete", (90, 95)), allocation("j", "alloc-2", "complete", (91, 95))];
    for (index, allocation) in all.iter_mut().enumerate() {
        allocation["Name"] = format!("j.g[{index}]").into();
        allocation["TaskStates"]["task"]["StartedAt"] = "2026-11-22T06:00:00Z".into();
    }
    fake.list(100, &batch("j", "dead", 90, 2), &all, &[]);
    fake.on(LIST, Reply::status(500, "No path to node"));
    fake.on("GET /v1/client/fs/ls/alloc-2", files(&[(0, 4)]));
    fake.on("GET /v1/client/fs/readat/alloc-2", Reply::status(200, "one\n"));
    let output = nomspark(&fake, &["logs", "j", "--stdout"]).wait_with_output();
    let output = tokio::time::timeout(Duration::from_mins(1), output).await.unwrap().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b"alloc-2 task | one\n"[..]), "{stderr}");
    assert!(stderr.contains("stdout of the task task of alloc-1 could not be read to its end"), "{stderr}");
}

#[tokio::test]
async fn a_nomad_without_a_free_connection_is_waited_for_and_told_once() {
    let mut fake = job_that("running").await;
    fake.on("GET /v1/agent/self", Reply::Json(json!({ "config": { "Limits": { "HTTPMaxConnsPerClient": 7 } } })));
    for _ in 0..5 {
        fake.once(STREAM, crowded());
        fake.once(LIST, crowded());
    }
    fake.once(LIST, files(&[(0, 4)]));
    fake.once(READ, crowded());
    fake.once(READ, Reply::status(200, "one\n"));
    fake.on(LIST, files(&[(0, 4)]));
    let program = nomspark(&fake, &["logs", "j", "-f", "--stdout"]);
    let feed = fake.next_stream().await;
    fake.received(READ, 2).await;
    feed.line(&json!({ "Index": 120, "Events": [{
        "Topic": "Allocation", "Type": "Updated", "Key": "alloc-1",
        "Payload": { "Allocation": allocation("j", "alloc-1", "complete", (90, 120)) },
    }] }));
    fake.list(121, &batch("j", "dead", 121, 1), &[allocation("j", "alloc-1", "complete", (90, 120))], &[]);
    feed.line(&json!({ "Index": 121, "Events": [{
        "Topic": "Job", "Type": "Updated", "Key": "j", "Payload": { "Job": batch("j", "dead", 121, 1) },
    }] }));
    let (stdout, stderr) = ended(program).await;
    assert_eq!(stdout, "one\n");
    assert_eq!(stderr.matches("Nomad allows 7 connections from one address").count(), 1, "{stderr}");
    assert!(!stderr.contains("connection lost"), "{stderr}");
}
