//! Rollouts of a cluster whose job files are the user's own: canaries that wait for somebody, and versions that Nomad takes back.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::support::cluster::{CLUSTER, Cluster, WORKER};
use crate::support::lab::CHECKOUT;
use crate::support::rows::row;
use crate::support::run::Run;
use crate::support::wait_until;

const LIMIT: Duration = Duration::from_mins(2);

/// Writes the worker's job file with something else in it, each as often as it stands there.
fn worker_file(folder: &Path, changes: &[(&str, &str)]) {
    let mut text = fs::read_to_string(format!("{CHECKOUT}/jobs/worker.nomad.hcl")).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from} stands in the job file");
        text = text.replace(from, to);
    }
    fs::write(folder.join("worker.nomad.hcl"), text).unwrap();
}

fn deploy(cluster: &Cluster, jobs: &Path, arguments: &[&str]) -> Run {
    cluster.nomspark("deploy").arg("--jobs").arg(jobs).args(arguments)
}

/// Waits until Nomad calls the newest version of the workers stable, to which it may go back.
fn stable(cluster: &Cluster) {
    wait_until("the workers' deployment to succeed", LIMIT, || {
        let path = format!("/v1/job/{}/deployment", cluster.job("worker"));
        cluster.lab().nomad_get(&path)["Status"] == "successful"
    });
}

#[test]
fn canaries_of_workers_wait_for_somebody_and_every_command_names_the_way() {
    let cluster = Cluster::named("canary", CLUSTER + 2 * WORKER);
    let folder = tempfile::tempdir().unwrap();
    worker_file(
        folder.path(),
        &[("    max_parallel     = 1\n", "    max_parallel     = 1\n    canary           = 1\n")],
    );
    deploy(&cluster, folder.path(), &["--worker-memory", "512MiB"]).run().ok();
    stable(&cluster);
    a_warning_of_nomad_s_is_reported(&cluster);

    let changed = ["--worker-memory", "600MiB"];
    let mut deploying = deploy(&cluster, folder.path(), &changed).args(["--timeout", "90s"]).spawn();
    deploying.wait_until_told(row("has 1 healthy canary and waits for `nomad deployment promote "));
    deploying
        .wait()
        .fails(5)
        .says("somebody to promote the healthy canary of canary-worker with `nomad deployment promote ");
    let status = cluster.nomspark("status").run().ok().json();
    let worker = status["jobs"].as_array().unwrap().iter().find(|job| job["id"] == "canary-worker").unwrap();
    assert_eq!(worker["promotion"]["canaries"], 1, "{status:#}");
    let text = cluster.plain("status").run().ok().text();
    let command =
        text.split(row("has 1 healthy canary and waits for `nomad ")).nth(1).unwrap().split('`').next().unwrap();

    let deploying = deploy(&cluster, folder.path(), &changed).spawn();
    let arguments: Vec<&str> = command.split(' ').collect();
    cluster.lab().nomad(&arguments).ok();
    assert_eq!(deploying.wait().ok().json()["ready"], true);
    let status = cluster.nomspark("status").run().ok().json();
    assert!(!status.to_string().contains("promotion"), "{status:#}");
}

fn a_warning_of_nomad_s_is_reported(cluster: &Cluster) {
    // Whether two workers have a place now does not matter.
    let plan = |change: &[(&str, &str)]| {
        let folder = tempfile::tempdir().unwrap();
        worker_file(folder.path(), change);
        cluster.nomspark("plan").args(["--workers", "2", "--jobs"]).arg(folder.path()).run().stderr
    };
    let warned = plan(&[("    max_parallel     = 1\n", "    max_parallel     = 9\n")]);
    let words = "warning: Nomad warns of the job canary-worker: Group \"worker\" has warnings: ";
    assert!(warned.contains(words) && warned.contains("max parallel count"), "{warned}");
    let own = plan(&[]);
    assert!(!own.contains("warning"), "nomspark's own job files are in order: {own}");
}

#[test]
fn workers_that_nomad_took_back_fail_the_deployment_that_changed_them_and_no_other() {
    let cluster = Cluster::named("taken-back", CLUSTER + WORKER);
    let folder = tempfile::tempdir().unwrap();
    let quick = "    healthy_deadline = \"40s\"\n    progress_deadline = \"45s\"\n    auto_revert      = true\n";
    let patient = "    healthy_deadline = \"2m\"\n    auto_revert      = true\n";
    let update = |update| ("    healthy_deadline = \"2m\"\n", update);
    worker_file(folder.path(), &[update(patient)]);
    deploy(&cluster, folder.path(), &[]).run().ok();
    stable(&cluster);

    // A version whose workers come up and never register.
    worker_file(folder.path(), &[update(quick), ("          exec \"$@\"\n", "          exec sleep 600\n")]);
    let failed = deploy(&cluster, folder.path(), &[]).args(["--timeout", "4m"]).run().fails(1);
    let failed = failed.says("the deployment of its version 1 failed with 0 of 1 allocations healthy");
    let failed = failed.says("; the check \"A Spark master has registered this worker\" last said: ");
    let failed = failed.shows("; Nomad went back to version 0").hints("register it again");
    assert!(!format!("{:#}", failed.document).contains("somebody else"), "{:#}", failed.document);

    // What Nomad went back to is what the first file says.
    worker_file(folder.path(), &[update(patient)]);
    let same = deploy(&cluster, folder.path(), &[]).run().ok().json();
    assert_eq!((&same["ready"], &same["changed"]), (&true.into(), &false.into()), "{same:#}");
}

#[test]
fn a_worker_that_starts_slowly_is_left_alone() {
    let cluster = Cluster::named("slow-start", CLUSTER + WORKER);
    let folder = tempfile::tempdir().unwrap();
    let exec = "          exec \"$@\" \"spark://$masters\"\n";
    worker_file(
        folder.path(),
        // Nomad would start it again after 2 s.
        &[("limit           = 15\n", "limit           = 2\n"), (exec, &format!("          sleep 10\n{exec}"))],
    );
    deploy(&cluster, folder.path(), &[]).run().ok();
    let task = &cluster.lab().allocations(&cluster.job("worker"))[0]["TaskStates"]["worker"];
    assert_eq!(task["Restarts"], 0, "{task:#}");
}
