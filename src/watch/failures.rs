//! How a failure is told: the reason, and the last lines that the task wrote.

use std::collections::BTreeMap;

use tokio::time::timeout;

use crate::error::FailedAllocation;
use crate::nomad::Nomad;
use crate::nomad::deployments::Deployment;
use crate::nomad::files::LogStream;
use crate::survey::runs;

use super::error::Error;
use super::evidence::{Evidence, TIMEOUT};
use super::executors::{LastWords, last_words_of_executors};
use super::explain::{self, Diagnosis};
use super::noted_checks::NotedChecks;
use super::state::JobState;
use super::verdict::{Failure, Verdict};

/// How much of a log's end is read, in bytes: a Java program's last words are long, a thousand frames and more.
pub(super) const TAIL: u64 = 256 * 1024;
/// The exit codes for arguments and for an input that cannot be used (`EX_NOINPUT` of sysexits.h).
const REFUSED: [i64; 2] = [2, 66];
/// How many lines are shown.
const LINES: usize = 15;

/// The last lines of a task's standard error, or of its standard output when it wrote no errors.
///
/// Empty when the log cannot be read: the failure is told all the same.
pub async fn log_tail(nomad: &Nomad, allocation: &str, task: &str) -> Vec<String> {
    let [errors, output] = log_tails(nomad, allocation, task).await;
    if errors.is_empty() { output } else { errors }
}

/// What the log of a task that runs tells of what it lacks.
pub(super) async fn told_by_log(nomad: &Nomad, allocation: &str, task: &str) -> Option<Diagnosis> {
    telling(log_tails(nomad, allocation, task).await).1
}

/// The last lines of a task's standard error and of its standard output.
async fn log_tails(nomad: &Nomad, allocation: &str, task: &str) -> [Vec<String>; 2] {
    let tail = async |stream| {
        let read = timeout(TIMEOUT, nomad.end_of_log(allocation, task, stream, TAIL)).await;
        read.ok().and_then(Result::ok).map_or_else(Vec::new, |bytes| last_lines(&bytes))
    };
    tokio::join!(tail(LogStream::Stderr), tail(LogStream::Stdout)).into()
}

/// The memory at which the kernel ended a task, in words; nothing where the node does not tell.
async fn memory_limit(nomad: &Nomad, failure: &Failure) -> String {
    let allocation = timeout(TIMEOUT, nomad.allocation(&failure.allocation)).await;
    let limit = allocation.ok().and_then(Result::ok).and_then(|allocation| allocation.memory_limit(&failure.task));
    limit.map_or_else(String::new, |mib| format!(", {mib} MiB"))
}

/// Adds to each failure what its task last wrote, and what that tells.
pub async fn describe_failures(evidence: Evidence<'_>, failures: Vec<Failure>) -> Vec<FailedAllocation> {
    let nomad = evidence.nomad;
    let mut described = Vec::new();
    for mut failure in failures {
        if explain::is_unhealthy(&failure.reason) {
            let checks = evidence.failing_checks(&failure.allocation).await;
            failure.reason.push_str(&last_words(checks));
        }
        let ran = !failure.task.is_empty();
        let logs = if ran { log_tails(nomad, &failure.allocation, &failure.task).await } else { Default::default() };
        let limit = if failure.oom { memory_limit(nomad, &failure).await } else { String::new() };
        let executors = last_words_of_executors(evidence, &failure.job, &logs.concat()).await;
        let mut described_failure = describe(failure, logs, &limit);
        if let Some(LastWords { node, told }) = executors {
            described_failure.reason.push_str(&format!("; an executor on {node} says that {}", told.what));
            described_failure.hint = Some(told.next);
        }
        described.push(described_failure);
    }
    described
}

/// What failing checks last said.
fn last_words(checks: BTreeMap<String, String>) -> String {
    checks.into_iter().map(|(name, output)| format!("; the check \"{name}\" last said: {output}")).collect()
}

/// Why a deployment failed: Nomad's words, how far it came, and the checks of what runs and is not healthy, or was not while it ran.
pub(super) async fn failed_deployment(
    evidence: Evidence<'_>,
    state: &JobState,
    deployment: &Deployment,
    noted: &NotedChecks,
) -> String {
    let (healthy, wanted) = deployment.healthy();
    let description = explain::one_line(&deployment.status_description);
    let description = description.split(" - rolling back").next().unwrap_or_default();
    let mut reason = format!(
        "the deployment of its version {} failed with {healthy} of {wanted} allocations healthy: {description}",
        deployment.job_version,
    );
    let mut checks = BTreeMap::new();
    for allocation in state.allocations_of(deployment.job_version) {
        let now = if runs(allocation) { evidence.failing_checks(&allocation.id).await } else { BTreeMap::new() };
        checks.extend(if now.is_empty() { noted.of(&allocation.id) } else { now });
    }
    reason.push_str(&last_words(checks));
    if let Some(version) = deployment.rolled_back_to() {
        reason.push_str(&format!("; Nomad went back to version {version}"));
    }
    reason
}

/// `logs` are the last lines of its standard error and of its standard output.
fn describe(failure: Failure, logs: [Vec<String>; 2], limit: &str) -> FailedAllocation {
    let mut reason = format!("{}{limit}", failure.reason);
    let (log, told) = telling(logs);
    let mut known = explain::diagnose(&[&failure.reason]);
    // Programs that refuse their arguments or their input say why in their last line.
    let refused = failure.exit_code.is_some_and(|code| REFUSED.contains(&code));
    if let Some(sentence) = log.last().filter(|_| refused) {
        reason = format!("{reason}: {sentence}");
    } else if known.is_none() {
        known = told;
        if let Some(known) = &known {
            reason = format!("{reason}; its log says that {}", known.what);
        }
    }
    FailedAllocation {
        job: failure.job,
        allocation: failure.allocation,
        node: failure.node,
        task: failure.task,
        reason,
        exit_code: failure.exit_code,
        oom: failure.oom,
        restarts: failure.restarts,
        log_tail: shown(log),
        hint: known.map(|known| known.next),
    }
}

/// The log that tells what failed, and what it tells: standard error, where nothing is known of either. `spark-submit` lets
/// what a Python program says of its end go to standard output.
fn telling([errors, output]: [Vec<String>; 2]) -> (Vec<String>, Option<Diagnosis>) {
    let of_errors = explain::diagnose_log(&errors);
    let of_output = if of_errors.is_none() { explain::diagnose_log(&output) } else { None };
    if errors.is_empty() || of_output.is_some() { (output, of_output) } else { (errors, of_errors) }
}

/// The end of a log, as far as it is shown. Of each stack of Java's the line that says why stays, with its first frame: however
/// deep the stack, the reason is not pushed out.
pub(super) fn shown(log: Vec<String>) -> Vec<String> {
    let is_frame = |line: &String| line.starts_with("\tat ") || line.starts_with("\t... ");
    let mut folded: Vec<String> = Vec::new();
    let mut within = false;
    for line in log {
        let frame = is_frame(&line);
        if !(frame && within) {
            folded.push(line);
        }
        within = frame;
    }
    folded.split_off(folded.len().saturating_sub(LINES))
}

pub(super) fn last_lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let printable = |line: &str| line.chars().filter(|c| !c.is_control() || *c == '\t').collect::<String>();
    let lines: Vec<String> = text.lines().map(printable).filter(|line| !line.trim().is_empty()).collect();
    // The first line may be the end of a longer one when the tail was cut.
    let skip_cut = usize::from(u64::try_from(bytes.len()).unwrap_or(0) >= TAIL);
    lines[skip_cut.min(lines.len())..].to_vec()
}

/// Turns a verdict that is not complete into the error that tells it.
pub async fn failed_verdict(evidence: Evidence<'_>, job: &str, verdict: Verdict) -> Result<(), Error> {
    let job = job.to_owned();
    match verdict {
        Verdict::Complete => Ok(()),
        Verdict::Stopped => Err(Error::Stopped { job }),
        Verdict::Gone => Err(Error::NoJob { job }),
        Verdict::Unknown { found, wanted } => Err(Error::Unknown { job, found, wanted }),
        Verdict::Failed(failures) => {
            let failures = describe_failures(evidence, failures).await;
            let reason = failures.first().map_or_else(String::new, |failure| failure.reason.clone());
            Err(Error::WorkFailed { job, reason, failures })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_deep_a_stack_is_the_line_that_says_why_is_shown() {
        let mut log = vec!["Exception in thread \"main\" java.lang.IllegalArgumentException: cannot be 0!".to_owned()];
        log.extend((0..40).map(|number| format!("\tat org.example.Main.f{number}(Main.java:{number})")));
        log.push("INFO ShutdownHookManager: bye".to_owned());
        assert_eq!(shown(log.clone()), [&log[0], &log[1], &log[41]].map(Clone::clone));
    }
}
