//! What the executors of an application last wrote: a driver only knows that they are gone.

use std::sync::LazyLock;

use regex::Regex;
use tokio::time::timeout;

use super::evidence::{Evidence, TIMEOUT};
use super::explain::{Diagnosis, diagnose_log};
use super::failures::{TAIL, last_lines};
use crate::names::ClusterName;
use crate::nomad::allocations::AllocationDetail;
use crate::survey::{CLUSTER_META, running_allocations};

/// The id that Spark's standalone master gives an application.
static APPLICATION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\bapp-\d{14}-\d{4,}\b").ok());
/// What a driver says that lost executors, or all of them.
const LOST: [&str; 3] = ["ExecutorLostFailure", "Master removed our application", "Lost executor"];
/// Where a worker keeps what its executors write (`SPARK_WORKER_DIR` in worker.nomad.hcl).
const FOLDER: &str = "alloc/data";

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
        let meta = evidence.nomad.find_job(job).await.ok()??.meta;
        let cluster: ClusterName = meta.get(CLUSTER_META)?.parse().ok()?;
        let find = |line: &String| Some(APPLICATION.as_ref()?.find(line)?.as_str().to_owned());
        let named = log.iter().rev().find_map(find);
        for worker in running_allocations(evidence.nomad, &cluster.worker_job()).await.ok()? {
            if let Some(told) = of_worker(evidence, &worker, named.as_deref()).await {
                return Some(LastWords { node: worker.allocation.node_name, told });
            }
        }
        None
    })
    .await
    .ok()?
}

/// What the last executor says that a worker started for an application; for the newest one, where none is named.
async fn of_worker(evidence: Evidence<'_>, worker: &AllocationDetail, application: Option<&str>) -> Option<Diagnosis> {
    let (nomad, id) = (evidence.nomad, &worker.allocation.id);
    let application = match application {
        Some(application) => application.to_owned(),
        None => {
            let listed = nomad.list_folder(id, FOLDER).await.ok()?;
            listed.into_iter().map(|(name, _)| name).filter(|name| name.starts_with("app-")).max()?
        }
    };
    let folder = format!("{FOLDER}/{application}");
    let executors = nomad.list_folder(id, &folder).await.ok()?;
    let last = executors.iter().filter_map(|(name, _)| name.parse::<u64>().ok()).max()?;
    let folder = format!("{folder}/{last}");
    let (_, size) = nomad.list_folder(id, &folder).await.ok()?.into_iter().find(|(name, _)| name == "stderr")?;
    let bytes = nomad.read_file_at(id, &format!("{folder}/stderr"), size.saturating_sub(TAIL), TAIL).await.ok()?;
    diagnose_log(&last_lines(&bytes))
}
