//! A Nomad that demands tokens: the policy of the README is enough for every command, and what a policy lacks is named.

mod guarded;

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::time::Duration;

use guarded::Guarded;
use serde_json::Value;

use crate::support::lab::CHECKOUT;
use crate::support::run::Failure;
use crate::support::{wait_or_tell, wait_until};

const LIMIT: Duration = Duration::from_mins(1);
/// How long the token lives that ends during a watch.
const SHORT: &str = "6s";

#[test]
fn who_may_do_what_the_readme_says_can_do_all_and_whatever_is_missing_is_named() {
    let nomad = Guarded::start();
    let policy = policy_of_the_readme();
    let token = nomad.token("all", &policy, None);
    whoever_consul_refuses_is_named(&nomad, &token);
    nomad.nomspark(&token, &["deploy"]).run().ok();
    whoever_has_no_token_is_refused(&nomad);
    each_missing_capability_is_named(&nomad, &policy);
    a_token_that_expires_ends_the_watch_and_another_one_goes_on(&nomad, &policy);
    every_command_is_allowed(&nomad, &token);
}

/// What operators may do is not enough for masters, nor what masters may do for workers.
fn whoever_consul_refuses_is_named(nomad: &Guarded, token: &str) {
    nomad.let_tasks("master", "operator");
    nomad.let_tasks("worker", "master");
    let told = deploy_until_told(nomad, token, "Consul refuses");
    told.says("waiting for one of Spark's masters to say ALIVE")
        .shows("its log says that Consul refuses what the master asks")
        .says("consul/master.policy.hcl");

    nomad.let_tasks("master", "master");
    let told = deploy_until_told(nomad, token, "Consul tells");
    told.shows("its log says that Consul tells the worker of no master").says("consul/worker.policy.hcl");
    nomad.let_tasks("worker", "worker");
    // Consul does not wake whoever asks for services when the answer changes because of a policy.
    nomad.nomspark(token, &["stop", "--yes"]).run().ok();
}

/// Deploys until the failure has these words: on a busy machine it takes a task long to start, to ask Consul and to log the answer.
fn deploy_until_told(nomad: &Guarded, token: &str, words: &str) -> Failure {
    let last = RefCell::new(String::new());
    let known = || {
        let failure = nomad.nomspark(token, &["deploy", "--timeout", "20s"]).run().fails(5);
        last.replace(failure.message.clone());
        failure.message.contains(words).then_some(failure)
    };
    wait_or_tell(words, Duration::from_mins(4), known, || format!("; the last failure: {}", last.take()))
}

/// The first policy in the README, as somebody copies it.
fn policy_of_the_readme() -> String {
    let readme = fs::read_to_string(Path::new(CHECKOUT).join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```hcl\nnamespace ").expect("the README has a policy");
    let (policy, _) = rest.split_once("```").unwrap();
    format!("namespace {policy}")
}

fn book() -> String {
    Path::new(CHECKOUT).join("examples/alice.txt").to_str().unwrap().to_owned()
}

fn whoever_has_no_token_is_refused(nomad: &Guarded) {
    let unknown = "00000000-0000-0000-0000-000000000000";
    for token in ["", unknown] {
        for command in [&["status"][..], &["deploy"], &["watch", "spark-master"], &["logs", "spark-master"]] {
            nomad.nomspark(token, command).run().fails(4).says("answered 403").hints("NOMAD_TOKEN");
        }
    }
}

/// What a failure has to tell.
type Demand = fn(Failure) -> Failure;

fn each_missing_capability_is_named(nomad: &Guarded, policy: &str) {
    let book = book();
    let wordcount = ["wordcount", "--input", &book];
    let drill = ["drill", "master-stop", "--yes"];
    let answered: Demand = |failure| failure.says("answered 403");
    let of_command: Demand = |failure| failure.shows("Nomad refused to run a command in the allocation: ");
    let of_result: Demand = |failure| failure.shows("the run completed, but Nomad refused to let its result be read");
    let of_nodes: Demand = |failure| failure.shows("answered 403 to GET /v1/nodes: Permission denied");
    let cases: [(&str, &[&str], &str, Demand); 9] = [
        ("\"list-jobs\", ", &["status"], "list-jobs", answered),
        ("\"read-job\", ", &["status"], "read-job", answered),
        ("\"submit-job\",", &["deploy", "--workers", "2"], "submit-job", answered),
        ("\"read-fs\",", &["logs", "spark-worker"], "read-fs", answered),
        ("\"alloc-exec\", \"alloc-node-exec\",", &wordcount, "alloc-exec", of_command),
        ("\"alloc-node-exec\",", &wordcount, "alloc-node-exec", of_command),
        // What ran to its end is not run again: the same command goes on with it.
        ("\"read-fs\",", &wordcount, "read-fs", of_result),
        ("\"alloc-lifecycle\",", &drill, "alloc-lifecycle", answered),
        ("node {\n  policy = \"read\"\n}", &["deploy"], "node read", of_nodes),
    ];
    for (index, (missing, command, named, demand)) in cases.into_iter().enumerate() {
        let less = policy.replace(missing, "");
        assert_ne!(less, policy, "{missing} is not in the README's policy");
        let token = nomad.token(&format!("less-{index}"), &less, None);
        demand(nomad.nomspark(&token, command).run().fails(4)).hints(named);
    }

    // Nomad shows no pool to those who may see none, and refuses nobody.
    let pools = "node_pool \"*\" {\n  policy = \"read\"\n}";
    assert!(policy.contains(pools), "no node pools are in the README's policy");
    let token = nomad.token("no-pools", &policy.replace(pools, ""), None);
    assert_eq!(nomad.nomspark(&token, &["deploy"]).run().ok().json()["changed"], false);
    // A run that is of no use to anybody is stopped.
    wait_until("all drivers to end", LIMIT, || {
        let jobs = nomad.get("/v1/jobs?prefix=spark-wordcount-");
        jobs.as_array().unwrap().iter().all(|job| job["Status"] == "dead")
    });
}

fn a_token_that_expires_ends_the_watch_and_another_one_goes_on(nomad: &Guarded, policy: &str) {
    let file = "job \"patient\" {\ntype = \"batch\"\ngroup \"g\" {\ntask \"work\" {\ndriver = \"raw_exec\"\n\
                config {\ncommand = \"/bin/sh\"\nargs = [\"-c\", \"until [ -e $NOMAD_ALLOC_DIR/end ]; do sleep 0.1; \
                done\"]\n}\nresources {\ncpu = 20\nmemory = 20\n}\n}\n}\n}\n";
    nomad.submit(file);
    let allocations = || nomad.get("/v1/job/patient/allocations");
    wait_until("the job to run", LIMIT, || allocations()[0]["ClientStatus"] == "running");

    let short = nomad.token("short", policy, Some(SHORT));
    let mut watching = nomad.nomspark(&short, &["watch", "patient"]).spawn();
    watching.wait_until_told("task work");
    // Nomad lets a stream of events go on; it is the next question that it refuses.
    wait_until("the token to expire", LIMIT, || {
        !nomad.nomad(&["acl", "token", "self"]).env("NOMAD_TOKEN", &short).run().status.success()
    });
    let allocation = allocations()[0]["ID"].as_str().unwrap().to_owned();
    nomad.nomad(&["alloc", "exec", &allocation, "/bin/sh", "-c", "touch $NOMAD_ALLOC_DIR/end"]).run().ok();
    let refused = watching.wait().fails(4).hints("NOMAD_TOKEN");
    assert!(refused.stderr.contains("nomspark watch patient"), "how to go on: {}", refused.stderr);
    let other = nomad.token("other", policy, None);
    assert_eq!(nomad.nomspark(&other, &["watch", "patient"]).run().ok().json()["verdict"], "complete");
}

fn every_command_is_allowed(nomad: &Guarded, token: &str) {
    let document = |arguments: &[&str]| nomad.nomspark(token, arguments).run().ok().json();
    let counted = document(&["wordcount", "--input", &book(), "--output", &nomad.path("words.tsv")]);
    assert_eq!(counted["total_words"], 26_457);
    let job = counted["job"].as_str().unwrap();
    assert_eq!(document(&["wordcount", "--resume", job])["total_words"], 26_457);
    assert_eq!(document(&["watch", job])["verdict"], "complete");
    assert_eq!(document(&["status"])["masters"][0]["state"], "ALIVE");
    nomad.nomspark(token, &["plan"]).run().ok();
    nomad.nomspark(token, &["logs", job]).run().ok();
    let drilled = document(&["drill", "master-crash", "--yes"]);
    let round: &Value = &drilled["rounds"][0];
    assert_eq!((&round["recovered"], &round["app"]["correct"]), (&true.into(), &true.into()), "{drilled:#}");
    document(&["stop", "--purge", "--yes"]);
}
