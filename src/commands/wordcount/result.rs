//! What a run counted: the summary, and the whole result where it is kept.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

use super::run::{Run, Stages};
use crate::cli::exit::Exit;
use crate::commands::context::Context;
use crate::error::{Advice, Result};
use crate::http;
use crate::report::{short, table};

/// Where the driver leaves its files, as Nomad's filesystem API names them.
const SUMMARY: &str = "alloc/data/summary.json";
const RESULT: &str = "alloc/data/result.tsv";

/// `summary.json`, as the driver writes it.
#[derive(Debug, Deserialize)]
struct Summary {
    total_words: u64,
    distinct_words: u64,
    top: Vec<(String, u64)>,
}

/// What the command reports.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    job: String,
    verdict: &'static str,
    exit_code: i64,
    elapsed_ms: u64,
    stages: Stages,
    total_words: u64,
    distinct_words: u64,
    top: Vec<(String, u64)>,
    result: Option<PathBuf>,
    #[serde(skip)]
    allocation: String,
    #[serde(skip)]
    resumed: bool,
}

/// Why the result could not be brought back, though the run completed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResultError {
    #[error("the output {} cannot be written", .0.display())]
    Unwritable(PathBuf, #[source] std::io::Error),
    #[error("the run completed, but its result could not be read from Nomad")]
    Unreadable(#[source] http::Error),
    #[error("the run completed, but Nomad refused to let its result be read")]
    Refused,
    #[error("the run completed, but its summary is not what nomspark's driver writes")]
    Garbage(#[source] serde_json::Error),
    #[error("the run completed, but Nomad has removed its files")]
    Removed,
    #[error("the run completed, but Nomad knows its allocation no more")]
    NoAllocation,
}

impl Advice for ResultError {
    fn exit(&self) -> Exit {
        match self {
            Self::Unwritable(..) => Exit::Usage,
            Self::Refused => Exit::Refused,
            _ => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unwritable(..) => None,
            Self::Refused => Some("set NOMAD_TOKEN to a token whose policy grants read-fs in the namespace".to_owned()),
            _ => Some("Nomad removes files of ended jobs after a while; run it again".to_owned()),
        }
    }
}

/// The file for the whole result. It is written beside its place and moved there when it is whole; a run that fails
/// leaves an older result as it was.
#[derive(Debug)]
pub(super) struct OutputFile {
    path: PathBuf,
    part: PathBuf,
    file: File,
    whole: bool,
}

impl OutputFile {
    /// Begins to write, so that a path that cannot be written is told at once.
    pub(super) fn create(path: &Path) -> Result<Self, ResultError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let part = PathBuf::from(name);
        let unwritable = |source| ResultError::Unwritable(path.to_path_buf(), source);
        if path.is_dir() {
            return Err(unwritable(std::io::ErrorKind::IsADirectory.into()));
        }
        let file = File::create(&part).map_err(unwritable)?;
        Ok(Self { path: path.to_path_buf(), part, file, whole: false })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ResultError> {
        self.file.write_all(bytes).map_err(|source| ResultError::Unwritable(self.path.clone(), source))
    }

    fn finish(mut self) -> Result<PathBuf, ResultError> {
        std::fs::rename(&self.part, &self.path).map_err(|source| ResultError::Unwritable(self.path.clone(), source))?;
        self.whole = true;
        Ok(self.path.clone())
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if !self.whole {
            // It is of no use to anybody; that it stays behind changes nothing.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

impl Outcome {
    /// Reads the summary, and the whole result into `output`.
    pub(super) async fn fetch(
        run: &Run<'_>,
        top: u32,
        output: Option<OutputFile>,
        context: &Context<'_>,
    ) -> Result<Self> {
        let allocation = run.allocation().ok_or(ResultError::NoAllocation)?.id.clone();
        let summary = context.nomad.read_file(&allocation, SUMMARY).await.map_err(ResultError::Unreadable)?;
        let summary: Summary = serde_json::from_slice(&summary).map_err(|error| {
            // Nomad has begun to answer with success when it finds that it cannot.
            let answer = String::from_utf8_lossy(&summary).to_lowercase();
            let begins = |words: &str| answer.starts_with(words);
            if begins("permission denied") {
                ResultError::Refused
            } else if begins("state for allocation") || begins("unknown allocation") {
                ResultError::Removed
            } else {
                ResultError::Garbage(error)
            }
        })?;
        let result = match output {
            None => None,
            Some(mut output) => {
                let response = context.nomad.open_file(&allocation, RESULT).await.map_err(ResultError::Unreadable)?;
                let mut bytes = response.bytes_stream();
                while let Some(piece) = bytes.next().await {
                    let piece = piece.map_err(|error| ResultError::Unreadable(http::Error::broke_off(error)))?;
                    output.write(&piece)?;
                }
                Some(output.finish()?)
            }
        };
        Ok(Self {
            job: run.job().to_owned(),
            verdict: "complete",
            exit_code: run.exit_code().unwrap_or(0),
            elapsed_ms: run.elapsed_ms(),
            stages: run.stages(),
            total_words: summary.total_words,
            distinct_words: summary.distinct_words,
            top: summary.top.into_iter().take(top as usize).collect(),
            result,
            allocation,
            resumed: run.is_resumed(),
        })
    }

    /// The table of top words, for people.
    pub(super) fn text(&self) -> String {
        let rows = self.top.iter().map(|(word, count)| vec![count.to_string(), word.clone()]).collect();
        let mut text = if self.top.is_empty() { String::new() } else { table(&["COUNT", "WORD"], rows) };
        if !text.is_empty() {
            text.push('\n');
        }
        // A run that was waited for later took as long as Nomad says.
        let took = self.stages.finished_ms.unwrap_or(0).max(if self.resumed { 0 } else { self.elapsed_ms });
        let (seconds, tenths) = (took / 1_000, took % 1_000 / 100);
        text.push_str(&format!(
            "{} words, {} distinct, counted in {seconds}.{tenths} s by {}.\n",
            self.total_words, self.distinct_words, self.job
        ));
        match &self.result {
            Some(path) => text.push_str(&format!("Whole result: {}\n", path.display())),
            None => text.push_str(&format!("Whole result: nomad alloc fs {} {RESULT}\n", short(&self.allocation))),
        }
        text
    }
}
