//! How a failure is told: the reason, and the last lines that the task wrote.

use std::time::Duration;

use crate::error::FailedAllocation;
use crate::nomad::Nomad;
use crate::nomad::files::{LogOrigin, LogStream};

use super::error::Error;
use super::verdict::{Failure, Verdict};

/// How much of a log's end is read, in bytes.
const TAIL: u64 = 8 * 1024;
/// The exit codes for arguments and for an input that cannot be used (`EX_NOINPUT` of sysexits.h).
const REFUSED: [i64; 2] = [2, 66];
/// How many lines are shown.
const LINES: usize = 15;
/// How long a node may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The last lines of a task's standard error, or of its standard output when it wrote no errors.
///
/// Empty when the log cannot be read: the failure is told all the same.
pub async fn log_tail(nomad: &Nomad, allocation: &str, task: &str) -> Vec<String> {
    for stream in [LogStream::Stderr, LogStream::Stdout] {
        let read = async {
            let response = nomad.logs(allocation, task, stream, LogOrigin::End(TAIL), false).await.ok()?;
            response.bytes().await.ok()
        };
        if let Ok(Some(bytes)) = tokio::time::timeout(TIMEOUT, read).await
            && !bytes.is_empty()
        {
            return last_lines(&bytes);
        }
    }
    Vec::new()
}

/// Adds to each failure what its task last wrote.
pub async fn describe_failures(nomad: &Nomad, failures: Vec<Failure>) -> Vec<FailedAllocation> {
    let mut described = Vec::new();
    for failure in failures {
        let log_tail = if failure.task.is_empty() {
            Vec::new()
        } else {
            log_tail(nomad, &failure.allocation, &failure.task).await
        };
        // Programs that refuse their arguments or their input say why in their last line.
        let refused = failure.exit_code.is_some_and(|code| REFUSED.contains(&code));
        let reason = match log_tail.last().filter(|_| refused) {
            Some(sentence) => format!("{}: {sentence}", failure.reason),
            None => failure.reason,
        };
        described.push(FailedAllocation {
            job: failure.job,
            allocation: failure.allocation,
            node: failure.node,
            task: failure.task,
            reason,
            exit_code: failure.exit_code,
            oom: failure.oom,
            restarts: failure.restarts,
            log_tail,
        });
    }
    described
}

fn last_lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let printable = |line: &str| line.chars().filter(|c| !c.is_control() || *c == '\t').collect::<String>();
    let lines: Vec<String> = text.lines().map(printable).filter(|line| !line.trim().is_empty()).collect();
    // The first line may be the end of a longer one when the tail was cut.
    let skip_cut = usize::from(u64::try_from(bytes.len()).unwrap_or(0) >= TAIL);
    lines[lines.len().saturating_sub(LINES).max(skip_cut).min(lines.len())..].to_vec()
}

/// Turns a verdict that is not complete into the error that tells it.
pub async fn failed_verdict(nomad: &Nomad, job: &str, verdict: Verdict) -> Result<(), Error> {
    let job = job.to_owned();
    match verdict {
        Verdict::Complete => Ok(()),
        Verdict::Stopped => Err(Error::Stopped { job }),
        Verdict::Gone => Err(Error::NoJob { job }),
        Verdict::Failed(failures) => {
            let failures = describe_failures(nomad, failures).await;
            let reason = failures.first().map_or_else(String::new, |failure| failure.reason.clone());
            Err(Error::WorkFailed { job, reason, failures })
        }
    }
}
