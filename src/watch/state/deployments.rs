//! What the deployments of a job say of its versions.

use super::JobState;
use crate::event::Event;
use crate::nomad::allocations::Allocation;
use crate::nomad::deployments::Deployment;

impl JobState {
    /// The newest one, of whatever version.
    pub(super) fn newest_deployment(&self) -> Option<&Deployment> {
        self.deployments.values().max_by_key(|deployment| deployment.create_index)
    }

    /// The newest deployment of a version.
    pub(super) fn deployment_of(&self, version: u64) -> Option<&Deployment> {
        let of_it = self.deployments.values().filter(|deployment| deployment.job_version == version);
        of_it.max_by_key(|deployment| deployment.create_index)
    }

    /// The deployment of the version that was asked for, if it failed. Where Nomad went back by itself, that is the version
    /// before the newest one, which nobody asked for.
    #[must_use]
    pub fn failed_deployment(&self) -> Option<&Deployment> {
        let job = self.job.as_ref().filter(|job| !job.stop)?;
        let left = job.version.checked_sub(1).and_then(|version| self.deployment_of(version));
        let rolled_back = left.filter(|deployment| deployment.rolled_back_to().is_some());
        rolled_back.or_else(|| self.deployment_of(job.version).filter(|deployment| deployment.status == "failed"))
    }

    /// The allocations of the newest version that run, and that its deployment, which goes on, has found unhealthy.
    pub(in crate::watch) fn unhealthy(&self) -> impl Iterator<Item = &Allocation> {
        let version = self.job.as_ref().map(|job| job.version);
        let version = version.filter(|version| self.deployment_of(*version).is_some_and(Deployment::is_active));
        version
            .into_iter()
            .flat_map(|version| self.allocations_of(version))
            .filter(|allocation| allocation.is_unhealthy() && !allocation.is_terminal())
    }

    /// The deployment of the newest version, if it goes on only when somebody promotes its canaries, and how many of these are
    /// healthy.
    #[must_use]
    pub fn waits_for_promotion(&self) -> Option<(&Deployment, u64)> {
        let job = self.job.as_ref().filter(|job| !job.stop)?;
        let deployment = self.deployment_of(job.version)?;
        Some((deployment, deployment.waits_for_promotion()?))
    }

    /// Whether the newest version runs as canaries alone so far, beside the version before it.
    #[must_use]
    pub fn has_canaries(&self) -> bool {
        let version = self.job.as_ref().filter(|job| !job.stop).map(|job| job.version);
        version.and_then(|version| self.deployment_of(version)).is_some_and(Deployment::has_canaries)
    }

    /// Reported when the newest deployment is another one than `before`, has come further or waits for somebody.
    pub(super) fn deployment_event(&self, before: Option<&Deployment>) -> Vec<Event> {
        let seen = |deployment: &Deployment| (deployment.job_version, deployment.status.clone(), deployment.healthy());
        let Some(now) = self.newest_deployment() else { return Vec::new() };
        let mut events = Vec::new();
        if before.map(seen) != Some(seen(now)) {
            let (healthy, wanted) = now.healthy();
            let (job, version, status) = (self.id.clone(), now.job_version, now.status.clone());
            events.push(Event::Deployment { job, version, status, healthy, wanted });
        }
        let waited = before.filter(|before| before.id == now.id).and_then(Deployment::waits_for_promotion);
        if let Some(canaries) = now.waits_for_promotion().filter(|_| waited.is_none()) {
            let (job, version, deployment) = (self.id.clone(), now.job_version, now.id.clone());
            events.push(Event::WaitsForPromotion { job, version, deployment, canaries });
        }
        events
    }
}
