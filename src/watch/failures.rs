//! How a failure is told: the reason, and the last lines that the task wrote.

use std::collections::BTreeMap;

use tokio::time::timeout;

use crate::error::FailedAllocation;
use crate::explain::{self, Diagnosis};
use crate::nomad::Nomad;
use crate::nomad::deployments::Deployment;
use crate::survey::runs;

use super::error::Error;
use super::evidence::{Evidence, TIMEOUT};
use super::executors::{LastWords, last_words_of_executors};
use super::noted_checks::NotedChecks;
use super::state::JobState;
use super::verdict::{Failure, Verdict};

/// The exit codes for arguments and for an input that cannot be used (`EX_NOINPUT` of sysexits.h).
const REFUSED: [i64; 2] = [2, 66];

/// What the log of a task that runs tells of what it lacks.
pub(super) async fn told_by_log(nomad: &Nomad, allocation: &str, task: &str) -> Option<Diagnosis> {
    telling(nomad.last_lines(allocation, task).await).1
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
        let logs = if ran { nomad.last_lines(&failure.allocation, &failure.task).await } else { Default::default() };
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
        log_tail: explain::shown(log),
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
