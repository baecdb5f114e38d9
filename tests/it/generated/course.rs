//! A generated job's course on a real Nomad, from its registration to its end, watched by nomspark.

use std::fmt::Write as _;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use nix::sys::signal::Signal;
use reqwest::Method;

use super::actions::{Actions, Scene};
use super::dice::Dice;
use super::job::Change;
use super::judgement::{Outcome, judge};
use super::said::Said;
use super::snapshot::{Snapshot, escaped};
use crate::support::run::{Run, Running};

/// How often Nomad is asked.
const PACE: Duration = Duration::from_millis(400);
/// What does not settle so long after the last action is judged as it is.
const LONGEST: Duration = Duration::from_secs(25);
/// How long nothing happens to a job that has settled: longer than Nomad's least delay between two tries.
const QUIET: Duration = Duration::from_millis(5_500);
/// The same, once the outcome is final.
const QUIET_AT_THE_END: Duration = Duration::from_millis(1_500);
/// How long nomspark may take to tell what Nomad has told already, on a busy machine.
const TO_TELL: Duration = Duration::from_secs(20);

/// What Nomad said at one moment.
pub(super) struct Moment {
    pub(super) at: Instant,
    pub(super) snapshot: Snapshot,
    /// The job that the watch follows, where the newest is another one by now.
    pub(super) followed: Option<Snapshot>,
}

/// A watch that has ended.
pub(super) struct Watched {
    pub(super) said: Said,
    pub(super) ended: Instant,
    /// How many actions had been done by then.
    pub(super) done: usize,
    /// The version that was the newest when it began.
    pub(super) version: Option<u64>,
}

/// A job's course from its registration to its end.
pub(super) struct Course<'a> {
    pub(super) scene: Scene<'a>,
    watch: Option<(Running, Option<u64>)>,
    pub(super) watched: Option<Watched>,
    pub(super) moments: Vec<Moment>,
    /// The job that ran when the watch began.
    pub(super) followed: String,
    /// What was done to it.
    pub(super) told: String,
    /// How many actions that were.
    pub(super) done: usize,
}

impl<'a> Course<'a> {
    pub(super) fn of(scene: Scene<'a>) -> Self {
        Self {
            scene,
            watch: None,
            watched: None,
            moments: Vec::new(),
            followed: String::new(),
            told: String::new(),
            done: 0,
        }
    }

    pub(super) fn run(&mut self, seed: u64, actions: &Actions) {
        let mut dice = Dice::new(seed, 3);
        let midway = dice.between(500, 6_000);
        let begin = dice.pick(&[(55, Some(0)), (30, Some(midway)), (15, None)]);
        let started = Instant::now();
        self.scene.register(Change::Same, 0).unwrap_or_else(|refused| panic!("seed {seed}: Nomad refused: {refused}"));
        self.scene.start().unwrap_or_else(|refused| panic!("seed {seed}: Nomad refused: {refused}"));
        let mut due = started;
        let mut actions = actions.0.iter().enumerate().map(|(at, (after, action))| {
            due += *after;
            (due, at + 1, *action)
        });
        let mut next = actions.next();
        let mut last = started;
        let mut changed = (started, String::new());
        loop {
            let snapshot = Snapshot::take(self.scene.world, &self.scene.job.id);
            let now = Instant::now();
            if changed.1 != snapshot.mark() {
                changed = (now, snapshot.mark());
            }
            if begin.is_some_and(|after| now >= started + Duration::from_millis(after))
                && self.watch.is_none()
                && self.watched.is_none()
            {
                let version = snapshot.runs().job.as_ref().and_then(|job| job["Version"].as_u64());
                self.followed.clone_from(&snapshot.runs().id);
                self.watch = Some((self.watching(&["--timeout", "3m"]), version));
                self.tell("watched from now on");
            }
            self.look(now);
            if let Some((due, number, action)) = next
                && now >= due
            {
                let answer = self.scene.act(action, &snapshot, number).err().unwrap_or_default();
                self.tell(&format!("{action:?} {answer}"));
                self.done += 1;
                last = Instant::now();
                next = actions.next();
                changed.0 = Instant::now();
            }
            let quiet = if is_final(&judge(&snapshot, None)) { QUIET_AT_THE_END } else { QUIET };
            let is_settled = changed.0.elapsed() > quiet && !is_moving(&snapshot);
            self.note(now, snapshot);
            if next.is_none() && (is_settled || last.elapsed() > LONGEST) {
                break;
            }
            thread::sleep(PACE);
        }
        self.end_watch();
    }

    fn note(&mut self, at: Instant, snapshot: Snapshot) {
        let other = !self.followed.is_empty() && self.followed != snapshot.runs().id;
        let followed = other.then(|| Snapshot::take(self.scene.world, &self.followed));
        self.moments.push(Moment { at, snapshot, followed });
    }

    pub(super) fn watching(&self, arguments: &[&str]) -> Running {
        let run =
            Run::nomspark(["watch", &self.scene.job.id, "-o", "ndjson"]).env("NOMAD_ADDR", &self.scene.world.address);
        run.args(arguments).spawn()
    }

    /// Notes the end of the watch.
    fn look(&mut self, now: Instant) {
        if let Some((mut watch, version)) = self.watch.take() {
            if watch.has_ended() {
                self.tell("the watch has ended");
                self.watched = Some(Watched { said: Said::of(&watch.wait()), ended: now, done: self.done, version });
            } else {
                self.watch = Some((watch, version));
            }
        }
    }

    /// Lets it tell what it has to tell, and ends it where it goes on.
    fn end_watch(&mut self) {
        let since = Instant::now();
        while self.watch.is_some() {
            let snapshot = Snapshot::take(self.scene.world, &self.scene.job.id);
            let now = Instant::now();
            let patience = if is_final(&judge(&snapshot, None)) { TO_TELL } else { PACE * 3 };
            self.note(now, snapshot);
            self.look(now);
            if since.elapsed() > patience
                && let Some((watch, version)) = self.watch.take()
            {
                let ended = Instant::now();
                let said = Said::of(&watch.signal_until_ended(Signal::SIGINT));
                self.watched = Some(Watched { said, ended, done: self.done, version });
            }
            thread::sleep(PACE / 2);
        }
    }

    fn tell(&mut self, what: &str) {
        let now = humantime::format_rfc3339_millis(SystemTime::now());
        writeln!(self.told, "{now} {what}").unwrap();
    }

    /// The actions that Nomad did not refuse.
    pub(super) fn done_words(&self) -> Vec<&str> {
        let words = self.told.lines().filter_map(|line| line.split_once(' '));
        words.filter_map(|(_, words)| words.strip_suffix(' ')).collect()
    }

    pub(super) fn clean_up(&self) {
        let world = self.scene.world;
        for job in world.list(&format!("/v1/jobs?prefix={}", self.scene.job.id)) {
            let id = job["ID"].as_str().unwrap_or_default();
            if id == self.scene.job.id || id.starts_with(&format!("{}/", self.scene.job.id)) {
                // A parent takes its children with it, or not.
                let _ = world.ask(Method::DELETE, &format!("/v1/job/{}?purge=true", escaped(id)), None);
            }
        }
    }
}

/// Whether nomspark must end its watch now.
pub(super) fn is_final(right: &[Outcome]) -> bool {
    !right.iter().any(|outcome| matches!(outcome, Outcome::Running | Outcome::AwaitsPromotion))
}

/// Whether Nomad has more to do for it at once.
fn is_moving(snapshot: &Snapshot) -> bool {
    let runs = snapshot.runs();
    let evaluated = runs.evaluations.iter().any(|it| it["Status"] == "pending");
    let restarts = runs.allocations.iter().filter(|it| it["DesiredStatus"] == "run").any(|it| {
        let states = it["TaskStates"].as_object();
        states.into_iter().flatten().any(|(_, state)| {
            let last = state["Events"].as_array().and_then(|events| events.last());
            state["State"] != "dead" && last.is_some_and(|event| event["Type"] == "Restarting")
        })
    });
    let ending = runs.allocations.iter().any(|it| it["DesiredStatus"] != "run" && it["ClientStatus"] == "running");
    let deployed = runs.deployments.iter().any(|it| it["Status"] == "running") && is_final(&judge(snapshot, None));
    evaluated || restarts || ending || deployed
}
