//! docs/versions.md has the versions that are tested and those that are supported: what `tools` installs, what the programs say of
//! themselves and what else is written of them agrees with it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;

use crate::support::lab::{CHECKOUT, program};
use crate::support::run::Run;

/// Where somebody reads or is told what is needed.
const SAYING: [&str; 9] = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/acl.md",
    "docs/lab.md",
    "docs/spec.md",
    "jobs/master.nomad.hcl",
    "src/lab/error.rs",
    "src/lab/start.rs",
    "tools/needs.sh",
];

/// A row of the table.
struct Row {
    part: String,
    oldest: Option<String>,
    tested: Vec<String>,
    by: String,
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(CHECKOUT).join(path)).unwrap()
}

fn rows() -> Vec<Row> {
    let text = read("docs/versions.md");
    let lines = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")).skip(1);
    let cells = lines.map(|line| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    let rows = cells.map(|cells| {
        let [part, oldest, tested, _, by] = <[String; 5]>::try_from(cells).unwrap();
        let tested = tested.split(", ").map(str::to_owned).collect();
        Row { part, oldest: Some(oldest).filter(|oldest| !oldest.is_empty()), tested, by }
    });
    rows.collect()
}

/// The oldest version of a part that is supported.
fn oldest(part: &str) -> String {
    let mut of_part = rows().into_iter().filter(|row| row.part == part).filter_map(|row| row.oldest);
    let oldest = of_part.next().unwrap_or_else(|| panic!("docs/versions.md names no oldest {part}"));
    assert_eq!(of_part.next(), None, "docs/versions.md names the oldest {part} once");
    oldest
}

/// All versions of a part that are tested.
fn tested(part: &str) -> BTreeSet<String> {
    rows().into_iter().filter(|row| row.part == part).flat_map(|row| row.tested).collect()
}

/// What a pattern's group finds in files, each time.
fn found(files: &[&str], pattern: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).unwrap();
    let texts: Vec<String> = files.iter().map(|file| read(file)).collect();
    let all = texts.iter().flat_map(|text| pattern.captures_iter(text).flat_map(|groups| words(&groups[1])));
    all.collect()
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|number| number.parse().unwrap()).collect()
}

#[test]
fn the_tested_versions_are_those_that_the_tools_pin() {
    let nomad =
        found(&["tools/go.mod", "tools/oldest-nomad/go.mod"], r"(?m)^require github.com/hashicorp/nomad v(.+)$");
    assert_eq!(tested("Nomad"), nomad);
    let mut consul = found(&["tools/consul/go.mod"], r"(?m)^require github.com/hashicorp/consul v(.+)$");
    consul.extend(found(&["tools/consul.sh"], r"(?m)^DEBIAN_CONSUL_VERSION=(.+)$"));
    assert_eq!(tested("Consul"), consul);
    let spark = found(&["tools/spark.sh"], r"(?m)^SPARK_(?:VERSION|OLDEST|BETWEEN)=\(?([0-9. ]+)\)?$");
    assert_eq!(tested("Spark"), spark);
    assert_eq!(tested("Rust"), found(&["Cargo.toml"], r#"(?m)^rust-version = "(.+)"$"#));
    let modules = ["tools/go.mod", "tools/consul/go.mod", "tools/oldest-nomad/go.mod"];
    assert_eq!(tested("Go"), found(&modules, r"(?m)^go (.+)$"));
}

#[test]
fn of_each_part_the_oldest_that_is_supported_is_tested() {
    for row in rows() {
        let oldest = oldest(&row.part);
        let is_of_it = |version: &String| *version == oldest || version.starts_with(&format!("{oldest}."));
        assert!(tested(&row.part).iter().any(is_of_it), "{} {oldest} is supported, and not tested", row.part);
        let too_old = |version: &&String| numbers(version) < numbers(&oldest);
        assert_eq!(row.tested.iter().find(too_old), None, "{}", row.part);
    }
}

#[test]
fn whatever_names_an_oldest_version_names_that_one() {
    let later = |name: &str| format!(r"(?i)\b{name}`? \(?(?:.{{0,30}}needs )?([0-9]+[0-9.]*[0-9]) or (?:later|newer)");
    let lone = |name: &str| format!(r"\b{name} ([0-9]+[0-9.]*[0-9])\b");
    let patterns = [
        ("Nomad", later("nomad")),
        ("Nomad", r"the lab needs ([0-9.]+) or newer".to_owned()),
        ("Consul", later("consul")),
        ("Spark", later("spark")),
        ("HAProxy", r"(?i)\bhaproxy ([0-9.]+[0-9])".to_owned()),
        ("keepalived", r"\bkeepalived ([0-9.]+[0-9]) or later".to_owned()),
        ("Java", lone("(?:Java|JDK)")),
        ("Rust", lone("Rust")),
        ("Go", lone("Go")),
    ];
    for (part, pattern) in patterns {
        assert_eq!(found(&SAYING, &pattern), BTreeSet::from([oldest(part)]), "{part}, as {pattern} finds it");
    }
    assert_eq!(found(&["tools/nomad.sh"], r"(?m)^NOMAD_OLDEST=(.+)$"), BTreeSet::from([oldest("Nomad")]));
    assert_eq!(found(&["tools/jar.sh"], "--release ([0-9]+)"), BTreeSet::from([oldest("Java")]));
}

#[test]
fn the_machine_s_programs_are_no_older_than_those_that_are_tested() {
    let said = |program: &Path, argument: &str| {
        let done = Run::program(program, [argument]).run();
        format!("{}{}", done.text(), done.stderr)
    };
    let programs = [
        ("HAProxy", said(&program("haproxy"), "-v")),
        ("keepalived", said(&program("keepalived"), "-v")),
        ("Docker", said(&program("dockerd"), "--version")),
        ("Java", said(Path::new("java"), "-version")),
    ];
    let number = Regex::new(r"[ v\x22]([0-9]+(?:\.[0-9]+)?)").unwrap();
    for (part, said) in programs {
        let version = number.captures(&said).unwrap_or_else(|| panic!("{part} tells no version: {said}"))[1].to_owned();
        let least = tested(part).into_iter().next().unwrap();
        assert!(numbers(&version) >= numbers(&least), "{part} is {version}, docs/versions.md says {least}");
    }
}

#[test]
fn what_tries_them_is_there() {
    let makefile = read("Makefile");
    for by in rows().iter().flat_map(|row| row.by.split(", ")) {
        let name = by.trim_matches('`');
        match name.strip_prefix("make ") {
            Some(target) => assert!(makefile.contains(&format!("\n{target}:\n")), "{by}"),
            None => assert!(Path::new(CHECKOUT).join(name).is_file(), "{by}"),
        }
    }
}
