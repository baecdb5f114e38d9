//! Finds the programs that a lab is made of.
//!
//! What the user has wins: `PATH`, `SPARK_HOME`, `JAVA_HOME`. Otherwise the folder `.tools` of a checkout is used, which
//! is looked for upward from the current folder and from nomspark's own program.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::process::Command;

use super::error::Error;
use super::namespace::Namespace;

/// Where the system has its daemons.
const DAEMONS: &str = "/usr/sbin";

/// Where something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Origin {
    /// On `PATH`.
    Path,
    /// In the environment: `SPARK_HOME` or `JAVA_HOME`.
    Environment,
    /// In the checkout's `.tools`.
    Checkout,
}

/// A program that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tool {
    /// The program.
    pub(super) path: PathBuf,
    /// Where it was found.
    pub(super) origin: Origin,
    /// Its version, such as `1.11.3`.
    pub(super) version: String,
}

/// Everything that a lab runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tools {
    /// Nomad.
    pub(super) nomad: Tool,
    /// Consul.
    pub(super) consul: Tool,
    /// Java, which only Spark needs.
    pub(super) java: Option<Tool>,
    /// Spark; the path is that of the whole folder.
    pub(super) spark: Tool,
}

/// Looks for all tools and asks each for its version.
pub(super) async fn find() -> Result<Tools, Error> {
    let checkouts = checkouts();
    let program = |name| on_path(name).or_else(|| in_checkout(&checkouts, &Path::new("bin").join(name)));
    let tried = "on PATH nor in .tools/bin of a checkout";
    let nomad = program("nomad").ok_or(Error::ToolMissing { name: "nomad", tried })?;
    let consul = program("consul").ok_or(Error::ToolMissing { name: "consul", tried })?;
    let spark = spark(&checkouts)?;
    let (nomad, consul, java) = tokio::join!(versioned(nomad, "version"), versioned(consul, "version"), java());
    let (nomad, consul) = (nomad?, consul?);
    if version_number(&nomad.version).is_some_and(|version| version < (1, 8)) {
        return Err(Error::NomadTooOld { path: nomad.path, found: nomad.version });
    }
    Ok(Tools { nomad, consul, java, spark })
}

impl Tools {
    /// The folder that Java's program really is in, `JAVA_HOME` for tasks.
    pub(super) fn java_home(&self) -> Option<PathBuf> {
        let program = self.java.as_ref()?.path.canonicalize().ok()?;
        program.parent()?.parent().map(Path::to_owned)
    }
}

impl Tool {
    /// Major and minor version.
    pub(super) fn number(&self) -> Option<(u32, u32)> {
        version_number(&self.version)
    }
}

/// A program of the system that no checkout brings: on `PATH`, or where daemons are, which not everybody's `PATH` has.
pub(super) fn system(name: &'static str, package: &'static str) -> Result<PathBuf, Error> {
    let missing = Error::SystemToolMissing { name, package };
    let in_sbin = || Some(Path::new(DAEMONS).join(name)).filter(|program| is_program(program));
    on_path(name).map(|(program, _)| program).or_else(in_sbin).ok_or(missing)
}

/// A program in another network namespace, and in no other one: `ip netns exec` would mount another `/sys`, in which
/// Nomad finds no cgroups.
pub(super) fn inside(namespace: &Namespace, program: impl AsRef<OsStr>) -> Result<std::process::Command, Error> {
    let mut option = OsString::from("--net=");
    option.push(namespace.path());
    let mut command = std::process::Command::new(system("nsenter", "util-linux")?);
    command.arg(option).arg("--").arg(program);
    Ok(command)
}

/// Where tasks find programs: what the user has wins, then where daemons are, then what checkouts bring.
pub(super) fn search_path() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    for folder in [PathBuf::from(DAEMONS)].into_iter().chain(checkouts().into_iter().map(|tools| tools.join("bin"))) {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    // A folder with a colon in its name can be on no path.
    folders.retain(|folder| !folder.as_os_str().as_encoded_bytes().contains(&b':'));
    env::join_paths(folders).unwrap_or(path)
}

fn spark(checkouts: &[PathBuf]) -> Result<Tool, Error> {
    let (path, origin) = match env::var_os("SPARK_HOME").filter(|home| !home.is_empty()) {
        Some(home) => {
            let home = std::path::absolute(&home).unwrap_or_else(|_| home.into());
            if !is_program(&home.join("bin/spark-class")) {
                return Err(Error::NotSpark(home));
            }
            (home, Origin::Environment)
        }
        None => checkouts
            .iter()
            .map(|tools| tools.join("spark/pyspark"))
            .find(|home| is_program(&home.join("bin/spark-class")))
            .map(|home| (home, Origin::Checkout))
            .ok_or(Error::ToolMissing { name: "Spark", tried: "in SPARK_HOME nor in .tools/spark of a checkout" })?,
    };
    let version = spark_version(&path).unwrap_or_default();
    Ok(Tool { path, origin, version })
}

/// Spark's version is in the name of its core library; running Spark for it takes seconds.
fn spark_version(home: &Path) -> Option<String> {
    let jars = home.join("jars").read_dir().ok()?;
    jars.flatten().find_map(|jar| {
        let name = jar.file_name().into_string().ok()?;
        let (_, version) = name.strip_prefix("spark-core_")?.strip_suffix(".jar")?.split_once('-')?;
        Some(version.to_owned())
    })
}

async fn java() -> Option<Tool> {
    let home = env::var_os("JAVA_HOME").map(|home| PathBuf::from(home).join("bin/java"));
    let found =
        home.filter(|java| is_program(java)).map(|java| (java, Origin::Environment)).or_else(|| on_path("java"))?;
    versioned(found, "-version").await.ok()
}

async fn versioned((path, origin): (PathBuf, Origin), argument: &str) -> Result<Tool, Error> {
    let output = Command::new(&path).arg(argument).output().await;
    let broken = |source| Error::ToolBroken { path: path.clone(), source };
    let output = output.map_err(broken)?;
    if !output.status.success() {
        return Err(broken(io::Error::other(output.status.to_string())));
    }
    // Java tells its version on standard error.
    let text = [output.stdout, output.stderr].concat();
    let version = version_in(&String::from_utf8_lossy(&text));
    Ok(Tool { path, origin, version })
}

/// The first word of a text that looks like a version, such as `1.11.3` in `Nomad v1.11.3`.
fn version_in(text: &str) -> String {
    text.split_whitespace()
        .map(|word| word.trim_matches('"').trim_start_matches('v'))
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
        .unwrap_or_default()
        .to_owned()
}

/// Major and minor number of a version; `17` and `1.8.0_292` are fine too.
fn version_number(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split(|other: char| !other.is_ascii_digit()).map(str::parse::<u32>);
    Some((numbers.next()?.ok()?, numbers.next().and_then(Result::ok).unwrap_or(0)))
}

fn on_path(name: &str) -> Option<(PathBuf, Origin)> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|program| is_program(program))
        .map(|program| (program, Origin::Path))
}

fn in_checkout(checkouts: &[PathBuf], name: &Path) -> Option<(PathBuf, Origin)> {
    checkouts
        .iter()
        .map(|tools| tools.join(name))
        .find(|program| is_program(program))
        .map(|program| (program, Origin::Checkout))
}

/// The `.tools` folders of checkouts around the current folder and around this program.
fn checkouts() -> Vec<PathBuf> {
    let starts = [env::current_dir(), env::current_exe()];
    let folders = starts.iter().flatten().flat_map(|start| start.ancestors());
    folders.map(|folder| folder.join(".tools")).filter(|tools| tools.is_dir()).collect()
}

fn is_program(path: &Path) -> bool {
    path.is_file() && nix::unistd::access(path, nix::unistd::AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        assert_eq!(version_in("Nomad v1.11.3\nBuildDate 2026\n"), "1.11.3");
        assert_eq!(version_in("Consul v1.8.7\nProtocol 2 spoken by default"), "1.8.7");
        assert_eq!(version_in("openjdk version \"17.0.15\" 2025-04-15\n"), "17.0.15");
        assert_eq!(version_in("nonsense"), "");
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(version_number("1.11.3"), Some((1, 11)));
        assert_eq!(version_number("17"), Some((17, 0)));
        assert_eq!(version_number("1.8.0_292"), Some((1, 8)));
        assert_eq!(version_number(""), None);
        assert!(version_number("1.6.0") < Some((1, 7)));
    }
}
