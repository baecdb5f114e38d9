//! Jobs that are not Spark's, on the real Nomad: what `watch` makes of them.

use std::fs;
use std::time::Duration;

use serde_json::json;

use crate::support::lab::{Guard, shared};
use crate::support::run::Run;
use crate::support::wait_until;

const LIMIT: Duration = Duration::from_mins(1);

/// A job of a single shell script; it is gone when this is dropped.
struct Job {
    lab: Guard,
    id: String,
}

impl Job {
    /// Runs a job of a type; `group` is added to its task group and `job` to the job.
    fn run(id: &str, kind: &str, script: &str, group: &str, job: &str) -> Self {
        Self::run_task(id, kind, script, group, job, "")
    }

    /// The same; `task` is added to its task.
    fn run_task(id: &str, kind: &str, script: &str, group: &str, job: &str, task: &str) -> Self {
        let lab = shared();
        let id = format!("foreign-{id}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("job.nomad.hcl");
        let command = format!("command = \"/bin/sh\"\nargs = [\"-c\", {}]", json!(script));
        let task = format!(
            "task \"work\" {{\ndriver = \"raw_exec\"\n{task}\nconfig {{\n{command}\n}}\nresources {{\ncpu = 20\nmemory = 20\n}}\n}}"
        );
        let text = format!("job \"{id}\" {{\ntype = \"{kind}\"\n{job}\ngroup \"g\" {{\n{group}\n{task}\n}}\n}}\n");
        fs::write(&file, text).unwrap();
        lab.nomad(&["job", "run", "-detach", file.to_str().unwrap()]).ok();
        Self { lab, id }
    }

    fn watch(&self) -> Run {
        self.lab.nomspark("watch").arg(&self.id)
    }

    fn logs(&self, arguments: &[&str]) -> Run {
        self.lab.plain("logs").arg(&self.id).args(arguments)
    }

    /// Its log's lines, in order.
    fn lines(&self, arguments: &[&str]) -> Vec<String> {
        self.logs(arguments).run().ok().text().lines().map(str::to_owned).collect()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.lab.nomad(&["job", "stop", "-purge", "-detach", &self.id]);
    }
}

const TRIES: &str = "restart {\nattempts = 20\ninterval = \"10m\"\ndelay = \"1s\"\nmode = \"delay\"\n}";
const ONE_TRY: &str = "restart {\nattempts = 0\nmode = \"fail\"\n}\nreschedule {\nattempts = 0\nunlimited = false\n}";

#[test]
fn a_task_that_keeps_failing_ends_the_watch_with_its_reason_rate_and_last_words() {
    let job = Job::run("loop", "service", "echo boom >&2; exit 3", TRIES, "");
    let told =
        job.watch().run().fails(6).says("its task work keeps failing, 2 times in ").says("it exited with code 3");
    let told = told.document;
    let failure = &told["failures"][0];
    assert_eq!((&failure["task"], &failure["exit_code"]), (&json!("work"), &json!(3)), "{told:#}");
    assert!(failure["log_tail"].as_array().unwrap().contains(&json!("boom")), "{told:#}");

    job.watch().args(["--keep-waiting", "--timeout", "4s"]).run().fails(5);
}

#[test]
fn a_batch_job_is_given_more_tries_and_one_that_succeeds_is_a_success() {
    let script = "n=$(cat \"$NOMAD_ALLOC_DIR/n\" 2>/dev/null || echo 0); echo $((n + 1)) >\"$NOMAD_ALLOC_DIR/n\"; \
                  [ \"$n\" -ge 3 ]";
    let job = Job::run("retried", "batch", script, TRIES, "");
    assert_eq!(job.watch().run().ok().json()["verdict"], "complete");

    let job = Job::run("batch-loop", "batch", "exit 1", TRIES, "");
    job.watch().run().fails(6).says("keeps failing, 5 times in ");
}

#[test]
fn what_the_log_says_is_told_with_the_next_step() {
    let script = "echo 'Error: Failed to load class org.example.Main.' >&2; exit 101";
    let job = Job::run("class", "batch", script, ONE_TRY, "");
    let told = job.watch().run().fails(6);
    let reason = "it exited with code 101; its log says that the class org.example.Main was not found";
    assert_eq!(told.document["failures"][0]["reason"], reason, "{:#}", told.document);
    assert!(told.hint.contains("--class"), "{}", told.hint);
}

#[test]
fn a_service_ends_when_somebody_stops_it() {
    let job = Job::run("service", "service", "exec sleep 600", "", "");
    let mut watching = job.watch().spawn();
    watching.wait_until_told("task work");
    job.lab.nomad(&["job", "stop", "-detach", &job.id]).ok();
    assert_eq!(watching.wait().ok().json()["verdict"], "stopped");
}

#[test]
fn what_has_no_place_ends_the_watch_at_once_or_is_waited_for() {
    let nowhere = "constraint {\nattribute = \"${attr.kernel.name}\"\nvalue = \"plan9\"\n}";
    let job = Job::run("nowhere", "batch", "true", nowhere, "");
    wait_until("Nomad to look for a place", LIMIT, || {
        job.lab
            .nomad_get(&format!("/v1/job/{}/evaluations", job.id))
            .as_array()
            .is_some_and(|all| all.iter().any(|evaluation| !evaluation["FailedTGAllocs"].is_null()))
    });
    let reason = "the constraint `${attr.kernel.name} = plan9` is not met on 1 of 1 nodes";
    job.watch().run().fails(3).says(reason).within(Duration::from_secs(2));
    job.watch().args(["--wait-for-capacity", "--timeout", "2s"]).run().fails(5);
}

#[test]
fn of_a_job_that_only_starts_others_the_newest_is_followed() {
    let job = Job::run("parent", "batch", "true", ONE_TRY, "parameterized {}");
    assert_eq!(job.watch().run().fails(1).hint, "`nomad job dispatch foreign-parent` starts one");
    job.lab.nomad(&["job", "dispatch", "-detach", &job.id]).ok();
    let told = job.watch().run().ok();
    assert!(told.stderr.contains("is parameterized and runs nothing itself"), "{}", told.stderr);
    assert!(told.json()["job"].as_str().unwrap().starts_with("foreign-parent/dispatch-"));
}

#[test]
fn a_job_on_each_node_ends_with_its_last_allocation() {
    let job = Job::run("each", "sysbatch", "exit 4", "restart {\nattempts = 0\nmode = \"fail\"\n}", "");
    assert_eq!(job.watch().run().fails(6).document["failures"][0]["exit_code"], 4);
}

#[test]
fn a_log_is_followed_over_restarts_to_the_job_s_end() {
    let script = "n=$(cat \"$NOMAD_ALLOC_DIR/n\" 2>/dev/null || echo 0); echo $((n + 1)) >\"$NOMAD_ALLOC_DIR/n\"; \
                  sleep 1; echo \"run $n\"; [ \"$n\" -ge 2 ] && printf 'the end'";
    let job = Job::run("followed", "batch", script, TRIES, "");
    // It waits for a log that is not there yet, and for the last words without a newline.
    assert_eq!(job.lines(&["-f"]), ["run 0", "run 1", "run 2", "the end"]);
    assert_eq!(job.lines(&["--tail", "2"]), ["run 2", "the end"]);
    assert_eq!(job.lines(&["--grep", "[02]$"]), ["run 0", "run 2"]);
    job.logs(&["--grep", "["]).run().exits(2);
    job.logs(&["--task", "nosuch"]).run().exits(1);
}

#[test]
fn nothing_is_lost_or_told_twice_when_a_log_goes_on_in_another_file() {
    // 1.4 MB in files of 1 MB, written while they are read.
    let script = "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); \
                  printf '%060d\\n' $i; [ $((i % 1000)) -eq 0 ] && sleep 0.1; done; true";
    let task = "logs {\nmax_files = 4\nmax_file_size = 1\n}";
    let job = Job::run_task("rotated", "batch", script, ONE_TRY, "", task);
    let told = job.lines(&["-f", "--stdout"]);
    assert!(told.iter().map(|line| line.parse::<u32>().unwrap()).eq(1..=20_000), "{} lines", told.len());
    let again = job.lines(&["--stdout"]);
    assert!(again == told, "{} lines afterwards", again.len());
}

#[test]
fn lines_of_several_allocations_carry_their_names() {
    let group = format!("count = 2\n{ONE_TRY}");
    let job = Job::run("several", "batch", "echo out; echo err >&2", &group, "");
    let mut told = job.lines(&["-f"]);
    told.sort();
    let mut expected: Vec<String> = job
        .lab
        .allocations(&job.id)
        .iter()
        .flat_map(|allocation| {
            let id = allocation["ID"].as_str().unwrap()[..8].to_owned();
            ["err", "out"].map(|line| format!("{id} work | {line}"))
        })
        .collect();
    expected.sort();
    assert_eq!(told, expected);
    let one = job.lab.allocations(&job.id)[0]["ID"].as_str().unwrap().to_owned();
    assert_eq!(job.lines(&["--alloc", &one, "--stderr"]), ["err"]);
    let lines = job.logs(&["-o", "ndjson", "--stdout"]).run().ok().lines();
    assert!(lines.len() == 2 && lines.iter().all(|line| line["line"] == "out" && line["task"] == "work"), "{lines:#?}");
}
