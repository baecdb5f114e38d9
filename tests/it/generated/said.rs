//! What `nomspark watch` said at its end.

use std::fmt;

use serde_json::Value;

use super::blame::Blame;
use super::judgement::Outcome;
use crate::support::run::Done;

/// The end of a watch.
pub(super) struct Said {
    exit: i32,
    /// The result, or the error.
    document: Value,
    /// All that it printed.
    pub(super) events: String,
}

impl Said {
    pub(super) fn of(done: &Done) -> Self {
        let document = done.lines().pop().unwrap_or_default();
        Self { exit: done.status.code().unwrap_or(-1), document, events: done.text() }
    }

    /// Whether it is this outcome that was told.
    pub(super) fn tells(&self, outcome: &Outcome) -> bool {
        let message = || self.document["error"]["message"].as_str().unwrap_or_default();
        match outcome {
            Outcome::Complete => self.exit == 0 && self.document["verdict"] == "complete",
            Outcome::Stopped => self.exit == 0 && self.document["verdict"] == "stopped",
            Outcome::Failed(blame) | Outcome::KeepsFailing(blame) => self.exit == 6 && self.blames(blame),
            Outcome::DeploymentFailed(blame) | Outcome::TakenBack(blame) => {
                // A deployment can fail though no task does.
                self.exit == 6 && (self.document["failures"][0].is_null() || self.blames(blame))
            }
            Outcome::Nowhere(groups) => self.exit == 3 && groups.iter().any(|group| self.mentions(group)),
            Outcome::Running | Outcome::AwaitsPromotion => self.exit == 5 || self.exit == 130,
            Outcome::StoppedEarly => self.exit == 1 && message().contains("stopped"),
            Outcome::Gone => self.exit == 1 && message().contains("Nomad has no job"),
            Outcome::Childless | Outcome::Unknowable => self.exit == 1,
        }
    }

    /// Whether everything that it blames is to blame.
    fn blames(&self, blame: &[Blame]) -> bool {
        let Some(failures) = self.document["failures"].as_array().filter(|all| !all.is_empty()) else {
            return blame.iter().any(|it| !matches!(it, Blame::Task { .. }));
        };
        failures.iter().all(|failure| blame.iter().any(|it| is_blamed(failure, it)))
    }

    fn mentions(&self, text: &str) -> bool {
        self.document["error"].to_string().contains(text)
    }

    /// In a word or two.
    pub(super) fn short(&self) -> String {
        let verdict = self.document["verdict"].as_str().unwrap_or_default();
        format!("exit {} {verdict}", self.exit).trim_end().to_owned()
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit {}, {:#}", self.exit, self.document)
    }
}

fn is_blamed(failure: &Value, blame: &Blame) -> bool {
    match blame {
        Blame::Task { allocation, task, code } => {
            let told = failure["allocation"].as_str().is_some_and(|told| allocation.starts_with(told));
            told && failure["task"] == *task && (code.is_none() || failure["exit_code"].as_i64() == *code)
        }
        Blame::Node => failure["task"].as_str().unwrap_or_default().is_empty(),
        Blame::Anything => true,
    }
}
