//! What failing checks said, kept: where Nomad goes back to an older version by itself, it ends what failed in the same moment, and
//! nobody can ask its checks any more.

use std::collections::BTreeMap;

use super::evidence::Evidence;
use super::state::JobState;

/// The failing checks of allocations that a deployment found unhealthy.
#[derive(Debug, Default)]
pub struct NotedChecks {
    /// By allocation: at which of its changes it was asked, and what its failing checks said.
    by_allocation: BTreeMap<String, (u64, BTreeMap<String, String>)>,
}

impl NotedChecks {
    /// Asks for the checks of what is unhealthy by now, once for each of its changes, while the deployment goes on.
    pub async fn note(&mut self, evidence: Evidence<'_>, state: &JobState) {
        for allocation in state.unhealthy() {
            let noted = self.by_allocation.entry(allocation.id.clone()).or_default();
            if noted.0 != allocation.modify_index {
                let checks = evidence.failing_checks(&allocation.id).await;
                let kept = if checks.is_empty() { std::mem::take(&mut noted.1) } else { checks };
                *noted = (allocation.modify_index, kept);
            }
        }
    }

    /// The failing checks of an allocation and what each said, as far as they were noted.
    pub(super) fn of(&self, allocation: &str) -> BTreeMap<String, String> {
        self.by_allocation.get(allocation).map(|(_, checks)| checks.clone()).unwrap_or_default()
    }
}
