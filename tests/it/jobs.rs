//! Jobs that are not Spark's, on the real Nomad: what `watch` makes of them.

mod containers;
mod failures;
mod lifecycle;
mod logs;
mod versions;
mod words;

use std::fs;
use std::time::Duration;

use serde_json::json;

use crate::support::lab::{Guard, claim, shared};
use crate::support::run::Run;
use crate::support::wait_until;

const LIMIT: Duration = Duration::from_mins(1);

/// A job that runs; it is gone when this is dropped.
struct Job {
    lab: Guard,
    id: String,
}

/// The file of a job of one task.
struct File {
    id: String,
    kind: &'static str,
    driver: &'static str,
    config: String,
    job: String,
    group: String,
    task: String,
    /// MHz and MiB.
    reserved: (u64, u64),
}

impl File {
    /// A job of a shell script.
    fn script(id: &str, kind: &'static str, script: &str) -> Self {
        let config = format!("command = \"/bin/sh\"\nargs = [\"-c\", {}]", json!(script));
        Self { config, ..Self::command(id, kind, "") }
    }

    /// A job of a program.
    fn command(id: &str, kind: &'static str, program: &str) -> Self {
        let config = format!("command = {}", json!(program));
        let (job, group, task) = (String::new(), String::new(), String::new());
        Self { id: format!("foreign-{id}"), kind, driver: "raw_exec", config, job, group, task, reserved: (20, 20) }
    }

    /// Adds to the configuration of its driver.
    fn config(mut self, text: &str) -> Self {
        self.config.push('\n');
        self.config.push_str(text);
        self
    }

    /// Reserves so many MHz and MiB.
    fn reserve(mut self, mhz: u64, mib: u64) -> Self {
        self.reserved = (mhz, mib);
        self
    }

    /// Adds to the job.
    fn job(mut self, text: &str) -> Self {
        self.job.push_str(text);
        self
    }

    /// Adds to its task group.
    fn group(mut self, text: &str) -> Self {
        self.group.push_str(text);
        self.group.push('\n');
        self
    }

    /// Adds to its task.
    fn task(mut self, text: &str) -> Self {
        self.task.push_str(text);
        self
    }

    fn driver(mut self, driver: &'static str) -> Self {
        self.driver = driver;
        self
    }

    fn text(&self) -> String {
        let Self { id, kind, driver, config, job, group, task, reserved: (cpu, memory) } = self;
        let resources = format!("resources {{\ncpu = {cpu}\nmemory = {memory}\n}}");
        let task = format!("task \"work\" {{\ndriver = \"{driver}\"\n{task}\nconfig {{\n{config}\n}}\n{resources}\n}}");
        format!("job \"{id}\" {{\ntype = \"{kind}\"\n{job}\ngroup \"g\" {{\n{group}\n{task}\n}}\n}}\n")
    }

    /// Hands it to Nomad.
    fn run(self) -> Job {
        self.run_in(shared())
    }

    /// Hands it to the Nomad of a lab.
    fn run_in(self, lab: Guard) -> Job {
        self.submit(&lab);
        Job { lab, id: self.id }
    }

    /// The same, also in place of another one, and leaves it there.
    fn submit(&self, lab: &Guard) {
        claim(&self.id);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("job.nomad.hcl");
        fs::write(&file, self.text()).unwrap();
        lab.nomad(&["job", "run", "-detach", file.to_str().unwrap()]).ok();
    }
}

impl Job {
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
    let job = File::script("loop", "service", "echo boom >&2; exit 3").group(TRIES).run();
    let told =
        job.watch().run().fails(6).shows("its task work keeps failing, 2 times in ").says("it exited with code 3");
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
    let job = File::script("retried", "batch", script).group(TRIES).run();
    assert_eq!(job.watch().run().ok().json()["verdict"], "complete");

    let job = File::script("batch-loop", "batch", "exit 1").group(TRIES).run();
    job.watch().run().fails(6).says("keeps failing, 5 times in ");
}

#[test]
fn a_failed_allocation_that_nomad_replaces_is_no_end() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let script = format!("echo >>{runs}; [ $(wc -l <{runs}) -ge 2 ]", runs = runs.display());
    let again = "restart {\nattempts = 0\nmode = \"fail\"\n}\nreschedule {\nattempts = 2\ninterval = \"1h\"\ndelay = \"5s\"\n\
                 delay_function = \"constant\"\nunlimited = false\n}";
    let job = File::script("replaced-once", "batch", &script).group(again).run();
    assert_eq!(job.watch().run().ok().json()["verdict"], "complete");
}

#[test]
fn what_the_log_says_is_told_with_the_next_step() {
    let script = "echo 'Error: Failed to load class org.example.Main.' >&2; exit 101";
    let job = File::script("class", "batch", script).group(ONE_TRY).run();
    let told = job.watch().run().fails(6);
    let reason = "it exited with code 101; its log says that the class org.example.Main was not found";
    assert_eq!(told.document["failures"][0]["reason"], reason, "{:#}", told.document);
    assert!(told.hint.contains("--class"), "{}", told.hint);
}

#[test]
fn a_service_ends_when_somebody_stops_it() {
    let job = File::script("service", "service", "exec sleep 600").run();
    let mut watching = job.watch().spawn();
    watching.wait_until_told("task work");
    job.lab.nomad(&["job", "stop", "-detach", &job.id]).ok();
    assert_eq!(watching.wait().ok().json()["verdict"], "stopped");
}

#[test]
fn what_has_no_place_ends_the_watch_at_once_or_is_waited_for() {
    let nowhere = "constraint {\nattribute = \"${attr.kernel.name}\"\nvalue = \"plan9\"\n}";
    let job = File::script("nowhere", "batch", "true").group(nowhere).run();
    wait_until("Nomad to look for a place", LIMIT, || {
        job.lab
            .nomad_get(&format!("/v1/job/{}/evaluations", job.id))
            .as_array()
            .is_some_and(|all| all.iter().any(|evaluation| !evaluation["FailedTGAllocs"].is_null()))
    });
    let reason = "the constraint `${attr.kernel.name} = plan9` is not met on 1 of 1 nodes";
    let told = job.watch().run().fails(3).says(reason).shows("is not met on 1 of 1 nodes");
    told.within(Duration::from_secs(2));
    job.watch().args(["--wait-for-capacity", "--timeout", "2s"]).run().fails(5);
}

#[test]
fn of_a_job_that_only_starts_others_the_newest_is_followed() {
    let job = File::script("parent", "batch", "true").group(ONE_TRY).job("parameterized {}").run();
    let told = job.watch().run().fails(1);
    let told = told.shows("runs nothing itself, it starts other jobs, and none of them is there");
    assert_eq!(told.hint, "`nomad job dispatch foreign-parent` starts one");
    job.lab.nomad(&["job", "dispatch", "-detach", &job.id]).ok();
    let told = job.watch().run().ok();
    assert!(told.stderr.contains("is parameterized and runs nothing itself"), "{}", told.stderr);
    assert!(told.json()["job"].as_str().unwrap().starts_with("foreign-parent/dispatch-"));
}

#[test]
fn a_job_on_each_node_ends_with_its_last_allocation() {
    let job = File::script("each", "sysbatch", "exit 4").group("restart {\nattempts = 0\nmode = \"fail\"\n}").run();
    assert_eq!(job.watch().run().fails(6).document["failures"][0]["exit_code"], 4);
}
