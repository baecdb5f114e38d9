//! A folder of job files holds those that are looked for, and no others: a file that is left out without a word would be
//! missed only when it matters.

use std::path::{Path, PathBuf};

use crate::error::Advice;
use crate::exit::Exit;
use crate::plan::Role;
use crate::render::{PREFLIGHT_FILE, job_file_name};

/// The roles whose job files a user may replace.
const ROLES: [Role; 5] = [Role::Master, Role::Edge, Role::Worker, Role::Wordcount, Role::Drill];

/// What is wrong with the names in a folder of job files.
#[derive(Debug, thiserror::Error)]
pub(super) enum NamesError {
    #[error("failed to read the folder {}", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    #[error("{} is none of the job files that are looked for", .0.display())]
    Unknown(PathBuf),
    #[error("the folder {} has none of the job files that are looked for", .0.display())]
    Nothing(PathBuf),
}

impl Advice for NamesError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        let names = ROLES.map(job_file_name).join(", ");
        Some(match self {
            Self::Unknown(file) => match meant(file) {
                Some(name) => format!("rename it to {name}, or move it out of that folder; looked for are {names}"),
                None => format!("move it out of that folder; looked for are {names}"),
            },
            Self::Unreadable(..) => format!("--jobs names a folder with one or more of {names}"),
            Self::Nothing(_) => format!("looked for are {names}; `nomspark render --out DIR` writes nomspark's own"),
        })
    }
}

/// The name that a file should have, where its own names one role.
fn meant(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_string_lossy().to_lowercase();
    let mut roles = ROLES.iter().filter(|role| name.contains(role.as_str()));
    let role = roles.next()?;
    if roles.next().is_some() { None } else { Some(job_file_name(*role)) }
}

/// Refuses a folder with a job file that would not be read, and one without any.
pub(super) fn check(folder: &Path) -> Result<(), NamesError> {
    let entries = std::fs::read_dir(folder).map_err(|source| NamesError::Unreadable(folder.to_path_buf(), source))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    let known: Vec<String> = ROLES.map(job_file_name).into();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut found = false;
    for file in files {
        let name = name(&file);
        if known.contains(&name) {
            found = true;
        } else if is_job_file(&name) {
            return Err(NamesError::Unknown(file));
        }
    }
    if found { Ok(()) } else { Err(NamesError::Nothing(folder.to_path_buf())) }
}

/// Whether a name is that of a job file: by its ending, or by its ending and a role in it. `render` writes the preflight's
/// job and files of variables beside the others.
fn is_job_file(name: &str) -> bool {
    let name = name.to_lowercase();
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if name == PREFLIGHT_FILE || name.starts_with('.') || ends(&[".vars.hcl", ".var.hcl"]) {
        return false;
    }
    ends(&[".nomad", ".nomad.hcl", ".nomad.json", ".nomad.hcl2"])
        || (ends(&[".hcl", ".json", ".job", ".hcl2"]) && ROLES.iter().any(|role| name.contains(role.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(names: &[&str]) -> Result<(), NamesError> {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        check(folder.path())
    }

    #[test]
    fn a_file_that_would_not_be_read_is_refused_with_the_name_that_would() {
        for (name, meant) in [
            ("worker.nomad", Some("worker.nomad.hcl")),
            ("spark-worker.nomad.hcl", Some("worker.nomad.hcl")),
            ("workers.nomad.hcl", Some("worker.nomad.hcl")),
            ("Worker.nomad.hcl", Some("worker.nomad.hcl")),
            ("master.hcl", Some("master.nomad.hcl")),
            ("edge.json", Some("edge.nomad.hcl")),
            ("master-worker.nomad", None),
            ("etl.nomad.hcl", None),
        ] {
            let error = checked(&["drill.nomad.hcl", name]).unwrap_err();
            assert!(matches!(&error, NamesError::Unknown(file) if file.ends_with(name)), "{name}: {error}");
            let hint = error.hint().unwrap();
            assert!(hint.contains("master.nomad.hcl, edge.nomad.hcl"), "{hint}");
            match meant {
                Some(meant) => assert!(hint.starts_with(&format!("rename it to {meant}")), "{hint}"),
                None => assert!(hint.starts_with("move it out"), "{hint}"),
            }
        }
    }

    #[test]
    fn what_render_and_editors_leave_there_is_no_job_file() {
        let others = [
            "worker.nomad.hcl",
            "preflight.nomad.hcl",
            "spark-worker.vars.hcl",
            "nomspark.hcl",
            "README.md",
            "worker.nomad.hcl~",
            ".worker.nomad.hcl.swp",
        ];
        checked(&others).unwrap();
        assert!(matches!(checked(&others[1..]), Err(NamesError::Nothing(_))));
        assert!(matches!(checked(&[]), Err(NamesError::Nothing(_))));
        assert!(matches!(check(Path::new("/nowhere")), Err(NamesError::Unreadable(..))));
    }
}
