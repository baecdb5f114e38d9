//! From a spec and a survey to every file that goes to Nomad: `tests/golden/CASE` holds the spec, the plan and the
//! variable files.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it golden` writes them anew; read the differences before you commit them. The job
//! files are the ones in `jobs/`, so they are compared and not kept again. nomspark's version and the application's jar
//! stand in the files as `VERSION` and `APPLICATION`.

mod properties;
mod surveys;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nomspark::names::RunId;
use nomspark::plan::{self, Input, Plan, Role, Variables, WordCount};
use nomspark::render::{JobFiles, job_file_name, render};
use nomspark::spec::{Overrides, Source, ValidSpec, validate};
use nomspark::survey::Survey;
use serde_json::Value;

use crate::support::lab::{CHECKOUT, nomad_program};

/// A case's name and what is there already; `None` is a `render` that asks no server.
fn cases() -> Vec<(&'static str, Option<Survey>)> {
    vec![
        ("defaults", None),
        ("docker", Some(surveys::docker())),
        ("exec", Some(surveys::exec())),
        ("raw-exec", Some(surveys::raw_exec())),
        ("conf", None),
        ("large", Some(surveys::docker())),
        ("ports", None),
        ("update", Some(surveys::deployed())),
    ]
}

fn folder(case: &str) -> PathBuf {
    Path::new(CHECKOUT).join("tests/golden").join(case)
}

fn spec(case: &str) -> ValidSpec {
    let text = fs::read_to_string(folder(case).join("spec.hcl")).unwrap();
    let source = Source { name: format!("tests/golden/{case}/spec.hcl"), text };
    validate(Some(&source), &Overrides::default()).unwrap()
}

/// The deployment of a case and, where there is a survey, a WordCount on it.
fn plans(case: &str, survey: Option<&Survey>) -> Vec<(&'static str, Plan)> {
    let spec = spec(case);
    let mut plans = vec![("plan.json", plan::deploy(&spec, survey, false).unwrap())];
    if let Some(survey) = survey {
        let run = WordCount {
            id: RunId::from(0x2a_u32),
            input: Input::Upload(1_000),
            top: 20,
            master: "spark://127.0.0.1:7077".to_owned(),
            smallest_worker: spec.worker.memory.mib(),
        };
        plans.push(("wordcount.json", plan::wordcount(&spec, survey, &run).unwrap()));
    }
    plans
}

/// Replaces what changes with every release, or says nothing to a reader.
fn redact(plan: &Plan, text: &str) -> String {
    let mut text = text.replace(&format!("\"{}\"", env!("CARGO_PKG_VERSION")), "\"VERSION\"");
    for job in &plan.jobs {
        if let Variables::Wordcount(variables) = &job.variables {
            text = text.replace(&variables.application, "APPLICATION");
        }
    }
    text
}

/// Compares with the golden file, or writes it.
fn check(path: &Path, found: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, found).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(found, expected, "{} differs; UPDATE_GOLDEN=1 writes it anew", path.display());
}

#[test]
fn every_case_gives_the_files_that_it_always_gave() {
    for (case, survey) in cases() {
        let mut kept = vec!["spec.hcl".to_owned()];
        for (name, plan) in plans(case, survey.as_ref()) {
            let json = serde_json::to_string_pretty(&plan).unwrap();
            check(&folder(case).join(name), &redact(&plan, &format!("{json}\n")));
            kept.push(name.to_owned());
            for file in render(&plan, &JobFiles::default()) {
                let name = file.path.to_str().unwrap().to_owned();
                let text = String::from_utf8(file.bytes).unwrap();
                if name.ends_with(".nomad.hcl") {
                    let embedded = fs::read_to_string(Path::new(CHECKOUT).join("jobs").join(&name)).unwrap();
                    assert_eq!(text, embedded, "{name} is not the one in jobs/");
                } else {
                    check(&folder(case).join(&name), &redact(&plan, &text));
                    kept.push(name);
                }
            }
        }
        kept.sort();
        assert_eq!(files(&folder(case)), kept, "tests/golden/{case} holds other files");
    }
}

#[test]
fn every_folder_is_a_case() {
    let mut folders: Vec<String> = fs::read_dir(Path::new(CHECKOUT).join("tests/golden"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let mut names: Vec<&str> = cases().iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(folders, names);
}

/// Has Nomad's own parser read a job file with variables; asks no server.
fn parse(job_file: &Path, variables: &Path) -> Value {
    let mut nomad = Command::new(nomad_program());
    nomad.args(["job", "run", "-output", "-var-file"]).args([variables, job_file]);
    let output = nomad.output().unwrap_or_else(|error| panic!("cannot run nomad ({error}): run `make setup` first"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", variables.display());
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    document["Job"].clone()
}

/// The task's template for this file, as Nomad's client will get it.
fn template<'a>(job: &'a Value, destination: &str) -> &'a str {
    let templates = job["TaskGroups"][0]["Tasks"][0]["Templates"].as_array().unwrap();
    let template = templates.iter().find(|template| template["DestPath"] == destination);
    template.unwrap_or_else(|| panic!("no template for {destination}"))["EmbeddedTmpl"].as_str().unwrap()
}

/// Writes what a plan renders to.
fn write(plan: &Plan, folder: &Path) {
    for file in render(plan, &JobFiles::default()) {
        let path = folder.join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &file.bytes).unwrap();
    }
}

/// All files below a folder, by their path from there.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|inner| format!("{name}/{inner}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

#[test]
fn nomad_reads_every_case_and_spark_gets_every_property_as_it_was_written() {
    let output = tempfile::tempdir().unwrap();
    for (case, survey) in cases() {
        for (_, plan) in plans(case, survey.as_ref()) {
            write(&plan, output.path());
            for job in &plan.jobs {
                let variables = output.path().join(format!("{}.vars.hcl", job.id));
                let parsed = parse(&output.path().join(job_file_name(job.role)), &variables);
                assert_eq!(parsed["ID"], job.id.as_str(), "{case}");
                assert_eq!(parsed["Meta"]["nomspark.cluster"], plan.cluster.as_str(), "{case}");
                let task = &parsed["TaskGroups"][0]["Tasks"][0];
                assert_eq!(task["Driver"], plan.driver.as_str(), "{case}");
                let (Some(memory), Some(conf)) = (memory(&job.variables), conf(&job.variables)) else { continue };
                assert_eq!(task["Resources"]["MemoryMB"], memory, "{case}");
                let rendered = properties::evaluate(template(&parsed, "local/spark.conf"));
                let read: BTreeMap<String, String> = properties::read(&rendered);
                for (key, value) in conf {
                    assert_eq!(read.get(key), Some(value), "{case} {:?}: {key}", job.role);
                }
            }
        }
    }
}

/// The properties of a job that runs Spark.
fn conf(variables: &Variables) -> Option<&BTreeMap<String, String>> {
    match variables {
        Variables::Master(master) => Some(&master.common.conf),
        Variables::Worker(worker) => Some(&worker.common.conf),
        Variables::Wordcount(wordcount) => Some(&wordcount.common.conf),
        Variables::Edge(_) => None,
    }
}

/// What a job that runs Spark reserves.
fn memory(variables: &Variables) -> Option<u64> {
    match variables {
        Variables::Master(master) => Some(master.memory),
        Variables::Worker(worker) => Some(worker.memory),
        Variables::Wordcount(wordcount) => Some(wordcount.memory),
        Variables::Edge(_) => None,
    }
}

#[test]
fn the_fixed_ports_are_reserved() {
    let (_, plan) = &plans("ports", None)[0];
    let output = tempfile::tempdir().unwrap();
    write(plan, output.path());
    let variables = output.path().join(format!("{}.vars.hcl", plan.jobs[0].id));
    let parsed = parse(&output.path().join(job_file_name(Role::Master)), &variables);
    let reserved = parsed["TaskGroups"][0]["Networks"][0]["ReservedPorts"].as_array().unwrap();
    let mut ports: Vec<u64> = reserved.iter().map(|port| port["Value"].as_u64().unwrap()).collect();
    ports.sort_unstable();
    assert_eq!(ports, [7077, 8080]);
}
