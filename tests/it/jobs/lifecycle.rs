//! Tasks beside the main one: they decide only where Nomad says so, and are not blamed for what another began.

use std::fs;
use std::time::Duration;

use serde_json::json;

use super::{Job, TRIES};
use crate::support::lab::{claim, shared};
use crate::support::rows::row;
use crate::support::wait_until;

/// What Nomad may take to place something on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// A task of a shell script; `more` is added to its block.
fn task(name: &str, script: &str, more: &str) -> String {
    let script = json!(script);
    format!(
        "task \"{name}\" {{\ndriver = \"raw_exec\"\n{more}\nconfig {{\ncommand = \"/bin/sh\"\nargs = [\"-c\", {script}]\n}}\n\
         resources {{\ncpu = 20\nmemory = 20\n}}\n}}\n"
    )
}

fn lifecycle(hook: &str, sidecar: bool) -> String {
    format!("lifecycle {{\nhook = \"{hook}\"\nsidecar = {sidecar}\n}}\n")
}

const NO_RESTART: &str = "restart {\nattempts = 0\nmode = \"fail\"\n}\n";
const RESTARTS: &str = "restart {\nattempts = 5\ninterval = \"10m\"\ndelay = \"60s\"\nmode = \"delay\"\n}\n";

/// Hands a job of these tasks to Nomad.
fn run(id: &str, kind: &str, group: &str, tasks: &[String]) -> Job {
    let job = Job { lab: shared(), id: format!("foreign-{id}") };
    register(&job, kind, group, tasks);
    job
}

fn register(Job { lab, id }: &Job, kind: &str, group: &str, tasks: &[String]) {
    claim(id);
    let reschedule = if kind == "sysbatch" { "" } else { "reschedule {\nattempts = 0\nunlimited = false\n}\n" };
    let text =
        format!("job \"{id}\" {{\ntype = \"{kind}\"\ngroup \"g\" {{\n{reschedule}{group}\n{}}}\n}}\n", tasks.concat());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("job.nomad.hcl");
    fs::write(&file, text).unwrap();
    lab.nomad(&["job", "run", "-detach", file.to_str().unwrap()]).ok();
}

#[test]
fn a_sidecar_decides_nothing() {
    let shipper = |script: &str, hook: &str, restart: &str| task("shipper", script, &(lifecycle(hook, true) + restart));
    let work = |script: &str| task("work", script, NO_RESTART);
    let jobs = [
        // It waits for its restart when the work is done.
        run("sidecar-waits", "batch", "", &[shipper("exit 1", "prestart", RESTARTS), work("sleep 2")]),
        run("sidecar-waits-after", "batch", "", &[shipper("exit 1", "poststart", RESTARTS), work("sleep 2")]),
        // It ends well before the work does, or is ended with it.
        run("sidecar-ends", "batch", "", &[shipper("exit 0", "prestart", RESTARTS), work("sleep 2")]),
        run("sidecar-killed", "sysbatch", "", &[shipper("exec sleep 600", "poststart", RESTARTS), work("sleep 2")]),
    ];
    for watching in jobs.iter().map(|job| job.watch().spawn()).collect::<Vec<_>>() {
        assert_eq!(watching.wait().ok().json()["verdict"], "complete");
    }
    // The same afterwards.
    for job in &jobs {
        assert_eq!(job.watch().run().ok().json()["verdict"], "complete", "{}", job.id);
    }
}

#[test]
fn the_task_that_began_it_is_blamed() {
    let agent = |hook: &str| task("agent", "echo shipping logs; exec sleep 600", &lifecycle(hook, true));
    let work = task("work", "sleep 1; echo 'boom: table orders is locked'; exit 3", NO_RESTART);
    let sibling = task("another", "exec sleep 600", NO_RESTART);
    let clean_up = task("zz-clean", "exit 9", &(lifecycle("poststop", false) + NO_RESTART));
    let jobs = [
        run("blame-poststart", "batch", "", &[agent("poststart"), work.clone()]),
        run("blame-prestart", "batch", "", &[agent("prestart"), work.clone()]),
        run("blame-sibling", "batch", "", &[sibling, work.clone()]),
        // What comes after the end and fails as well did not begin it.
        run("blame-poststop", "batch", "", &[clean_up, work]),
    ];
    let watching: Vec<_> = jobs.iter().map(|job| job.watch().spawn()).collect();
    for watching in watching {
        let told = watching.wait().fails(6).document;
        let failure = &told["failures"][0];
        assert_eq!((&failure["task"], &failure["exit_code"]), (&json!("work"), &json!(3)), "{told:#}");
        assert_eq!(failure["reason"], "it exited with code 3", "{told:#}");
        assert!(failure["log_tail"].to_string().contains("boom: table orders is locked"), "{told:#}");
    }
    let before = task("fetch", "echo no such bucket >&2; exit 5", &(lifecycle("prestart", false) + NO_RESTART));
    let job = run("blame-fetch", "batch", "", &[before, task("work", "true", NO_RESTART)]);
    let told = job.watch().run().fails(6).document;
    assert_eq!(told["failures"][0]["task"], "fetch", "{told:#}");
}

#[test]
fn a_service_that_ends_well_again_and_again_does_not_run() {
    // On a busy machine the watch begins seconds after the job: two of the three ends are still to come.
    let script = "echo starting the master, see /opt/spark/logs; sleep 5";
    for mode in ["fail", "delay"] {
        let restart = format!("restart {{\nattempts = 2\ninterval = \"1m\"\ndelay = \"1s\"\nmode = \"{mode}\"\n}}\n");
        let tasks = [task("master", script, &restart)];
        let job = run(&format!("daemonizes-{mode}"), "service", "", &tasks);
        let told = job.watch().args(["--timeout", "1m"]).run().fails(6);
        let told = told.shows("its task master keeps ending, ").says(", with code 0: a service must not end");
        assert!(told.document["failures"][0]["log_tail"].to_string().contains("starting the master"), "{mode}");
        assert!(mode == "delay" || !told.hint.contains("goes on trying"), "{}", told.hint);
        if mode == "fail" {
            assert!(
                told.hint.contains(&format!("`nomad job stop -detach {}` and run it anew", job.id)),
                "{}",
                told.hint
            );
            let before = job.lab.allocations(&job.id).len();
            job.lab.nomad(&["job", "stop", "-detach", &job.id]).ok();
            register(&job, "service", "", &tasks);
            wait_until("another allocation", LIMIT, || job.lab.allocations(&job.id).len() > before);
        }
    }
    // What may end, and what only waits for its turn, keeps nobody from running.
    let once = task("prepare", "true", &lifecycle("prestart", false));
    let job = run("prepared", "service", "", &[once, task("serve", "exec sleep 600", TRIES)]);
    job.watch().args(["--timeout", "4s"]).run().fails(5);
}

#[test]
fn a_hook_that_fails_is_told_with_its_reason() {
    let template = "template {\nsource = \"/etc/hostname\"\ndestination = \"local/hostname\"\n}\n";
    let job = run("hook", "batch", "", &[task("t", "true", &(template.to_owned() + NO_RESTART))]);
    let told = job.watch().run().fails(6).shows("Nomad's client could not prepare it: template: ");
    let told = told.says("template source path escapes alloc directory");
    assert_eq!(told.document["failures"][0]["task"], "t");
    assert!(told.hint.contains("`data`"), "{}", told.hint);
    assert!(row("escapes alloc directory").contains("escapes"));
}
