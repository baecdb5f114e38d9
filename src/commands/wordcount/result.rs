//! What a run counted: the summary, and the whole result where it is kept.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

use super::run::{Run, Stages};
use crate::commands::context::Context;
use crate::error::Advice;
use crate::event::{count, short};
use crate::exit::Exit;
use crate::http;
use crate::report::{Scope, table};

/// Where the driver leaves its files, as Nomad's filesystem API names them.
const SUMMARY: &str = "alloc/data/summary.json";
const RESULT: &str = "alloc/data/result.tsv";

/// How Nomad begins to say that it cannot reach a node or itself just now, in an answer that is called a success.
///
/// Source: `handleStreamResultError` and `fsStreamImpl` of Nomad's `command/agent/fs_endpoint.go`.
const PASSING: [&str; 5] = ["no path to node", "unknown node", "rpc error", "no cluster leader", "failed to"];

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
    #[error("the run completed, but Nomad could not read its result: {0}")]
    Untold(String),
    #[error("the run completed, but its summary is not what nomspark's driver writes")]
    Garbage(#[source] serde_json::Error),
    #[error("the run completed, but Nomad has removed its files")]
    Removed,
    #[error("the run completed, but Nomad knows its allocation no more")]
    NoAllocation,
}

impl ResultError {
    /// Whether nobody will ever read this result.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Garbage(_) | Self::Removed | Self::NoAllocation)
    }
}

impl Advice for ResultError {
    fn exit(&self) -> Exit {
        match self {
            Self::Unwritable(..) => Exit::Usage,
            Self::Refused => Exit::Refused,
            Self::Unreadable(source) => source.exit(),
            Self::Untold(_) | Self::Garbage(_) | Self::Removed | Self::NoAllocation => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unwritable(..) | Self::Untold(_) => None,
            Self::Unreadable(source) => source.hint(),
            Self::Garbage(_) => {
                Some("look at what a driver of your own job file writes there, and run it again".to_owned())
            }
            Self::Refused => Some("set NOMAD_TOKEN to a token whose policy grants read-fs in the namespace".to_owned()),
            Self::Removed | Self::NoAllocation => {
                Some("Nomad removes files of ended jobs after a while: run it again, with --output".to_owned())
            }
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
    ) -> Result<Self, ResultError> {
        let allocation = run.allocation().ok_or(ResultError::NoAllocation)?.id.clone();
        let summary = context.nomad.read_file(&allocation, SUMMARY).await.map_err(ResultError::Unreadable)?;
        let summary: Summary = serde_json::from_slice(&summary).map_err(|error| {
            // Nomad has begun to answer with success when it finds that it cannot.
            let answer = String::from_utf8_lossy(&summary).to_lowercase();
            let begins = |words: &str| answer.starts_with(words);
            let is_passing = error.is_eof() || PASSING.iter().any(|words| begins(words));
            if begins("permission denied") {
                ResultError::Refused
            } else if begins("state for allocation") || begins("unknown allocation") {
                ResultError::Removed
            } else if is_passing {
                ResultError::Untold(answer.lines().next().unwrap_or("its summary is empty").to_owned())
            } else {
                ResultError::Garbage(error)
            }
        })?;
        let (total_words, distinct_words) = (summary.total_words, summary.distinct_words);
        let top = top_words(summary, top as usize, &allocation, context).await?;
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
            total_words,
            distinct_words,
            top,
            result,
            allocation,
            resumed: run.is_resumed(),
        })
    }

    /// The table of top words, for people.
    pub(super) fn text(&self, scope: &Scope) -> String {
        let rows = self.top.iter().map(|(word, count)| vec![count.to_string(), word.clone()]).collect();
        let mut text = if self.top.is_empty() { String::new() } else { table(&["COUNT", "WORD"], rows) };
        if !text.is_empty() {
            text.push('\n');
        }
        // A run that was waited for later took as long as Nomad says.
        let took = self.stages.finished_ms.unwrap_or(0).max(if self.resumed { 0 } else { self.elapsed_ms });
        let (seconds, tenths) = (took / 1_000, took % 1_000 / 100);
        text.push_str(&format!(
            "{}, {} distinct, counted in {seconds}.{tenths} s by {}.\n",
            count(self.total_words, "word"),
            self.distinct_words,
            self.job
        ));
        match &self.result {
            Some(path) => text.push_str(&format!("Whole result: {}\n", path.display())),
            None => {
                let command = scope.nomad(&format!("alloc fs {} {RESULT}", short(&self.allocation)));
                text.push_str(&format!("Whole result: {command}\n"));
            }
        }
        text
    }
}

/// The most frequent words. A run that was asked for fewer keeps the others in its whole result alone, in the same order.
async fn top_words(
    summary: Summary,
    top: usize,
    allocation: &str,
    context: &Context<'_>,
) -> Result<Vec<(String, u64)>, ResultError> {
    let distinct = usize::try_from(summary.distinct_words).unwrap_or(usize::MAX);
    if summary.top.len() >= top.min(distinct) {
        return Ok(summary.top.into_iter().take(top).collect());
    }
    let response = context.nomad.open_file(allocation, RESULT).await.map_err(ResultError::Unreadable)?;
    let (mut pieces, mut read, mut lines) = (response.bytes_stream(), Vec::new(), 0);
    while lines < top
        && let Some(piece) = pieces.next().await
    {
        let piece = piece.map_err(|error| ResultError::Unreadable(http::Error::broke_off(error)))?;
        lines += piece.split(|byte| *byte == b'\n').count() - 1;
        read.extend_from_slice(&piece);
    }
    Ok(read.split(|byte| *byte == b'\n').take(top).filter_map(word).collect())
}

/// A word and its count, of a line of the whole result.
fn word(line: &[u8]) -> Option<(String, u64)> {
    let line = String::from_utf8_lossy(line);
    let (count, word) = line.split_once('\t')?;
    Some((word.to_owned(), count.parse().ok()?))
}
