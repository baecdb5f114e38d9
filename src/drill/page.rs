//! The report of a drill as one page of HTML: styles and drawings are inside, scripts there are none. Pure.
//!
//! What servers said is escaped by [`maud`], wherever it stands.

mod axis;
mod distribution;
mod flags;
mod foot;
mod head;
mod lanes;
mod rounds;
mod window;
mod words;

use maud::{DOCTYPE, PreEscaped, html};

use super::outcome::{Outcome, Round};

/// The looks: light and dark, on a screen and on paper.
const STYLE: &str = include_str!("page/page.css");
/// A report that is passed around loads nothing from anywhere, whatever a server wrote into it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The report of a drill, a whole HTML document.
#[must_use]
pub fn page(outcome: &Outcome) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="color-scheme" content="light dark";
                title { "Failover drill of " (outcome.cluster) ": " (outcome.scenario) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (head::head(outcome))
                    (distribution::distribution(outcome))
                    (rounds::rounds(outcome))
                    (foot::foot(outcome))
                }
            }
        }
    };
    document.into_string()
}

/// Whether a recovery took longer than it was allowed to; a round that never recovered complains already.
fn over_budget(round: &Round, outcome: &Outcome) -> bool {
    round.recovery_ms.zip(outcome.budget_ms).is_some_and(|(recovery, budget)| recovery > budget)
}

/// Whether a reader should look at this round.
fn is_conspicuous(round: &Round, outcome: &Outcome) -> bool {
    over_budget(round, outcome) || !round.recovered || !round.complaints().is_empty()
}

/// What a link within the page points at.
fn anchor(round: &Round) -> String {
    format!("{}-{}", round.scenario, round.number)
}

#[cfg(test)]
mod tests;
