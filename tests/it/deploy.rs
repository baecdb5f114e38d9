//! `deploy`, `plan`, `render`, `status` and `stop`: what they say is what Nomad, Consul and Spark say.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::cluster::{CLUSTER, Cluster, DRIVER, WORKER, demo};
use crate::support::run::Run;
use crate::support::{http, wait_until};

/// The versions of a cluster's jobs.
fn versions(document: &Value) -> Vec<(String, u64)> {
    let jobs = document["jobs"].as_array().unwrap();
    jobs.iter().map(|job| (job["id"].as_str().unwrap().to_owned(), job["version"].as_u64().unwrap())).collect()
}

/// How many allocations of the cluster run.
fn running(cluster: &Cluster) -> usize {
    let jobs = cluster.lab().jobs(&format!("{}-", cluster.name));
    let allocations = jobs.iter().flat_map(|job| cluster.lab().allocations(job));
    allocations.filter(|allocation| allocation["ClientStatus"] == "running").count()
}

#[test]
fn a_ready_cluster_is_ready_for_nomad_consul_and_spark() {
    let demo = demo(0);
    let deployed = demo.nomspark("deploy").run().ok().json();
    assert_eq!(deployed["cluster"], "demo");
    assert_eq!(deployed["ready"], true);
    assert!(deployed["elapsed_ms"].is_u64());
    for (job, role) in deployed["jobs"].as_array().unwrap().iter().zip(["master", "worker"]) {
        assert_eq!(job["id"], demo.job(role));
        assert_eq!((&job["status"], &job["desired"], &job["running"]), (&json!("running"), &json!(1), &json!(1)));
        let known = demo.lab().find_job(&demo.job(role)).unwrap();
        assert_eq!(known["Version"], job["version"]);
        assert_eq!(known["Meta"]["nomspark.cluster"], "demo");
        assert_eq!(known["Meta"]["nomspark.version"], env!("CARGO_PKG_VERSION"));
        assert!(known["UI"]["Description"].as_str().unwrap().contains("Spark"));
        assert!(!known["UI"]["Links"].as_array().unwrap().is_empty());
    }

    let (ui, spark) = demo.spark();
    assert_eq!(spark["status"], "ALIVE");
    assert_eq!(spark["url"], deployed["endpoints"]["master"]);
    assert_eq!(ui, deployed["endpoints"]["ui"].as_str().unwrap());
    assert_eq!(deployed["endpoints"]["history"], Value::Null);
    let workers = spark["workers"].as_array().unwrap();
    assert_eq!(workers.iter().filter(|worker| worker["state"] == "ALIVE").count(), 1);

    // Consul hears of them with the next check.
    let master = deployed["endpoints"]["master"].as_str().unwrap().replace("spark://", "http://");
    wait_until("the master to pass in Consul", Duration::from_secs(30), || demo.service("master") == [master.as_str()]);
    wait_until("a worker that passes in Consul", Duration::from_secs(30), || demo.service("worker").len() == 1);
}

#[test]
fn nomad_shows_the_job_file_and_its_variables() {
    let demo = demo(0);
    for role in ["master", "worker"] {
        let submission = demo.lab().nomad_get(&format!("/v1/job/{}/submission?version=0", demo.job(role)));
        let file = format!("{}/jobs/{role}.nomad.hcl", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(submission["Source"].as_str().unwrap(), fs::read_to_string(file).unwrap());
        assert_eq!(submission["Format"], "hcl2");
        assert!(submission["Variables"].as_str().unwrap().contains("\"demo\""), "{submission}");
    }
}

#[test]
fn repeating_a_deploy_changes_nothing() {
    let demo = demo(0);
    let once = demo.nomspark("deploy").run().ok().json();
    let again = demo.nomspark("deploy").run().ok();
    assert!(again.stderr.contains("nothing to change"), "{}", again.stderr);
    let again = again.json();
    assert_eq!(again["changed"], false);
    assert_eq!(versions(&again), versions(&once));
}

#[test]
fn plan_tells_whether_a_deploy_would_change_anything() {
    let demo = demo(0);
    let same = demo.nomspark("plan").arg("--detailed-exitcode").run().ok().json();
    assert_eq!(same["changes"], false);
    let other = ["--conf", "spark.worker.cleanup.enabled=true"];
    let changed = demo.nomspark("plan").args(other).run().ok().json();
    assert_eq!(changed["changes"], true);
    demo.nomspark("plan").args(other).arg("--detailed-exitcode").run().exits(10);
    let text = demo.plain("plan").args(other).run().ok();
    assert!(text.text().contains("cleanup.enabled=true"), "{}", text.text());
}

#[test]
fn status_shows_who_leads_and_who_works() {
    let demo = demo(0);
    let status = demo.nomspark("status").run().ok().json();
    let (_, spark) = demo.spark();
    let master = &status["masters"][0];
    assert_eq!(format!("spark://{}", master["address"].as_str().unwrap()), spark["url"].as_str().unwrap());
    assert_eq!(master["state"], "ALIVE");
    assert_eq!(master["node"], "lab");
    assert_eq!(master["allocation"], demo.lab().allocations(&demo.job("master"))[0]["ID"]);
    let worker = &status["workers"][0];
    let spark = &spark["workers"][0];
    assert_eq!(worker["address"], format!("{}:{}", spark["host"].as_str().unwrap(), spark["port"]));
    assert_eq!((&worker["state"], &worker["node"]), (&json!("ALIVE"), &json!("lab")));
    assert_eq!((&worker["cores"], &worker["memory_mb"]), (&spark["cores"], &spark["memory"]));
    assert!(status.get("vip").is_some());
    let roles: Vec<&str> = status["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap()).collect();
    assert!(roles.contains(&"demo-master") && roles.contains(&"demo-worker"), "{roles:?}");
}

#[test]
fn a_cluster_grows_and_shrinks_with_its_spec() {
    let cluster = Cluster::named("grows", CLUSTER + WORKER);
    let deploy = |workers: u32| {
        let spec = format!("name = \"grows\"\nworker {{\n  count = {workers}\n}}\n");
        cluster.lab().nomspark("deploy").args(["--file", "-"]).stdin(spec).run().ok().json()
    };
    let one = deploy(1);
    assert_eq!((&one["changed"], &one["cluster"]), (&json!(true), &json!("grows")));
    let two = deploy(2);
    assert_eq!(two["jobs"][1]["running"], 2);
    assert_eq!(two["jobs"][0]["version"], one["jobs"][0]["version"], "the master is left alone");
    let (_, spark) = cluster.spark();
    assert_eq!(spark["aliveworkers"], 2);
    let three = deploy(1);
    assert_eq!((&three["jobs"][1]["desired"], &three["ready"]), (&json!(1), &json!(true)));
}

/// Without a terminal nobody can be asked; on one (`script` of util-linux makes it) the question says whose cluster is meant.
fn nothing_is_stopped_unasked(cluster: &Cluster) {
    cluster.nomspark("stop").run().fails(2).says("there is no terminal on which to ask").hints("--yes");
    let (name, nomad) = (cluster.job("master").replace("-master", ""), &cluster.lab().nomad);
    let command = format!("{} stop --name {name}", env!("CARGO_BIN_EXE_nomspark"));
    let asked =
        Run::program("script", ["-qefc", &command, "/dev/null"]).env("NOMAD_ADDR", nomad).stdin("n\n").run().ok();
    let question = format!("Stop the cluster {name} in the namespace default of Nomad at {nomad} (");
    assert!(asked.text().contains(&question) && asked.text().contains("Nothing was stopped."), "{}", asked.text());
    assert_eq!(cluster.spark().1["aliveworkers"], 1);
}

#[test]
fn two_clusters_live_side_by_side_and_stop_ends_only_its_own() {
    let left = Cluster::named("left", 2 * CLUSTER);
    // A name that begins like the other one.
    let right = Cluster::named("left-hand", 0);
    let deploys = [left.nomspark("deploy").spawn(), right.nomspark("deploy").spawn()];
    for deploy in deploys {
        assert_eq!(deploy.wait().ok().json()["ready"], true);
    }
    let master = |cluster: &Cluster| cluster.spark().1["url"].as_str().unwrap().to_owned();
    assert_ne!(master(&left), master(&right));

    nothing_is_stopped_unasked(&left);
    let stopped = left.nomspark("stop").arg("--yes").run().ok().json();
    assert_eq!(stopped["jobs"], json!(["left-worker", "left-master"]));
    assert_eq!(right.spark().1["aliveworkers"], 1);
    let status = right.nomspark("status").run().ok().json();
    assert_eq!(status["jobs"].as_array().unwrap().len(), 2);
}

#[test]
fn a_stopped_cluster_can_be_deployed_again_and_a_purged_one_is_forgotten() {
    let cluster = Cluster::deployed("comes-back");
    assert_eq!(running(&cluster), 2);
    cluster.nomspark("stop").arg("--yes").run().ok();
    assert_eq!(running(&cluster), 0);
    wait_until("Nomad to call the master's job dead", Duration::from_secs(30), || {
        cluster.lab().find_job("comes-back-master").unwrap()["Status"] == "dead"
    });

    let again = cluster.nomspark("deploy").run().ok().json();
    assert_eq!((&again["changed"], &again["ready"]), (&json!(true), &json!(true)));
    assert_eq!(cluster.spark().1["aliveworkers"], 1);

    let kept = || cluster.lab().consul_find("/v1/kv/nomspark/comes-back/?keys");
    assert!(kept().is_some(), "the masters write nothing down");
    cluster.nomspark("stop").args(["--yes", "--purge"]).run().ok();
    assert_eq!(cluster.lab().jobs("comes-back-"), [""; 0]);
    assert_eq!(kept(), None);
    cluster.nomspark("status").run().fails(1).says("no cluster named comes-back").hints("nomspark deploy");
    cluster.nomspark("stop").arg("--yes").run().fails(1);
}

#[test]
fn the_spec_is_found_in_the_folder_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let demo = demo(0);
    fs::write(folder.path().join("nomspark.hcl"), "name = \"demo\"\n").unwrap();
    let found = demo.lab().nomspark("deploy").dir(folder.path()).run().ok().json();
    assert_eq!((&found["cluster"], &found["changed"]), (&json!("demo"), &json!(false)));
    let file = folder.path().join("other spec.hcl");
    fs::rename(folder.path().join("nomspark.hcl"), &file).unwrap();
    let named = demo.lab().nomspark("plan").arg("--file").arg(&file).run().ok().json();
    assert_eq!((&named["cluster"], &named["changes"]), (&json!("demo"), &json!(false)));
}

#[test]
fn rendered_files_run_by_hand() {
    let cluster = Cluster::named("by-hand", CLUSTER + DRIVER);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/b");
    let home = cluster.lab().spark_home.to_str().unwrap().to_owned();
    let render = cluster.nomspark("render").args(["--driver", "raw_exec", "--spark-home", &home, "--out"]).arg(&out);
    let files = render.run().ok().json();
    for file in files["files"].as_array().unwrap() {
        assert!(fs::metadata(file.as_str().unwrap()).unwrap().len() > 0);
    }
    for role in ["master", "worker"] {
        let variables = format!("-var-file={}", out.join(format!("by-hand-{role}.vars.hcl")).display());
        let job = out.join(format!("{role}.nomad.hcl"));
        cluster.lab().nomad(&["job", "run", "-detach", &variables, job.to_str().unwrap()]).ok();
    }
    let deployed = cluster.nomspark("deploy").args(["--driver", "raw_exec", "--spark-home", &home]).run().ok().json();
    assert_eq!((&deployed["ready"], &deployed["changed"]), (&json!(true), &json!(false)), "{deployed}");
    let ui = deployed["endpoints"]["ui"].as_str().unwrap();
    assert_eq!(http::get(&format!("{ui}/json/"))["aliveworkers"], 1);
}
