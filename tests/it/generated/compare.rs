//! Compares what nomspark tells of a generated job with the judgement, while the job is watched and at the end.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::actions::{Actions, Scene, undrain};
use super::course::{Course, Moment, Watched, is_final};
use super::job::{Change, Job};
use super::judgement::{Outcome, judge};
use super::said::Said;
use super::snapshot::Snapshot;
use super::world::{MANY, PAIR, World};
use crate::support::lab::lock;

/// How far back and forth a verdict's moment may be from what it tells.
const AROUND: Duration = Duration::from_millis(2_500);

/// What came of a job.
pub(super) struct Report {
    pub(super) line: String,
    pub(super) agrees: bool,
    /// What nomspark told, and what would be right.
    pub(super) complaints: String,
    /// What else is known.
    pub(super) details: String,
}

pub(super) fn compare(world: &World, seed: u64) -> Report {
    let job = Job::of(seed);
    let actions = Actions::of(seed, &job);
    let pair = actions.need_nodes().then(|| lock(&world.pair));
    let folder = world.folder.path().join(seed.to_string());
    std::fs::create_dir_all(&folder).unwrap();
    let datacenter = if pair.is_some() { PAIR } else { MANY };
    let scene = Scene { world, job: &job, datacenter, folder: folder.to_str().unwrap() };
    let mut course = Course::of(scene);
    course.run(seed, &actions);
    let report = judged(&course, seed);
    course.clean_up();
    if pair.is_some() {
        undrain(world).unwrap();
    }
    report
}

fn judged(course: &Course<'_>, seed: u64) -> Report {
    let mut complaints = Vec::new();
    let before = Snapshot::take(course.scene.world, &course.scene.job.id);
    let right = judge(&before, None);
    let limit = if is_final(&right) { "20s" } else { "3s" };
    let last = Said::of(&course.watching(&["--timeout", limit]).wait());
    let after = Snapshot::take(course.scene.world, &course.scene.job.id);
    let mut all = right.clone();
    all.extend(judge(&after, None));
    if !all.iter().any(|outcome| last.tells(outcome)) {
        complaints.push(format!("asked at the end: {last}\nright would be {all:?}"));
    }
    if let Some(watched) = &course.watched {
        let around = around(&course.moments, watched.ended);
        let mut right: Vec<Outcome> = around.iter().flat_map(|it| judge(&it.snapshot, None)).collect();
        let superseded = around
            .iter()
            .any(|it| it.snapshot.runs().job.as_ref().and_then(|job| job["Version"].as_u64()) != watched.version);
        if superseded && course.scene.job.starter.is_none() {
            right.extend(around.iter().flat_map(|it| judge(&it.snapshot, watched.version)));
        }
        right.extend(around.iter().filter_map(|it| it.followed.as_ref()).flat_map(|it| judge(it, None)));
        right.dedup();
        if !right.iter().any(|outcome| watched.said.tells(outcome)) {
            complaints.push(format!(
                "while it was watched, from version {:?}: {}\nright would be {right:?}",
                watched.version, watched.said
            ));
        }
    }
    if let Some(watched) =
        course.watched.as_ref().filter(|it| it.done == course.done && course.followed == before.runs().id)
    {
        complaints.extend(lasting(watched, &course.moments, &all));
    }
    let told = course.watched.as_ref().map_or("not watched".to_owned(), |it| it.said.short());
    let right = right.first().map(|it| format!("{it:?}")).unwrap_or_default();
    let right = right.split(['(', ' ']).next().unwrap_or_default().to_owned();
    let verdict = if complaints.is_empty() { "agree" } else { "DISAGREE" };
    let job = course.scene.job;
    let line = format!(
        "seed {seed}: {:?} {:?} {:?}: {told}; at the end {}; judged {right}: {verdict}",
        job.kind,
        job.starter,
        course.done_words(),
        last.short()
    );
    let agrees = complaints.is_empty();
    let complaints = complaints.join("\n");
    let mut details = String::new();
    let file = job.json(Change::Same, 0, course.scene.datacenter, course.scene.folder);
    write!(details, "\n\nthe job: {file}\n\nwhat was done:\n{}", course.told).unwrap();
    let events = course.watched.as_ref().map_or("", |it| it.said.events.as_str());
    write!(details, "\nnomspark's events:\n{events}\nthe same at the end:\n{}", last.events).unwrap();
    write!(details, "\nNomad's state:\n{after}").unwrap();
    Report { line, agrees, complaints, details }
}

/// What was final, and has changed though nobody did anything.
fn lasting(watched: &Watched, moments: &[Moment], now: &[Outcome]) -> Option<String> {
    let then: Vec<Outcome> = around(moments, watched.ended).iter().flat_map(|it| judge(&it.snapshot, None)).collect();
    let told: Vec<&Outcome> = then.iter().filter(|outcome| watched.said.tells(outcome)).collect();
    let open = then.contains(&Outcome::Running);
    let was_final =
        !open && !told.is_empty() && told.iter().all(|it| matches!(it, Outcome::Complete | Outcome::Failed(_)));
    let holds = now.iter().any(|outcome| watched.said.tells(outcome));
    (was_final && !holds).then(|| format!("too early: {}\nright in the end is {now:?}", watched.said))
}

/// What Nomad said when the watch ended; at least two answers before it, however slow the machine was.
fn around(moments: &[Moment], end: Instant) -> Vec<&Moment> {
    let first = moments.iter().position(|it| it.at + AROUND >= end).unwrap_or(moments.len());
    moments.iter().skip(first.saturating_sub(2)).take_while(|it| it.at <= end + AROUND).collect()
}
