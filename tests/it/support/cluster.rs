//! Spark clusters in the lab: one of a test's own, and one that tests share which change nothing in it.

use std::time::Duration;

use serde_json::Value;

use super::lab::{self, DEMO, Guard, Room, claim, lock};
use super::run::Run;
use super::{address, at_the_end, http, wait_for};

const LIMIT: Duration = Duration::from_mins(1);
/// What the master and one worker reserve, in MHz.
pub(crate) const CLUSTER: u64 = DEMO;
/// What each further worker reserves, in MHz.
pub(crate) const WORKER: u64 = 1_000;
/// What a driver reserves, in MHz.
pub(crate) const DRIVER: u64 = 500;

/// A cluster's name in the lab. Whatever carries it is stopped and forgotten in the end.
pub(crate) struct Cluster {
    pub(crate) name: String,
    stays: bool,
    // The room is given back, and the lab may end, after the cluster is gone.
    _room: Room,
    lab: Guard,
}

impl Cluster {
    /// A name that nothing is deployed under yet; `mhz` is all that the test will run at the same time.
    pub(crate) fn named(name: &str, mhz: u64) -> Self {
        Self::of(lab::shared(), name, mhz)
    }

    /// The same in the lab that has a Docker engine.
    pub(crate) fn in_containers(name: &str, mhz: u64) -> Self {
        Self::of(lab::with_docker(), name, mhz)
    }

    fn of(lab: Guard, name: &str, mhz: u64) -> Self {
        claim(name);
        Self { name: name.to_owned(), stays: false, _room: lab.room(mhz), lab }
    }

    /// A cluster with a master and a worker, and room for a driver.
    pub(crate) fn deployed(name: &str) -> Self {
        let cluster = Self::named(name, CLUSTER + DRIVER);
        cluster.nomspark("deploy").run().ok();
        cluster
    }

    /// nomspark, for this cluster and for people.
    pub(crate) fn plain(&self, command: &str) -> Run {
        self.lab.plain(command).args(["--name", &self.name])
    }

    /// nomspark, for this cluster, with JSON.
    pub(crate) fn nomspark(&self, command: &str) -> Run {
        self.lab.nomspark(command).args(["--name", &self.name])
    }

    pub(crate) fn lab(&self) -> &Guard {
        &self.lab
    }

    pub(crate) fn job(&self, role: &str) -> String {
        format!("{}-{role}", self.name)
    }

    /// What the leading master says in its `/json/`, and where its UI is.
    #[track_caller]
    pub(crate) fn spark(&self) -> (String, Value) {
        // On a busy machine Consul hears of a master a moment after nomspark did.
        let ui = wait_for("a master-ui in Consul", LIMIT, || self.service("master-ui").first().cloned());
        (ui.clone(), http::get(&format!("{ui}/json/")))
    }

    /// The URL of the REST API about the application that a job's driver runs.
    pub(crate) fn application(&self, job: &str) -> Option<String> {
        let id = self.lab.allocations(job).first()?["ID"].as_str().unwrap().to_owned();
        let ui = address(&self.lab.nomad_get(&format!("/v1/allocation/{id}")), "ui")?;
        let api = format!("http://{ui}/api/v1/applications");
        Some(format!("{api}/{}", http::find(&api)?[0]["id"].as_str()?))
    }

    /// The URLs of a Consul service's passing instances.
    #[track_caller]
    pub(crate) fn service(&self, role: &str) -> Vec<String> {
        let path = format!("/v1/health/service/{}-{role}?passing=true", self.name);
        let instances = self.lab.consul_get(&path);
        let url = |instance: &Value| {
            let address = instance["Service"]["Address"].as_str().unwrap();
            format!("http://{address}:{}", instance["Service"]["Port"])
        };
        instances.as_array().unwrap().iter().map(url).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        at_the_end(|| {
            // A test of stop leaves nothing to stop.
            if !self.stays && !self.lab.jobs(&format!("{}-", self.name)).is_empty() {
                self.nomspark("stop").args(["--purge", "--yes"]).run().ok();
            }
        });
    }
}

/// The cluster `demo`, which lives as long as the lab, for tests that change nothing in it; `mhz` is what this test runs
/// on it.
pub(crate) fn demo(mhz: u64) -> Cluster {
    let lab = lab::shared();
    let mut deployed = lock(&lab.demo);
    if !*deployed {
        lab.take(DEMO);
        lab.nomspark("deploy").args(["--name", "demo"]).run().ok();
        *deployed = true;
    }
    drop(deployed);
    Cluster { name: "demo".to_owned(), stays: true, _room: lab.room(mhz), lab }
}
