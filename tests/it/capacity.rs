//! Applications that get no executor, in a real cluster: why, with numbers.

use std::fs;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::cluster::{CLUSTER, Cluster, DRIVER};
use crate::support::lab::CHECKOUT;
use crate::support::process::Jvm;
use crate::support::rows::row;
use crate::support::run::Running;
use crate::support::{http, wait_until};

const LIMIT: Duration = Duration::from_mins(2);

/// The job that a run told of.
fn job_of(run: &mut Running) -> String {
    run.wait_until_told(": registered");
    let told = run.told();
    let job = told.split_whitespace().find(|word| word.contains("-wordcount-")).unwrap();
    job.trim_end_matches(':').to_owned()
}

/// The cores that the executors of an application have.
fn cores(cluster: &Cluster, job: &str) -> Option<u64> {
    let (_, state) = cluster.spark();
    let applications: Vec<Value> = state["activeapps"].as_array().unwrap().clone();
    applications.iter().find(|application| application["name"] == job)?["cores"].as_u64()
}

#[test]
fn an_application_without_executors_is_told_why_and_one_that_can_never_have_any_ends() {
    let cluster = Cluster::named("full", CLUSTER + 2 * DRIVER);
    cluster.nomspark("deploy").run().ok();
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input.txt");
    fs::write(&input, "a b a\n").unwrap();
    let wordcount = |arguments: &[&str]| cluster.nomspark("wordcount").arg("--input").arg(&input).args(arguments);

    // No worker has 4 GiB.
    let before = cluster.lab().jobs("full-wordcount-").len();
    for (conf, words) in [
        (
            "spark.executor.memory=4g",
            "spark.executor.memory = 4096 MiB asks for more memory and the largest worker has 1024",
        ),
        (
            "spark.executor.memory=4096",
            "spark.executor.memory = 4096 MiB asks for more memory and the largest worker has 1024",
        ),
        ("spark.executor.cores=2", "spark.executor.cores = 2 asks for more cores and the largest worker has 1"),
    ] {
        wordcount(&["--conf", conf]).run().fails(3).says(words);
    }
    let refused = wordcount(&["--conf", "spark.task.cpus=3"]).run().fails(3).hints("--conf");
    refused.shows("no executor can ever start: spark.task.cpus = 3 asks for more cores and the largest worker has ");
    let refused =
        wordcount(&["--conf", "spark.executor.resource.gpu.amount=1"]).run().fails(3).hints("discoveryScript");
    refused.shows("no executor can ever start: spark.executor.resource.gpu.amount = 1, and no worker offers any");
    assert_eq!(cluster.lab().jobs("full-wordcount-").len(), before, "nothing was registered");

    // Who waited for a larger worker, and then no longer does.
    let waiting = wordcount(&["--conf", "spark.executor.memory=4g", "--wait-for-capacity", "--timeout", "25s"]);
    let left = waiting.run().fails(5).document["job"].as_str().unwrap().to_owned();
    let refused = cluster.nomspark("wordcount").args(["--resume", &left]).run().fails(3).hints("--worker-memory");
    let refused = refused.shows("can get no executor: an executor asks for 4096 MiB, and none of ");
    let refused = refused.says("none of 1 worker could ever give that: at most 1024 MiB and 1 core");
    let job = refused.document["job"].as_str().unwrap();
    wait_until("the run to be taken back", LIMIT, || {
        cluster.lab().find_job(job).is_some_and(|job| job["Stop"] == true)
    });

    // The only core belongs to a run that stands still for a while.
    let mut first = wordcount(&["--top", "1"]).spawn();
    let holder = job_of(&mut first);
    wait_until("the first run to have an executor", LIMIT, || cores(&cluster, &holder) == Some(1));
    let allocation = cluster.lab().allocations(&holder)[0]["ID"].as_str().unwrap().to_owned();
    let driver = Jvm::of(&allocation, "org.apache.spark.deploy.SparkSubmit");
    driver.assert_uses_class_archive(&cluster.lab().spark_home);
    driver.signal(Signal::SIGSTOP);
    let mut second = wordcount(&["--top", "2"]).spawn();
    let used = row("are used by ");
    let told = format!("of 1 worker with 1 core and 1024 MiB 1 core and 1024 MiB {used}{holder}");
    second.wait_until_told(&told);
    driver.signal(Signal::SIGCONT);
    for run in [first, second] {
        assert_eq!(run.wait().ok().json()["total_words"], json!(3));
    }
}

/// Whether the driver of a run has its first executor.
fn has_executor(cluster: &Cluster, job: &str) -> bool {
    let executors = || http::find(&format!("{}/executors", cluster.application(job)?));
    executors().is_some_and(|executors| executors.as_array().unwrap().iter().any(|executor| executor["id"] == "0"))
}

#[test]
fn executors_that_are_lost_are_told_and_the_run_goes_on() {
    let cluster = Cluster::named("lossy", CLUSTER + DRIVER);
    cluster.nomspark("deploy").run().ok();
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input.txt");
    fs::write(&input, "a b a c\n".repeat(10_000_000)).unwrap();
    let uri = format!("file://{}", input.display());
    let mut run = cluster.plain("wordcount").args(["--input", &uri]).spawn();
    let job = job_of(&mut run);
    wait_until("the driver to have an executor", LIMIT, || has_executor(&cluster, &job));
    let worker = cluster.lab().allocations(&cluster.job("worker"))[0]["ID"].as_str().unwrap().to_owned();
    let executor = Jvm::of(&worker, "org.apache.spark.executor.CoarseGrainedExecutorBackend");
    // On a fast machine all would be done before anybody looks.
    executor.assert_uses_class_archive(&cluster.lab().spark_home);
    executor.signal(Signal::SIGSTOP);
    run.wait_until_told("Spark says it has 1 executor with 1 core");
    executor.signal(Signal::SIGKILL);
    run.wait_until_told(&format!("{}0", row("Spark lost its executor ")));
    let counted = run.wait().ok();
    assert!(counted.text().contains("40000000 words, 3 distinct"), "{}", counted.text());
}

#[test]
fn a_run_whose_workers_are_gone_says_so_and_goes_on_when_they_are_back() {
    let cluster = Cluster::deployed("deserted");
    let uri = format!("file://{CHECKOUT}/examples/alice.txt");
    let mut run = cluster.nomspark("wordcount").args(["--input", &uri]).spawn();
    run.wait_until_told(": registered");
    cluster.lab().nomad(&["job", "stop", "-detach", &cluster.job("worker")]).ok();
    run.wait_until_told(row("waiting for executors: no worker is registered with the master at "));
    cluster.nomspark("deploy").run().ok();
    assert_eq!(run.wait().ok().json()["total_words"], 26_457);
}
