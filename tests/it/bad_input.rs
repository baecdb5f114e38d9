//! What is wrong is told at once, in words that help, and nothing is left half done.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use nomspark::nomad::Nomad;
use nomspark::nomad::jobs::Registered;
use nomspark::plan;
use nomspark::render::JobFiles;
use nomspark::spec::{self, Overrides, Source};
use nomspark::submit::{self, PreparedJob};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::cluster::{CLUSTER, Cluster, DRIVER, demo};
use crate::support::http;
use crate::support::lab;
use crate::support::process::Jvm;
use crate::support::rows::row;
use crate::support::run::{Failure, Run};
use crate::support::wait_until;

/// Much longer than any of these takes, and much shorter than a wait that should not be there.
const SOON: Duration = Duration::from_secs(30);
/// A server that nobody is.
pub(crate) const NOBODY: &str = "http://127.0.0.1:1";

/// A deploy that cannot work and must leave nothing.
fn refused_deploy(name: &str, arguments: &[&str]) -> Failure {
    let lab = lab::shared();
    let failure = lab.nomspark("deploy").args(["--name", name]).args(arguments).run().fails(3).within(SOON);
    assert_eq!(lab.jobs(&format!("{name}-")), [""; 0]);
    failure
}

/// The job of a failed run ends: Nomad says so when its scheduler has looked at it.
fn assert_ended(cluster: &Cluster, job: &str) {
    wait_until(&format!("Nomad to call {job} dead"), SOON, || cluster.lab().find_job(job).unwrap()["Status"] == "dead");
}

#[test]
fn a_nomad_that_does_not_answer_is_named() {
    let lab = lab::shared();
    let file = Path::new(lab::CHECKOUT).join("examples/alice.txt");
    let input = file.to_str().unwrap();
    let commands: [&[&str]; 7] = [
        &["deploy"],
        &["plan"],
        &["status"],
        &["wordcount", "--input", input],
        &["watch", "any"],
        &["logs", "master"],
        &["stop", "--yes"],
    ];
    for command in commands {
        let run = Run::nomspark(command).args(["-o", "json", "--namespace", "default"]).env("NOMAD_ADDR", NOBODY);
        let failure = run.env("CONSUL_HTTP_ADDR", &lab.consul).run().fails(1).within(SOON).hints("NOMAD_ADDR");
        failure.shows_with_causes("Nomad at http://127.0.0.1");
    }
}

#[test]
fn a_consul_that_does_not_answer_is_named() {
    let lab = lab::shared();
    let run = lab.nomspark("deploy").args(["--name", "no-consul"]).env("CONSUL_HTTP_ADDR", NOBODY);
    let failure = run.run().fails(1).within(SOON).hints("CONSUL_HTTP_ADDR");
    failure.shows("Consul at http://127.0.0.1");
    assert_eq!(lab.jobs("no-consul-"), [""; 0]);
}

#[test]
fn settings_that_cannot_be_meant_are_named() {
    let lab = lab::shared();
    let status = || lab.nomspark("status").args(["--name", "any"]);
    let tls = status().env("NOMAD_ADDR", lab.nomad.replace("http:", "https:")).run().fails(1);
    let told = "received corrupt message of type InvalidContentType";
    assert!(tls.causes.iter().any(|cause| cause.contains(told)), "{:#}", tls.document);
    tls.shows_with_causes("received corrupt message of type InvalidContentType");
    let skip = status().env("NOMAD_SKIP_VERIFY", "perhaps").run().fails(2);
    skip.shows("NOMAD_SKIP_VERIFY cannot be used: it is neither true nor false");
}

#[test]
fn a_place_that_does_not_exist_is_named_with_those_that_do() {
    refused_deploy("nowhere", &["--datacenter", "mars"])
        .shows("no node is in a datacenter that matches ")
        .says("mars")
        .says("dc1")
        .hints("--datacenter");
    refused_deploy("nowhere", &["--node-pool", "gpu"])
        .shows("there is no node pool `gpu`; Nomad has all, default")
        .hints("--node-pool");
    refused_deploy("nowhere", &["--namespace", "team-a"])
        .says("team-a")
        .shows("is in nonexistent namespace")
        .hints("--namespace");
}

#[test]
fn a_driver_that_no_node_has_is_named_with_those_that_are_there() {
    let lab = lab::shared();
    let node = lab.nomad_get("/v1/nodes")[0]["ID"].as_str().unwrap().to_owned();
    let drivers = lab.nomad_get(&format!("/v1/node/{node}"))["Drivers"].clone();
    let missing = ["docker", "exec"].into_iter().find(|driver| drivers[driver]["Healthy"] != true);
    // A machine that has all drivers cannot show this.
    if let Some(missing) = missing {
        let told = refused_deploy("no-driver", &["--driver", missing]).says(missing).hints("--driver");
        told.shows("eligible nodes in node pool default has a healthy").says("raw_exec");
    }
}

#[test]
fn what_no_node_has_enough_of_is_named() {
    let refused = |option, value| refused_deploy("too-large", &[option, value]);
    let of_memory = |option| refused(option, "900GiB").shows("not enough memory for another ").says("1 of 1 node");
    let of_cpu = |option| refused(option, "900").shows("not enough CPU for another ").says("1 of 1 node");
    of_memory("--master-memory").hints("memory");
    of_memory("--worker-memory");
    of_cpu("--worker-cores");
    of_cpu("--workers");
    let lab = lab::shared();
    let plan = lab.nomspark("plan").args(["--name", "too-large", "--worker-cores", "900"]).run().exits(3).json();
    assert!(plan["jobs"][1]["unplaceable"].as_str().unwrap().contains("CPU"), "{plan:#}");
}

#[test]
fn a_job_of_somebody_else_is_left_alone_unless_it_is_adopted() {
    let cluster = Cluster::named("foreign", CLUSTER + DRIVER);
    let task = json!({ "Name": "web", "Driver": "raw_exec", "Config": { "command": "sleep", "args": ["86399"] },
        "Resources": { "CPU": 20, "MemoryMB": 32 } });
    let job = json!({ "ID": "foreign-master", "Name": "foreign-master", "Type": "service", "Datacenters": ["dc1"],
        "TaskGroups": [{ "Name": "web", "Count": 1, "Tasks": [task] }] });
    http::post(&format!("{}/v1/jobs", cluster.lab().nomad), &json!({ "Job": job }));

    cluster
        .nomspark("deploy")
        .run()
        .fails(1)
        .within(SOON)
        .says("the job foreign-master")
        .shows("exists and was not made by nomspark")
        .hints("--adopt");
    let known = cluster.lab().find_job("foreign-master").unwrap();
    assert_eq!((&known["Version"], &known["TaskGroups"][0]["Name"]), (&json!(0), &json!("web")));
    assert!(cluster.lab().find_job("foreign-worker").is_none());
    cluster.nomspark("stop").arg("--yes").run().fails(1);
    assert_eq!(cluster.lab().find_job("foreign-master").unwrap()["Stop"], false);

    let adopted = cluster.nomspark("deploy").arg("--adopt").run().ok().json();
    assert_eq!((&adopted["ready"], &adopted["changed"]), (&json!(true), &json!(true)));
    let known = cluster.lab().find_job("foreign-master").unwrap();
    assert_eq!(known["Meta"]["nomspark.cluster"], "foreign");
}

#[test]
fn two_deploys_at_once_make_one_cluster() {
    let cluster = Cluster::named("at-once", CLUSTER + DRIVER);
    let deploys = [cluster.nomspark("deploy").spawn(), cluster.nomspark("deploy").spawn()];
    let mut ready = 0;
    let mut told = String::new();
    for deploy in deploys {
        let done = deploy.wait();
        told.push_str(&format!("--- {}\n{}", done.status, done.stderr));
        match done.status.code() {
            Some(0) => {
                assert_eq!(done.json()["ready"], true);
                ready += 1;
            }
            _ => drop(done.fails(1).shows("somebody else changed the job ").hints("again")),
        }
    }
    assert!(ready > 0, "neither made it:\n{told}");
    let again = cluster.nomspark("deploy").run().ok().json();
    assert_eq!((&again["changed"], &again["ready"]), (&json!(false), &json!(true)));
    for job in again["jobs"].as_array().unwrap() {
        // Nomad may take the same registration twice when both come at the same moment; it then counts two versions.
        assert!(job["version"].as_u64().unwrap() <= 1, "{job}\n{told}");
        assert_eq!(job["running"], 1, "{job}\n{told}");
    }
}

/// The master's job of a cluster that no node can run, as Nomad's scheduler sees it.
async fn prepared_master(nomad: &Nomad, cluster: &Cluster, memory: &str) -> PreparedJob {
    let text = format!("name = \"{}\"\ndatacenters = [\"nowhere\"]\nmaster {{ memory = \"{memory}\" }}", cluster.name);
    let source = Source { name: "spec.hcl".to_owned(), text };
    let spec = spec::validate(Some(&source), &Overrides::default()).unwrap();
    let plan = plan::deploy(&spec, None, false).unwrap();
    submit::prepare(nomad, &plan, &JobFiles::default()).await.unwrap().remove(0)
}

#[test]
fn a_registration_that_another_one_replaced_is_told() {
    let cluster = Cluster::named("replaced", 0);
    Runtime::new().unwrap().block_on(register_twice(&cluster));
}

async fn register_twice(cluster: &Cluster) {
    let nomad = cluster.lab().nomad_client();
    let mine = prepared_master(&nomad, cluster, "1GiB").await;
    let mut theirs = prepared_master(&nomad, cluster, "2GiB").await;

    let registered = submit::register(&nomad, &mine).await.unwrap();
    submit::confirm(&nomad, &mine, &registered).await.unwrap();
    // Somebody who wants the same is no conflict.
    let same = Registered { job_modify_index: 1, ..registered.clone() };
    submit::confirm(&nomad, &mine, &same).await.unwrap();

    theirs.planned.job_modify_index = registered.job_modify_index;
    submit::register(&nomad, &theirs).await.unwrap();
    let told = submit::confirm(&nomad, &mine, &registered).await.unwrap_err();
    assert!(matches!(told, submit::Error::Conflict { .. }), "{told}");
}

#[test]
fn everything_that_is_wrong_in_a_spec_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let spec = "name = \"Not A Name\"\nworker {\n  cuont = 2\n  memory = \"1GB\"\n}\nconf = {\n  \"spark.master\" = \"x\"\n}\n";
    let file = folder.path().join("my.hcl");
    fs::write(&file, spec).unwrap();
    // Nobody is asked before the spec is right.
    let run = |name: &str| Run::nomspark(["deploy", "-o", "json", "--file", name]).env("NOMAD_ADDR", NOBODY);
    let places = [":1:8: ", ":3:3: ", ":4:12: ", ":7:3: "];
    let check = |failure: Failure, file: &str| {
        let told = format!("{}\n{}", failure.message, failure.causes.join("\n"));
        for place in places {
            assert!(told.contains(&format!("{file}{place}")), "{file}{place} is not in\n{told}");
        }
        assert!(told.contains("did you mean `count`?"), "{told}");
    };
    check(run(file.to_str().unwrap()).run().fails(2).within(SOON), "my.hcl");
    check(run("-").stdin(spec).run().fails(2).within(SOON), "");
    run("missing.hcl").run().fails(2).says("missing.hcl");
    let flags = Run::nomspark(["plan", "-o", "json", "--name", "Bad", "--conf", "spark.a", "--worker-memory", "2"]);
    let failure = flags.run().fails(2);
    let told = format!("{}\n{}", failure.message, failure.causes.join("\n"));
    assert!(["--name", "--conf", "--worker-memory"].iter().all(|flag| told.contains(flag)), "{told}");
}

#[test]
fn an_input_that_cannot_be_read_is_told_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let count = |program: &Path, input: &Path| {
        let run = Run::program(program, ["wordcount", "-o", "json", "--input"]).arg(input);
        run.env("NOMAD_ADDR", NOBODY).dir("/")
    };
    let nomspark = Path::new(env!("CARGO_BIN_EXE_nomspark"));
    let missing = folder.path().join("missing.txt");
    count(nomspark, &missing)
        .run()
        .fails(2)
        .within(SOON)
        .says("missing.txt")
        .shows("cannot be read")
        .hints("path on this machine");
    count(nomspark, folder.path()).run().fails(2).says("is a folder");
    count(nomspark, Path::new("/dev/null"))
        .run()
        .fails(2)
        .says("the input /dev/null")
        .shows("is neither a file nor a URI");
    count(nomspark, Path::new("file:///a/${b}"))
        .run()
        .fails(2)
        .shows("does not reach Hadoop as it is written")
        .hints("`?`");

    let secret = folder.path().join("secret.txt");
    fs::write(&secret, "words").unwrap();
    fs::set_permissions(&secret, Permissions::from_mode(0o000)).unwrap();
    // Root may read everything; anybody may run a copy.
    let copy = folder.path().join("nomspark");
    fs::copy(nomspark, &copy).unwrap();
    let run = count(&copy, &secret);
    let run = if nix::unistd::geteuid().is_root() { run.user(65_534) } else { run };
    let failure = run.run().fails(2).says("secret.txt");
    assert!(failure.causes.iter().any(|cause| cause.contains("denied")), "{:#}", failure.document);
}

#[test]
fn a_wordcount_without_a_cluster_says_how_to_get_one() {
    let lab = lab::shared();
    let book = Path::new(lab::CHECKOUT).join("examples/alice.txt");
    let run = lab.nomspark("wordcount").args(["--name", "nobody", "--input"]).arg(&book);
    run.run()
        .fails(1)
        .within(SOON)
        .says("nobody")
        .shows("there is no cluster named ")
        .hints("nomspark deploy --name nobody");
    assert_eq!(lab.jobs("nobody-"), [""; 0]);
    let run = lab.nomspark("wordcount").args(["--resume", "nobody-wordcount-00000000"]);
    run.run().fails(1).within(SOON).says("nobody-wordcount-00000000");
    lab.nomspark("watch").arg("nobody").run().fails(1).within(SOON).says("nobody").shows("Nomad has no job ");
    lab.nomspark("logs").arg("nobody").run().fails(1).within(SOON).says("nobody");
}

/// A deploy whose master cannot start.
fn crashing_deploy(cluster: &Cluster, spark_home: &str, hint: &str) -> (Failure, Value) {
    let run = cluster.nomspark("deploy").args(["--driver", "raw_exec", "--spark-home", spark_home]);
    let failure = run.run().fails(1).hints(hint).within(Duration::from_secs(90));
    assert_ended(cluster, &cluster.job("master"));
    let first = failure.document["failures"][0].clone();
    assert_eq!((&first["job"], &first["task"]), (&json!(cluster.job("master")), &json!("master")));
    assert_eq!((&first["node"], &first["oom"]), (&json!("lab"), &json!(false)));
    assert!(failure.message.contains(first["reason"].as_str().unwrap()), "{:#}", failure.document);
    (failure, first)
}

fn log_tail(failure: &Value) -> String {
    let lines = failure["log_tail"].as_array().unwrap();
    lines.iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_spark_that_is_not_there_is_named() {
    let cluster = Cluster::named("no-spark", CLUSTER);
    let (failure, _) = crashing_deploy(&cluster, "/nonexistent", "--spark-home");
    failure.says("/nonexistent/bin/spark-class was not found").shows("was not found on that node");
}

#[test]
fn a_spark_that_is_too_old_for_the_recovery_is_named() {
    let cluster = Cluster::named("old-spark", CLUSTER);
    let folder = spark_of_version(&cluster, "2.12-3.4.4");
    let (failure, _) = crashing_deploy(&cluster, folder.path().to_str().unwrap(), "nomspark logs");
    failure.shows("masters that recover through Consul need Spark 3.5 or later, and ").says("is Spark 3.4.4");
}

#[test]
fn a_spark_that_knows_no_rocksdb_is_named() {
    let cluster = Cluster::named("no-rocksdb", CLUSTER);
    let folder = spark_of_version(&cluster, "2.13-3.5.9");
    let spec = folder.path().join("nomspark.hcl");
    fs::write(&spec, "master {\n  recovery = \"rocksdb\"\n}\n").unwrap();
    let deploy = cluster.nomspark("deploy").args(["--driver", "raw_exec", "--spark-home"]).arg(folder.path());
    let failure = deploy.arg("--file").arg(spec).run().fails(1);
    failure.shows("masters that recover with RocksDB need Spark 4, and ").says("is Spark 3.5.9");
}

/// What looks like a Spark of this version, as its jar's name says it.
fn spark_of_version(cluster: &Cluster, version: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    symlink(cluster.lab().spark_home.join("bin"), folder.path().join("bin")).unwrap();
    fs::create_dir(folder.path().join("jars")).unwrap();
    fs::write(folder.path().join(format!("jars/spark-core_{version}.jar")), "").unwrap();
    folder
}

#[test]
fn a_java_that_is_not_there_is_in_the_end_of_the_log() {
    let cluster = Cluster::named("no-java", CLUSTER);
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    for entry in fs::read_dir(&cluster.lab().spark_home).unwrap().flatten() {
        if entry.file_name() != "conf" {
            symlink(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
    }
    fs::create_dir(folder.path().join("conf")).unwrap();
    fs::write(folder.path().join("conf/spark-env.sh"), "unset JAVA_HOME\nPATH=/nonexistent\n").unwrap();
    let (_, failure) = crashing_deploy(&cluster, folder.path().to_str().unwrap(), "nomspark logs");
    assert_eq!(failure["exit_code"], 1);
    assert!(log_tail(&failure).contains("JAVA_HOME is not set"), "{failure:#}");
}

#[test]
fn a_driver_that_is_killed_is_a_failed_run() {
    let demo = demo(DRIVER);
    let book = Path::new(lab::CHECKOUT).join("examples/alice.txt");
    let mut run = demo.nomspark("wordcount").arg("--input").arg(book).spawn();
    run.wait_until_told("placed on lab");
    let told = run.told();
    let job = told.split_whitespace().find(|word| word.starts_with("demo-wordcount-")).unwrap();
    let job = job.trim_end_matches(':').to_owned();
    let allocation = demo.lab().allocations(&job)[0]["ID"].as_str().unwrap().to_owned();
    let driver = Jvm::of(&allocation, "org.apache.spark.deploy.SparkSubmit");
    // It cannot be done before it is killed.
    driver.signal(Signal::SIGSTOP);
    run.wait_until_told("the driver has all");
    driver.signal(Signal::SIGKILL);

    let failure = run.wait().fails(6).says(&job).shows("it was killed by signal 9 (SIGKILL)").hints("nomspark logs");
    let document = &failure.document;
    assert_eq!((&document["job"], &document["verdict"]), (&json!(job), &json!("failed")));
    let first = &document["failures"][0];
    assert_eq!((&first["allocation"], &first["task"]), (&json!(allocation), &json!("driver")));
    assert_eq!(document["exit_code"], first["exit_code"]);
    assert_ended(&demo, &job);
}

#[test]
fn an_input_that_no_executor_finds_fails_with_the_drivers_own_words() {
    let demo = demo(DRIVER);
    let run = demo.nomspark("wordcount").args(["--input", "file:///nonexistent/book.txt"]).run();
    let failure = run.fails(6).shows("it exited with code 66: input file:///").hints("nomspark logs");
    let document = &failure.document;
    assert_eq!((&document["verdict"], &document["exit_code"]), (&json!("failed"), &json!(66)));
    let first = &document["failures"][0];
    assert!(log_tail(first).contains("input file:///nonexistent/book.txt does not exist"), "{document:#}");
    assert_ended(&demo, document["job"].as_str().unwrap());
}

#[test]
fn a_run_that_takes_too_long_goes_on_and_can_be_resumed() {
    let demo = demo(DRIVER);
    let book = Path::new(lab::CHECKOUT).join("examples/alice.txt");
    let uri = format!("file://{}", book.display());
    let told = demo.nomspark("wordcount").args(["--input", &uri, "--timeout", "1s"]).run().fails(5);
    let told = told.shows("while waiting for the driver of ").hints("nomspark wordcount --resume demo-wordcount-");
    let job = told.document["job"].as_str().unwrap();
    assert_eq!(demo.nomspark("wordcount").args(["--resume", job]).run().ok().json()["total_words"], 26_457);
}

/// A folder with Spark's programs in which one class of them does nothing.
fn spark_without(cluster: &Cluster, class: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let script = format!(
        "#!/bin/bash\n[[ $1 != {class} ]] || exec sleep 600\nexport SPARK_HOME={0}\nexec {0}/bin/spark-class \"$@\"\n",
        cluster.lab().spark_home.display()
    );
    fs::create_dir(folder.path().join("bin")).unwrap();
    let program = folder.path().join("bin/spark-class");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    folder
}

#[test]
fn a_spark_that_does_not_come_up_is_waited_for_by_name() {
    let cluster = Cluster::named("slow", CLUSTER);
    let deploy = |class: &str, timeout: &str| {
        let folder = spark_without(&cluster, class);
        let run = cluster.nomspark("deploy").args(["--driver", "raw_exec", "--timeout", timeout, "--spark-home"]);
        let told = run.arg(folder.path()).run().fails(5);
        cluster.nomspark("stop").args(["--purge", "--yes"]).run().ok();
        told
    };
    let told = deploy("org.apache.spark.deploy.master.Master", "5s");
    told.shows("waiting for one of Spark's masters to say ALIVE at ").hints("nomspark");
    let told = deploy("org.apache.spark.deploy.worker.Worker", "20s");
    assert!(told.stderr.contains(row("Spark says 0 of 1 workers are ALIVE")), "{}", told.stderr);
}

#[test]
fn several_masters_that_would_all_lead_are_refused() {
    let spec = "master {\n  count = 2\n  recovery = \"none\"\n}\n";
    let refused = Run::nomspark(["plan", "-o", "json", "--file", "-"]).stdin(spec).run().fails(2);
    refused.shows_with_causes("with `recovery = \"none\"` each of 2 masters would believe that it leads");
}
