//! The oldest Nomad that is supported, on three hosts: masters that elect their leader behind a floating address, a WordCount,
//! the verdicts of jobs of several kinds, and a drill.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::drill::{drill, is_right};
use crate::floating::cluster::Floating;
use crate::masters::Masters;
use crate::support::hosts::Hosts;
use crate::support::lab::CHECKOUT;

/// Recorded runs whose job files are handed in here, and the exit codes of their verdicts.
const RUNS: [(&str, i32); 5] =
    [("failed", 6), ("rescheduled", 0), ("out-of-memory", 6), ("each-node", 6), ("sidecar-waits", 0)];

#[test]
#[ignore = "make soak runs it"]
fn a_cluster_and_verdicts_are_as_with_the_newest() {
    let oldest = Path::new(CHECKOUT).join(".tools/oldest");
    assert!(oldest.join("nomad").is_file(), "the oldest Nomad is missing: tools/setup.sh --for-soak builds it");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([oldest].into_iter().chain(std::env::split_paths(&path))).unwrap();
    let masters = Masters { floating: Floating::of(Hosts::with_programs("198.18.91.0/24", vec![("PATH", path)])) };
    let floating = &masters.floating;
    let agent = floating.nomad_get("/v1/agent/self");
    assert_eq!(agent["config"]["Version"]["Version"], json!(pinned()), "{agent:#}");

    let spec = floating.spec("");
    let text = fs::read_to_string(&spec).unwrap() + "master {\n  count = 2\n}\nworker {\n  count = 2\n}\n";
    fs::write(&spec, text).unwrap();
    let deploy = || floating.nomspark(&["deploy", "--file", spec.to_str().unwrap()]).run().ok().json();
    let deployed = deploy();
    assert_eq!((&deployed["ready"], &deployed["jobs"][0]["running"]), (&true.into(), &2.into()), "{deployed:#}");
    assert_eq!(deploy()["changed"], false, "a second deployment changes nothing");
    floating.count(1).counts_right();
    for (run, code) in RUNS {
        let file = format!("{CHECKOUT}/tests/recordings/{run}/job.nomad.hcl");
        floating.hosts.nomad(&["job", "run", "-detach", &file]).ok();
        floating.nomspark(&["watch", &format!("recorded-{run}")]).run().exits(code);
    }
    masters.settled();
    let drilled = drill(floating, &["master-crash", "--yes"]).run().ok().json();
    is_right(&drilled["rounds"][0]);
    floating.nomspark(&["stop", "--purge", "--yes"]).run().ok();
}

/// The version that `tools/oldest-nomad/go.mod` pins.
fn pinned() -> String {
    let pins = fs::read_to_string(Path::new(CHECKOUT).join("tools/oldest-nomad/go.mod")).unwrap();
    pins.lines().find_map(|line| line.strip_prefix("require github.com/hashicorp/nomad v")).unwrap().to_owned()
}
