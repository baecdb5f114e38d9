//! What is written in Java, the applications and the recovery plugin of the masters: their own checks, and that the jars in
//! the repository are what their sources compile to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::sparks::pinned;
use super::support::lab::CHECKOUT;

const WORDCOUNT: &str = "jobs/wordcount";
const DRILL: &str = "jobs/drill";
const RECOVERY: &str = "consul/recovery";

#[test]
fn the_application_passes_its_own_checks() {
    passes_its_own_checks(WORDCOUNT);
}

#[test]
fn the_application_of_drills_passes_its_own_checks() {
    passes_its_own_checks(DRILL);
}

#[test]
fn the_recovery_plugin_passes_its_own_checks() {
    passes_its_own_checks(RECOVERY);
}

#[test]
fn the_application_s_jar_is_what_its_source_compiles_to() {
    is_what_its_source_compiles_to(WORDCOUNT, "wordcount.jar", &spark_home());
    is_what_its_source_compiles_to(WORDCOUNT, "wordcount.jar", &pinned("3.5").1);
}

#[test]
fn the_jar_of_drills_is_what_its_source_compiles_to() {
    is_what_its_source_compiles_to(DRILL, "drill.jar", &spark_home());
    is_what_its_source_compiles_to(DRILL, "drill.jar", &pinned("3.5").1);
}

#[test]
fn the_recovery_plugin_s_jar_is_what_its_source_compiles_to() {
    is_what_its_source_compiles_to(RECOVERY, "recovery.jar", &spark_home());
}

fn passes_its_own_checks(folder: &str) {
    succeeds(Command::new(source(folder, "test.sh")).env("SPARK_HOME", spark_home()));
}

/// With each Spark that can compile it, the same: so one jar runs with all of them.
fn is_what_its_source_compiles_to(source_folder: &str, jar: &str, spark: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let rebuilt = folder.path().join("rebuilt.jar");
    succeeds(Command::new(source(source_folder, "build.sh")).arg(&rebuilt).env("SPARK_HOME", spark));
    // The manifest names the JDK that packed the jar; the classes are what runs.
    let committed = classes(&source(source_folder, jar), &folder.path().join("committed"));
    assert!(!committed.is_empty(), "the jar holds classes");
    assert!(
        committed == classes(&rebuilt, &folder.path().join("rebuilt")),
        "{source_folder}/{jar} is not what its source compiles to with {}: run {source_folder}/build.sh",
        spark.display()
    );
}

pub(crate) fn source(folder: &str, name: &str) -> PathBuf {
    Path::new(CHECKOUT).join(folder).join(name)
}

/// `SPARK_HOME` as `make test` sets it, else what `make setup` installed.
pub(crate) fn spark_home() -> PathBuf {
    let installed = || Path::new(CHECKOUT).join(".tools/spark/pyspark");
    let home = std::env::var_os("SPARK_HOME").map_or_else(installed, PathBuf::from);
    assert!(home.join("bin/spark-class").exists(), "Spark is missing: make setup installs it");
    home
}

pub(crate) fn succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed: {said}");
}

/// The classes of a jar by their paths.
fn classes(jar: &Path, folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fs::create_dir(folder).unwrap();
    succeeds(Command::new("jar").arg("--extract").arg("--file").arg(jar).current_dir(folder));
    let mut classes = BTreeMap::new();
    let mut folders = vec![folder.join("nomspark")];
    while let Some(package) = folders.pop() {
        for entry in fs::read_dir(package).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                classes.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    classes
}
