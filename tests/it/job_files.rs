//! Folders of job files whose names are not those that nomspark looks for.

use std::fs;
use std::path::Path;

use crate::bad_input::NOBODY;
use crate::support::run::Run;

/// Every command that reads such a folder.
fn refused(folder: &Path, words: &str, hint: &str) {
    for command in ["render", "plan", "deploy"] {
        let run = Run::nomspark([command, "-o", "json", "--jobs"]).arg(folder).env("NOMAD_ADDR", NOBODY);
        let run = if command == "render" { run.args(["--out", "rendered"]).dir(folder.parent().unwrap()) } else { run };
        run.run().fails(2).says(words).hints(hint);
    }
}

#[test]
fn a_folder_that_replaces_nothing_is_refused_before_anybody_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = folder.path().join("jobs");
    refused(&jobs, "jobs", "--jobs names a folder");
    fs::create_dir(&jobs).unwrap();
    refused(&jobs, "has none of the job files", "worker.nomad.hcl");
    for name in ["worker.nomad", "spark-worker.nomad.hcl", "workers.nomad.hcl"] {
        fs::write(jobs.join(name), "").unwrap();
        refused(&jobs, name, "rename it to worker.nomad.hcl");
        fs::remove_file(jobs.join(name)).unwrap();
    }
    let file = folder.path().join("worker.nomad.hcl");
    fs::write(&file, "").unwrap();
    refused(&file, "worker.nomad.hcl", "--jobs names a folder");
}
