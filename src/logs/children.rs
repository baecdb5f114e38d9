//! The jobs that a periodic or a parameterized job starts, as they come.
//!
//! Nomad's event stream is asked for jobs by their ids, which those of children are not known before: so these are listed now
//! and then, and the allocations of those that run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::error::{Advice, one_line};
use crate::exit::Exit;
use crate::http::{self, Error};
use crate::nomad::Nomad;
use crate::nomad::allocations::Allocation;
use crate::nomad::jobs::Job;

/// How often they are listed.
const LOOK: Duration = Duration::from_secs(1);

/// A job that runs something, and that another one started.
#[derive(Clone, Debug)]
pub struct Child {
    /// Its id.
    pub id: String,
    /// Its allocations.
    pub allocations: Vec<Allocation>,
}

/// What there is now.
#[derive(Clone, Debug, Default)]
pub struct Family {
    /// The jobs that were running when they were last looked at, or that are new.
    pub children: Vec<Child>,
    /// Whether they have all ended; or there was none, and none comes: their parent was stopped or is gone.
    pub is_over: bool,
}

impl Family {
    /// Their allocations.
    pub fn allocations(&self) -> impl Iterator<Item = &Allocation> {
        self.children.iter().flat_map(|child| &child.allocations)
    }
}

/// What a look came to.
#[derive(Debug)]
pub enum ChildrenSeen {
    /// It is replaced by the next one.
    Family(Family),
    /// Nomad does not answer; it is asked again.
    Away(String),
    /// Nomad refuses.
    Refused(Error),
}

/// Looks at the jobs that one started, by the clock, by dispatch or over one that it started itself: first the newest one and
/// those that have not ended, then those that come while one of them runs. Where there is none, the first one is waited for.
#[must_use]
pub fn follow_children(nomad: Nomad, parent: String) -> mpsc::Receiver<ChildrenSeen> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut known = Known::default();
        let mut waits = http::backoff();
        loop {
            let (seen, wait) = match known.look(&nomad, &parent).await {
                Ok(family) => {
                    waits = http::backoff();
                    (ChildrenSeen::Family(family), LOOK)
                }
                Err(error) if error.is_crowded() => {
                    sleep(waits.next().unwrap_or(LOOK)).await;
                    continue;
                }
                Err(error) if error.exit() == Exit::Refused => (ChildrenSeen::Refused(error), LOOK),
                Err(error) => (ChildrenSeen::Away(one_line(&error)), waits.next().unwrap_or(LOOK)),
            };
            let is_last = match &seen {
                ChildrenSeen::Family(family) => family.is_over,
                ChildrenSeen::Away(_) => false,
                ChildrenSeen::Refused(_) => true,
            };
            if sender.send(seen).await.is_err() || is_last {
                return;
            }
            sleep(wait).await;
        }
    });
    receiver
}

/// The newest job that one started, over others that it started too; `None` where there is none that runs something.
pub async fn newest_runner(nomad: &Nomad, parent: &str) -> Result<Option<String>, Error> {
    let jobs = family(nomad.list_jobs(&format!("{parent}/")).await?, parent);
    Ok(newest(jobs.iter().filter(|job| !starts_others(job))).map(|job| job.id.clone()))
}

fn newest<'a>(jobs: impl Iterator<Item = &'a Job>) -> Option<&'a Job> {
    jobs.max_by_key(|job| job.submit_time)
}

/// What is known of a family from one look to the next.
#[derive(Debug, Default)]
struct Known {
    /// The children that need no look any more: they were told as ended.
    done: BTreeSet<String>,
    has_looked: bool,
}

impl Known {
    async fn look(&mut self, nomad: &Nomad, parent: &str) -> Result<Family, Error> {
        // Before the list, so that whatever it started is in it.
        let goes_on = nomad.find_job(parent).await?.is_some_and(|job| !job.stop);
        let jobs = family(nomad.list_jobs(&format!("{parent}/")).await?, parent);
        let (old, read) = self.choose(&jobs);
        let mut children = Vec::new();
        let mut ended = old;
        for job in read {
            let allocations = nomad.job_allocations(&job.id).await?;
            if job.status == "dead" && allocations.iter().all(Allocation::is_terminal) {
                ended.push(job.id.clone());
            }
            children.push(Child { id: job.id.clone(), allocations });
        }
        let runs = children.iter().any(|child| !ended.contains(&child.id));
        self.done.extend(ended);
        self.has_looked = true;
        let waits_for_one = goes_on && self.done.is_empty();
        Ok(Family { children, is_over: !runs && !waits_for_one })
    }

    /// Those that are left out, and those to look at.
    fn choose<'a>(&self, jobs: &'a [Job]) -> (Vec<String>, Vec<&'a Job>) {
        let runners = jobs.iter().filter(|job| !starts_others(job));
        if self.has_looked {
            return (Vec::new(), runners.filter(|job| !self.done.contains(&job.id)).collect());
        }
        let newest = newest(runners.clone()).map(|job| &job.id);
        let (read, old): (Vec<&Job>, Vec<&Job>) =
            runners.partition(|job| job.status != "dead" || Some(&job.id) == newest);
        (old.into_iter().map(|job| job.id.clone()).collect(), read)
    }
}

/// Whether a job of a list runs nothing itself. A list has a boolean where the whole job has a block, and one that a dispatch
/// started is not called parameterized there.
fn starts_others(job: &Job) -> bool {
    job.periodic == true || job.parameterized == true
}

/// The jobs that come from one, also over others, by who started them.
fn family(jobs: Vec<Job>, parent: &str) -> Vec<Job> {
    let parents: BTreeMap<String, String> = jobs.iter().map(|job| (job.id.clone(), job.parent.clone())).collect();
    let comes_from_it = |job: &Job| {
        let mut ancestor = Some(&job.parent);
        // An id is longer than that of its parent, so this ends.
        while let Some(id) = ancestor.filter(|id| !id.is_empty()) {
            if id == parent {
                return true;
            }
            ancestor = parents.get(id).filter(|older| older.len() < id.len());
        }
        false
    };
    jobs.into_iter().filter(comes_from_it).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: &str, parent: &str, status: &str, submitted: i64) -> Job {
        let (id, parent, status) = (id.to_owned(), parent.to_owned(), status.to_owned());
        Job { id, parent, status, submit_time: submitted, ..Job::default() }
    }

    fn ids(jobs: &[&Job]) -> Vec<String> {
        jobs.iter().map(|job| job.id.clone()).collect()
    }

    #[test]
    fn a_family_is_who_was_started_by_it_and_by_those() {
        let both = Job { periodic: true.into(), ..job("p/dispatch-1", "p", "running", 1) };
        let jobs = vec![
            both.clone(),
            job("p/dispatch-1/periodic-2", "p/dispatch-1", "dead", 2),
            job("p/own", "", "running", 3),
            job("p/own/periodic-4", "p/own", "running", 4),
        ];
        let family = family(jobs, "p");
        assert_eq!(ids(&family.iter().collect::<Vec<_>>()), ["p/dispatch-1", "p/dispatch-1/periodic-2"]);
        assert_eq!(ids(&Known::default().choose(&family).1), ["p/dispatch-1/periodic-2"]);
    }

    #[test]
    fn first_the_newest_and_what_runs_then_what_is_new() {
        let jobs = [("p/1", "running", 1), ("p/2", "dead", 2), ("p/3", "dead", 3)]
            .map(|(id, status, submitted)| job(id, "p", status, submitted));
        let mut known = Known::default();
        let (old, read) = known.choose(&jobs);
        assert_eq!((old.clone(), ids(&read)), (vec!["p/2".to_owned()], vec!["p/1".to_owned(), "p/3".to_owned()]));
        known.done.extend(old);
        known.has_looked = true;
        let later = [jobs.to_vec(), vec![job("p/4", "p", "dead", 4)]].concat();
        assert_eq!(ids(&known.choose(&later).1), ["p/1", "p/3", "p/4"]);
    }
}
