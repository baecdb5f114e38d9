//! What Nomad makes of a job file and its variables.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::lab::nomad_program;

/// Has Nomad's own parser read a job file with variables; asks no server.
pub(crate) fn parse(job_file: &Path, variables: &Path) -> Value {
    let mut nomad = Command::new(nomad_program());
    nomad.args(["job", "run", "-output", "-var-file"]).args([variables, job_file]);
    let output = nomad.output().unwrap_or_else(|error| panic!("cannot run nomad ({error}): run `make setup` first"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", variables.display());
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    document["Job"].clone()
}

/// The tasks of a job's only group.
pub(crate) fn tasks(job: &Value) -> &[Value] {
    job["TaskGroups"][0]["Tasks"].as_array().unwrap()
}

/// The templates of a task, which may have none.
fn templates(task: &Value) -> impl Iterator<Item = &Value> {
    task["Templates"].as_array().into_iter().flatten()
}

/// The template for this file, as Nomad's client will get it.
pub(crate) fn template<'a>(job: &'a Value, destination: &str) -> &'a str {
    let template = tasks(job).iter().flat_map(templates).find(|template| template["DestPath"] == destination);
    template.unwrap_or_else(|| panic!("no template for {destination}"))["EmbeddedTmpl"].as_str().unwrap()
}

/// The names of all files that a job's templates make.
pub(crate) fn destinations(job: &Value) -> Vec<&str> {
    let paths = tasks(job).iter().flat_map(templates).map(|template| template["DestPath"].as_str().unwrap());
    paths.collect()
}
