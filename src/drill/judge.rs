//! From what was seen in a round to what it came to.

use std::time::SystemTime;

use super::fault::Fault;
use super::outcome::{Application, Round};
use super::sample::Sample;
use super::scenario::Stage;
use super::timeline::{Expectation, Timeline};
use super::turns::{two_holders, two_leaders};

/// A round that is over.
pub(super) struct Evidence<'a> {
    /// Counted from 1 within its scenario.
    pub(super) number: u32,
    /// What was broken.
    pub(super) fault: &'a Fault,
    /// When, by this machine's clock.
    pub(super) at: SystemTime,
    /// The application's job.
    pub(super) job: &'a str,
    /// What the recovery is held against.
    pub(super) expected: &'a Expectation,
    /// What was seen.
    pub(super) samples: Vec<Sample>,
}

/// Judges a round.
pub(super) fn judge(evidence: &Evidence<'_>) -> Round {
    let Evidence { number, fault, at, job, expected, samples } = evidence;
    let timeline = Timeline::new(samples);
    let stages = timeline.stages(expected);
    let missing: Vec<Stage> = expected.stages.iter().copied().filter(|stage| !stages.contains_key(stage)).collect();
    let serving = expected.stages.iter().filter(|stage| stage.serves()).map(|stage| stages.get(stage).copied());
    let serving: Option<Vec<u64>> = serving.collect();
    let (right, wrong) = timeline.answers();
    Round {
        number: *number,
        scenario: fault.scenario,
        fault: fault.to_string(),
        at: humantime::format_rfc3339_millis(*at).to_string(),
        recovered: missing.is_empty(),
        stages,
        missing,
        recovery_ms: serving.and_then(|reached| reached.into_iter().max()),
        app: Application {
            job: (*job).to_owned(),
            survived: timeline.application_survived(),
            expected_to_end: fault.hit.driver,
            correct: wrong == 0 && right > 0,
            answers: right + wrong,
        },
        two_leaders: two_leaders(samples),
        two_holders: two_holders(samples),
        samples: samples.len() as u64,
        lanes: timeline.lanes(expected),
    }
}
