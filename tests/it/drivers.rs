//! The task drivers: the same job files serve docker, exec and raw_exec.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::cluster::{CLUSTER, Cluster, DRIVER};
use crate::support::docker::IMAGE;
use crate::support::http;
use crate::support::lab::{self, Lab};
use crate::support::run::Run;
use crate::support::wait_until;

const ROLES: [&str; 4] = ["master", "worker", "wordcount", "drill"];
const LIMIT: Duration = Duration::from_mins(1);
/// Variables that every application has.
const APPLICATION: &str =
    "cluster = \"whale\"\nid = \"1\"\nmaster = \"spark://a:1\"\nimage = \"spark:4\"\napplication = \"\"\n";

fn job_file(role: &str) -> String {
    format!("{}/jobs/{role}.nomad.hcl", lab::CHECKOUT)
}

#[test]
fn the_job_files_are_formatted_as_nomad_does_it() {
    for role in ROLES {
        Run::program(lab::nomad_program(), ["fmt", "-check"]).arg(job_file(role)).run().ok();
    }
}

/// The drivers of the lab's node.
fn drivers(lab: &Lab) -> Value {
    let node = lab.nomad_get("/v1/nodes")[0]["ID"].as_str().unwrap().to_owned();
    lab.nomad_get(&format!("/v1/node/{node}"))["Drivers"].clone()
}

#[test]
fn nomad_takes_every_job_file_for_docker() {
    let lab = lab::shared();
    let folder = tempfile::tempdir().unwrap();
    let render = lab.nomspark("render").args(["--name", "whale", "--driver", "docker", "--image", "spark:4", "--out"]);
    render.arg(folder.path()).run().ok();
    for role in ROLES {
        let variables = match role {
            "wordcount" => format!("{APPLICATION}input = \"upload\"\n"),
            "drill" => APPLICATION.to_owned(),
            _ => fs::read_to_string(folder.path().join(format!("whale-{role}.vars.hcl"))).unwrap(),
        };
        let source = fs::read_to_string(job_file(role)).unwrap();
        let body = json!({ "JobHCL": source, "Variables": variables, "Canonicalize": true });
        let job = http::post(&format!("{}/v1/jobs/parse", lab.nomad), &body);
        let task = &job["TaskGroups"][0]["Tasks"][0];
        assert_eq!(task["Driver"], "docker");
        assert_eq!((&task["Config"]["image"], &task["Config"]["network_mode"]), (&json!("spark:4"), &json!("host")));

        let validated = http::post(&format!("{}/v1/validate/job", lab.nomad), &json!({ "Job": job }));
        assert_eq!((&validated["Error"], &validated["ValidationErrors"]), (&json!(""), &Value::Null), "{role}");
        let id = job["ID"].as_str().unwrap();
        let plan = http::post(&format!("{}/v1/job/{id}/plan", lab.nomad), &json!({ "Job": job, "Diff": false }));
        if drivers(&lab)["docker"]["Healthy"] != true {
            let refused = plan["FailedTGAllocs"].to_string();
            assert!(refused.contains("missing drivers"), "{role}: {plan:#}");
        }
    }
    assert_eq!(lab.jobs("whale-"), [""; 0]);
}

#[test]
fn exec_runs_spark_where_nomad_is_root_and_is_refused_elsewhere() {
    let cluster = Cluster::named("caged", CLUSTER + DRIVER);
    let deploy = cluster.nomspark("deploy").args(["--driver", "exec"]).run();
    if drivers(cluster.lab())["exec"]["Healthy"] != true {
        assert!(!nix::unistd::geteuid().is_root(), "the lab of root has no exec driver: {}", deploy.stderr);
        deploy.fails(3).says("exec").says("raw_exec").hints("--driver");
        return;
    }
    assert_eq!(deploy.ok().json()["ready"], true);
    // The driver of the cluster is taken over.
    assert_eq!(task_that_counts(&cluster, &[])["Driver"], "exec");
}

/// Counts a book, and gives the task of the job that did it.
fn task_that_counts(cluster: &Cluster, arguments: &[&str]) -> Value {
    let book = Path::new(lab::CHECKOUT).join("examples/alice.txt");
    let counted = cluster.nomspark("wordcount").arg("--input").arg(book).args(arguments).run().ok().json();
    assert_eq!((&counted["verdict"], &counted["total_words"]), (&json!("complete"), &json!(26_457)));
    let job = cluster.lab().find_job(counted["job"].as_str().unwrap()).unwrap();
    job["TaskGroups"][0]["Tasks"][0].clone()
}

#[test]
fn docker_runs_spark_in_containers_and_none_stays() {
    let cluster = Cluster::in_containers("whale", CLUSTER + DRIVER);
    let image = ["--driver", "docker", "--image", IMAGE];
    let missing = cluster.nomspark("deploy").args(["--driver", "docker", "--image", "127.0.0.1:1/nothing:1"]).run();
    missing.fails(1).says("whale-master does not come up").says("Failed to pull `127.0.0.1:1/nothing:1`");
    let deployed = cluster.nomspark("deploy").args(image).run().ok().json();
    assert_eq!(deployed["ready"], true);
    assert_eq!(cluster.nomspark("deploy").args(image).run().ok().json()["changed"], false);

    // Driver and image of the cluster are taken over, the image also where the same driver is named.
    for arguments in [&[][..], &["--driver", "docker"]] {
        let task = task_that_counts(&cluster, arguments);
        assert_eq!((&task["Driver"], &task["Config"]["image"]), (&json!("docker"), &json!(IMAGE)));
    }
    let other = cluster.nomspark("wordcount").args(["--input", "file:///a", "--image", "127.0.0.1:1/other:1"]);
    other.run().fails(6).says("Failed to pull `127.0.0.1:1/other:1`");

    let started = cluster.lab().containers();
    assert!(["master-", "worker-"].iter().all(|task| started.iter().any(|name| name.starts_with(task))), "{started:?}");
    cluster.nomspark("stop").args(["--purge", "--yes"]).run().ok();
    wait_until("all containers to be gone", LIMIT, || cluster.lab().containers().is_empty());
}
