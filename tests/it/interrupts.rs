//! Ctrl-C: what was begun is said, can be gone on with, and is never half done.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::cluster::{CLUSTER, Cluster, DRIVER, demo};
use crate::support::process::Jvm;
use crate::support::proxy::Proxy;
use crate::support::run::Running;
use crate::support::wait_until;

/// A file that takes long to send; it takes hardly any disk here. It begins as a text does, or it would be refused.
fn big_file(folder: &Path) -> PathBuf {
    let path = folder.join("big.txt");
    fs::write(&path, "a word ".repeat(1000)).unwrap();
    File::options().write(true).open(&path).unwrap().set_len(20 << 30).unwrap();
    path
}

/// The job that a run told of.
fn job_of(run: &Running) -> String {
    let told = run.told();
    let job = told.split_whitespace().find(|word| word.contains("-wordcount-")).unwrap();
    job.trim_end_matches(':').to_owned()
}

#[test]
fn a_deploy_that_was_interrupted_goes_on_when_it_is_repeated() {
    let cluster = Cluster::named("broken-off", CLUSTER);
    let mut deploy = cluster.nomspark("deploy").spawn();
    deploy.wait_until_told("broken-off-master: registered");
    deploy.signal(Signal::SIGINT);
    let failure = deploy.wait().fails(130).says("interrupted").says("go on in Nomad");
    assert!(failure.hint.contains("nomspark deploy") && failure.hint.contains("--name broken-off"), "{}", failure.hint);
    assert_eq!(cluster.lab().find_job("broken-off-master").unwrap()["Stop"], false);

    let again = cluster.nomspark("deploy").run().ok().json();
    assert_eq!((&again["ready"], &again["jobs"][0]["version"]), (&json!(true), &json!(0)));
}

#[test]
fn a_run_that_has_its_input_goes_on_without_nomspark() {
    let demo = demo(DRIVER);
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input.txt");
    fs::write(&input, "a b a\n").unwrap();
    let output = folder.path().join("counts.tsv");
    let run = demo.nomspark("wordcount").args(["--top", "1", "--output"]).arg(&output).arg("--input").arg(&input);
    let mut run = run.spawn();
    run.wait_until_told("placed on lab");
    let job = job_of(&run);
    let allocation = demo.lab().allocations(&job)[0]["ID"].as_str().unwrap().to_owned();
    let driver = Jvm::of(&allocation, "org.apache.spark.deploy.SparkSubmit");
    // It must not be done before the interrupt.
    driver.signal(Signal::SIGSTOP);
    run.wait_until_told("the driver has all");
    run.signal(Signal::SIGINT);
    let failure = run.wait().fails(130).says(&job).says("goes on in Nomad");
    let resume = format!("`nomspark wordcount --resume {job} --output {} --top 1` goes on", output.display());
    assert!(failure.hint.contains(&resume), "{}", failure.hint);
    driver.signal(Signal::SIGCONT);

    let counted = demo.lab().nomspark("wordcount").args(["--resume", &job]).run().ok().json();
    assert_eq!((&counted["verdict"], &counted["top"]), (&json!("complete"), &json!([["a", 2], ["b", 1]])));
    let told = demo.lab().nomspark("wordcount").args(["--resume", &demo.job("master")]).run().fails(2);
    told.says("is no run of wordcount").hints("nomspark watch demo-master");
}

#[test]
fn a_run_that_has_half_its_input_is_stopped() {
    let demo = demo(DRIVER);
    let folder = tempfile::tempdir().unwrap();
    let mut run = demo.nomspark("wordcount").arg("--input").arg(big_file(folder.path())).spawn();
    run.wait_until_told("sending");
    let job = job_of(&run);
    run.signal(Signal::SIGINT);
    run.wait().fails(130).says(&job).says("is stopped").hints("again");
    let ended = || demo.lab().find_job(&job).is_some_and(|job| job["Stop"] == true && job["Status"] == "dead");
    wait_until("the driver to be stopped", Duration::from_mins(1), ended);
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let demo = demo(DRIVER);
    let folder = tempfile::tempdir().unwrap();
    let proxy = Proxy::before(&demo.lab().nomad);
    let run = demo.nomspark("wordcount").arg("--input").arg(big_file(folder.path()));
    let mut run = run.env("NOMAD_ADDR", &proxy.address).spawn();
    run.wait_until_told("sending");
    let job = job_of(&run);
    // Now the first interrupt waits for Nomad to stop the job.
    proxy.freeze();
    let done = run.signal_until_ended(Signal::SIGINT).exits(130);
    assert!(done.stdout.is_empty(), "it still waited for Nomad: {}", done.text());
    demo.lab().nomad(&["job", "stop", "-detach", &job]).ok();
}

#[test]
fn a_command_that_was_killed_goes_on_when_it_is_repeated_and_starts_no_second_run() {
    let demo = demo(DRIVER);
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input.txt");
    fs::write(&input, "a b a\n").unwrap();
    let command = || {
        let run = demo.nomspark("wordcount").arg("--input").arg(&input);
        run.env("XDG_STATE_HOME", folder.path())
    };
    let mut run = command().spawn();
    run.wait_until_told("placed on lab");
    let job = job_of(&run);
    run.signal(Signal::SIGKILL);
    assert!(!run.wait().status.success());

    let repeated = command().run().ok();
    assert!(repeated.stderr.contains(&format!("an earlier command began {job}")), "{}", repeated.stderr);
    let counted = repeated.json();
    assert_eq!((&counted["job"], &counted["top"]), (&json!(job), &json!([["a", 2], ["b", 1]])));
    // What was answered for is over: the same command now counts anew.
    let again = command().run().ok().json();
    assert!(again["job"] != counted["job"], "{again:#}");
    let notes = fs::read_dir(folder.path().join("nomspark/runs")).unwrap();
    assert_eq!(notes.count(), 0, "no note is left");
}
