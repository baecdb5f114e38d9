//! Why a plan could not be applied.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::Advice;
use crate::exit::Exit;
use crate::http;

/// What kept a job from being registered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nomad's parser does not take the job file.
    #[error("Nomad cannot read the job file {file}: {reason}")]
    JobFile {
        /// The file's name.
        file: String,
        /// Nomad's words.
        reason: String,
    },
    /// The job file calls a function that reads files, which Nomad's servers do not have.
    #[error("the job file {file} calls {function}(), and Nomad's servers parse job files and read no files of yours")]
    ReadsFiles {
        /// The file's name.
        file: String,
        /// The function.
        function: String,
    },
    /// The job file says something else than what nomspark is to register.
    #[error("the job file {file} {says}")]
    OtherJob {
        /// The file's name.
        file: String,
        /// Both sides.
        says: String,
        /// What to do.
        hint: String,
    },
    /// Somebody else changed the job between plan and registration.
    #[error("somebody else changed the job {job} at the same moment")]
    Conflict {
        /// The job.
        job: String,
    },
    /// The namespace or the node pool does not exist.
    #[error("Nomad cannot place the job {job}: {reason}")]
    NoSuchPlace {
        /// The job.
        job: String,
        /// Nomad's words.
        reason: String,
    },
    /// Nomad does not take the job.
    #[error("Nomad does not take the job {job}: {reason}")]
    Invalid {
        /// The job.
        job: String,
        /// Nomad's words.
        reason: String,
    },
    /// Edge hosts say that they cannot hold the floating address.
    #[error("{}", describe(problems))]
    Preflight {
        /// The reasons of each host.
        problems: BTreeMap<String, Vec<String>>,
    },
    /// The edge hosts did not say in time whether they can hold the floating address.
    #[error("timed out after {} while waiting for every edge host to run the job {job}", humantime::format_duration(*after))]
    PreflightSilent {
        /// The job.
        job: String,
        /// The limit.
        after: Duration,
    },
    /// Anything else.
    #[error(transparent)]
    Http(#[from] http::Error),
}

/// A sentence for one reason, a list for several.
fn describe(problems: &BTreeMap<String, Vec<String>>) -> String {
    let reasons =
        problems.iter().flat_map(|(host, reasons)| reasons.iter().map(move |reason| format!("{host}: {reason}")));
    format!("the floating address cannot be held by {}", reasons.collect::<Vec<_>>().join("; by "))
}

impl Error {
    pub(super) fn from_parse(file: &str, error: http::Error) -> Self {
        match error {
            http::Error::Status { body, .. } if body.contains("filesystem function disabled") => {
                let function = body.split_once("Call to function \"").and_then(|(_, rest)| rest.split_once('"'));
                let function = function.map_or("file", |(function, _)| function).to_owned();
                Self::ReadsFiles { file: file.to_owned(), function }
            }
            http::Error::Status { body, .. } => Self::JobFile { file: file.to_owned(), reason: body },
            other => Self::Http(other),
        }
    }

    pub(super) fn from_nomad(job: &str, error: http::Error) -> Self {
        let http::Error::Status { body, .. } = &error else {
            return Self::Http(error);
        };
        let job = job.to_owned();
        // Nomad lists its reasons as "1 error occurred: * reason".
        let reason = body.split_once("occurred:").map_or(body.as_str(), |(_, reasons)| reasons);
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ").trim_start_matches("* ").to_owned();
        if body.contains("Enforcing job modify index") {
            Self::Conflict { job }
        } else if body.contains("nonexistent") {
            Self::NoSuchPlace { job, reason }
        } else if body.contains("validation failed") || body.contains("occurred:") {
            Self::Invalid { job, reason }
        } else {
            Self::Http(error)
        }
    }
}

impl Advice for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoSuchPlace { .. } | Self::Preflight { .. } => Exit::Unplaceable,
            Self::PreflightSilent { .. } => Exit::TimedOut,
            Self::ReadsFiles { .. } | Self::OtherJob { .. } => Exit::Usage,
            Self::Http(error) => error.exit(),
            _ => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Conflict { .. } => Some("run the same command again: it goes on from what is there now".to_owned()),
            Self::NoSuchPlace { .. } => Some(
                "name one that exists with --namespace or NOMAD_NAMESPACE, or a node pool with --node-pool".to_owned(),
            ),
            Self::ReadsFiles { .. } => {
                Some("put the text into the job file, as a heredoc (<<EOT); docs/jobs.md says more".to_owned())
            }
            Self::JobFile { .. } => Some("compare it with `nomspark render --out DIR`".to_owned()),
            Self::Http(error) => error.hint(),
            Self::Preflight { .. } => Some(
                "nothing was changed; mend the hosts or block `edge` of the spec, and run the same command again"
                    .to_owned(),
            ),
            Self::PreflightSilent { .. } => Some(
                "nothing was changed; see with `nomad node status` whether the edge hosts take new work".to_owned(),
            ),
            Self::OtherJob { hint, .. } => Some(hint.clone()),
            Self::Invalid { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_file_that_reads_files_is_told_apart() {
        for function in ["file", "fileexists", "templatefile", "filebase64", "fileset"] {
            let body = format!(
                "Failed to parse job: input.hcl:286,23-28: Error in function call; Call to function \"{function}\" failed: \
                 filesystem function disabled."
            );
            let what = "POST /v1/jobs/parse".to_owned();
            let status = http::Error::Status {
                what,
                server: &crate::nomad::SERVER,
                status: reqwest::StatusCode::BAD_REQUEST,
                body,
            };
            let error = Error::from_parse("worker.nomad.hcl", status);
            assert!(error.to_string().contains(&format!("calls {function}()")), "{error}");
            assert_eq!(error.exit(), Exit::Usage);
        }
    }
}
