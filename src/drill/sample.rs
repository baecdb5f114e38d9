//! What was seen of a cluster, and when.

use std::collections::BTreeSet;

/// Something that was asked, and the answer. Times are in milliseconds after the fault, and negative before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// When it was asked.
    pub(super) asked: i64,
    /// When the answer was there, or its lack was certain.
    pub(super) told: i64,
    /// The answer.
    pub(super) sight: Sight,
}

/// What an answer shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// The edge host that answers at the floating address; `None`: nobody does.
    Holder(Option<String>),
    /// A master's own word: ALIVE, STANDBY or others; `None`: it does not answer.
    Master {
        /// HOST:PORT of its web UI.
        ui: String,
        /// The word.
        status: Option<String>,
    },
    /// The master that people reach: behind the floating address, or the one that leads where there is no address.
    Reached(Option<Reached>),
    /// Who holds the lock in Consul; `None`: nobody does.
    Lock(Option<Elected>),
    /// The leading server of Nomad or Consul; `None`: there is none, or nobody answers.
    Servers(Option<String>),
    /// What Nomad runs.
    Jobs(Jobs),
    /// The application's own word; `None`: it does not answer.
    Application(Option<Progress>),
}

/// A master that holds the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Elected {
    /// The Nomad node that it runs on.
    pub(super) node: String,
    /// When it was elected, in milliseconds since 1970, by the clock of its node.
    pub(super) since_ms: u64,
}

/// A master that is reached, and its workers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reached {
    /// Its `spark://` URL.
    pub(super) url: String,
    /// Whether it says that it is ALIVE, and answers Spark's clients at the same place.
    pub(super) alive: bool,
    /// The ids of the workers that it says are ALIVE.
    pub(super) workers: BTreeSet<String>,
}

/// How much of what Nomad should run it does run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Jobs {
    /// One number for each job, for people: `master 2/2, worker 1/2`.
    pub(super) label: String,
    /// Whether that is all.
    pub(super) whole: bool,
    /// What tells these tasks from any others: a task that was started again is another one.
    pub(super) identity: String,
}

/// How far the application is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub(super) struct Progress {
    /// Its id at the master.
    pub(super) application: Option<String>,
    /// When its driver began, in milliseconds since 1970, by the clock of its node.
    pub(super) started_ms: u64,
    /// How often it has counted its words.
    pub(super) waves: u64,
    /// How often it counted them wrongly.
    pub(super) wrong: u64,
}

impl Progress {
    /// Whether this is still the same run of the same driver.
    #[must_use]
    pub(super) fn continues(&self, earlier: &Self) -> bool {
        self.application == earlier.application && self.started_ms == earlier.started_ms
    }
}

impl Sight {
    /// Whether the question was answered: then what it shows was so when the answer came, otherwise when it was asked.
    #[must_use]
    pub(super) fn is_answer(&self) -> bool {
        match self {
            Self::Holder(holder) => holder.is_some(),
            Self::Master { status, .. } => status.is_some(),
            Self::Reached(reached) => reached.is_some(),
            Self::Application(progress) => progress.is_some(),
            Self::Lock(_) | Self::Servers(_) | Self::Jobs(_) => true,
        }
    }
}

impl Sample {
    /// When what it shows was so.
    #[must_use]
    pub(super) fn at(&self) -> i64 {
        if self.sight.is_answer() { self.told } else { self.asked }
    }
}
