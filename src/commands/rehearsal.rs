//! What `deploy` and `plan` have in common: survey, plan, and what Nomad's scheduler says of it. Nothing is changed.

use super::context::Context;
use crate::error::Result;
use crate::event::Event;
use crate::plan::{self, Plan};
use crate::render::JobFiles;
use crate::spec::ValidSpec;
use crate::submit::{self, PreparedJob};
use crate::survey::{namesakes, survey};

/// Plans a deployment, has Nomad parse and plan each job, and reports what planner and scheduler warn of.
pub(super) async fn rehearse(
    spec: &ValidSpec,
    files: &JobFiles,
    adopt: bool,
    context: &Context<'_>,
) -> Result<(Plan, Vec<PreparedJob>)> {
    let (nomad, consul) = (&context.nomad, &context.consul);
    let mut survey = survey(nomad, consul, &spec.name.deployable_jobs(), spec.edge.as_ref()).await?;
    survey.namesakes = namesakes(nomad, consul, &spec.name).await?;
    let plan = plan::deploy(spec, Some(&survey), adopt)?;
    for what in &plan.warnings {
        context.report.event(&Event::Warning { what: what.clone() })?;
    }
    let prepared = submit::prepare(nomad, &plan, files).await?;
    for what in prepared.iter().filter_map(PreparedJob::warning) {
        context.report.event(&Event::Warning { what })?;
    }
    Ok((plan, prepared))
}
