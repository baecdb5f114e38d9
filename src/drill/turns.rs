//! Whether two say at the same time that they are the only one: two masters that lead, two hosts that hold the address.

use std::collections::BTreeMap;

use super::sample::{Sample, Sight};

/// How near two answers of one master must be to each other for another one that leads between them to be a second leader,
/// in milliseconds. A lease is 3 s: within a half of it nobody can lead, lose the lock and lead again.
const LEADERS_IN_TURNS: i64 = 1_500;
/// The same for the hosts that answer at the address, which may return to a host that is preferred.
const HOLDERS_IN_TURNS: i64 = 300;

/// How often two masters said in turns that they lead.
#[must_use]
pub(super) fn two_leaders(samples: &[Sample]) -> u64 {
    in_turns(&claims(samples, leads), LEADERS_IN_TURNS)
}

/// How often two hosts answered in turns at the address.
#[must_use]
pub(super) fn two_holders(samples: &[Sample]) -> u64 {
    in_turns(&claims(samples, holds), HOLDERS_IN_TURNS)
}

/// Somebody who said of itself that it is the only one.
struct Claim<'a> {
    asked: i64,
    told: i64,
    who: &'a str,
}

fn leads(sight: &Sight) -> Option<&str> {
    match sight {
        Sight::Master { ui, status } if status.as_deref() == Some("ALIVE") => Some(ui),
        _ => None,
    }
}

fn holds(sight: &Sight) -> Option<&str> {
    match sight {
        Sight::Holder(host) => host.as_deref(),
        _ => None,
    }
}

fn claims(samples: &[Sample], who: fn(&Sight) -> Option<&str>) -> Vec<Claim<'_>> {
    let claims = samples.iter().filter_map(|Sample { asked, told, sight }| Some((asked, told, who(sight)?)));
    claims.map(|(asked, told, who)| Claim { asked: *asked, told: *told, who }).collect()
}

/// How many claims lie wholly between two claims of somebody else that are near to each other.
fn in_turns(claims: &[Claim<'_>], near: i64) -> u64 {
    /// When somebody's claims were told and asked, each in order.
    #[derive(Default)]
    struct Times {
        told: Vec<i64>,
        asked: Vec<i64>,
    }
    let mut everybody: BTreeMap<&str, Times> = BTreeMap::new();
    for claim in claims {
        let times = everybody.entry(claim.who).or_default();
        times.told.push(claim.told);
        times.asked.push(claim.asked);
    }
    for times in everybody.values_mut() {
        times.told.sort_unstable();
        times.asked.sort_unstable();
    }
    let surrounds = |times: &Times, claim: &Claim<'_>| {
        let before = times.told.partition_point(|told| *told < claim.asked).checked_sub(1);
        let before = before.and_then(|last| times.told.get(last));
        let after = times.asked.get(times.asked.partition_point(|asked| *asked <= claim.told));
        before.zip(after).is_some_and(|(before, after)| after - before <= near)
    };
    let enclosed =
        |claim: &&Claim<'_>| everybody.iter().any(|(who, times)| *who != claim.who && surrounds(times, claim));
    claims.iter().filter(enclosed).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "10.0.0.1:8080";
    const NEW: &str = "10.0.0.2:8080";

    fn master(at: i64, ui: &str, status: Option<&str>) -> Sample {
        let sight = Sight::Master { ui: ui.to_owned(), status: status.map(str::to_owned) };
        Sample { asked: at, told: at + 1, sight }
    }

    #[test]
    fn two_that_lead_in_turns_are_two_leaders_and_one_after_the_other_are_not() {
        let alive = |at, ui| master(at, ui, Some("ALIVE"));
        let after = [alive(0, OLD), alive(10, OLD), alive(20, NEW), alive(30, NEW)];
        assert_eq!(two_leaders(&after), 0);
        let turns = [alive(0, OLD), alive(10, NEW), alive(20, OLD)];
        assert_eq!(two_leaders(&turns), 1);
        // An answer that was on its way while another one led proves nothing.
        let late = Sample { told: 25, ..alive(0, OLD) };
        assert_eq!(two_leaders(&[late, alive(10, NEW), alive(30, NEW)]), 0);
        let again = [alive(0, OLD), alive(2_000, NEW), alive(4_000, OLD)];
        assert_eq!(two_leaders(&again), 0);
    }
}
