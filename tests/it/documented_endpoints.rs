//! Whatever address the documents and the output name answers the program that people use there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;
use serde_json::Value;

use crate::application::spark_home;
use crate::documented_commands::read;
use crate::floating::cluster::{Floating, LIMIT};
use crate::support::cluster::demo;
use crate::support::hosts::Hosts;
use crate::support::lab::CHECKOUT;
use crate::support::run::{Run, Running};
use crate::support::{address, wait_or_tell};

/// Each kind of address in README.md and docs/, and where it is tried.
const TRIED: [(&str, &str); 12] = [
    ("http", "of_one_machine"),
    ("http/json/", "of_one_machine, of_the_floating_address"),
    ("http/nomspark/holder", "of_the_floating_address"),
    ("http/progress", "of_an_application_of_a_drill"),
    ("http/ui", "of_a_lab"),
    ("http/ui/jobs", "of_one_machine"),
    ("spark", "of_one_machine, and address::plain_clients_are_served_after_every_change"),
    // The port's name stands before them.
    ("/", "of_the_floating_address"),
    ("/health", "of_the_floating_address"),
    ("/json/", "of_one_machine, of_the_floating_address"),
    ("/metrics", "of_the_floating_address"),
    ("/nomspark/masters", "of_the_floating_address"),
];

fn curl(url: &str) -> Run {
    Run::program("curl", ["--silent", "--show-error", "--fail", "--location", "--max-time", "20", url])
}

fn answers(url: &str, words: &str) {
    let done = curl(url).run().ok();
    assert!(done.text().contains(words), "{url}: {}", done.text());
}

/// The address that stands behind a name in what was told.
fn after<'a>(name: &str, told: &'a str) -> &'a str {
    let behind = |line: &'a str| line.trim().strip_prefix(name).map(str::trim).filter(|rest| rest.contains("://"));
    told.lines().find_map(behind).unwrap_or_else(|| panic!("no address of {name}: {told}"))
}

/// The kinds of addresses that the documents name: what follows the host and the port.
fn named() -> BTreeSet<String> {
    let mut texts = Vec::new();
    for source in ["README.md", "docs"] {
        read(&Path::new(CHECKOUT).join(source), &mut texts);
    }
    let text = texts.concat();
    let url = Regex::new(r"(http|spark)://(?:[0-9.]+|ADDRESS|HOST)(?::[0-9]+|:PORT)?(/[a-z/]*)?").unwrap();
    let path = Regex::new(r"`(/[a-z]*|/nomspark/[a-z]+|/json/)`").unwrap();
    let of_url = |found: regex::Captures<'_>| {
        let path = found.get(2).map_or("", |path| path.as_str());
        let path = if path.starts_with("/ui/jobs/") { "/ui/jobs" } else { path };
        format!("{}{path}", &found[1])
    };
    let urls = url.captures_iter(&text).map(of_url);
    urls.chain(path.captures_iter(&text).map(|found| found[1].to_owned())).collect()
}

#[test]
fn every_kind_of_address_that_the_documents_name_is_tried() {
    let tried: BTreeSet<String> = TRIED.iter().map(|(kind, _)| (*kind).to_owned()).collect();
    assert_eq!(named(), tried);
}

#[test]
fn of_one_machine() {
    let cluster = demo(0);
    let told = cluster.plain("deploy").run().ok().text();
    let (master, ui, job) = (after("Master", &told), after("Spark UI", &told), after("Nomad UI", &told));
    answers(ui, &format!("Spark Master at {master}"));
    answers(&format!("{ui}/json/"), &format!("\"url\" : \"{master}\""));
    // A Nomad that Go alone has built says that it has no UI there.
    answers(job, "<html");
    assert!(job.ends_with("/ui/jobs/demo-master"), "{job}");
    // What a plain client needs to know of a cluster without a floating address.
    let home = spark_home();
    let submit = Run::program(home.join("bin/spark-submit"), ["--master", master, "--total-executor-cores", "1"]);
    let submit = submit.args(["--executor-memory", "512m"]).arg(home.join("examples/src/main/python/pi.py")).arg("1");
    let done = submit.env("SPARK_HOME", &home).env("SPARK_LOCAL_IP", "127.0.0.1").run();
    assert!(done.text().contains("Pi is roughly 3.1"), "{}{}", done.text(), done.stderr);
}

/// Tried where there are three hosts.
pub(crate) fn of_a_lab(hosts: &Hosts) {
    let told = Run::nomspark(["lab", "up"]).env("XDG_STATE_HOME", hosts.folder.path()).dir(CHECKOUT).run().ok().text();
    answers(after("Nomad", &told), "<html");
    answers(after("Consul", &told), "Consul");
}

/// Tried where there is such an address.
pub(crate) fn of_the_floating_address(floating: &Floating, holder: &str) {
    let ui = format!("http://{}:8080", floating.place.address);
    let master = floating.master().expect("no master answers at the floating address");
    answers(&ui, &format!("Spark Master at {master}"));
    answers(&format!("{ui}/nomspark/holder"), &format!("\"{holder}\""));
    answers(&format!("{ui}/nomspark/masters"), master.trim_start_matches("spark://"));
    for (path, words) in [("/", "Statistics Report"), ("/metrics", "# HELP haproxy_"), ("/health", "")] {
        let url = format!("http://127.0.0.1:{}{path}", floating.statistics);
        let curl = ["exec", holder, "--", "curl", "--silent", "--show-error", "--fail", "--max-time", "20", &url];
        let told = floating.hosts.lab(&curl).run().ok().text();
        assert!(told.contains(words), "{url}: {told}");
    }
    // The script of docs/floating-address.md, as it stands there.
    let document = fs::read_to_string(format!("{CHECKOUT}/docs/floating-address.md")).unwrap();
    let script = document.lines().find(|line| line.starts_with("master=$(curl ")).expect("no script with curl");
    let script = script.replace("172.16.3.0", &floating.place.address) + "\necho \"$master\"";
    assert_eq!(Run::program("sh", ["-c", &script]).run().ok().text().trim(), master);
}

/// Tried while a drill runs: its application answers where Nomad says that its port is.
pub(crate) fn of_an_application_of_a_drill(floating: &Floating, drill: &Running) {
    let look = || {
        let allocations = floating.nomad_get("/v1/allocations");
        let mut of_drills = allocations.as_array()?.iter().filter(|it| {
            it["JobID"].as_str().is_some_and(|job| job.starts_with("spark-app-")) && it["ClientStatus"] == "running"
        });
        let id = of_drills.next()?["ID"].as_str()?;
        let place = address(&floating.nomad_get(&format!("/v1/allocation/{id}")), "progress")?;
        let answer = serde_json::from_slice::<Value>(&curl(&format!("http://{place}/progress")).run().stdout).ok()?;
        // It serves nothing else.
        let elsewhere = curl(&format!("http://{place}/progress/x")).run();
        elsewhere.stderr.contains("404").then_some(answer)
    };
    let told = || format!("; the drill says {}", drill.told());
    let answer = wait_or_tell("the application of a drill to answer curl at /progress alone", LIMIT, look, told);
    let fields: BTreeSet<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, BTreeSet::from(["application", "started_ms", "waves", "wrong"]), "{answer}");
}
