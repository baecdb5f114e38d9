//! Why a drill cannot be done, or falls short.

use std::time::Duration;

use super::scenario::Scenario;
use crate::error::Advice;
use crate::exit::Exit;
use crate::{http, lab, nomad, plan, submit, watch};

/// Why a drill cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing is broken in a cluster that is not well.
    #[error("the cluster {cluster} is not well, nothing was broken: {}", problems.join("; "))]
    Unwell {
        /// The cluster.
        cluster: String,
        /// What is not well.
        problems: Vec<String>,
    },
    /// The cluster did not become well again.
    #[error("the cluster {cluster} was not well again {} after the last round: {}", humantime::format_duration(*after), problems.join("; "))]
    StillUnwell {
        /// The cluster.
        cluster: String,
        /// How long it was waited for.
        after: Duration,
        /// What is not well.
        problems: Vec<String>,
    },
    /// The scenario has nothing to break.
    #[error("the scenario {scenario} needs a {missing}, and the cluster has none")]
    Nothing {
        /// The scenario.
        scenario: Scenario,
        /// What there is not.
        missing: &'static str,
    },
    /// Only hosts of the lab can be broken so.
    #[error("the scenario {0} breaks a host, and the cluster does not run in a lab of three hosts on this machine")]
    NoLab(Scenario),
    /// All cores are taken.
    #[error("the workers have {free} free cores, and the drill's application needs one on each of {workers} workers")]
    NoCores {
        /// How many are free.
        free: u64,
        /// How many workers there are.
        workers: usize,
    },
    /// The application does not count.
    #[error("the drill's application {job} did not begin to count within {}", humantime::format_duration(*after))]
    ApplicationSilent {
        /// Its job.
        job: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// What is asked all the time does not answer.
    #[error("not everything answered within {} before the fault, so nothing was broken", humantime::format_duration(*.0))]
    NoBaseline(Duration),
    /// Nomad, Consul or Spark.
    #[error(transparent)]
    Http(#[from] http::Error),
    /// The lab.
    #[error(transparent)]
    Lab(#[from] lab::Error),
    /// The application cannot be planned.
    #[error(transparent)]
    Plan(#[from] plan::Error),
    /// The application cannot be registered.
    #[error(transparent)]
    Submit(#[from] submit::Error),
    /// The application cannot be followed, or failed.
    #[error(transparent)]
    Watch(#[from] watch::Error),
    /// The application cannot be told to end.
    #[error(transparent)]
    Exec(#[from] nomad::exec::ExecError),
    /// Nobody reads what is told.
    #[error(transparent)]
    Write(#[from] crate::event::WriteError),
}

impl Advice for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Unwell { .. } => Exit::Failed,
            Self::StillUnwell { .. } => Exit::WorkFailed,
            Self::Nothing { .. } | Self::NoLab(_) => Exit::Usage,
            Self::NoCores { .. } => Exit::Unplaceable,
            Self::ApplicationSilent { .. } | Self::NoBaseline(_) => Exit::TimedOut,
            Self::Http(error) => error.exit(),
            Self::Lab(error) => error.exit(),
            Self::Plan(error) => error.exit(),
            Self::Submit(error) => error.exit(),
            Self::Watch(error) => error.exit(),
            Self::Exec(error) => error.exit(),
            Self::Write(error) => error.exit(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unwell { cluster, .. } | Self::StillUnwell { cluster, .. } => {
                Some(format!("see `nomspark status --name {cluster}`, and drill again when all is well"))
            }
            Self::NoLab(_) => Some("such faults are tried out in a lab: nomspark lab up --nodes 3".to_owned()),
            Self::NoCores { .. } => {
                Some("drill while no other application runs, or give the workers more cores".to_owned())
            }
            Self::ApplicationSilent { job, .. } => Some(format!("see `nomspark logs {job}`")),
            Self::NoBaseline(_) => Some(
                "this machine must reach the masters' web UIs and the driver's ports on the nodes; see `nomspark status`"
                    .to_owned(),
            ),
            Self::Http(error) => error.hint(),
            Self::Lab(error) => error.hint(),
            Self::Plan(error) => error.hint(),
            Self::Submit(error) => error.hint(),
            Self::Watch(error) => error.hint(),
            Self::Exec(error) => error.hint(),
            Self::Nothing { .. } | Self::Write(_) => None,
        }
    }

    fn failures(&self) -> &[crate::error::FailedAllocation] {
        match self {
            Self::Watch(error) => error.failures(),
            _ => &[],
        }
    }
}
