//! Submit: applies a plan. Client required; safe to repeat; guarded by Nomad's check-index.
//!
//! First every job is parsed and shown to Nomad's scheduler, so that nothing is registered when one part of the plan
//! cannot work; then the jobs are registered in the plan's order.

mod claims;
mod error;
mod note;
mod preflight;
mod rollout;
mod upload;

pub use error::Error;
pub use note::RunNote;
pub use preflight::Preflight;
pub use rollout::{Rollout, Unfinished};
pub use upload::{UploadError, upload};

use crate::explain::{one_line, placement_failure};
use crate::nomad::Nomad;
use crate::nomad::job_plans::JobPlan;
use crate::nomad::jobs::{ParsedJob, Registered, Submission};
use crate::plan::{Plan, PlannedJob, Step};
use crate::render::{JobFiles, job_file_name, variables};

/// A planned job that Nomad has parsed and whose effect its scheduler has told.
#[derive(Clone, Debug)]
pub struct PreparedJob {
    /// The job.
    pub planned: PlannedJob,
    /// The job as Nomad understands it.
    pub parsed: ParsedJob,
    /// What a registration would do.
    pub effect: JobPlan,
    submission: Submission,
}

impl PreparedJob {
    /// Whether a registration would change anything.
    #[must_use]
    pub fn changes(&self) -> bool {
        !self.effect.is_unchanged()
    }

    /// What Nomad warns of in the job file, in its own words.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let words = one_line(&self.effect.warnings);
        // `1 warning: * Group "worker" has warnings: …`
        let words =
            words.split_once("warning: ").or_else(|| words.split_once("warnings: ")).map_or(&*words, |(_, it)| it);
        let words = words.trim_start_matches("* ");
        (!words.is_empty()).then(|| format!("Nomad warns of the job {}: {words}", self.planned.id))
    }

    /// Why the scheduler has no place for a part of it.
    #[must_use]
    pub fn unplaced_reason(&self) -> Option<String> {
        self.effect.unplaced().map(|(group, metrics)| placement_failure(group, metrics))
    }
}

/// Has Nomad parse and plan every job; changes nothing.
pub async fn prepare(nomad: &Nomad, plan: &Plan, files: &JobFiles) -> Result<Vec<PreparedJob>, Error> {
    let mut prepared = Vec::new();
    for planned in &plan.jobs {
        let source = files.of(planned.role).to_owned();
        let variables = variables(planned);
        let parsed = nomad
            .parse_job(&source, &variables)
            .await
            .map_err(|source| Error::from_parse(&job_file_name(planned.role), source))?;
        let expected = claims::Expected {
            id: &planned.id,
            cluster: plan.cluster.as_str(),
            role: planned.role,
            namespace: nomad.namespace(),
        };
        if let Some(claims::Claim { says, hint }) = claims::check(nomad, &parsed, expected).await? {
            return Err(Error::OtherJob { file: job_file_name(planned.role), says, hint });
        }
        let effect =
            nomad.plan_job(&planned.id, &parsed).await.map_err(|source| Error::from_nomad(&planned.id, source))?;
        let submission = Submission { source, format: "hcl2", variables };
        prepared.push(PreparedJob { planned: planned.clone(), parsed, effect, submission });
    }
    Ok(prepared)
}

/// The steps of a deployment of these jobs.
#[must_use]
pub fn steps(plan: &Plan, prepared: &[PreparedJob]) -> Vec<Step> {
    plan.steps(|job| prepared.iter().any(|it| it.planned.id == job.id && it.changes()))
}

/// Registers one job, if Nomad still has it as it was when it was planned.
pub async fn register(nomad: &Nomad, job: &PreparedJob) -> Result<Registered, Error> {
    nomad
        .register_job(&job.parsed, job.planned.job_modify_index, &job.submission)
        .await
        .map_err(|source| Error::from_nomad(&job.planned.id, source))
}

/// Confirms that Nomad has what was registered, by whatever hand.
///
/// The guard of [`register`] alone cannot tell: Nomad compares the indexes before it commits, so that of two
/// registrations at the same moment both pass, and the later one stays.
pub async fn confirm(nomad: &Nomad, job: &PreparedJob, registered: &Registered) -> Result<(), Error> {
    let id = &job.planned.id;
    let now = nomad.find_job(id).await?;
    if now.is_some_and(|now| now.job_modify_index == registered.job_modify_index) {
        return Ok(());
    }
    let effect = nomad.plan_job(id, &job.parsed).await.map_err(|source| Error::from_nomad(id, source))?;
    if effect.is_unchanged() { Ok(()) } else { Err(Error::Conflict { job: id.clone() }) }
}
