//! Logs of jobs that run nothing themselves but start others.

use std::fs;

use super::{File, Job, ONE_TRY};
use crate::support::{wait_for, wait_until};

const YEARLY: &str = "periodic {\ncrons = [\"0 4 1 1 *\"]\nprohibit_overlap = true\n}\n";

/// A job that starts others; these are gone when this is dropped.
struct Parent(Job);

impl Drop for Parent {
    fn drop(&mut self) {
        for child in self.0.lab.jobs(&format!("{}/", self.0.id)) {
            self.0.lab.nomad(&["job", "stop", "-purge", "-detach", &child]).ok();
        }
    }
}

impl Parent {
    fn force(&self, id: &str) {
        self.0.lab.nomad(&["job", "periodic", "force", id]).ok();
    }

    fn purge(&self) {
        self.0.lab.nomad(&["job", "stop", "-purge", "-detach", &self.0.id]).ok();
    }
}

/// What was written, without the names before it.
fn written(text: &str) -> Vec<&str> {
    text.lines().map(|line| line.split_once(" work | ").map_or(line, |(_, line)| line)).collect()
}

#[test]
fn of_a_periodic_job_the_newest_is_read_and_with_follow_each_that_runs_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let go_on = folder.path().join("go-on");
    let script = format!("echo tick 1; until [ -e {} ]; do sleep 0.2; done; echo tick 2", go_on.display());
    let parent = Parent(File::script("beat", "batch", &script).group(ONE_TRY).job(YEARLY).run());
    let job = &parent.0;
    job.logs(&[]).run().exits(1);
    // It waits for one that is started later.
    let mut following = job.logs(&["-f"]).spawn();
    parent.force(&job.id);
    following.wait_until_told("this follows foreign-beat/periodic-");
    following.wait_until_printed("tick 1");
    // Nomad names them by the second.
    let first = job.lab.jobs("foreign-beat/periodic-").remove(0);
    wait_for("another child", super::LIMIT, || {
        parent.force(&job.id);
        job.lab.jobs("foreign-beat/periodic-").into_iter().find(|child| *child != first)
    });
    wait_until("the other one to be followed", super::LIMIT, || following.told().matches("this follows").count() == 2);
    fs::write(&go_on, "").unwrap();
    let told = following.wait().ok().text();
    let mut lines = written(&told);
    lines.sort_unstable();
    assert_eq!(lines, ["tick 1", "tick 1", "tick 2", "tick 2"], "{told}");
    let once = job.logs(&[]).run().ok();
    assert_eq!(written(&once.text()), ["tick 1", "tick 2"]);
    let newest = job.lab.jobs("foreign-beat/periodic-").pop().unwrap();
    assert!(once.stderr.contains(&format!("this reads {newest}")), "{}", once.stderr);
    // Of one that has ended there is nothing to wait for.
    assert_eq!(written(&job.logs(&["-f"]).run().ok().text()), ["tick 1", "tick 2"]);
}

#[test]
fn a_child_is_known_by_the_job_that_started_it_also_over_another_one() {
    let script = "echo by \"$NOMAD_JOB_PARENT_ID\"";
    let both = format!("parameterized {{}}\n{YEARLY}");
    let parent = Parent(File::script("both", "batch", script).group(ONE_TRY).job(&both).run());
    let job = &parent.0;
    // Its id begins as that of a child, and nobody started it.
    let stranger = File::script("both/periodic-1", "batch", "echo stranger").group(ONE_TRY).run();
    job.logs(&[]).run().exits(1);
    let mut following = job.logs(&["-f"]).spawn();
    job.lab.nomad(&["job", "dispatch", "-detach", &job.id]).ok();
    let dispatched = job.lab.jobs("foreign-both/dispatch-").remove(0);
    parent.force(&dispatched);
    following.wait_until_told(&format!("this follows {dispatched}/periodic-"));
    following.wait_until_printed("by foreign-both");
    assert_eq!(job.lines(&[]).len(), 1);
    assert_eq!(stranger.lines(&["-f"]), ["stranger"]);
    parent.purge();
    let told = following.wait().ok().text();
    assert!(written(&told).len() == 1 && !told.contains("stranger"), "{told}");
}

#[test]
fn what_is_dispatched_is_followed_as_it_comes() {
    let script = "echo $NOMAD_META_number; sleep $NOMAD_META_seconds";
    let job = File::script("dispatched", "batch", script).group(ONE_TRY);
    let parent = Parent(job.job("parameterized {\nmeta_required = [\"number\", \"seconds\"]\n}").run());
    let job = &parent.0;
    let dispatch = |number: u32, seconds: &str| {
        let (number, seconds) = (format!("number={number}"), format!("seconds={seconds}"));
        job.lab.nomad(&["job", "dispatch", "-detach", "-meta", &number, "-meta", &seconds, &job.id]).ok();
    };
    dispatch(0, "2");
    assert_eq!(job.logs(&["-f", "--alloc", &only_allocation(job)]).run().ok().text().lines().count(), 1);
    dispatch(8, "20");
    let mut following = job.logs(&["-f"]).spawn();
    following.wait_until_printed("| 8");
    for number in 1..8 {
        dispatch(number, if number % 2 == 0 { "0" } else { "2" });
    }
    parent.purge();
    let told = following.wait().ok().text();
    let mut numbers = written(&told);
    numbers.sort_unstable();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6", "7", "8"], "{told}");
}

fn only_allocation(job: &Job) -> String {
    wait_for("an allocation of the child", super::LIMIT, || {
        let child = job.lab.jobs(&format!("{}/", job.id)).pop()?;
        Some(job.lab.allocations(&child).first()?["ID"].as_str()?.to_owned())
    })
}
