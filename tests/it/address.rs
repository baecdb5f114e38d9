//! The floating address is for plain Spark clients: `spark-submit` and PySpark, which know nothing but its URL, get an answer
//! after every change of the cluster, and sessions that are open through it outlive every reload of HAProxy.

pub(crate) mod clients;

use std::fs;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::{Value, json};

use self::clients::{Outside, Program};
use crate::documented_endpoints::{of_a_lab, of_the_floating_address};
use crate::floating::assert_one_holder;
use crate::floating::cluster::{Floating, HOSTS, LIMIT};
use crate::floating::samples::changes;
use crate::masters::MASTER;
use crate::support::process::Jvm;
use crate::support::rows::row;
use crate::support::{http, wait_for, wait_until};

/// How often HAProxy reloads in a row.
const RELOADS: usize = 50;

/// A cluster with its address, and the programs of its users.
struct Users {
    floating: Floating,
    outside: Outside,
    /// A program whose session stays open.
    stays: Program,
    /// A program that begins a session each time.
    comes: Program,
}

impl Users {
    fn up(network: &'static str) -> Self {
        let floating = Floating::up(network);
        let outside = Outside::of(&floating);
        let (stays, comes) = (outside.program(), outside.program());
        Self { floating, outside, stays, comes }
    }

    /// Deploys the cluster with so many masters and other things in the spec; it must be ready, and changed.
    fn deploy(&self, masters: u32, edge: &str, master: &str) -> Value {
        let spec = self.floating.spec(edge);
        let worker = "worker {\n  count = 2\n  cores = 2\n  memory = \"1536MiB\"\n}\n";
        let master = format!("master {{\n  count = {masters}\n{master}}}\n");
        let text = fs::read_to_string(&spec).unwrap() + &master + worker;
        fs::write(&spec, text).unwrap();
        let deployed = self.floating.nomspark(&["deploy", "--file", spec.to_str().unwrap()]).run().ok().json();
        assert_eq!((&deployed["ready"], &deployed["changed"]), (&true.into(), &true.into()), "{deployed:#}");
        deployed
    }

    /// Everybody who comes anew gets an answer, without a wait; and `status` reports that.
    fn everybody_is_served(&mut self, when: &str) {
        thread::scope(|scope| {
            scope.spawn(|| self.outside.submit(when));
            self.comes.come_anew(when);
        });
        let status = self.floating.nomspark(&["status"]).run().ok().json();
        assert_eq!(status["vip"]["state"], "serves", "{when}: {status:#}");
    }

    /// What `status` reports of the address.
    fn state(&self) -> Value {
        self.floating.nomspark(&["status"]).run().ok().json()["vip"].take()
    }

    /// Waits until the address serves again after something was taken away.
    fn serves_again(&self, when: &str) {
        wait_until(&format!("the address to serve {when}"), LIMIT, || self.state()["state"] == "serves");
    }

    /// Waits until every host's HAProxy knows so many masters.
    fn all_know(&self, masters: usize) {
        for (host, _) in HOSTS {
            wait_until(&format!("HAProxy of {host} to know {masters} masters"), LIMIT, || {
                self.floating.servers(host).len() == masters
            });
        }
    }

    /// The allocation of the edge on a host.
    fn edge_allocation(&self, host: &str) -> String {
        let all = self.floating.nomad_get("/v1/job/spark-edge/allocations");
        let on_it = |it: &&Value| it["NodeName"] == host && it["ClientStatus"] == "running";
        all.as_array().unwrap().iter().find(on_it).unwrap()["ID"].as_str().unwrap().to_owned()
    }

    /// Runs a script in the task haproxy of a host.
    fn in_haproxy(&self, host: &str, script: &str) {
        let allocation = self.edge_allocation(host);
        self.floating.hosts.nomad(&["alloc", "exec", "-task", "haproxy", &allocation, "/bin/bash", "-c", script]).ok();
    }
}

#[test]
fn plain_clients_are_served_after_every_change() {
    let mut users = Users::up("198.18.93.0/24");
    let deployed = users.deploy(1, "", "");
    assert_eq!(deployed["endpoints"]["master"], users.outside.master);
    // One after the other at first: the JVMs of cold programs and of their executors take two cores from everybody else.
    users.comes.come_anew("after the first deployment");
    users.everybody_is_served("after the first deployment");
    of_a_lab(&users.floating.hosts);
    of_the_floating_address(&users.floating, &users.floating.settled());
    users.stays.open("after the first deployment");
    users.stays.ask("before the reloads");

    fifty_reloads(&mut users);
    users.deploy(2, "", "");
    users.everybody_is_served("with a second master");
    users.stays.ask("with a second master");
    namesakes_in_consul(&mut users);
    users.deploy(3, "", "");
    users.everybody_is_served("with a third master");
    users.stays.ask("with a third master");
    an_address_that_leads_nowhere(&mut users);
    users.stays.close("before the masters are replaced");

    users.deploy(3, "", "  memory = \"1280MiB\"\n");
    users.all_know(3);
    users.everybody_is_served("after a rolling update of the masters");
    agents_restart(&mut users);
    a_host_is_lost_and_comes_back(&mut users);
    users.deploy(2, "", "  memory = \"1280MiB\"\n");
    users.everybody_is_served("with fewer masters");
    who_comes_while_nobody_leads(&mut users);
    the_edge_is_replaced(&mut users);
    users.everybody_is_served("after a rolling update of the edge");
    users.floating.nomspark(&["stop", "--purge", "--yes"]).run().ok();
}

/// The holder's HAProxy reads its configuration again, many times in a row, while a session goes on.
fn fifty_reloads(users: &mut Users) {
    let holder = users.floating.settled();
    let allocation = users.edge_allocation(&holder);
    let reload = format!(
        "for ((round = 0; round < {RELOADS}; round++)); do \
         /bin/bash \"$NOMAD_TASK_DIR/reload.sh\" \"$NOMAD_PORT_statistics\" || exit; done"
    );
    let Users { floating, stays, .. } = users;
    thread::scope(|scope| {
        let reload = ["alloc", "exec", "-task", "haproxy", &*allocation, "/bin/bash", "-c", &*reload];
        let hosts = &floating.hosts;
        let reloading = scope.spawn(move || hosts.nomad(&reload).ok());
        while !reloading.is_finished() {
            stays.ask("between two reloads");
        }
    });
    users.stays.ask("after the last reload");
    users.everybody_is_served("after fifty reloads");
}

/// Services that somebody registers under the masters' name: nobody is led there, and HAProxy's configuration holds.
fn namesakes_in_consul(users: &mut Users) {
    let consul = format!("http://{}/v1/agent/service", users.floating.hosts.consul_at(11));
    let namesakes = [
        json!({ "ID": "bare", "Name": "spark-master", "Port": 7077 }),
        json!({ "ID": "web", "Name": "spark-master", "Port": 80, "Meta": { "cluster": "spark", "ui_port": "80" } }),
        json!({
            "ID": "odd", "Name": "spark-master", "Port": 81,
            "Meta": { "cluster": "spark", "ui_port": "81\n  server x 127.0.0.1:81" },
        }),
    ];
    for namesake in &namesakes {
        let answer = http::request(Method::PUT, &format!("{consul}/register"), Some(namesake)).unwrap();
        assert!(answer.status.is_success(), "{}", answer.body);
    }
    // Until every HAProxy has heard of them, or the time has passed in which they did hear of a master.
    thread::sleep(Duration::from_secs(3));
    users.everybody_is_served("with namesakes in Consul");
    users.stays.ask("with namesakes in Consul");
    for namesake in &namesakes {
        let id = namesake["ID"].as_str().unwrap();
        http::request(Method::PUT, &format!("{consul}/deregister/{id}"), None).unwrap();
    }
    users.all_know(2);
    users.stays.ask("without the namesakes");
}

/// HAProxy takes connections and leads them to a port where nobody is: `status` reports that, `drill` breaks nothing, and the
/// hint's command mends it.
fn an_address_that_leads_nowhere(users: &mut Users) {
    let holder = users.floating.settled();
    // As HAProxy's own state has it, with port 0 for every server that is up.
    let ports_away = r#"
        cd "$NOMAD_TASK_DIR"
        { echo 1; sed -n '/^backend masters/,/^backend uis/s/^  server \(\([^ ]*\):[0-9]*:[0-9]*\) .*/1 masters 1 \1 \2 2 0 1 1 0 15 3 1 6 0 0 0 - 0 - 0 0 - - 0/p' haproxy.cfg; } > servers.state
        kill -USR2 "$(<haproxy.pid)"
        sleep 2
        echo 1 > servers.state
    "#;
    users.in_haproxy(&holder, ports_away);
    wait_until("status to report that the address leads nowhere", LIMIT, || users.state()["state"] == "leads_nowhere");
    let status = users.floating.plain(&["status"]).run().ok().text();
    assert!(status.contains(row("leads nowhere: ")), "{status}");
    let drilled = users.floating.nomspark(&["drill", "master-crash", "--yes"]).run();
    drilled.fails(1).says("leads nowhere");
    let hint = users.state()["hint"].as_str().unwrap().to_owned();
    let command = hint.split('`').nth(1).unwrap().strip_prefix("nomad ").unwrap().to_owned();
    users.floating.hosts.nomad(&command.split(' ').collect::<Vec<_>>()).ok();
    users.serves_again("after HAProxy was restarted");
    users.stays.open("after HAProxy was restarted");
    users.everybody_is_served("after HAProxy was restarted");
}

/// All masters stand still. Who comes then is not turned away, for a Spark application tries again only after 20 s, but waits
/// for the next leader.
fn who_comes_while_nobody_leads(users: &mut Users) {
    let holder = users.floating.settled();
    let listed = users.floating.nomad_get("/v1/job/spark-master/allocations");
    let running = listed.as_array().unwrap().iter().filter(|master| master["ClientStatus"] == "running");
    let masters: Vec<Jvm> = running.map(|master| Jvm::of(master["ID"].as_str().unwrap(), MASTER)).collect();
    assert_eq!(masters.len(), 2);
    for master in &masters {
        master.signal(Signal::SIGSTOP);
    }
    wait_until("status to report that nobody leads", LIMIT, || users.state()["state"] == "no_master");
    let Users { floating, comes, .. } = users;
    let before = floating.retries(&holder);
    thread::scope(|scope| {
        let session = scope.spawn(|| comes.come_anew("while nobody leads"));
        wait_until("the client to be kept waiting", LIMIT, || floating.retries(&holder) > before);
        for master in &masters {
            master.signal(Signal::SIGCONT);
        }
        session.join().unwrap();
    });
    let log = comes.log();
    assert!(!log.contains("Failed to connect to master"), "{log}");
}

/// Every Consul agent, then every Nomad agent, ends and is started again.
fn agents_restart(users: &mut Users) {
    for agent in ["consul", "nomad"] {
        for (host, _) in HOSTS {
            users.floating.hosts.lab(&["kill", host, agent]).run().ok();
        }
        users.floating.start_agents();
        users.floating.settled();
        users.serves_again(&format!("after {agent} was restarted"));
        users.everybody_is_served(&format!("after {agent} was restarted"));
    }
}

/// The host that holds the address is cut off and mended.
fn a_host_is_lost_and_comes_back(users: &mut Users) {
    let lost = users.floating.settled();
    let other = HOSTS.iter().find(|(host, _)| *host != lost).unwrap().0;
    users.floating.ask(other);
    users.floating.hosts.lab(&["cut", &lost]).run().ok();
    wait_for("another host to have the address", LIMIT, || {
        users.floating.place.answer().filter(|answer| *answer != lost)
    });
    users.serves_again("without a host");
    users.everybody_is_served("without a host");
    users.floating.hosts.lab(&["mend", &lost]).run().ok();
    users.floating.settled();
    users.serves_again("with the host that is back");
    users.everybody_is_served("with the host that is back");
}

/// A change of the edge goes from host to host, and the address goes on answering.
fn the_edge_is_replaced(users: &mut Users) {
    users.floating.settled();
    let sampling = users.floating.place.sample();
    users.deploy(2, "stats_port = 8405", "  memory = \"1280MiB\"\n");
    let samples = sampling.end();
    users.floating.statistics = 8405;
    let answers = changes(samples.iter().map(|sample| sample.answer.as_ref()));
    assert!(answers.len() <= 1 + HOSTS.len(), "the address moves once from each host at most: {answers:?}");
    assert_one_holder("redeployed", &samples);
    let mut silence = Duration::ZERO;
    let mut heard = Duration::ZERO;
    for sample in samples.iter().filter(|sample| sample.answer.is_some()) {
        silence = silence.max(sample.at.saturating_sub(heard));
        heard = sample.at;
    }
    // Three advertisements and the skew are less than 4 s; three hosts' edges take longer than this to be replaced.
    assert!(silence < Duration::from_secs(6), "nobody answered for {silence:?}");
}
