//! What the executors of an application last wrote: a driver only knows that they are gone.

use std::sync::LazyLock;

use futures_util::{StreamExt, stream};
use regex::Regex;
use tokio::time::timeout;

use super::evidence::{Evidence, TIMEOUT};
use crate::error::FailedAllocation;
use crate::explain::{Diagnosis, diagnose_log, shown};
use crate::names::ClusterName;
use crate::nomad::Nomad;
use crate::nomad::allocations::AllocationDetail;
use crate::nomad::last_lines::{TAIL, lines_of};
use crate::spark::{WorkerState, WorkerUi};
use crate::survey::{CLUSTER_META, running_allocations};

/// The id that Spark's standalone master gives an application.
static APPLICATION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\bapp-\d{14}-\d{4,}\b").ok());
/// What a driver says that lost executors, or all of them.
const LOST: [&str; 3] = ["ExecutorLostFailure", "Master removed our application", "Lost executor"];
/// How many executors' logs are read of each worker until one says something that is known.
const LAST: usize = 3;
/// The name of the task that is the worker (worker.nomad.hcl).
const WORKER: &str = "worker";
/// Where a worker keeps what its executors write (`SPARK_WORKER_DIR` in worker.nomad.hcl).
const FOLDER: &str = "alloc/data";

/// How many workers are asked about executors that ended: one is enough to say why.
const ASKED: usize = 8;
/// After so many Spark's master gives an application up (`spark.deploy.maxExecutorRetries`), but only where none of its
/// executors runs at that moment: with two workers one nearly always does.
const ENOUGH: usize = 10;

/// What the last executor of an application says, on which node.
pub(super) struct LastWords {
    pub(super) node: String,
    pub(super) told: Diagnosis,
}

/// Reads the logs of the executors, where the driver's log says that it lost some.
pub(super) async fn last_words_of_executors(evidence: Evidence<'_>, job: &str, log: &[String]) -> Option<LastWords> {
    let lost = |line: &String| LOST.iter().any(|words| line.contains(words));
    if !log.iter().any(lost) {
        return None;
    }
    timeout(TIMEOUT, async {
        let nomad = evidence.nomad;
        let meta = nomad.find_job(job).await.ok()??.meta;
        let cluster: ClusterName = meta.get(CLUSTER_META)?.parse().ok()?;
        let find = |line: &String| Some(APPLICATION.as_ref()?.find(line)?.as_str().to_owned());
        let named = log.iter().rev().find_map(find);
        for worker in running_allocations(nomad, &cluster.worker_job()).await.ok()? {
            let log = log_of_last(nomad, &worker, named.as_deref()).await;
            if let Some(told) = log.and_then(|log| diagnose_log(&log)) {
                return Some(LastWords { node: worker.allocation.node_name, told });
            }
        }
        None
    })
    .await
    .ok()?
}

/// Executors that end again and again before the driver hears of them: how many, and what one of them last said.
pub(super) async fn ended_executors(
    nomad: &Nomad,
    cluster: &ClusterName,
    application: &str,
    workers: &[WorkerState],
) -> Option<FailedAllocation> {
    let ended = stream::iter(workers.iter().take(ASKED).cloned())
        .map(async |worker| {
            let ui = WorkerUi::new(worker.web_ui.strip_prefix("http://")?).ok()?;
            ui.ended_executors(application).await.ok()
        })
        .buffer_unordered(ASKED)
        .fold(0, async |sum, ended| sum + ended.unwrap_or(0))
        .await;
    if ended < ENOUGH {
        return None;
    }
    let allocations = running_allocations(nomad, &cluster.worker_job()).await.ok()?;
    let (worker, log) = timeout(TIMEOUT, first_log(nomad, &allocations, application))
        .await
        .ok()
        .flatten()
        .or_else(|| Some((allocations.first()?, Vec::new())))?;
    let told = diagnose_log(&log);
    let node = worker.allocation.node_name.clone();
    let mut reason = format!("its executors end before they report to the driver, {ended} of them so far");
    if let Some(told) = &told {
        reason.push_str(&format!("; one on {node} says that {}", told.what));
    }
    Some(FailedAllocation {
        job: cluster.worker_job(),
        allocation: worker.allocation.id.clone(),
        node,
        task: WORKER.to_owned(),
        reason,
        exit_code: None,
        oom: false,
        restarts: 0,
        log_tail: shown(log),
        hint: told.map(|told| told.next),
    })
}

/// The first of some workers whose executors' log can be read, and its end.
async fn first_log<'a>(
    nomad: &Nomad,
    workers: &'a [AllocationDetail],
    application: &str,
) -> Option<(&'a AllocationDetail, Vec<String>)> {
    for worker in workers.iter().take(ASKED) {
        if let Some(log) = log_of_last(nomad, worker, Some(application)).await {
            return Some((worker, log));
        }
    }
    None
}

/// The end of the log of the last executor that a worker started for an application and that says something that is known;
/// of an older one, where none does. For the newest application, where none is named.
async fn log_of_last(nomad: &Nomad, worker: &AllocationDetail, application: Option<&str>) -> Option<Vec<String>> {
    let id = &worker.allocation.id;
    let application = match application {
        Some(application) => application.to_owned(),
        None => {
            let listed = nomad.list_folder(id, FOLDER).await.ok()?;
            listed.into_iter().map(|(name, _)| name).filter(|name| name.starts_with("app-")).max()?
        }
    };
    let folder = format!("{FOLDER}/{application}");
    let listed = nomad.list_folder(id, &folder).await.ok()?;
    let mut executors: Vec<u64> = listed.iter().filter_map(|(name, _)| name.parse().ok()).collect();
    executors.sort_unstable_by(|one, other| other.cmp(one));
    // The last one may only just have begun.
    let mut ended = None;
    for executor in executors.into_iter().take(LAST) {
        let folder = format!("{folder}/{executor}");
        let (_, size) = nomad.list_folder(id, &folder).await.ok()?.into_iter().find(|(name, _)| name == "stderr")?;
        let bytes = nomad.read_file_at(id, &format!("{folder}/stderr"), size.saturating_sub(TAIL), TAIL).await.ok()?;
        let log = lines_of(&bytes);
        if diagnose_log(&log).is_some() {
            return Some(log);
        }
        ended = Some(log);
    }
    ended
}
