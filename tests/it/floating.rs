//! The floating address in the lab of three hosts: whatever is killed, one host answers, and Spark's work goes on.

pub(crate) mod cluster;
mod dns;
mod elsewhere;
mod follow;
mod preflight;
mod processes;
pub(crate) mod samples;

use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

use self::cluster::{Floating, HOSTS, LIMIT, spec_text};
use self::processes::is_executor;
use self::samples::{Sample, changes};
use nix::sys::signal::Signal;

use crate::support::rows::row;
use crate::support::run::Running;
use crate::support::{http, wait_or_tell, wait_until};

/// How often the book is counted: long enough to be caught at work.
const COPIES: usize = 500;

/// Does something to the holder of the address, and watches it move to another host. Gives what was seen meanwhile.
fn takeover(floating: &Floating, what: &str, fault: impl Fn(&str)) -> Vec<Sample> {
    let old = floating.settled();
    let sampling = floating.place.sample();
    thread::sleep(Duration::from_millis(100));
    fault(&old);
    wait_until(&format!("another host than {old} to answer after: {what}"), LIMIT, || {
        floating.place.answer().is_some_and(|host| host != old)
    });
    thread::sleep(Duration::from_secs(2));
    let samples = sampling.end();
    let answers = changes(samples.iter().map(|sample| sample.answer.as_ref()));
    assert_eq!((answers.len(), answers[0]), (2, old.as_str()), "{what}: {answers:?} answered, one after the other");
    let neighbours = changes(samples.iter().map(|sample| sample.neighbour.as_ref()));
    assert_eq!(neighbours.len(), 2, "{what}: the address was at {neighbours:?}, one after the other");
    samples
}

pub(crate) fn assert_one_holder(what: &str, samples: &[Sample]) {
    // The hosts are looked at one after the other: in a single sample the address may have moved meanwhile.
    let several = samples.windows(2).find(|pair| pair.iter().all(|sample| sample.holders.len() > 1));
    assert!(several.is_none(), "{what}: {several:?}");
}

/// Whether Spark's master, behind the address, has an application with executors.
fn counting(floating: &Floating) -> bool {
    let Some(state) = http::find(&format!("http://{}:8080/json/", floating.place.address)) else { return false };
    state["activeapps"].as_array().is_some_and(|apps| apps.iter().any(|app| app["cores"].as_u64() > Some(0)))
}

/// Moves the address to a host where nothing of Spark runs, so that the host can be lost and Spark's work goes on.
fn move_to_idle_host(floating: &Floating, wordcount: &str) -> String {
    let jobs = ["spark-master", "spark-worker", wordcount];
    let busy: BTreeSet<String> = jobs.iter().flat_map(|job| floating.nodes(job)).collect();
    let idle = HOSTS.map(|(host, _)| host).into_iter().find(|host| !busy.contains(*host));
    let idle = idle.unwrap_or_else(|| panic!("Spark runs on every host: {busy:?}"));
    while floating.settled() != idle {
        for (host, _) in HOSTS.iter().filter(|(host, _)| *host != idle) {
            floating.kill(host, |line, _| line.contains("haproxy -W "));
        }
        thread::sleep(Duration::from_secs(1));
    }
    idle.to_owned()
}

fn name(wordcount: &mut Running) -> String {
    wordcount.wait_until_told("spark-wordcount-");
    let told = wordcount.told();
    told[told.find("spark-wordcount-").unwrap()..].chars().take("spark-wordcount-01234567".len()).collect()
}

#[test]
fn whatever_is_killed_one_host_answers_and_the_count_is_right() {
    let mut floating = Floating::up("198.18.95.0/24");
    let spec = floating.spec("");
    let spec = spec.to_str().unwrap();
    let deployed = floating.nomspark(&["deploy", "--file", spec]).run().ok().json();
    let address = floating.place.address.clone();
    assert_eq!(deployed["endpoints"]["master"], format!("spark://{address}:7077"));
    assert_eq!(deployed["endpoints"]["ui"], format!("http://{address}:8080"));
    let again = floating.nomspark(&["deploy", "--file", spec]).run().ok().json();
    assert_eq!(again["changed"], false);
    check_services(&floating);
    floating.ask(&floating.nodes("spark-master")[0]);

    let mut wordcount = floating.count(COPIES);
    let job = name(&mut wordcount.run);
    wait_until("the WordCount to count", LIMIT, || counting(&floating));
    // However fast the machine is, the application shall live through every fault.
    let worker = floating.pause_executor();

    let kill_keepalived = |host: &str| floating.kill(host, |line, _| line.contains("/keepalived --dont-fork"));
    let what = "keepalived killed";
    assert_one_holder(what, &takeover(&floating, what, kill_keepalived));
    let what = "HAProxy killed";
    let kill_haproxy = |host: &str| floating.kill(host, |line, _| line.contains("haproxy -W "));
    assert_one_holder(what, &takeover(&floating, what, kill_haproxy));
    // Nobody is left to take the address away on the old host until Nomad has started the tasks again.
    takeover(&floating, "everything killed", |host| floating.kill_edge(host));
    let idle = move_to_idle_host(&floating, &job);
    let what = "cut off";
    assert_one_holder(what, &takeover(&floating, what, |host| drop(floating.hosts.lab(&["cut", host]).run().ok())));
    // Where Consul's leader was on that host, no master may lead until Consul has another one.
    wait_or_tell(
        "the WordCount to be known after the last fault",
        LIMIT,
        || counting(&floating).then_some(()),
        || format!("; its driver says:\n{}", floating.log(&job, "driver")),
    );
    floating.signal(&worker, Signal::SIGCONT, is_executor);
    let sampling = floating.place.sample();
    floating.hosts.lab(&["mend", &idle]).run().ok();
    let holder = floating.settled();
    let back = sampling.end();
    assert_one_holder("mended", &back);
    assert_eq!(changes(back.iter().map(|sample| sample.answer.as_ref())), [holder.as_str()], "the address stays");

    wordcount.counts_right();

    keepalived_reads_its_configuration_again(&floating);
    consul_is_away(&floating);
    a_count_begins_again_where_no_master_remembers_it(&floating);
    floating.nomspark(&["stop", "--purge", "--yes"]).run().ok();
    assert_eq!(floating.place.holders(), BTreeSet::new());
    wait_until("Consul to hear that nobody holds the address", LIMIT, || floating.recorded().is_none());
}

/// What Consul and `status` say of the address.
fn check_services(floating: &Floating) {
    let holder = floating.settled();
    wait_until("Consul to hear of the holder", LIMIT, || floating.recorded().as_ref() == Some(&holder));
    let status = floating.nomspark(&["status"]).run().ok().json();
    assert_eq!(status["vip"]["address"], floating.place.address, "{status:#}");
    assert_eq!(
        (&status["vip"]["holder"], &status["vip"]["recorded"]),
        (&holder.clone().into(), &holder.clone().into())
    );
    floating.record("somebody");
    let told = floating.plain(&["status"]).run().ok().text();
    let disagreement = format!("answers from {holder}, {}somebody holds it", row("but Consul has a note that "));
    assert!(told.contains(&disagreement), "{told}");
    floating.record(&holder);
    // Two VRRP routers of one number on one network would take each other for their own.
    let other = floating.hosts.folder.path().join("other.hcl");
    fs::write(&other, spec_text(&floating.hosts, 101, "")).unwrap();
    let refused = floating.nomspark(&["deploy", "--name", "other", "--file", other.to_str().unwrap()]).run().fails(3);
    refused.shows("the router id 51 ").says("the cluster spark");
    for (service, instances) in [("master", 1), ("master-ui", 1), ("worker", 1), ("edge", 3)] {
        let path = format!("/v1/health/service/spark-{service}?passing=true");
        wait_until(&format!("{instances} of spark-{service} in Consul"), LIMIT, || {
            floating.consul_get(&path).as_array().is_some_and(|passing| passing.len() == instances)
        });
    }
    let address: Ipv4Addr = floating.place.address.parse().unwrap();
    let server = format!("{}:8600", floating.hosts.address(11));
    assert_eq!(dns::addresses(&server, "spark-edge.service.consul"), [address]);
}

/// A reload, as after a change of keepalived's configuration on the host, moves nothing.
fn keepalived_reads_its_configuration_again(floating: &Floating) {
    let holder = floating.settled();
    let sampling = floating.place.sample();
    floating.signal(&holder, Signal::SIGHUP, |line, _| line.contains("/keepalived.sh "));
    thread::sleep(Duration::from_secs(5));
    let samples = sampling.end();
    assert_eq!(changes(samples.iter().map(|sample| sample.answer.as_ref())), [holder.as_str()]);
    let lost = samples.iter().find(|sample| sample.holders != BTreeSet::from([holder.clone()]));
    assert!(lost.is_none(), "{lost:?}");
}

/// Without Consul the address stays where it is. No master may lead then, and when it is back, one does that knows the
/// workers.
fn consul_is_away(floating: &Floating) {
    let holder = floating.settled();
    let sampling = floating.place.sample();
    for (host, _) in HOSTS {
        floating.hosts.lab(&["kill", host, "consul"]).run().ok();
    }
    thread::sleep(Duration::from_secs(5));
    assert_eq!(floating.master(), None, "a master leads that nobody confirms");
    let told = row("Consul does not answer, this master stands by");
    wait_until("the master to say that it waits for Consul", LIMIT, || {
        floating.log("spark-master", "master").contains(told)
    });
    floating.hosts.up();
    assert_eq!(floating.settled(), holder);
    wait_until("the address to lead to a master with a worker again", LIMIT, || {
        let state = http::find(&format!("http://{}:8080/json/", floating.place.address));
        state.is_some_and(|state| state["status"] == "ALIVE" && state["aliveworkers"] == 1)
    });
    let samples = sampling.end();
    assert_eq!(changes(samples.iter().map(|sample| sample.answer.as_ref())), [holder.as_str()]);
    assert_one_holder("Consul away", &samples);
}

/// A new master that keeps no state leads, and a driver that it does not know starts again.
fn a_count_begins_again_where_no_master_remembers_it(floating: &Floating) {
    let spec = floating.spec("");
    let text = fs::read_to_string(&spec).unwrap() + "master {\n  recovery = \"none\"\n}\n";
    fs::write(&spec, text).unwrap();
    floating.nomspark(&["deploy", "--file", spec.to_str().unwrap()]).run().ok();
    let mut wordcount = floating.count(COPIES);
    let job = name(&mut wordcount.run);
    wait_until("the WordCount to count", LIMIT, || counting(floating));
    // It shall not be done before anybody looks.
    floating.pause_executor();
    floating.hosts.nomad(&["alloc", "stop", "-detach", &floating.allocation("spark-master")]).ok();
    let told = row("leads now and knows nothing of this program: starting it again");
    wait_until("the driver to begin again", LIMIT, || floating.log(&job, "driver").contains(told));
    wordcount.counts_right();
}
