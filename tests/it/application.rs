//! The WordCount application: its own checks, and that the jar in the repository is what its source compiles to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::support::lab::CHECKOUT;

#[test]
fn the_application_passes_its_own_checks() {
    succeeds(Command::new(source("test.sh")).env("SPARK_HOME", spark_home()));
}

#[test]
fn the_jar_is_what_its_source_compiles_to() {
    let folder = tempfile::tempdir().unwrap();
    let rebuilt = folder.path().join("rebuilt.jar");
    succeeds(Command::new(source("build.sh")).arg(&rebuilt).env("SPARK_HOME", spark_home()));
    // The manifest names the JDK that packed the jar; the classes are what runs.
    let committed = classes(&source("wordcount.jar"), &folder.path().join("committed"));
    assert!(!committed.is_empty(), "the jar holds classes");
    assert!(
        committed == classes(&rebuilt, &folder.path().join("rebuilt")),
        "jobs/wordcount/wordcount.jar is not what its source compiles to: run jobs/wordcount/build.sh"
    );
}

fn source(name: &str) -> PathBuf {
    Path::new(CHECKOUT).join("jobs/wordcount").join(name)
}

/// `SPARK_HOME` as `make test` sets it, else what `make setup` installed.
fn spark_home() -> PathBuf {
    let installed = || Path::new(CHECKOUT).join(".tools/spark/pyspark");
    let home = std::env::var_os("SPARK_HOME").map_or_else(installed, PathBuf::from);
    assert!(home.join("bin/spark-class").exists(), "Spark is missing: make setup installs it");
    home
}

fn succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed: {said}");
}

/// The classes of a jar by their paths.
fn classes(jar: &Path, folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fs::create_dir(folder).unwrap();
    succeeds(Command::new("jar").arg("--extract").arg("--file").arg(jar).current_dir(folder));
    let package = fs::read_dir(folder.join("nomspark")).unwrap();
    package
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect()
}
