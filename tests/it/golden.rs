//! From a spec and a survey to every file that goes to Nomad: `tests/golden/CASE` holds the spec, the plan and the files
//! that are rendered.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it golden` writes them anew; read the differences before you commit them. The job
//! files are the ones in `jobs/`, so they are compared and not kept again. nomspark's version and the jars
//! stand in the files as `VERSION`, `APPLICATION` and `RECOVERY_PLUGIN`.

pub(crate) mod cases;
pub(crate) mod job;
mod properties;
mod surveys;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use nomspark::plan::{Plan, Role, Variables};
use nomspark::render::{JobFiles, job_file_name, render};

use crate::support::lab::CHECKOUT;
use cases::{AVOIDED, cases, folder, plans, spec_file, write};
use job::{parse, tasks, template};

/// Replaces what changes with every release, or says nothing to a reader.
fn redact(plan: &Plan, text: &str) -> String {
    let mut text = text.replace(&format!("\"{}\"", env!("CARGO_PKG_VERSION")), "\"VERSION\"");
    for job in &plan.jobs {
        match &job.variables {
            Variables::Wordcount(variables) => text = text.replace(&variables.application, "APPLICATION"),
            Variables::Drill(variables) => text = text.replace(&variables.application, "APPLICATION"),
            Variables::Master(variables) if !variables.recovery_plugin.is_empty() => {
                text = text.replace(&variables.recovery_plugin, "RECOVERY_PLUGIN");
            }
            _ => {}
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
        let mut kept = Vec::new();
        if Path::new(CHECKOUT).join(spec_file(case)).starts_with(folder(case)) {
            kept.push("spec.hcl".to_owned());
        }
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
                let task = &tasks(&parsed)[0];
                // HAProxy and keepalived have a driver of their own, whatever Spark runs in.
                let driver = match &job.variables {
                    Variables::Edge(variables) => variables.edge.driver.as_str(),
                    _ => plan.driver.as_str(),
                };
                assert_eq!(task["Driver"], driver, "{case}");
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
        Variables::Drill(drill) => Some(&drill.common.conf),
        Variables::Edge(_) => None,
    }
}

/// What a job that runs Spark reserves.
fn memory(variables: &Variables) -> Option<u64> {
    match variables {
        Variables::Master(master) => Some(master.memory),
        Variables::Worker(worker) => Some(worker.memory),
        Variables::Wordcount(wordcount) => Some(wordcount.memory),
        Variables::Drill(drill) => Some(drill.memory),
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

#[test]
fn the_driver_of_a_drill_keeps_away_from_nodes_and_leaves_cores_to_others() {
    let (case, survey) = cases().into_iter().find(|(case, _)| *case == "raw-exec").unwrap();
    let output = tempfile::tempdir().unwrap();
    let (_, plan) = plans(case, survey.as_ref()).pop().unwrap();
    write(&plan, output.path());
    let variables = output.path().join(format!("{}.vars.hcl", plan.jobs[0].id));
    let parsed = parse(&output.path().join(job_file_name(Role::Drill)), &variables);
    let constraints: Vec<[&str; 3]> = (parsed["Constraints"].as_array().unwrap().iter())
        .map(|constraint| ["LTarget", "Operand", "RTarget"].map(|part| constraint[part].as_str().unwrap_or_default()))
        .collect();
    let different = |node| ["${node.unique.id}", "!=", node];
    let spark_home = ["${meta.spark_home}", "is_set", ""];
    assert_eq!(constraints, [spark_home, different(AVOIDED[0]), different(AVOIDED[1])]);
    let rendered = properties::evaluate(template(&parsed, "local/spark.conf"));
    assert_eq!(properties::read(&rendered)["spark.cores.max"], "3");
}
