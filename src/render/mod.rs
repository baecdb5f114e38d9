//! Render: from a plan to files. No client; pure; cannot fail.
//!
//! Job files are the ones in `jobs/`, word for word; what a plan decided is in a variable file beside each.

use std::path::PathBuf;

use crate::plan::{Plan, PlannedJob, Role};

/// The job files, nomspark's own or the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFiles {
    /// `master.nomad.hcl`.
    pub master: String,
    /// `worker.nomad.hcl`.
    pub worker: String,
    /// `wordcount.nomad.hcl`.
    pub wordcount: String,
}

impl Default for JobFiles {
    fn default() -> Self {
        Self {
            master: include_str!("../../jobs/master.nomad.hcl").to_owned(),
            worker: include_str!("../../jobs/worker.nomad.hcl").to_owned(),
            wordcount: include_str!("../../jobs/wordcount.nomad.hcl").to_owned(),
        }
    }
}

impl JobFiles {
    /// The job file of a role.
    #[must_use]
    pub fn of(&self, role: Role) -> &str {
        match role {
            Role::Master => &self.master,
            Role::Worker => &self.worker,
            Role::Wordcount => &self.wordcount,
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
    }
    rendered
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
    escape_markers(&hcl::to_string(&job.variables).expect("variables serialize to HCL"))
}

/// Writes a literal `$${` and `%%{` so that every parser of HCL reads it back.
///
/// `$${` stands for a literal `${`, so hcl-rs writes a literal `$${` as `$$${`; HashiCorp's parser reads that as `${`. A
/// run of three and more is written with the character's code.
fn escape_markers(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['$', '%']) {
        let (before, marked) = rest.split_at(start);
        let sign = if marked.starts_with('$') { '$' } else { '%' };
        let after = marked.trim_start_matches(sign);
        let run = marked.len() - after.len();
        escaped.push_str(before);
        if run > 2 && after.starts_with('{') {
            // One of the run is hcl-rs's own escape.
            let code = if sign == '$' { r"\u0024" } else { r"\u0025" };
            escaped.push_str(&code.repeat(run - 1));
        } else {
            escaped.push_str(&marked[..run]);
        }
        rest = after;
    }
    escaped.push_str(rest);
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape_markers;

    #[test]
    fn a_literal_marker_survives_both_parsers() {
        // What hcl-rs writes for ${x}, $${x}, $$${x}, %%{y}, $ and $$.
        assert_eq!(escape_markers("$${x}"), "$${x}");
        assert_eq!(escape_markers("$$${x}"), r"\u0024\u0024{x}");
        assert_eq!(escape_markers("a$$$${x}b"), r"a\u0024\u0024\u0024{x}b");
        assert_eq!(escape_markers("%%%{y}"), r"\u0025\u0025{y}");
        assert_eq!(escape_markers("$ and $$ and $$$"), "$ and $$ and $$$");
    }
}
