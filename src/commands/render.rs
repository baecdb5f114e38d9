//! `nomspark render`: writes every file that deploy would use, and touches no server.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::spec;
use crate::cli;
use crate::error::{Advice, Result};
use crate::event::Event;
use crate::exit::Exit;
use crate::plan;
use crate::render::render;
use crate::report::Report;

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("failed to write {}", path.display())]
struct CannotWrite {
    path: PathBuf,
    source: std::io::Error,
}

impl Advice for CannotWrite {}

#[derive(Serialize)]
struct Rendered {
    cluster: String,
    driver: crate::spec::Driver,
    files: Vec<PathBuf>,
}

/// Runs the command.
pub(super) fn run(arguments: &cli::Render, report: &Report) -> Result<Exit> {
    let (spec, files) = spec::load(&arguments.spec)?;
    let plan = plan::deploy(&spec, None, false)?;
    if spec.runtime.driver.is_none() {
        let what = "no driver is given and no server is asked: rendered for docker; choose with --driver".to_owned();
        report.event(&Event::Warning { what })?;
    }
    let mut written = Vec::new();
    create_folder(&arguments.out)?;
    for file in render(&plan, &files) {
        let path = arguments.out.join(&file.path);
        create_folder(path.parent().unwrap_or(&arguments.out))?;
        std::fs::write(&path, &file.bytes).map_err(|source| CannotWrite { path: path.clone(), source })?;
        written.push(path);
    }
    let document = Rendered { cluster: plan.cluster.to_string(), driver: plan.driver, files: written };
    report.result(&document, || document.files.iter().map(|path| format!("{}\n", path.display())).collect())?;
    Ok(Exit::Done)
}

fn create_folder(path: &Path) -> Result<(), CannotWrite> {
    std::fs::create_dir_all(path).map_err(|source| CannotWrite { path: path.to_path_buf(), source })
}
