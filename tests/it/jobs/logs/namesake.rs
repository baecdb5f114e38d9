//! A job that is called as the end of a cluster's.

use std::fs;

use crate::support::cluster::demo;
use crate::support::lab::Guard;

const WORKER: &str = r#"job "worker" {
  type = "batch"
  group "g" {
    task "work" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo no worker of Spark"]
      }
      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
"#;

/// The job `worker`; it is gone when this is dropped.
struct Namesake<'a>(&'a Guard);

impl<'a> Namesake<'a> {
    fn run(lab: &'a Guard) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("worker.nomad.hcl");
        fs::write(&file, WORKER).unwrap();
        lab.nomad(&["job", "run", "-detach", file.to_str().unwrap()]).ok();
        Self(lab)
    }
}

impl Drop for Namesake<'_> {
    fn drop(&mut self) {
        self.0.nomad(&["job", "stop", "-purge", "-detach", "worker"]);
    }
}

#[test]
fn a_job_of_that_very_name_goes_before_the_cluster_s_and_both_are_told() {
    let cluster = demo(0);
    let lab = cluster.lab();
    // Without a job of that name it is the cluster's.
    let of_cluster = cluster.plain("logs").args(["worker", "--stderr"]).run().ok();
    assert!(of_cluster.text().contains(" INFO Worker: "), "{}", of_cluster.text());
    assert_eq!(of_cluster.stderr, "");

    let _namesake = Namesake::run(lab);
    // Without a cluster of that name it is the job, and nothing is to be told.
    let alone = lab.plain("logs").args(["worker", "-f", "--name", "nobody"]).run().ok();
    assert_eq!(alone.text(), "no worker of Spark\n");
    assert!(!alone.stderr.contains("warning"), "{}", alone.stderr);
    let both = cluster.plain("logs").arg("worker").run().ok();
    assert_eq!(both.text(), "no worker of Spark\n");
    assert!(both.stderr.contains("`logs demo-worker` reads the cluster's"), "{}", both.stderr);
    let by_id = cluster.plain("logs").args(["demo-worker", "--stderr"]).run().ok();
    assert!(by_id.text().contains(" INFO Worker: "), "{}", by_id.text());
}
