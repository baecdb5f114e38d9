//! The first step of most commands: file and flags to a valid spec, and the job files to use.

mod job_files;

use std::path::{Path, PathBuf};

use crate::cli::SpecArguments;
use crate::error::{Advice, Result};
use crate::exit::Exit;
use crate::plan::Role;
use crate::render::{JobFiles, job_file_name};
use crate::spec::{self, ValidSpec};

/// A job file of the user's that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("failed to read the job file {}", file.display())]
struct JobFileError {
    file: PathBuf,
    source: std::io::Error,
}

impl Advice for JobFileError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(
            "--jobs names a folder with master.nomad.hcl, edge.nomad.hcl, worker.nomad.hcl, wordcount.nomad.hcl or \
             drill.nomad.hcl"
                .to_owned(),
        )
    }
}

/// Reads and validates the spec, and reads the user's job files where there are any.
pub(super) fn load(arguments: &SpecArguments) -> Result<(ValidSpec, JobFiles)> {
    let source = spec::read(arguments.file.as_deref())?;
    let spec = spec::validate(source.as_ref(), &arguments.overrides())?;
    let files = match &arguments.jobs {
        None => JobFiles::default(),
        Some(folder) => {
            job_files::check(folder)?;
            JobFiles {
                master: read_job_file(folder, Role::Master)?,
                edge: read_job_file(folder, Role::Edge)?,
                worker: read_job_file(folder, Role::Worker)?,
                wordcount: read_job_file(folder, Role::Wordcount)?,
                drill: read_job_file(folder, Role::Drill)?,
            }
        }
    };
    Ok((spec, files))
}

/// A role that the folder leaves out keeps nomspark's own job file.
fn read_job_file(folder: &Path, role: Role) -> Result<String, JobFileError> {
    let file = folder.join(job_file_name(role));
    if !file.exists() {
        return Ok(JobFiles::default().of(role).to_owned());
    }
    std::fs::read_to_string(&file).map_err(|source| JobFileError { file, source })
}
