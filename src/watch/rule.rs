//! The rules by which a job is judged, in the order in which they are asked. docs/verdicts.md has a row for each.

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Nothing was read yet.
    NotRead,
    /// Nomad does not have the job.
    Gone,
    /// Somebody stopped it, and something of it has not ended.
    Stopping,
    /// Somebody stopped it after everything was done.
    StoppedWhenDone,
    /// Somebody stopped it after an allocation had failed for good.
    StoppedWhenFailed,
    /// Somebody stopped it.
    Stopped,
    /// Something that the servers want has not ended.
    Runs,
    /// Everything that is wanted of this version is done.
    Done,
    /// The scheduler has not looked at this version yet, will look again, or waits for room.
    Unscheduled,
    /// Nomad tries again.
    TriesAgain,
    /// The last allocation of an index failed or was lost.
    Failed,
    /// Nomad has fewer allocations of this version than there were.
    Collected,
    /// Nothing failed, and nothing is wanted any more.
    NothingLeft,
}

impl Rule {
    /// All of them, in order.
    pub const ALL: [Self; 13] = [
        Self::NotRead,
        Self::Gone,
        Self::Stopping,
        Self::StoppedWhenDone,
        Self::StoppedWhenFailed,
        Self::Stopped,
        Self::Runs,
        Self::Done,
        Self::Unscheduled,
        Self::TriesAgain,
        Self::Failed,
        Self::Collected,
        Self::NothingLeft,
    ];

    /// Its name in docs/verdicts.md.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotRead => "not-read",
            Self::Gone => "gone",
            Self::Runs => "runs",
            Self::Stopping => "stopping",
            Self::StoppedWhenDone => "stopped-when-done",
            Self::StoppedWhenFailed => "stopped-when-failed",
            Self::Stopped => "stopped",
            Self::Done => "done",
            Self::Unscheduled => "unscheduled",
            Self::TriesAgain => "tries-again",
            Self::Failed => "failed",
            Self::Collected => "collected",
            Self::NothingLeft => "nothing-left",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;

    #[test]
    fn the_table_of_the_docs_is_the_code_s() {
        let text = include_str!("../../docs/verdicts.md");
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|row| row.split_once('`'));
        let documented: Vec<&str> = rows.map(|(name, _)| name).collect();
        assert_eq!(documented, Rule::ALL.map(Rule::name));
    }
}
