//! The ways in which tasks fail or never start, each caused on the real Nomad: the sentence, the next step, the exit code.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::json;

use super::{File, LIMIT, ONE_TRY, TRIES};
use crate::support::rows::row;
use crate::support::wait_until;

/// A group with a service that Nomad itself keeps, whose check finds no file.
pub(super) const UNHEALTHY: &str = "network {\nport \"http\" {}\n}\nservice {\nname = \"sick\"\nport = \"http\"\nprovider = \"nomad\"\n\
                         check {\nname = \"alive\"\ntype = \"http\"\npath = \"/\"\ninterval = \"1s\"\ntimeout = \"1s\"\nRESTART}\n}";

#[test]
fn a_deployment_that_misses_its_deadline_is_told_with_what_its_check_said() {
    let update = "update {\nmin_healthy_time = \"1s\"\nhealthy_deadline = \"4s\"\nprogress_deadline = \"5s\"\n}";
    let job = File::script("deadline", "service", "exec sleep 600")
        .group(&UNHEALTHY.replace("RESTART", ""))
        .job(update)
        .run();
    let told = job
        .watch()
        .run()
        .fails(6)
        .shows("the deployment of its version ")
        .says("0 failed with 0 of 1 allocations healthy");
    told.says("the check \"alive\" last said: ").says("connection refused");
}

#[test]
fn a_task_that_nomad_restarts_for_its_health_is_told_with_what_its_check_said() {
    let restart = "check_restart {\nlimit = 1\ngrace = \"1s\"\n}\n";
    let job = File::script("sick", "service", "exec sleep 600")
        .group(&format!("{TRIES}\n{}", UNHEALTHY.replace("RESTART", restart)))
        .run();
    let told = job.watch().run().fails(6).says("its task work keeps failing, 2 times in ");
    told.shows("Nomad restarted it for its health: check \"alive\" unhealthy; the check \"alive\" last said: ");
}

#[test]
fn a_template_that_waits_is_told_with_what_it_waits_for() {
    let template = "template {\ndata = \"{{ key \\\"nosuch/key\\\" }}{{ with nomadVar \\\"nosuch/variable\\\" }}{{ .a }}{{ end }}{{ with secret \\\"nosuch/secret\\\" }}{{ .b }}{{ end }}\"\n\
                    destination = \"local/x\"\n}";
    let job = File::script("template", "batch", "true").group(ONE_TRY).task(template).run();
    let told = job.watch().args(["--timeout", "15s"]).run().fails(5);
    let line = row("does not start: its template waits for the key ");
    assert!(told.stderr.contains(line), "{}", told.stderr);
    // There is no Vault.
    let missing =
        ["the key nosuch/key in Consul", "the variable nosuch/variable in Nomad", "the secret nosuch/secret in Vault"];
    for what in missing {
        assert!(told.stderr.contains(what), "{what}: {}", told.stderr);
    }
}

#[test]
fn an_artifact_that_is_not_there_is_told() {
    let artifact = "artifact {\nsource = \"http://127.0.0.1:9/nothing.jar\"\n}";
    let job = File::script("artifact", "batch", "true").group(ONE_TRY).task(artifact).run();
    let told = job.watch().run().fails(6).says("an artifact could not be fetched").hints("the artifact's source");
    assert_eq!(told.document["failures"][0]["exit_code"], json!(null), "{:#}", told.document);
}

#[test]
fn a_command_that_is_not_there_is_told() {
    let job = File::command("missing", "batch", "/nothing/here").group(ONE_TRY).run();
    job.watch().run().fails(6).says("its driver could not start it").hints("install it there");
}

#[test]
fn a_driver_that_no_node_has_is_told() {
    let job = File::command("driver", "batch", "true").group(ONE_TRY).driver("nosuch").run();
    job.watch().run().fails(3).says("the task driver is missing on 1 of 1 nodes");
}

#[test]
fn what_killed_a_task_is_named() {
    let job = File::script("killed", "batch", "kill -SEGV $$").group(ONE_TRY).run();
    job.watch().run().fails(6).says("it was killed by signal 11 (SIGSEGV)");
}

#[test]
fn a_stop_by_somebody_is_no_failure_of_the_job() {
    let job = File::script("stopped", "batch", "exec sleep 600").group(ONE_TRY).run();
    let mut watching = job.watch().spawn();
    watching.wait_until_told("task work");
    job.lab.nomad(&["job", "stop", "-detach", &job.id]).ok();
    watching.wait().fails(1).says("was stopped before it completed");
}

#[test]
fn a_job_that_is_purged_while_it_is_watched_is_told() {
    let job = File::script("purged", "batch", "exec sleep 600").group(ONE_TRY).run();
    let mut watching = job.watch().spawn();
    watching.wait_until_told("task work");
    job.lab.nomad(&["job", "stop", "-purge", "-detach", &job.id]).ok();
    watching.wait().fails(1).says("Nomad has no job");
}

#[test]
fn a_job_that_is_replaced_while_it_is_watched_is_judged_by_what_replaced_it() {
    let job = File::script("replaced", "batch", "exec sleep 600").group(ONE_TRY).run();
    let mut watching = job.watch().spawn();
    watching.wait_until_told("task work");
    File::script("replaced", "batch", "exit 7").group(ONE_TRY).submit(&job.lab);
    let told = watching.wait().fails(6);
    assert_eq!(told.document["failures"][0]["exit_code"], 7, "{:#}", told.document);
}

#[test]
fn who_slept_while_a_job_ended_learns_its_end() {
    let job = File::script("slept", "batch", "sleep 2; exit 5").group(ONE_TRY).run();
    let mut watching = job.watch().spawn();
    watching.wait_until_told("task work");
    watching.signal(Signal::SIGSTOP);
    wait_until("the job to end", LIMIT, || job.lab.find_job(&job.id).is_some_and(|job| job["Status"] == "dead"));
    watching.signal(Signal::SIGCONT);
    assert_eq!(watching.wait().fails(6).document["failures"][0]["exit_code"], 5);
}

#[test]
fn a_job_that_wants_nothing_and_one_without_a_deployment_end_at_once() {
    let job = File::script("none", "batch", "true").group("count = 0").run();
    assert_eq!(job.watch().run().ok().json()["verdict"], "complete");
    let job = File::script("nothing", "service", "true").group("count = 0").run();
    assert_eq!(job.watch().run().ok().json()["verdict"], "stopped");
}

#[test]
fn a_recorded_watch_is_shown_again() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("run.ndjson");
    let job = File::script("recorded", "batch", "echo boom >&2; sleep 1; exit 3").group(ONE_TRY).run();
    let told = job.watch().arg("--record").arg(&recording).run().fails(6);
    let again = job.lab.plain("replay").arg(&recording).run().ok();
    let events: Vec<&str> =
        again.stderr.lines().filter_map(|line| line.split_once("s  ").map(|(_, event)| event)).collect();
    assert_eq!(events, told.events(), "{}", again.stderr);
    assert!(again.text().contains("it exited with code 3") && again.text().contains("  | boom"), "{}", again.text());
    let document = job.lab.nomspark("replay").arg(&recording).run().ok().json();
    assert_eq!(document, told.document);
    let speed = job.lab.plain("replay").arg(&recording).args(["--speed", "0"]).run();
    speed.exits(2);
    let lines = fs::read_to_string(&recording).unwrap();
    fs::write(&recording, &lines[..lines.len() - 20]).unwrap();
    let cut = job.lab.plain("replay").arg(&recording).run().ok();
    assert!(cut.stderr.contains("the recording ends before the run did"), "{}", cut.stderr);
    fs::write(&recording, "hello\n").unwrap();
    job.lab.plain("replay").arg(&recording).run().exits(2);
}
