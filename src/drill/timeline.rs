//! From what was seen in a round to its stages: pure, so that every order of samples can be tested.

use std::collections::BTreeMap;

use super::history::History;
use super::outcome::Lane;
use super::sample::{Elected, Jobs, Progress, Reached, Sample, Sight};
use super::scenario::{Scenario, Stage};

/// What a recovery is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expectation {
    /// What was done.
    pub(super) scenario: Scenario,
    /// The stages that its recovery has.
    pub(super) stages: Vec<Stage>,
    /// How many workers the master that leads should have.
    pub(super) workers: usize,
    /// A worker that must not be counted, because it was killed.
    pub(super) lost_worker: Option<String>,
    /// How many masters should answer.
    pub(super) masters: usize,
    /// Whether the fault takes the lead from the master that has it.
    pub(super) leader_hit: bool,
}

/// Values with their times.
type Seen<T> = Vec<(i64, T)>;

/// Everything that was seen in a round.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    holder: History<Option<String>>,
    leader: History<Option<String>>,
    masters: History<usize>,
    reached: History<Option<Reached>>,
    lock: History<Option<Elected>>,
    servers: History<Option<String>>,
    jobs: History<Jobs>,
    application: Vec<(i64, Option<Progress>)>,
    end: i64,
}

impl Timeline {
    /// Sorts samples, which may come in any order.
    #[must_use]
    pub(super) fn new(samples: &[Sample]) -> Self {
        let mut ordered: Vec<&Sample> = samples.iter().collect();
        ordered.sort_by_key(|sample| sample.at());
        let (mut holder, mut reached, mut lock) = (Vec::new(), Vec::new(), Vec::new());
        let (mut servers, mut jobs, mut application) = (Vec::new(), Vec::new(), Vec::new());
        for sample in &ordered {
            let at = sample.at();
            match &sample.sight {
                Sight::Holder(host) => holder.push((at, host.clone())),
                Sight::Reached(master) => reached.push((at, master.clone())),
                Sight::Lock(owner) => lock.push((at, owner.clone())),
                Sight::Servers(leader) => servers.push((at, leader.clone())),
                Sight::Jobs(state) => jobs.push((at, state.clone())),
                Sight::Application(progress) => application.push((at, progress.clone())),
                Sight::Master { .. } => {}
            }
        }
        let (leader, masters) = masters(&ordered);
        Self {
            holder: History::new(holder),
            leader: History::new(leader),
            masters: History::new(masters),
            reached: History::new(reached),
            lock: History::new(lock),
            servers: History::new(servers),
            jobs: History::new(jobs),
            application,
            end: ordered.last().map_or(0, |sample| sample.told),
        }
    }

    /// When each of the expected stages was reached, in milliseconds after the fault; a stage that was not is left out.
    #[must_use]
    pub(super) fn stages(&self, expected: &Expectation) -> BTreeMap<Stage, u64> {
        let reached = |stage: &Stage| Some((*stage, u64::try_from(self.reached_at(*stage, expected)?).ok()?));
        expected.stages.iter().filter_map(reached).collect()
    }

    fn reached_at(&self, stage: Stage, expected: &Expectation) -> Option<i64> {
        let is_some = Option::is_some;
        match stage {
            Stage::FaultSeen => self.fault_seen(expected),
            Stage::ServersLed => self.servers.good_again_since(is_some),
            Stage::AddressMoved => self.holder.good_again_since(is_some),
            Stage::LeaderElected if expected.leader_hit => self.lock.good_again_since(Option::is_some),
            // Whoever holds it may have got it from the one before without a moment in which nobody did.
            Stage::LeaderElected => {
                self.lock.good_again_since(Option::is_some).or_else(|| self.lock.good_since(Option::is_some))
            }
            Stage::Alive if expected.leader_hit => self.leader.good_again_since(is_some),
            Stage::Alive => self.leader.good_since(is_some),
            Stage::ProxySwitched => self.reached_since(expected, |master| master.alive),
            Stage::WorkersBack => self.reached_since(expected, |master| has_workers(master, expected)),
            Stage::Progressing => self.progressing(expected),
            Stage::Replaced => {
                let whole = |jobs: &Jobs| jobs.whole;
                // Tasks outlive the agent that started them.
                let kept = expected.scenario.spares_tasks();
                let jobs = if kept { self.jobs.good_since(whole)? } else { self.jobs.good_again_since(whole)? };
                // Nomad calls a master that has only just begun to start a running one.
                Some(jobs.max(self.masters.good_since(|answering| *answering >= expected.masters)?))
            }
        }
    }

    fn reached_since(&self, expected: &Expectation, good: impl Fn(&Reached) -> bool) -> Option<i64> {
        let good = |master: &Option<Reached>| master.as_ref().is_some_and(&good);
        if expected.leader_hit || expected.lost_worker.is_some() {
            self.reached.good_again_since(good)
        } else {
            self.reached.good_since(good)
        }
    }

    /// The first sign that something is wrong.
    fn fault_seen(&self, expected: &Expectation) -> Option<i64> {
        let is_some = Option::is_some;
        let signs = [
            self.holder.first_change(is_some),
            self.leader.first_change(is_some),
            self.masters.first_change(|answering| *answering >= expected.masters),
            self.reached.first_change(|master| master.as_ref().is_some_and(|master| has_workers(master, expected))),
            self.lock.first_change(Option::is_some),
            self.servers.first_change(is_some),
            self.jobs.first_change(|jobs| jobs.whole),
            self.application.iter().find(|(at, progress)| *at > 0 && progress.is_none()).map(|(at, _)| *at),
        ];
        signs.into_iter().flatten().min()
    }

    /// When the application had counted words that it began to count when everything else was well: the end of the count
    /// that ran at that time does not tell.
    fn progressing(&self, expected: &Expectation) -> Option<i64> {
        let base = if expected.stages.contains(&Stage::Alive) { self.reached_at(Stage::Alive, expected)? } else { 0 };
        let driver_hit = expected.scenario == Scenario::Driver;
        let before = self
            .application
            .iter()
            .filter(|(at, _)| *at <= 0)
            .filter_map(|(_, progress)| progress.as_ref())
            .next_back();
        let answers = self.application.iter().filter(|(at, _)| *at >= base);
        let mut first: Option<&Progress> = None;
        for (at, progress) in answers {
            let Some(progress) = progress else { continue };
            if driver_hit && before.is_some_and(|before| progress.continues(before)) {
                continue;
            }
            match first {
                Some(first) if progress.continues(first) => {
                    if progress.waves >= first.waves + 2 {
                        return Some(*at);
                    }
                }
                _ => first = Some(progress),
            }
        }
        None
    }

    /// Whether the same driver ran the application all the time.
    #[must_use]
    pub(super) fn application_survived(&self) -> bool {
        let mut seen = self.application.iter().filter_map(|(_, progress)| progress.as_ref());
        let Some(first) = seen.next() else { return false };
        seen.all(|progress| progress.continues(first))
            && self.application.last().is_some_and(|(_, last)| last.is_some())
    }

    /// How many right and how many wrong answers the application gave.
    #[must_use]
    pub(super) fn answers(&self) -> (u64, u64) {
        let (mut right, mut wrong) = (0, 0);
        let mut before: Option<&Progress> = None;
        for progress in self.application.iter().filter_map(|(_, progress)| progress.as_ref()) {
            let (waves, errors) = match before {
                Some(before) if progress.continues(before) => (before.waves, before.wrong),
                Some(_) => (0, 0),
                None => (progress.waves, progress.wrong),
            };
            wrong += progress.wrong.saturating_sub(errors);
            right += progress.waves.saturating_sub(waves).saturating_sub(progress.wrong.saturating_sub(errors));
            before = Some(progress);
        }
        (right, wrong)
    }

    /// The parts of the cluster, as they are drawn.
    #[must_use]
    pub(super) fn lanes(&self, expected: &Expectation) -> Vec<Lane> {
        let text = |value: &Option<String>, none: &str| value.clone().unwrap_or_else(|| none.to_owned());
        let is_some = Option::is_some;
        let end = self.end;
        let mut lanes = vec![
            self.servers.lane("servers", end, is_some, |leader| text(leader, "no leader")),
            self.holder.lane("address", end, is_some, |host| text(host, "no answer")),
            self.lock.lane("lock", end, Option::is_some, |owner| {
                owner.as_ref().map_or_else(|| "free".to_owned(), |owner| owner.node.clone())
            }),
            self.leader.lane("leader", end, is_some, |leader| text(leader, "nobody is ALIVE")),
            self.masters.lane(
                "masters",
                end,
                |answering| *answering >= expected.masters,
                |answering| format!("{answering}/{} answer", expected.masters),
            ),
            self.reached.lane(
                "workers",
                end,
                |master| master.as_ref().is_some_and(|master| has_workers(master, expected)),
                |master| match master {
                    Some(master) => format!("{}/{} ALIVE", usable(master, expected), expected.workers),
                    None => "no answer".to_owned(),
                },
            ),
            self.counting().lane("application", end, |(counts, _)| *counts, |(_, label)| label.clone()),
            self.jobs.lane("Nomad", end, |jobs| jobs.whole, |jobs| jobs.label.clone()),
        ];
        lanes.retain(|lane| !lane.spans.is_empty());
        lanes
    }

    /// Whether the application counts; one count that takes longer than others is no standstill.
    fn counting(&self) -> History<(bool, String)> {
        /// In milliseconds.
        const STANDSTILL: i64 = 1_000;
        let mut seen = Vec::new();
        let mut last: Option<(i64, &Progress)> = None;
        for (at, progress) in &self.application {
            let Some(progress) = progress else {
                seen.push((*at, (false, "no answer".to_owned())));
                continue;
            };
            match last {
                Some((_, before)) if before == progress => {
                    let since = last.map_or(*at, |(since, _)| since);
                    if at - since >= STANDSTILL {
                        seen.push((since, (false, "stands still".to_owned())));
                    }
                }
                _ => {
                    last = Some((*at, progress));
                    seen.push((*at, (true, progress.application.clone().unwrap_or_else(|| "starting".to_owned()))));
                }
            }
        }
        History::new(seen)
    }
}

/// Who says that it is ALIVE, and how many answer at all.
fn masters(ordered: &[&Sample]) -> (Seen<Option<String>>, Seen<usize>) {
    let mut words: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    let (mut leader, mut answering) = (Vec::new(), Vec::new());
    for sample in ordered {
        let Sight::Master { ui, status } = &sample.sight else { continue };
        words.insert(ui, status.as_deref());
        let alive = words.iter().find(|(_, status)| **status == Some("ALIVE")).map(|(ui, _)| (*ui).to_owned());
        leader.push((sample.at(), alive));
        answering.push((sample.at(), words.values().filter(|status| status.is_some()).count()));
    }
    (leader, answering)
}

fn usable(master: &Reached, expected: &Expectation) -> usize {
    if !master.alive {
        return 0;
    }
    master.workers.iter().filter(|worker| Some(*worker) != expected.lost_worker.as_ref()).count()
}

fn has_workers(master: &Reached, expected: &Expectation) -> bool {
    usable(master, expected) >= expected.workers
}

#[cfg(test)]
mod tests {
    use super::super::turns::two_leaders;
    use super::*;

    const OLD: &str = "10.0.0.1:8080";
    const NEW: &str = "10.0.0.2:8080";

    fn sample(at: i64, sight: Sight) -> Sample {
        Sample { asked: at, told: at + 1, sight }
    }

    fn master(at: i64, ui: &str, status: Option<&str>) -> Sample {
        sample(at, Sight::Master { ui: ui.to_owned(), status: status.map(str::to_owned) })
    }

    fn reached(at: i64, url: &str, workers: &[&str]) -> Sample {
        let workers = workers.iter().map(|worker| (*worker).to_owned()).collect();
        sample(at, Sight::Reached(Some(Reached { url: url.to_owned(), alive: true, workers })))
    }

    fn application(at: i64, started_ms: u64, waves: u64, wrong: u64) -> Sample {
        let application = Some("app-1".to_owned());
        sample(at, Sight::Application(Some(Progress { application, started_ms, waves, wrong })))
    }

    fn expectation(scenario: Scenario, stages: &[Stage]) -> Expectation {
        Expectation {
            scenario,
            stages: stages.to_vec(),
            workers: 2,
            lost_worker: None,
            masters: 2,
            leader_hit: scenario == Scenario::MasterCrash,
        }
    }

    /// The leader is killed at 0, another one leads from 700 on and has its workers at 900.
    fn takeover() -> Vec<Sample> {
        let mut samples = Vec::new();
        for at in (-100..2_000).step_by(10) {
            let status = |alive: bool, other: &'static str| Some(if alive { "ALIVE" } else { other });
            samples.push(master(at, OLD, if at < 5 { Some("ALIVE") } else { None }));
            samples.push(master(at, NEW, status(at >= 700, "STANDBY")));
            samples.push(application(at, 5, u64::try_from(at + 100).unwrap() / 100, 0));
            samples.push(match at {
                ..5 => reached(at, "spark://old", &["a", "b"]),
                5..800 => sample(at, Sight::Reached(None)),
                800..900 => reached(at, "spark://new", &["a"]),
                _ => reached(at, "spark://new", &["a", "b"]),
            });
        }
        samples
    }

    #[test]
    fn a_takeover_has_its_stages_in_order() {
        let stages = [Stage::FaultSeen, Stage::Alive, Stage::ProxySwitched, Stage::WorkersBack, Stage::Progressing];
        let timeline = Timeline::new(&takeover());
        let reached = timeline.stages(&expectation(Scenario::MasterCrash, &stages));
        assert_eq!(reached.values().copied().collect::<Vec<_>>(), [10, 701, 801, 901, 901]);
        assert_eq!((two_leaders(&takeover()), timeline.answers()), (0, (20, 0)));
        assert!(timeline.application_survived());
    }

    #[test]
    fn the_order_in_which_samples_come_does_not_matter() {
        let mut backwards = takeover();
        backwards.reverse();
        let expected = expectation(Scenario::MasterCrash, &[Stage::FaultSeen, Stage::Alive, Stage::Progressing]);
        assert_eq!(Timeline::new(&backwards).stages(&expected), Timeline::new(&takeover()).stages(&expected));
    }

    #[test]
    fn a_fault_without_effect_has_no_stages() {
        let calm = |at: i64| [master(at, OLD, Some("ALIVE")), master(at, NEW, Some("STANDBY"))];
        let samples: Vec<Sample> = (-100..500).step_by(10).flat_map(calm).collect();
        let expected = expectation(Scenario::MasterCrash, &[Stage::FaultSeen, Stage::Alive]);
        assert!(Timeline::new(&samples).stages(&expected).is_empty());
    }

    #[test]
    fn a_lock_that_goes_from_one_to_another_at_once_counts_from_then() {
        let lock = |at: i64, node: &str| sample(at, Sight::Lock(Some(Elected { node: node.to_owned(), since_ms: 1 })));
        let expected = expectation(Scenario::ConsulLeader, &[Stage::LeaderElected]);
        let elected =
            |samples: &[Sample]| Timeline::new(samples).stages(&expected).values().copied().collect::<Vec<_>>();
        assert_eq!(elected(&[lock(-10, "borie"), lock(3_000, "wacken")]), [3_001]);
        assert_eq!(elected(&[lock(-10, "borie"), lock(3_000, "borie")]), [0]);
    }

    #[test]
    fn a_driver_that_began_again_did_not_survive_and_its_answers_count_anew() {
        let samples = [
            application(-10, 1, 7, 0),
            sample(20, Sight::Application(None)),
            application(40, 2, 0, 0),
            application(50, 2, 1, 0),
            application(60, 2, 3, 1),
        ];
        let timeline = Timeline::new(&samples);
        assert!(!timeline.application_survived());
        assert_eq!(timeline.answers(), (2, 1));
        let reached = timeline.stages(&expectation(Scenario::Driver, &[Stage::FaultSeen, Stage::Progressing]));
        assert_eq!(reached.values().copied().collect::<Vec<_>>(), [20, 61]);
    }
}
