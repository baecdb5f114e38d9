//! A figure: what was measured, against what, and whether its goal is met.

use crate::series::Series;

/// One measured thing with its goal.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// What it is.
    pub(crate) name: String,
    /// nomspark's samples.
    pub(crate) nomspark: Series,
    /// What it is compared with, and its samples.
    pub(crate) other: Option<(&'static str, Series)>,
    /// How the samples are written.
    pub(crate) unit: Unit,
    /// What nomspark shall reach.
    pub(crate) goal: Goal,
}

/// How samples are written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unit {
    /// Samples of seconds.
    Seconds,
    /// Samples of seconds, written as milliseconds.
    Milliseconds,
    /// Samples of millions of bytes.
    Megabytes,
    /// Samples that are numbers of answers.
    Answers,
    /// Samples that are numbers of requests.
    Requests,
    /// Samples that are shares of a hundred.
    Percent,
}

/// What nomspark shall reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// nomspark's median, divided by the other's, is at most this.
    Ratio(f64),
    /// The other's median, divided by nomspark's, is at least this.
    TimesFaster(f64),
    /// nomspark's median is below this, in the unit of the figure.
    Below(f64),
    /// No sample of nomspark is above this, in the unit of the figure.
    AtMost(f64),
    /// No sample of nomspark is above the other's of the same round, times this.
    WorstRatio(f64),
}

impl Unit {
    fn factor(self) -> f64 {
        if matches!(self, Self::Milliseconds) { 1_000.0 } else { 1.0 }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Megabytes => "MB",
            Self::Answers => "answers",
            Self::Requests => "requests",
            Self::Percent => "%",
        }
    }

    /// The median, and the spread where there is one.
    fn write(self, series: &Series) -> String {
        let name = self.name();
        if matches!(self, Self::Answers | Self::Requests) {
            return format!("{} {name}", series.median());
        }
        let median = series.median() * self.factor();
        match series.spread() {
            None => format!("{median:.1} {name}"),
            Some((least, most)) => {
                format!("{median:.1} {name} ({:.1}–{:.1})", least * self.factor(), most * self.factor())
            }
        }
    }
}

impl Figure {
    /// nomspark's median, divided by the other's.
    fn ratio(&self) -> Option<f64> {
        self.other.as_ref().map(|(_, other)| self.nomspark.median() / other.median())
    }

    /// The largest ratio of a round.
    fn worst_ratio(&self) -> Option<f64> {
        self.other.as_ref().map(|(_, other)| self.nomspark.worst_ratio(other))
    }

    /// Whether the goal is met.
    pub(crate) fn is_met(&self) -> bool {
        match self.goal {
            Goal::Ratio(most) => self.ratio().is_some_and(|ratio| ratio <= most),
            Goal::TimesFaster(least) => self.ratio().is_some_and(|ratio| 1.0 / ratio >= least),
            Goal::Below(limit) => self.nomspark.median() * self.unit.factor() < limit,
            Goal::AtMost(limit) => self.nomspark.worst() * self.unit.factor() <= limit,
            Goal::WorstRatio(most) => self.worst_ratio().is_some_and(|ratio| ratio <= most),
        }
    }

    /// The goal and what there is of it, in words.
    fn verdict(&self) -> (String, String) {
        let ratio = self.ratio().unwrap_or(f64::NAN);
        let name = self.unit.name();
        match self.goal {
            Goal::Ratio(most) => (format!("{ratio:.2}"), format!("≤ {most}")),
            Goal::TimesFaster(least) => {
                (format!("{ratio:.2}, {:.1} times faster", 1.0 / ratio), format!("≥ {least} times faster"))
            }
            Goal::Below(limit) => (String::new(), format!("< {limit} {name}")),
            Goal::AtMost(limit) => {
                let ratio = self.other.as_ref().map_or_else(String::new, |_| format!("{ratio:.2}"));
                (ratio, format!("each ≤ {limit} {name}"))
            }
            Goal::WorstRatio(most) => {
                (format!("{:.2} at worst", self.worst_ratio().unwrap_or(f64::NAN)), format!("each ≤ {most}"))
            }
        }
    }

    /// The figure as a line for a terminal or a log.
    pub(crate) fn line(&self) -> String {
        let (ratio, goal) = self.verdict();
        let mut line = format!("{}: nomspark {}", self.name, self.unit.write(&self.nomspark));
        if let Some((name, other)) = &self.other {
            line.push_str(&format!("; {name} {}; ratio {ratio}", self.unit.write(other)));
        }
        line.push_str(&format!("; goal {goal}: {}", if self.is_met() { "met" } else { "MISSED" }));
        line
    }

    /// The head of the table in the document.
    pub(crate) const HEAD: &'static str =
        "| figure | nomspark | against | ratio | goal | met |\n|---|---|---|---|---|---|\n";

    /// The figure as a row of the table in the document.
    pub(crate) fn row(&self) -> String {
        let (ratio, goal) = self.verdict();
        let other = self.other.as_ref().map(|(name, other)| format!("{name}: {}", self.unit.write(other)));
        format!(
            "| {} | {} | {} | {ratio} | {goal} | {} |\n",
            self.name,
            self.unit.write(&self.nomspark),
            other.unwrap_or_default(),
            if self.is_met() { "yes" } else { "**no**" }
        )
    }
}
