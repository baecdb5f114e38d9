//! A verdict is about the version of a job that was asked for: what older versions did, what Nomad went back to and what is
//! only waiting is none of it.

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::failures::UNHEALTHY;
use super::{File, LIMIT, ONE_TRY};
use crate::support::lab::{Guard, shared};
use crate::support::rows::row;
use crate::support::wait_until;

/// A service whose deployments are short, and judged by its tasks alone.
const UPDATE: &str = "update {\nhealth_check = \"task_states\"\nmin_healthy_time = \"1s\"\nhealthy_deadline = \"20s\"\n\
                      progress_deadline = \"40s\"\n";

/// Waits until Nomad calls a version of a job stable, which one can be that it may go back to.
fn stable(lab: &Guard, id: &str) {
    wait_until("the first deployment to succeed", LIMIT, || {
        lab.nomad_get(&format!("/v1/job/{id}/deployment"))["Status"] == "successful"
    });
}

#[test]
fn yesterday_s_run_does_not_answer_for_today_s() {
    let job = File::script("nightly", "batch", "true").group(ONE_TRY).run();
    assert_eq!(job.watch().run().ok().json()["verdict"], "complete");
    File::script("nightly", "batch", "true").group(ONE_TRY).reserve(20, 10_000_000).submit(&job.lab);
    wait_until("Nomad to look for a place", LIMIT, || {
        let evaluations = job.lab.nomad_get(&format!("/v1/job/{}/evaluations", job.id));
        evaluations.as_array().unwrap().iter().any(|evaluation| evaluation["Status"] == "blocked")
    });
    // Logs wait as well.
    let following = job.logs(&["-f"]).spawn();
    job.watch().run().fails(3).says("not enough memory for another 10000000 MiB");
    job.watch().args(["--wait-for-capacity", "--timeout", "2s"]).run().fails(5);
    File::script("nightly", "batch", "echo today; exit 7").group(ONE_TRY).submit(&job.lab);
    assert_eq!(job.watch().run().fails(6).document["failures"][0]["exit_code"], 7);
    assert_eq!(following.wait().ok().text(), "today\n");
}

/// Nomad's scheduler stands still for a moment: what it has not looked at yet has no verdict.
#[test]
fn a_version_that_the_scheduler_has_not_looked_at_is_waited_for() {
    let job = File::script("paused", "batch", "true").group(ONE_TRY).run();
    job.watch().run().ok();
    let pause = |paused: bool| {
        job.lab.nomad(&["operator", "scheduler", "set-config", &format!("-pause-eval-broker={paused}")]).ok();
    };
    pause(true);
    File::script("paused", "batch", "exit 7").group(ONE_TRY).submit(&job.lab);
    let early = job.watch().args(["--timeout", "2s"]).run();
    pause(false);
    early.fails(5);
    assert_eq!(job.watch().run().fails(6).document["failures"][0]["exit_code"], 7);
}

#[test]
fn a_version_that_nomad_took_back_failed() {
    let update = format!("{UPDATE}auto_revert = true\n}}");
    let service = |script: &str| File::script("reverted", "service", script).group(&update).group(ONE_TRY);
    let job = service("exec sleep 600").run();
    stable(&job.lab, &job.id);
    service("echo no config >&2; exit 4").submit(&job.lab);
    let failed = job.watch().args(["--timeout", "1m"]).run().fails(6).document;
    assert_eq!(failed["failures"][0]["log_tail"], json!(["no config"]), "{failed:#}");
    wait_until("Nomad to go back", LIMIT, || job.lab.nomad_get(&format!("/v1/job/{}", job.id))["Version"] == 2);
    // Also when it is asked afterwards, while the old program runs well.
    let asked = job.watch().args(["--timeout", "1m"]).run().fails(6).shows("; Nomad went back to version 0");
    let asked = asked.says("the deployment of its version 1 failed").says("Failed due to");
    assert!(asked.hint.contains("register it again"), "{}", asked.hint);
    service("exec sleep 601").submit(&job.lab);
    job.watch().args(["--timeout", "3s"]).run().fails(5);
}

/// Nomad ends what failed in the moment in which it goes back.
#[test]
fn what_the_check_of_a_version_said_is_told_though_nomad_took_it_back() {
    let update = "update {\nmin_healthy_time = \"1s\"\nhealthy_deadline = \"8s\"\nprogress_deadline = \"14s\"\nauto_revert = true\n}";
    let service = |script: &str| {
        File::script("unchecked", "service", script).group(&UNHEALTHY.replace("RESTART", "")).group(ONE_TRY).job(update)
    };
    let job = service("cd local && exec python3 -m http.server $NOMAD_PORT_http").run();
    stable(&job.lab, &job.id);
    service("exec sleep 600").submit(&job.lab);
    let told = job.watch().args(["--timeout", "1m"]).run().fails(6).shows("; Nomad went back to version 0");
    let told = told.says("the deployment of its version 1 failed with 0 of 1 allocations healthy");
    told.says("; the check \"alive\" last said: ").says("connection refused");
}

#[test]
fn canaries_wait_for_their_promotion() {
    let update = format!("{UPDATE}canary = 1\n}}");
    let service = |script: &str| File::script("canary", "service", script).group(&update);
    let job = service("exec sleep 600").run();
    stable(&job.lab, &job.id);
    service("exec sleep 601").submit(&job.lab);
    let words = row("has 1 healthy canary and waits for `nomad deployment promote ");
    let mut watching = job.watch().args(["--timeout", "1m"]).spawn();
    watching.wait_until_told(words);
    let told = watching.told();
    let command = told.split(words).nth(1).unwrap().split('`').next().unwrap().to_owned();
    job.lab.nomad(&["deployment", "promote", "-detach", &command]).ok();
    watching.wait_until_told("the deployment of version 1 is successful");
    job.lab.nomad(&["job", "stop", "-detach", &job.id]).ok();
    assert_eq!(watching.wait().ok().json()["verdict"], "stopped");
}

#[test]
fn a_job_that_is_scaled_while_it_is_watched_ends_with_all_that_is_wanted() {
    let job = File::script("scaled", "batch", "sleep 4").group("count = 2").group(ONE_TRY).run();
    let mut watching = job.watch().spawn();
    watching.wait_until_told("task work");
    job.lab.nomad(&["job", "scale", "-detach", &job.id, "3"]).ok();
    assert_eq!(watching.wait().ok().json()["verdict"], "complete");
    let allocations = job.lab.allocations(&job.id);
    assert_eq!(allocations.iter().filter(|it| it["ClientStatus"] == "complete").count(), 3, "{allocations:#?}");

    // A new count is a new version, which Nomad runs anew.
    job.lab.nomad(&["job", "scale", "-detach", &job.id, "1"]).ok();
    assert_eq!(job.watch().run().ok().json()["verdict"], "complete");
    job.lab.nomad(&["job", "scale", "-detach", &job.id, "0"]).ok();
    assert_eq!(job.watch().run().ok().json()["verdict"], "complete");
    job.lab.nomad(&["job", "stop", "-detach", &job.id]).ok();
    assert_eq!(job.watch().run().ok().json()["verdict"], "complete");

    // What is taken away before its end was stopped, with or without a stop afterwards.
    File::script("scaled", "batch", "sleep 600").group(ONE_TRY).submit(&job.lab);
    let mut watching = job.watch().spawn();
    watching.wait_until_told("task work");
    job.lab.nomad(&["job", "scale", "-detach", &job.id, "0"]).ok();
    watching.wait().fails(1).says("was stopped");
    job.lab.nomad(&["job", "stop", "-detach", &job.id]).ok();
    job.watch().run().fails(1).says("was stopped");
}

#[test]
fn what_is_stopped_purged_or_reverted_while_it_is_watched_says_so() {
    let job = File::script("ended", "batch", "sleep 600").group(ONE_TRY).run();
    let mut watching = job.watch().spawn();
    watching.wait_until_told("task work");
    job.lab.nomad(&["job", "stop", "-detach", &job.id]).ok();
    watching.wait().fails(1).says("was stopped before it completed");
    File::script("ended", "batch", "true").group(ONE_TRY).submit(&job.lab);
    job.watch().run().ok();
    // A stop after the end takes nothing away from it, and another one neither.
    for _ in 0..2 {
        job.lab.nomad(&["job", "stop", "-detach", &job.id]).ok();
        assert_eq!(job.watch().run().ok().json()["verdict"], "complete");
    }

    let mut watching = File::script("ended", "batch", "sleep 601").group(ONE_TRY).run_in(shared());
    let mut second = watching.watch().spawn();
    second.wait_until_told("task work");
    job.lab.nomad(&["job", "stop", "-purge", "-detach", &job.id]).ok();
    second.wait().fails(1).says("Nomad has no job");
    watching.id.clear();
}

#[test]
fn jobs_are_children_by_what_nomad_says_and_not_by_their_names() {
    let parent = File::script("family", "batch", "sleep 1").group(ONE_TRY).job("parameterized {}").run();
    let cousin = File::script("family/api", "service", "exec sleep 600").run();
    parent.lab.nomad(&["job", "dispatch", "-detach", &parent.id]).ok();
    thread::sleep(Duration::from_millis(10));
    // The one that is no child is the newest.
    File::script("family/api", "service", "exec sleep 601").submit(&cousin.lab);
    let watched = parent.watch().args(["--timeout", "1m"]).run().ok().json();
    assert_eq!(watched["verdict"], "complete");
    assert!(watched["job"].as_str().unwrap().starts_with("foreign-family/dispatch-"), "{watched:#}");
    // What it started is no less done when nothing more is to be started.
    parent.lab.nomad(&["job", "stop", "-detach", &parent.id]).ok();
    assert_eq!(parent.watch().args(["--timeout", "1m"]).run().ok().json()["job"], watched["job"]);
}

#[test]
fn a_child_s_id_may_hold_what_nomad_takes() {
    let parent = File::script("import", "batch", "sleep 1; echo loaded").group(ONE_TRY).job("parameterized {}").run();
    let template = ["-id-prefix-template", "2026-01-01T10:00"];
    parent.lab.nomad(&[&["job", "dispatch", "-detach"], &template[..], &[&parent.id]].concat()).ok();
    let watched = parent.watch().args(["--timeout", "1m"]).run().ok().json();
    assert!(watched["job"].as_str().unwrap().contains("2026-01-01T10:00"), "{watched:#}");
    assert_eq!(parent.lines(&[]), ["loaded"]);
}

#[test]
fn what_a_dispatch_made_periodic_is_forced_and_not_dispatched_again() {
    let both = "parameterized {}\nperiodic {\ncrons = [\"0 4 1 1 *\"]\n}";
    let parent = File::script("reports", "batch", "true").group(ONE_TRY).job(both).run();
    parent.lab.nomad(&["job", "dispatch", "-detach", &parent.id]).ok();
    let told = parent.watch().run().fails(1);
    let command = told.hint.split('`').nth(1).unwrap().to_owned();
    assert!(command.starts_with("nomad job periodic force foreign-reports/dispatch-"), "{command}");
    // As it stands there.
    let arguments: Vec<&str> = command.split(' ').skip(1).collect();
    parent.lab.nomad(&arguments).ok();
    assert_eq!(parent.watch().args(["--timeout", "1m"]).run().ok().json()["verdict"], "complete");
    let child = arguments.last().unwrap();
    parent.lab.nomad(&["job", "stop", "-purge", "-detach", child]).ok();
}

#[test]
fn an_id_may_hold_what_nomad_takes() {
    for id in ["team:etl", "etl*", "etl?x=1#2", "étl", "2026-01-01T10:00", "etl,daily", "etl%2F", "a/b/../c", "Etl"] {
        let job = File::script(id, "batch", "sleep 1; echo loaded").group(ONE_TRY).run();
        assert_eq!(job.watch().args(["--timeout", "1m"]).run().ok().json()["verdict"], "complete", "{id}");
        assert_eq!(job.lines(&[]), ["loaded"], "{id}");
        assert_eq!(job.lines(&["-f"]), ["loaded"], "{id}");
    }
}

#[test]
fn what_no_node_may_run_is_told_with_the_constraint() {
    let nowhere = "constraint {\nattribute = \"${attr.kernel.name}\"\nvalue = \"plan9\"\n}";
    for kind in ["service", "system", "sysbatch"] {
        let job = File::script(&format!("nowhere-{kind}"), kind, "true").group(nowhere).run();
        wait_until("Nomad to look for a place", LIMIT, || {
            let evaluations = job.lab.nomad_get(&format!("/v1/job/{}/evaluations", job.id));
            evaluations.as_array().unwrap().iter().any(|evaluation| evaluation["Status"] == "complete")
        });
        let told = job.watch().args(["--timeout", "10s"]).run().fails(3);
        assert!(!format!("{:#}", told.document).contains("is ready"), "{kind}: {:#}", told.document);
        assert_eq!(json!(3), told.document["error"]["code"], "{kind}");
    }
}
