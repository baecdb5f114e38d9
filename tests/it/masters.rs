//! Masters that elect their leader through Consul, in the lab of three hosts: one leads whatever happens, workers and
//! applications outlive it, and there are never two.

mod leaders;

use std::fs;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use self::leaders::{Asking, Claim, assert_never_two, assert_one_after_the_other, is_alive};
use crate::floating::cluster::{Floating, HOSTS, LIMIT};
use crate::support::process::Jvm;
use crate::support::rows::row;
use crate::support::run::Run;
use crate::support::{address, http, wait_for, wait_or_tell, wait_until};

/// How often the book is counted: with slow executors long enough for every fault to come while an application runs.
const COPIES: usize = 2_000;
/// What everything may take until all is well again, where a worker has to start anew more than once.
const BACK: Duration = Duration::from_mins(4);
/// What a master's process runs.
pub(crate) const MASTER: &str = "org.apache.spark.deploy.master.Master";

/// A master's allocation.
#[derive(Clone, Debug)]
pub(crate) struct Master {
    allocation: String,
    node: String,
    pub(crate) ui: SocketAddr,
}

pub(crate) struct Masters {
    pub(crate) floating: Floating,
}

impl Masters {
    /// The masters that run.
    fn all(&self) -> Vec<Master> {
        let listed = self.floating.nomad_get("/v1/job/spark-master/allocations");
        let runs =
            |allocation: &&Value| allocation["ClientStatus"] == "running" && allocation["DesiredStatus"] == "run";
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        listed
            .as_array()
            .unwrap()
            .iter()
            .filter(runs)
            .map(|allocation| {
                let id = text(&allocation["ID"]);
                let whole = self.floating.nomad_get(&format!("/v1/allocation/{id}"));
                let ui = address(&whole, "ui").unwrap().parse().unwrap();
                Master { allocation: id, node: text(&allocation["NodeName"]), ui }
            })
            .collect()
    }

    /// Waits until one of two masters leads, with two workers, and all hosts are well; gives the leader and the other one.
    pub(crate) fn settled(&self) -> (Master, Master) {
        self.floating.settled();
        let look = || {
            let (leaders, others): (Vec<Master>, _) = self.all().into_iter().partition(|master| is_alive(master.ui));
            let state = http::find(&format!("http://{}:8080/json/", self.floating.place.address))?;
            let ([leader], [other]) = (&leaders[..], &others[..]) else { return None };
            let stands_by = http::find(&format!("http://{}/json/", other.ui))?["status"] == "STANDBY";
            (state["aliveworkers"] == 2 && stands_by).then(|| (leader.clone(), other.clone()))
        };
        wait_or_tell("a leader with two workers, and one that stands by", BACK, look, || self.tell())
    }

    /// What the masters, Nomad and the address say; the shortest last, where a log is cut off.
    fn tell(&self) -> String {
        let job = |role: &str| {
            let job = format!("spark-{role}");
            self.floating.hosts.nomad(&["job", "status", "-all-allocs", "-verbose", &job]).text()
        };
        let master = |master: Master| {
            let said = http::find(&format!("http://{}/json/", master.ui)).map(|state| state["status"].clone());
            format!("\n{master:?} says {said:?}; its log:\n{}", self.log(&master))
        };
        let address = http::find(&format!("http://{}:8080/json/", self.floating.place.address)).unwrap_or_default();
        let masters: String = self.all().into_iter().map(master).collect();
        format!("{masters}\n{}\n{}\nthe address leads to {address:#}", job("master"), job("worker"))
    }

    /// Does something to the leader, and sees a takeover with workers, and never two that lead. Gives what the masters
    /// claimed, and the UIs of those that led, in this order.
    fn takeover(
        &self,
        what: &str,
        fault: impl FnOnce(&Master),
        mend: impl FnOnce(&Master),
    ) -> (Vec<Claim>, Vec<SocketAddr>) {
        let (old, new) = self.settled();
        let restarts = self.restarts(&new);
        let asking = Asking::start(vec![old.ui, new.ui]);
        // Until the leader has said at least once that it leads.
        thread::sleep(Duration::from_millis(500));
        fault(&old);
        let mut old_gave_way = false;
        let look = || {
            let state = http::find(&format!("http://{}:8080/json/", self.floating.place.address))?;
            let has_workers = state["aliveworkers"].as_u64() > Some(0);
            if is_alive(new.ui) {
                return has_workers.then(|| vec![old.ui, new.ui]);
            }
            let old_leads = is_alive(old.ui);
            old_gave_way |= !old_leads;
            let leads_again = old_gave_way && old_leads && has_workers;
            // Whoever stands by is quicker than a master that starts, unless it had to start itself.
            let stood_by = leads_again && self.restarts(&new) == restarts;
            assert!(!stood_by, "{what}: the old master led again instead of the other one{}", self.tell());
            leads_again.then(|| vec![old.ui])
        };
        let leaders = wait_or_tell(&format!("a takeover after: {what}"), LIMIT, look, || self.tell());
        // Whoever was paused or cut off comes back, and would have its say now.
        mend(&old);
        thread::sleep(Duration::from_secs(3));
        let claims = asking.end();
        assert_never_two(what, &claims);
        (claims, leaders)
    }

    /// The same, where nothing gives the old leader a reason to lead again.
    fn final_takeover(&self, what: &str, fault: impl FnOnce(&Master), mend: impl FnOnce(&Master)) {
        let (claims, leaders) = self.takeover(what, fault, mend);
        assert_one_after_the_other(what, &claims, &leaders);
    }

    /// The leader's process is paused until another one leads.
    pub(crate) fn the_leader_stands_still(&self) {
        let stop = |leader: &Master| Jvm::of(&leader.allocation, MASTER).signal(Signal::SIGSTOP);
        let go_on = |leader: &Master| Jvm::of(&leader.allocation, MASTER).signal(Signal::SIGCONT);
        self.final_takeover("the leader stands still for a while", stop, go_on);
    }

    /// How often Nomad has started a master again.
    fn restarts(&self, master: &Master) -> u64 {
        let allocation = self.floating.nomad_get(&format!("/v1/allocation/{}", master.allocation));
        allocation["TaskStates"]["master"]["Restarts"].as_u64().unwrap()
    }

    fn signal(&self, master: &Master, signal: &str) {
        let url = format!("{}/v1/client/allocation/{}/signal", self.floating.nomad(), master.allocation);
        http::post(&url, &json!({ "Signal": signal, "Task": "master" }));
    }

    /// What a master says on its standard error.
    fn log(&self, master: &Master) -> String {
        self.floating.hosts.nomad(&["alloc", "logs", "-stderr", "-task", "master", &master.allocation]).text()
    }

    /// What the task says that gives back the lock of a dead master.
    fn release(&self, master: &Master) -> String {
        let log = |stream: &[&str]| {
            let arguments = [&["alloc", "logs", "-task", "release"], stream, &[&master.allocation]].concat();
            self.floating.hosts.nomad(&arguments).text()
        };
        log(&[]) + &log(&["-stderr"])
    }

    /// The applications that run, or that have ended, as the leader knows them.
    fn applications(&self, list: &str) -> Vec<Value> {
        let state = http::find(&format!("http://{}:8080/json/", self.floating.place.address));
        state.map(|state| state[list].as_array().unwrap().clone()).unwrap_or_default()
    }

    fn count_has_begun(&self) {
        wait_until("the WordCount to count", LIMIT, || {
            self.applications("activeapps").iter().any(|application| application["cores"].as_u64() > Some(0))
        });
    }

    fn consul(&self, arguments: &[&str]) {
        let run = Run::program(crate::support::lab::program("consul"), arguments);
        run.env("CONSUL_HTTP_ADDR", self.floating.hosts.consul_at(11)).run().ok();
    }
}

#[test]
fn whoever_leads_is_lost_and_the_count_goes_on() {
    let masters = Masters { floating: Floating::up("198.18.93.0/24") };
    let floating = &masters.floating;
    let spec = floating.spec("");
    let text = fs::read_to_string(&spec).unwrap() + "master {\n  count = 2\n}\nworker {\n  count = 2\n}\n";
    fs::write(&spec, text).unwrap();
    let spec = spec.to_str().unwrap();
    let deployed = floating.nomspark(&["deploy", "--file", spec]).run().ok().json();
    assert_eq!(deployed["jobs"][0]["running"], 2, "{deployed:#}");
    let (leader, other) = masters.settled();
    assert_ne!(leader.node, other.node, "each master has a node of its own");

    let wordcount = floating.count(COPIES);
    masters.count_has_begun();
    let slow = floating.slow_executors();
    let first = |list| Some(masters.applications(list).first()?["id"].clone());
    let application = wait_for("the application", LIMIT, || first("activeapps"));

    // What a master of this version cannot read is left where it is.
    masters.consul(&["kv", "put", "nomspark/spark/master/state/worker_foreign", "not a record"]);
    masters.consul(&["kv", "put", "nomspark/spark/master/state/app_old", "nomspark-record 1 4.1.0 1 1 0\nx"]);
    wait_until("the lock to be given back when its master ends", LIMIT, || masters.release(&leader).contains("Waits"));
    masters.final_takeover("the leader is killed", |leader| masters.signal(leader, "SIGKILL"), |_| ());
    let release = masters.release(&leader);
    let (leader, _) = masters.settled();
    let elected = masters.floating.consul_get("/v1/kv/nomspark/spark/master/leader?raw");
    assert_eq!(
        elected["after"], "the lock was free",
        "the lock of a killed master is given back at once: {elected}; {release}"
    );
    let log = masters.log(&leader);
    assert!(log.contains("worker_foreign in Consul's KV store: it was not written by a master of nomspark"), "{log}");
    assert!(
        log.contains(&format!(
            "app_old in Consul's KV store: {}, this is Spark 4.3.0",
            row("it was written by Spark 4.1.0")
        )),
        "{log}"
    );

    masters.the_leader_stands_still();
    // On a fast machine it may have ended already.
    let still = first("activeapps").or_else(|| first("completedapps"));
    assert_eq!(still, Some(application), "it is the application that was there before: {}", wordcount.run.told());
    let cut = |leader: &Master| drop(floating.hosts.lab(&["cut", &leader.node]).run().ok());
    let mend = |leader: &Master| drop(floating.hosts.lab(&["mend", &leader.node]).run().ok());
    // Consul elects anew when the host is back, and a leader that Consul cannot confirm then gives way.
    masters.takeover("the leader is cut off", cut, mend);
    drop(slow);
    wordcount.counts_right();
    every_pair_of_hosts_is_parted(&masters);
    consul_is_slow(&masters);
    consul_loses_its_leader(&masters);
    if is_soaked() {
        a_new_version_goes_from_master_to_master(&masters, spec);
    }
    floating.nomspark(&["stop", "--purge", "--yes"]).run().ok();
}

/// Whether there is time for everything, as `make soak` has it.
fn is_soaked() -> bool {
    std::env::var_os("NOMSPARK_SOAK").is_some()
}

/// Two hosts cannot reach each other, while the third reaches both: whoever leads then, there are never two. `make soak` parts
/// every pair, not only the two masters.
fn every_pair_of_hosts_is_parted(masters: &Masters) {
    let hosts = &masters.floating.hosts;
    let route = |verb: &str, (host, _): (&str, u8), (_, other): (&str, u8)| {
        let address = format!("{}/32", hosts.address(other));
        hosts.lab(&["exec", host, "--", "ip", "route", verb, "blackhole", &address]).run().ok();
    };
    let host = |name: &str| *HOSTS.iter().find(|(host, _)| *host == name).unwrap();
    for round in 0..if is_soaked() { 3 } else { 1 } {
        let (leader, standby) = masters.settled();
        let (leads, stands_by) = (host(&leader.node), host(&standby.node));
        let third = *HOSTS.iter().find(|other| **other != leads && **other != stands_by).unwrap();
        let (one, other) = [(leads, stands_by), (leads, third), (stands_by, third)][round];
        let asking = Asking::start(vec![leader.ui, standby.ui]);
        route("add", one, other);
        route("add", other, one);
        // Longer than any lease.
        thread::sleep(Duration::from_secs(8));
        route("del", one, other);
        route("del", other, one);
        thread::sleep(Duration::from_secs(3));
        assert_never_two(&format!("{} and {} are parted", one.0, other.0), &asking.end());
    }
}

/// The leader's own Consul answers, but later than any lease: it gives way before the other one leads.
fn consul_is_slow(masters: &Masters) {
    let signal = |leader: &Master, signal| {
        masters.floating.signal(&leader.node, signal, |command, _| command.contains("/consul agent "));
    };
    let (old, _) = masters.settled();
    let stop = |leader: &Master| signal(leader, Signal::SIGSTOP);
    masters.takeover("the leader's Consul stands still", stop, |leader| signal(leader, Signal::SIGCONT));
    let told = row("Consul has not confirmed its lock in time");
    wait_until("the old leader to have said why it ended", LIMIT, || masters.log(&old).contains(told));
}

/// While Consul elects, nobody can be elected; whoever leads afterwards, there were never two.
fn consul_loses_its_leader(masters: &Masters) {
    let (leader, other) = masters.settled();
    let consul = masters.floating.consul_get("/v1/status/leader");
    let (host, _) = HOSTS
        .into_iter()
        .find(|(_, last)| consul.as_str().unwrap().starts_with(&format!("{}:", masters.floating.hosts.address(*last))))
        .unwrap();
    let asking = Asking::start(vec![leader.ui, other.ui]);
    masters.floating.hosts.lab(&["kill", host, "consul"]).run().ok();
    thread::sleep(Duration::from_secs(15));
    masters.floating.hosts.up();
    masters.settled();
    assert_never_two("Consul without a leader", &asking.end());
}

/// Nomad replaces one master after the other, the address leads to one again each time, and an application counts on.
fn a_new_version_goes_from_master_to_master(masters: &Masters, spec: &str) {
    let (leader, other) = masters.settled();
    let wordcount = masters.floating.count(COPIES);
    masters.count_has_begun();
    let slow = masters.floating.slow_executors();
    let text = fs::read_to_string(spec)
        .unwrap()
        .replace("count = 2\n}\nworker", "count = 2\n  memory = \"1280MiB\"\n}\nworker");
    fs::write(spec, text).unwrap();
    let deployed = masters.floating.nomspark(&["deploy", "--file", spec]).run().ok().json();
    assert_eq!((&deployed["ready"], &deployed["changed"]), (&true.into(), &true.into()), "{deployed:#}");
    let (new, new_other) = masters.settled();
    for old in [leader, other] {
        assert!(old.allocation != new.allocation && old.allocation != new_other.allocation);
    }
    drop(slow);
    wordcount.counts_right();
}
