//! When it is of no use to wait any longer.

use super::describe_failures;
use super::error::Error;
use super::explain;
use super::state::JobState;
use crate::cli::exit::Exit;
use crate::nomad::Nomad;
use crate::nomad::evaluations::PlacementMetrics;

/// What whoever waits puts up with. By default nothing: a job that gets nowhere ends the wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Patience {
    /// Waits on while a task keeps failing.
    pub keep_waiting: bool,
    /// Waits on while Nomad finds no place for a task group.
    pub wait_for_capacity: bool,
}

impl Patience {
    /// An error when the scheduler finds no place for a task group of a job and nobody wants to wait for one.
    pub fn refuse_unplaced(self, job: &str, unplaced: Option<(&str, &PlacementMetrics)>) -> Result<(), Error> {
        match unplaced {
            Some((group, metrics)) if !self.wait_for_capacity => {
                Err(Error::NotPlaced { job: job.to_owned(), reason: explain::placement_failure(group, metrics) })
            }
            _ => Ok(()),
        }
    }

    /// The same for a job that is watched, and an error when its tasks keep failing.
    pub async fn refuse_failures(self, nomad: &Nomad, state: &JobState, exit: Exit) -> Result<(), Error> {
        self.refuse_unplaced(&state.id, state.unplaced())?;
        self.refuse_crash_loops(nomad, state, exit).await
    }

    /// An error when tasks of a job keep failing: `exit` says whose failure that is.
    pub async fn refuse_crash_loops(self, nomad: &Nomad, state: &JobState, exit: Exit) -> Result<(), Error> {
        if self.keep_waiting {
            return Ok(());
        }
        let loops = state.crash_loops();
        let Some(first) = loops.first() else { return Ok(()) };
        let failures = describe_failures(nomad, loops.iter().map(|it| it.failure.clone()).collect()).await;
        let reason = first.sentence(failures.first().map_or("", |failure| &failure.reason));
        Err(Error::CrashLoop { job: state.id.clone(), reason, failures, exit })
    }
}
