//! Drills in the lab of three hosts: every scenario is caused, seen and recovered from, and nothing stays broken.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::address::clients::{Outside, Program};
use crate::documented_endpoints;
use crate::floating::cluster::Floating;
use crate::support::{wait_for, wait_until};

/// What everything may take on a busy machine.
const LIMIT: Duration = Duration::from_mins(3);
/// What a drill of all scenarios may take.
const ALL: Duration = Duration::from_mins(20);
/// The scenarios after which no JVM but a master's starts anew: three hosts on one busy machine hold no address meanwhile.
/// `make soak` has the others, each many times.
const SCENARIOS: [&str; 2] = ["proxy", "address"];

#[test]
fn every_fault_is_recovered_from_and_nothing_stays_broken() {
    let floating = Floating::up("198.18.92.0/24");
    let spec = floating.spec("");
    let text = fs::read_to_string(&spec).unwrap() + "master {\n  count = 2\n}\nworker {\n  count = 2\n}\n";
    fs::write(&spec, text).unwrap();
    floating.nomspark(&["deploy", "--file", spec.to_str().unwrap()]).run().ok();

    whoever_cannot_be_asked_is_not_harmed(&floating);
    a_cluster_that_is_not_well_is_left_alone(&floating);
    let outside = Outside::of(&floating);
    let mut comes = outside.program();
    a_budget_that_is_too_small_fails(&floating);
    plain_clients_are_served(&outside, &mut comes, "after the drill master-crash");
    all_scenarios(&floating, &outside, &mut comes);
    an_interrupted_drill_mends_what_it_cut(&floating);
    floating.nomspark(&["stop", "--purge", "--yes"]).run().ok();
}

pub(crate) fn drill(floating: &Floating, arguments: &[&str]) -> crate::support::run::Run {
    let state = floating.hosts.folder.path().to_owned();
    floating.nomspark(&[&["drill"], arguments].concat()).env("XDG_STATE_HOME", state)
}

fn all_scenarios(floating: &Floating, outside: &Outside, comes: &mut Program) {
    let page = floating.hosts.folder.path().join("drill.html");
    for scenario in SCENARIOS {
        let arguments = [scenario, "--yes", "--timeout", "6m", "--report", page.to_str().unwrap()];
        let drilled = drill(floating, &arguments).limit(ALL).run().ok().json();
        let rounds = drilled["rounds"].as_array().unwrap();
        assert_eq!((rounds.len(), &rounds[0]["scenario"]), (1, &scenario.into()), "{drilled:#}");
        is_right(&rounds[0]);
        assert_eq!(drilled["within_budget"], Value::Null);
        is_a_page(&page, scenario);
        plain_clients_are_served(outside, comes, &format!("after the drill {scenario}"));
    }
    is_as_before(floating);
}

/// Spark's own clients, which know nothing but the floating address, get an answer at once.
fn plain_clients_are_served(outside: &Outside, comes: &mut Program, when: &str) {
    thread::scope(|scope| {
        scope.spawn(|| outside.submit(when));
        comes.come_anew(when);
    });
}

/// A round as it should be: every stage after the fault, the application's answers right, one leader at a time.
pub(crate) fn is_right(round: &Value) {
    assert_eq!(round["recovered"], true, "{round:#}");
    assert_eq!((&round["two_leaders"], &round["two_holders"]), (&0.into(), &0.into()), "{round:#}");
    assert!(round["app"]["answers"].as_u64() > Some(0), "{round:#}");
    let driver = round["scenario"] == "driver";
    assert_eq!((&round["app"]["survived"], &round["app"]["correct"]), (&(!driver).into(), &true.into()), "{round:#}");
    let stages = round["stages"].as_object().unwrap();
    assert!(stages.contains_key("fault_seen") && stages.contains_key("progressing"), "{round:#}");
    let serving = stages.iter().filter(|(stage, _)| *stage != "replaced").map(|(_, ms)| ms.as_u64());
    assert_eq!(serving.max().flatten(), round["recovery_ms"].as_u64(), "{round:#}");
    if round["scenario"] == "master-crash" {
        for stage in ["leader_elected", "alive", "proxy_switched", "workers_back", "replaced"] {
            assert!(stages.contains_key(stage), "{stage}: {round:#}");
        }
        assert!(stages["leader_elected"].as_u64() <= stages["workers_back"].as_u64(), "{round:#}");
    }
}

fn is_a_page(path: &Path, scenario: &str) {
    let page = fs::read_to_string(path).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("</html>"));
    assert!(page.contains(scenario), "{scenario} is on the page");
    for other in ["<script", "http://", "https://", "<link"] {
        let found = page.match_indices(other).map(|(at, _)| &page[at..page.len().min(at + 60)]);
        let found: Vec<&str> = found.filter(|text| !text.starts_with("http://www.w3.org/")).collect();
        assert!(found.is_empty(), "the page needs nothing but itself: {found:?}");
    }
}

/// Nobody is cut off, every agent runs, every node takes work, and no application of a drill runs on.
fn is_as_before(floating: &Floating) {
    // A host that was cut off comes back piece by piece.
    let lab = wait_for("every agent to run", LIMIT, || {
        let lab = floating.hosts.lab(&["status"]).run().ok().json();
        (lab["running"] == true).then_some(lab)
    });
    assert!(lab["hosts"].as_array().unwrap().iter().all(|host| host["cut"] == false), "{lab:#}");
    assert!(lab["nodes"].as_array().unwrap().iter().all(|node| node["eligible"] == true), "{lab:#}");
    wait_until("the drills' applications to end", LIMIT, || {
        let jobs = floating.nomad_get("/v1/jobs?prefix=spark-app-");
        jobs.as_array().unwrap().iter().all(|job| job["Status"] == "dead")
    });
}

fn a_budget_that_is_too_small_fails(floating: &Floating) {
    let drilled = drill(floating, &["master-crash", "--budget", "1ms", "--yes"]).run().exits(6).json();
    assert_eq!(drilled["within_budget"], false, "{drilled:#}");
    is_right(&drilled["rounds"][0]);
}

fn whoever_cannot_be_asked_is_not_harmed(floating: &Floating) {
    drill(floating, &["master-crash"]).run().fails(2).hints("--yes");
    drill(floating, &["flood", "--yes"]).run().exits(2);
}

fn a_cluster_that_is_not_well_is_left_alone(floating: &Floating) {
    let nodes = floating.nomad_get("/v1/nodes");
    let node = nodes[0]["ID"].as_str().unwrap();
    floating.hosts.nomad(&["node", "eligibility", "-disable", node]).ok();
    drill(floating, &["master-crash", "--yes"]).run().fails(1).says("is not well, nothing was broken");
    floating.hosts.nomad(&["node", "eligibility", "-enable", node]).ok();
}

fn an_interrupted_drill_mends_what_it_cut(floating: &Floating) {
    // A task that the drill before it killed may just be starting again.
    floating.settled();
    let running = drill(floating, &["host", "--yes"]).spawn();
    documented_endpoints::of_an_application_of_a_drill(floating, &running);
    wait_for("a host to be cut off", LIMIT, || {
        let lab = floating.hosts.lab(&["status"]).run().ok().json();
        lab["hosts"].as_array().unwrap().iter().any(|host| host["cut"] == true).then_some(())
    });
    running.signal(Signal::SIGINT);
    running.wait().fails(130).says("what was broken is as it was before");
    is_as_before(floating);
}
