//! Render: from a plan to files. No client; pure; cannot fail.
//!
//! Job files are the ones in `jobs/`, word for word; what a plan decided is in a variable file beside each.

mod consul;
mod edge;
mod markers;

use std::path::PathBuf;

use hcl::expr::{Expression, Heredoc, TemplateExpr};
use hcl::{Body, Identifier};

use crate::names::RunId;
use crate::plan::{EdgeVariables, HeldAlready, Plan, PlannedJob, Role, Variables};

/// What leads workers and drivers to the master behind the floating address.
const FOLLOW: &str = include_str!("../../jobs/follow.sh");

/// What looks at the edge hosts.
const PREFLIGHT: &str = include_str!("../../jobs/preflight.nomad.hcl");
/// Its name.
pub const PREFLIGHT_FILE: &str = "preflight.nomad.hcl";

/// The job files, nomspark's own or the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFiles {
    /// `master.nomad.hcl`.
    pub master: String,
    /// `edge.nomad.hcl`.
    pub edge: String,
    /// `worker.nomad.hcl`.
    pub worker: String,
    /// `wordcount.nomad.hcl`.
    pub wordcount: String,
    /// `drill.nomad.hcl`.
    pub drill: String,
}

impl Default for JobFiles {
    fn default() -> Self {
        Self {
            master: include_str!("../../jobs/master.nomad.hcl").to_owned(),
            edge: include_str!("../../jobs/edge.nomad.hcl").to_owned(),
            worker: include_str!("../../jobs/worker.nomad.hcl").to_owned(),
            wordcount: include_str!("../../jobs/wordcount.nomad.hcl").to_owned(),
            drill: include_str!("../../jobs/drill.nomad.hcl").to_owned(),
        }
    }
}

impl JobFiles {
    /// The job file of a role.
    #[must_use]
    pub fn of(&self, role: Role) -> &str {
        match role {
            Role::Master => &self.master,
            Role::Edge => &self.edge,
            Role::Worker => &self.worker,
            Role::Wordcount => &self.wordcount,
            Role::Drill => &self.drill,
        }
    }
}

/// A file that nomspark would use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedFile {
    /// Where it belongs, below the output folder.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// The job files and variable files of a plan.
#[must_use]
pub fn render(plan: &Plan, files: &JobFiles) -> Vec<RenderedFile> {
    let mut rendered = Vec::new();
    for job in &plan.jobs {
        rendered
            .push(RenderedFile { path: job_file_name(job.role).into(), bytes: files.of(job.role).as_bytes().to_vec() });
        rendered.push(RenderedFile { path: format!("{}.vars.hcl", job.id).into(), bytes: variables(job).into_bytes() });
        if let Variables::Edge(variables) = &job.variables {
            rendered.extend(preflight_files(plan, variables));
            rendered.extend(edge::host_files(variables));
        }
    }
    rendered
}

/// The job that looks at the edge hosts before anything else changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preflight {
    /// The job file.
    pub source: &'static str,
    /// The variable file.
    pub variables: String,
}

/// The preflight of an edge; what the cluster's own edge has already is not held against the hosts. `None` leaves the job's
/// name to the job file.
#[must_use]
pub fn preflight(variables: &EdgeVariables, held: &HeldAlready, id: Option<&RunId>) -> Preflight {
    Preflight { source: PREFLIGHT, variables: edge::preflight_variable_file(variables, held, id) }
}

fn preflight_files(plan: &Plan, variables: &EdgeVariables) -> [RenderedFile; 2] {
    let preflight = preflight(variables, &HeldAlready::default(), None);
    [
        RenderedFile { path: PREFLIGHT_FILE.into(), bytes: preflight.source.as_bytes().to_vec() },
        RenderedFile {
            path: format!("{}-preflight.vars.hcl", plan.cluster).into(),
            bytes: preflight.variables.into_bytes(),
        },
    ]
}

/// The name of a role's job file.
#[must_use]
pub fn job_file_name(role: Role) -> String {
    format!("{}.nomad.hcl", role.as_str())
}

/// A job's variable file, in HCL.
///
/// # Panics
///
/// Never: the variables are strings, numbers, lists and maps with string keys, which HCL has all.
#[must_use]
#[expect(clippy::expect_used, reason = "all variables are of types that HCL has")]
pub fn variables(job: &PlannedJob) -> String {
    let follows = match &job.variables {
        Variables::Edge(variables) => return edge::variable_file(variables),
        Variables::Worker(worker) => worker.masters_ui.is_some(),
        Variables::Wordcount(wordcount) => wordcount.masters_ui.is_some(),
        Variables::Drill(drill) => drill.masters_ui.is_some(),
        Variables::Master(_) => false,
    };
    let mut value = hcl::to_value(&job.variables).expect("variables are HCL values");
    markers::mask(&mut value);
    let mut text = markers::unmask(&hcl::to_string(&value).expect("HCL values serialize"));
    if follows {
        let follow = Body::builder().add_attribute(("follow", heredoc(FOLLOW))).build();
        text.push_str(&hcl::to_string(&follow).expect("a body serializes"));
    }
    text
}

/// A text of several lines, so that people can read it in Nomad's UI; what would start a template in it is escaped.
fn heredoc(text: &str) -> Expression {
    let escaped = text.replace("${", "$${").replace("%{", "%%{");
    TemplateExpr::from(Heredoc::new(Identifier::unchecked("EOT"), escaped)).into()
}
