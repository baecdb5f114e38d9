//! When it is of no use to wait any longer.

use super::error::{Error, Next};
use super::evidence::Evidence;
use super::failures::{describe_failures, failed_deployment};
use super::noted_checks::NotedChecks;
use super::state::JobState;
use crate::error::FailedAllocation;
use crate::exit::Exit;
use crate::nomad::jobs::Job;

/// What whoever waits puts up with. By default nothing: a job that gets nowhere ends the wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Patience {
    /// Waits on while a task keeps failing.
    pub keep_waiting: bool,
    /// Waits on while Nomad finds no place for a task group.
    pub wait_for_capacity: bool,
}

impl Patience {
    /// An error when the scheduler finds no place for a task group of a job, for this reason, and nobody wants to wait for one.
    pub fn refuse_unplaced(self, job: &str, unplaced: Option<String>) -> Result<(), Error> {
        match unplaced {
            Some(reason) if !self.wait_for_capacity => Err(Error::NotPlaced { job: job.to_owned(), reason }),
            _ => Ok(()),
        }
    }

    /// An error when no worker of Spark could ever run an application and nobody wants to wait for one.
    pub fn refuse_hopeless(self, job: &str, reason: String) -> Result<(), Error> {
        if self.wait_for_capacity { Ok(()) } else { Err(Error::NoExecutors { job: job.to_owned(), reason }) }
    }

    /// An error when the executors of an application keep ending and nobody wants to wait for one that stays.
    pub fn refuse_ending(self, job: &str, failure: FailedAllocation) -> Result<(), Error> {
        if self.keep_waiting {
            Ok(())
        } else {
            Err(Error::NoExecutorStays { job: job.to_owned(), failures: vec![failure] })
        }
    }

    /// The same as [`Self::refuse_unplaced`] for a job that is watched, and an error when its tasks keep failing.
    pub async fn refuse_failures(self, evidence: Evidence<'_>, state: &JobState, exit: Exit) -> Result<(), Error> {
        self.refuse_unplaced(&state.id, state.unplaced_reason())?;
        self.refuse_crash_loops(evidence, state, exit).await
    }

    /// An error when the deployment of a job that is watched failed, of the version that was asked for. `noted` has what the
    /// checks of its allocations said while they ran.
    pub async fn refuse_failed_deployment(
        self,
        evidence: Evidence<'_>,
        state: &JobState,
        noted: &NotedChecks,
        exit: Exit,
    ) -> Result<(), Error> {
        let Some(deployment) = state.failed_deployment().filter(|_| !self.keep_waiting) else { return Ok(()) };
        let reason = failed_deployment(evidence, state, deployment, noted).await;
        let next = if deployment.rolled_back_to().is_some() { Next::RolledBack } else { Next::TriesAgain };
        Err(Error::NotComingUp { job: state.id.clone(), reason, failures: Vec::new(), next, exit })
    }

    /// An error when tasks of a job keep failing: `exit` says whose failure that is.
    pub async fn refuse_crash_loops(self, evidence: Evidence<'_>, state: &JobState, exit: Exit) -> Result<(), Error> {
        if self.keep_waiting {
            return Ok(());
        }
        let loops = state.crash_loops();
        let Some(first) = loops.first() else { return Ok(()) };
        let failures = describe_failures(evidence, loops.iter().map(|it| it.failure.clone()).collect()).await;
        let reason = first.sentence(failures.first().map_or("", |failure| &failure.reason));
        // What failed of a system job for good has no other node, and Nomad says so only a moment after the failure.
        let on_each_node = state.job.as_ref().is_some_and(Job::is_on_each_node);
        let next = match (on_each_node, loops.iter().any(|it| it.is_given_up)) {
            (true, _) => Next::GivenUpOnANode,
            (false, true) => Next::GivenUp,
            (false, false) => Next::TriesAgain,
        };
        Err(Error::NotComingUp { job: state.id.clone(), reason, failures, next, exit })
    }
}
