//! Whose cluster it is: namespaces, Nomads that share a Consul, job files that name another place, and what `stop` says.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::agent::Agent;
use crate::support::cluster::{CLUSTER, Cluster, demo};
use crate::support::lab::{self, CHECKOUT, Guard};
use crate::support::run::Run;
use crate::support::{free_ports, http, wait_until};

const LIMIT: Duration = Duration::from_mins(1);

/// A job that sleeps and carries a cluster's meta.
fn sleeper(id: &str, namespace: &str, cluster: &str, kind: &str, seconds: u32) -> Value {
    json!({ "Job": {
        "ID": id, "Name": id, "Namespace": namespace, "Type": kind, "Datacenters": ["*"],
        "Meta": { "nomspark.cluster": cluster, "nomspark.role": "worker" },
        "TaskGroups": [{ "Name": "g", "Count": 1, "Tasks": [{
            "Name": "work", "Driver": "raw_exec",
            "Config": { "command": "/bin/sleep", "args": [seconds.to_string()] },
            "Resources": { "CPU": 20, "MemoryMB": 20 },
        }] }],
    } })
}

/// A namespace of a test's own, which goes in the end.
fn namespace(lab: &Guard, name: &str) {
    lab.nomad(&["namespace", "apply", name]).ok();
}

fn status(lab: &Guard, namespace: &str, id: &str) -> Value {
    lab.nomad_get(&format!("/v1/job/{id}?namespace={namespace}"))["Status"].clone()
}

/// nomspark's job file of the workers with a line more.
fn job_files(line: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = fs::read_to_string(format!("{CHECKOUT}/jobs/worker.nomad.hcl")).unwrap();
    let place = "  node_pool   = var.node_pool\n";
    assert!(file.contains(place), "the job file has no such line");
    fs::write(folder.path().join("worker.nomad.hcl"), file.replacen(place, &format!("{place}  {line}\n"), 1)).unwrap();
    let path = folder.path().to_owned();
    (folder, path)
}

#[test]
fn a_cluster_of_the_same_name_in_another_namespace_is_refused_before_anything_is_registered() {
    let demo = demo(0);
    let lab = demo.lab();
    namespace(lab, "team-b");
    for command in ["plan", "deploy"] {
        let refused = demo.nomspark(command).args(["--namespace", "team-b"]).run().fails(1);
        let told = refused.shows("is taken in this Consul, so that there can be no such cluster in the namespace");
        told.says("Nomad has the job demo-master in the namespace default").hints("--name");
    }
    assert_eq!(lab.nomad_get("/v1/jobs?namespace=team-b"), json!([]));
    demo.nomspark("status").args(["--namespace", "team-b"]).run().fails(1);
    // The cluster that has the name goes on as before.
    assert_eq!(demo.nomspark("plan").run().ok().json()["changes"], false);
    lab.nomad(&["namespace", "delete", "team-b"]).ok();
}

#[test]
fn a_cluster_of_another_nomad_on_the_same_consul_is_refused() {
    let demo = demo(0);
    let [http, rpc, serf] = free_ports();
    let nobody = format!("127.0.0.1:{}", free_ports::<1>()[0]);
    // Consul is asked by nomspark alone: two Nomad clients that shared its agent would remove each other's services.
    let configuration = json!({
        "name": "other",
        "bind_addr": "127.0.0.1",
        "disable_update_check": true,
        "ports": { "http": http, "rpc": rpc, "serf": serf },
        "consul": { "address": nobody, "server_auto_join": false, "client_auto_join": false },
        "client": {
            "min_dynamic_port": 16_100,
            "max_dynamic_port": 16_199,
            "network_interface": "lo",
            "options": { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean" },
        },
    });
    let _other = Agent::nomad(&configuration);
    let other = format!("http://127.0.0.1:{http}");
    let leads = || http::find(&format!("{other}/v1/status/leader")).is_some_and(|leader| leader != "");
    wait_until("the other Nomad to lead", LIMIT, leads);
    for command in ["plan", "deploy"] {
        let refused = demo.nomspark(command).env("NOMAD_ADDR", &other).run().fails(1);
        let told = refused.says("the name demo is taken in this Consul").says("which no allocation of this namespace");
        told.hints("consul services deregister -id=_nomad-task-");
    }
    assert_eq!(http::get(&format!("{other}/v1/jobs")), json!([]));
}

#[test]
fn a_namesake_in_consul_gets_no_worker() {
    let twin = Cluster::deployed("twin");
    let register = |meta: Value| {
        let service =
            json!({ "ID": "namesake", "Name": "twin-master", "Address": "127.0.0.1", "Port": 9, "Meta": meta });
        let url = format!("{}/v1/agent/service/register", twin.lab().consul);
        assert!(http::request(Method::PUT, &url, Some(&service)).unwrap().status.is_success());
    };
    // What another cluster's master would be, then what anybody may register.
    register(json!({ "cluster": "twin", "namespace": "team-b", "region": "global" }));
    let told = twin.nomspark("deploy").run().fails(1).says("from the namespace team-b of a Nomad in the region global");
    told.hints("consul services deregister -id=namesake` on");
    let worker = &twin.lab().allocations("twin-worker")[0];
    let folder = twin.lab().allocation_folder(worker["ID"].as_str().unwrap());
    let masters = || fs::read_to_string(folder.join("worker/local/masters")).unwrap().trim().to_owned();
    // The template renders again a second after Consul's news at the latest.
    std::thread::sleep(Duration::from_secs(3));
    assert!(!masters().contains(":9") && masters().split(',').count() == 1, "{}", masters());
    register(json!({}));
    let done = twin.plain("plan").run().ok();
    assert!(done.stderr.contains("twin-master at 127.0.0.1:9, which no allocation"), "{}", done.stderr);
    let url = format!("{}/v1/agent/service/deregister/namesake", twin.lab().consul);
    assert!(http::request(Method::PUT, &url, None).unwrap().status.is_success());
}

#[test]
fn a_job_file_that_names_another_place_is_refused_before_anything_is_registered() {
    let cluster = Cluster::named("placed", CLUSTER);
    let lab = cluster.lab();
    namespace(lab, "analytics");
    let (_folder, files) = job_files("namespace = \"analytics\"");
    for command in ["plan", "deploy"] {
        let refused = cluster.nomspark(command).arg("--jobs").arg(&files).run().fails(2);
        let told =
            refused.shows("the job file worker.nomad.hcl names the namespace analytics, and nomspark works in default");
        told.hints("--namespace analytics");
    }
    let (_folder, files) = job_files("region = \"elsewhere\"");
    let refused = cluster.nomspark("deploy").arg("--jobs").arg(&files).run().fails(2);
    refused.says("worker.nomad.hcl names the region elsewhere, and nomspark works in global");
    let (_folder, files) = job_files("priority = length(file(\"log4j2.properties\"))");
    let refused = cluster.nomspark("plan").arg("--jobs").arg(&files).run().fails(2);
    refused.says("worker.nomad.hcl calls file()").hints("heredoc");
    assert_eq!(lab.nomad_get("/v1/jobs?namespace=*&prefix=placed-"), json!([]));
    // Nobody says otherwise in the namespace that the file names.
    let (_folder, files) = job_files("namespace = \"analytics\"");
    let planned = cluster.nomspark("plan").args(["--namespace", "analytics", "--jobs"]).arg(&files).run().ok();
    assert_eq!(planned.json()["changes"], true);
    lab.nomad(&["namespace", "delete", "analytics"]).ok();
}

#[test]
fn all_namespaces_are_no_namespace_to_work_in() {
    let commands: [&[&str]; 8] = [
        &["deploy"],
        &["plan"],
        &["wordcount", "--input", "file:///a"],
        &["watch", "j"],
        &["status"],
        &["logs", "j"],
        &["stop", "--purge", "--yes"],
        &["drill", "master-crash", "--yes"],
    ];
    for command in commands {
        let run = || Run::nomspark(command).args(["-o", "json"]);
        let refused = run().args(["--namespace", "*"]).run().fails(2);
        refused.shows("--namespace cannot be used: `*` means all namespaces, and one is needed");
        let refused = run().env("NOMAD_NAMESPACE", "*").run().fails(2);
        refused.says("NOMAD_NAMESPACE cannot be used: `*` means all namespaces, and one is needed");
    }
}

#[test]
fn a_stop_ends_the_jobs_of_one_namespace_and_tells_those_that_were_dead() {
    let lab = lab::shared();
    namespace(&lab, "team-c");
    let register = |job: &Value| http::post(&format!("{}/v1/jobs", lab.nomad), job);
    register(&sleeper("halted-run", "default", "halted", "batch", 0));
    register(&sleeper("halted-worker", "default", "halted", "service", 600));
    register(&sleeper("halted-worker", "team-c", "halted", "service", 600));
    wait_until("the run to end", LIMIT, || status(&lab, "default", "halted-run") == "dead");
    let running = |namespace| status(&lab, namespace, "halted-worker") == "running";
    wait_until("both others to run", LIMIT, || running("default") && running("team-c"));
    let stop = |more: &[&str]| lab.nomspark("stop").args(["--name", "halted", "--yes"]).args(more).run().ok().json();

    let stopped = stop(&[]);
    assert_eq!((&stopped["jobs"], &stopped["already_dead"]), (&json!(["halted-worker"]), &json!(["halted-run"])));
    assert_eq!(status(&lab, "default", "halted-worker"), "dead");
    assert!(running("team-c"));
    let stopped = stop(&[]);
    assert_eq!((&stopped["jobs"], &stopped["already_dead"]), (&json!([]), &json!(["halted-run", "halted-worker"])));
    let text = lab.plain("stop").args(["--name", "halted", "--yes"]).run().ok().text();
    assert_eq!(text, "Cluster halted was stopped already.\n");
    let purged = stop(&["--purge"]);
    assert_eq!(purged["jobs"], json!(["halted-run", "halted-worker"]));
    assert_eq!((&purged["already_dead"], &purged["purged"]), (&purged["jobs"], &json!(true)));
    assert_eq!(lab.jobs("halted-"), Vec::<String>::new());
    assert!(running("team-c"));
    assert_eq!(stop(&["--purge", "--namespace", "team-c"])["jobs"], json!(["halted-worker"]));
    lab.nomad(&["namespace", "delete", "team-c"]).ok();
}

/// Neither sees anything of the other when it begins.
#[test]
fn of_two_deployments_of_one_name_that_begin_together_at_most_one_becomes_ready() {
    let cluster = Cluster::named("raced", 2 * CLUSTER);
    let lab = cluster.lab();
    namespace(lab, "team-r");
    let deploy = |namespace: &str| cluster.nomspark("deploy").args(["--namespace", namespace]).spawn();
    let deployments = ["default", "team-r"].map(|namespace| (namespace, deploy(namespace)));
    let ends = deployments.map(|(namespace, deployment)| (namespace, deployment.wait()));
    let lost: Vec<_> = ends.into_iter().filter(|(_, end)| !end.status.success()).collect();
    assert!(!lost.is_empty(), "both are ready, and share what they have in Consul");
    for (namespace, end) in lost {
        end.fails(1).says("the name raced is taken in this Consul");
        wait_until("what it began to be stopped again", LIMIT, || {
            let jobs = lab.nomad_get(&format!("/v1/jobs?prefix=raced-&namespace={namespace}"));
            jobs.as_array().unwrap().iter().all(|job| job["Stop"] == true && job["Status"] == "dead")
        });
    }
    // Whichever of them began nothing has nothing to stop.
    cluster.nomspark("stop").args(["--purge", "--yes", "--namespace", "team-r"]).run();
    lab.nomad(&["namespace", "delete", "team-r"]).ok();
}

/// Whoever types a command in the folder of a spec means its cluster.
#[test]
fn the_spec_says_whose_cluster_is_meant() {
    let demo = demo(0);
    let folder = tempfile::tempdir().unwrap();
    let here = |command: &str| demo.lab().plain(command).dir(folder.path());
    fs::write(folder.path().join("nomspark.hcl"), "name = \"elsewhere\"\n").unwrap();
    for command in ["status", "stop"] {
        let told = here(command).args(["-o", "json"]).run().fails(1).says("there is no cluster named elsewhere");
        assert!(
            told.hint.contains("or name one that is there with --name: ") && told.hint.contains("demo"),
            "{}",
            told.hint
        );
    }
    here("logs").args(["master", "-o", "json"]).run().fails(1).says("Nomad has no job master");
    here("status").args(["--name", "demo"]).run().ok();
    here("status").env("NOMSPARK_NAME", "demo").run().ok();
    fs::write(folder.path().join("demo.hcl"), "name = \"demo\"\n").unwrap();
    here("status").args(["--file", "demo.hcl"]).run().ok();
    here("logs").args(["master", "--tail", "1", "--file", "demo.hcl"]).run().ok();
    fs::write(folder.path().join("nomspark.hcl"), "name = 7 7\n").unwrap();
    here("stop").args(["-o", "json"]).run().fails(2);
}
