//! Jobs on three hosts that stop reaching each other, and one of which nobody knows any more: what is told, and what goes on.

use std::fs;
use std::time::Duration;

use crate::floating::cluster::{Floating, HOSTS};
use crate::support::rows::row;
use crate::support::run::Running;
use crate::support::{address, wait_for, wait_until};

/// What everything may take on a busy machine.
const LIMIT: Duration = Duration::from_mins(2);
/// How often the book is counted: with slow executors long enough for a server to be lost meanwhile.
const COPIES: usize = 600;
/// The host of every driver; workers run on the others.
const APART: &str = "wacken";
const SPEC: &str = "runtime {\n  driver = \"raw_exec\"\n}\nworker {\n  count = 2\n}\n";

#[test]
fn who_stops_reaching_whom_is_told_and_what_can_go_on_goes_on() {
    let cluster = Apart { floating: Floating::up("198.18.94.0/24") };
    cluster.deploy();
    executors_that_reach_the_driver_again_count_on(&cluster);
    executors_that_are_refused_name_the_driver(&cluster);
    a_count_outlives_nomad_s_leader_and_the_server_it_asks(&cluster);
    a_node_that_is_lost_is_told(&cluster);
    what_nomad_has_collected_is_not_guessed(&cluster);
}

/// A cluster whose drivers run on a host of their own.
struct Apart {
    floating: Floating,
}

/// A rule of a host's routing, until it is dropped.
struct Rule<'a> {
    cluster: &'a Apart,
    host: &'a str,
    selector: String,
}

impl Apart {
    fn deploy(&self) {
        self.eligible(APART, false);
        let spec = self.floating.hosts.folder.path().join("nomspark.hcl");
        fs::write(&spec, SPEC).unwrap();
        self.floating.nomspark(&["deploy", "--file", spec.to_str().unwrap()]).run().ok();
        for (host, _) in HOSTS {
            self.eligible(host, host == APART);
        }
    }

    /// Whether Nomad may place something on a host from now on.
    fn eligible(&self, host: &str, eligible: bool) {
        let nodes = self.floating.nomad_get("/v1/nodes");
        let node = nodes.as_array().unwrap().iter().find(|node| node["Name"] == host).unwrap();
        let verb = if eligible { "-enable" } else { "-disable" };
        self.floating.hosts.nomad(&["node", "eligibility", verb, node["ID"].as_str().unwrap()]).ok();
    }

    /// HOST and PORT at which executors call the driver of a run that was just registered.
    fn driver(&self, run: &mut Running) -> (String, String) {
        run.wait_until_told(" placed on ");
        let told = run.told();
        let job = told.split_whitespace().find(|word| word.contains("-wordcount-")).unwrap().trim_end_matches(':');
        let allocations = self.floating.nomad_get(&format!("/v1/job/{job}/allocations"));
        assert_eq!(allocations[0]["NodeName"], APART, "{allocations:#}");
        let id = allocations[0]["ID"].as_str().unwrap();
        let allocation = self.floating.nomad_get(&format!("/v1/allocation/{id}"));
        let driver = address(&allocation, "driver").unwrap();
        let (host, port) = driver.split_once(':').unwrap();
        (host.to_owned(), port.to_owned())
    }

    fn rule<'a>(&'a self, host: &'a str, selector: String) -> Rule<'a> {
        self.routing(host, "add", &selector);
        Rule { cluster: self, host, selector }
    }

    fn routing(&self, host: &str, verb: &str, selector: &str) {
        let command = format!("ip rule {verb} {selector}");
        self.floating.hosts.lab(&["exec", host, "--", "bash", "-c", &command]).run().ok();
    }
}

impl Drop for Rule<'_> {
    fn drop(&mut self) {
        self.cluster.routing(self.host, "del", &self.selector);
    }
}

/// Nobody answers who calls the driver, as behind a firewall that drops what comes.
fn executors_that_reach_the_driver_again_count_on(cluster: &Apart) {
    let mut count = cluster.floating.count(1);
    let (host, port) = cluster.driver(&mut count.run);
    let silence = cluster.rule(APART, format!("ipproto tcp sport {port} blackhole"));
    let told = row("and none of them reports to the driver: their hosts may not reach it at ");
    count.run.wait_until_told(&format!("{told}{host}:{port}"));
    drop(silence);
    count.counts_right();
}

/// The executors' own hosts have no way to the driver: Spark starts one after the other for ever.
fn executors_that_are_refused_name_the_driver(cluster: &Apart) {
    let mut count = cluster.floating.count(1);
    let (host, port) = cluster.driver(&mut count.run);
    let others = HOSTS.iter().filter(|(name, _)| *name != APART);
    let _rules: Vec<Rule<'_>> =
        others.map(|(name, _)| cluster.rule(name, format!("ipproto tcp dport {port} unreachable"))).collect();
    let told = count.run.wait().fails(6);
    let told = told.shows("gets no executor that stays: its executors end before they report to the driver, ");
    let told = told.says(&format!("says that nothing answered at {host}:{port}")).hints("firewall");
    let tail = told.document["failures"][0]["log_tail"].as_array().unwrap();
    assert!(!tail.is_empty(), "{:#}", told.document);
}

fn a_count_outlives_nomad_s_leader_and_the_server_it_asks(cluster: &Apart) {
    let floating = &cluster.floating;
    let mut count = floating.count(COPIES);
    count.run.wait_until_told("task driver of");
    let slow = floating.slow_executors();
    let leader = floating.nomad_get("/v1/status/leader");
    let is_leader = |last: u8| leader.as_str().unwrap().starts_with(&format!("{}:", floating.hosts.address(last)));
    // A lab is up when all its nodes may be used.
    for (host, _) in HOSTS {
        cluster.eligible(host, true);
    }
    // The first host is the one that is asked.
    let victims = HOSTS.iter().enumerate().filter(|(index, (_, last))| *index == 0 || is_leader(*last));
    for (_, (host, _)) in victims {
        floating.hosts.lab(&["kill", host, "nomad"]).run().ok();
    }
    std::thread::sleep(Duration::from_secs(5));
    floating.hosts.up();
    drop(slow);
    count.counts_right();
}

/// A job that runs on one host only.
const STAYS: &str = r#"job "stays" {
  type = "TYPE"
  constraint {
    attribute = "${node.unique.name}"
    value     = "wacken"
  }
  group "g" {
    task "work" {
      driver = "raw_exec"
      config {
        command = "/bin/sleep"
        args    = ["600"]
      }
      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
"#;

/// Nomad looks for another node for a batch job. Of a sysbatch job it never says that it is lost.
fn a_node_that_is_lost_is_told(cluster: &Apart) {
    let floating = &cluster.floating;
    let watch = |kind: &str| {
        let job = format!("stays-{kind}");
        let file = floating.hosts.folder.path().join("stays.nomad.hcl");
        fs::write(&file, STAYS.replace("stays", &job).replace("TYPE", kind)).unwrap();
        floating.hosts.nomad(&["job", "run", "-detach", file.to_str().unwrap()]).ok();
        wait_until("the job to run on a host", LIMIT, || floating.nodes(&job) == [APART]);
        let mut watching = floating.nomspark(&["watch", &job]).spawn();
        watching.wait_until_told("task work");
        watching
    };
    let (batch, sysbatch) = (watch("batch"), watch("sysbatch"));
    floating.hosts.lab(&["cut", APART]).run().ok();
    let told = batch.wait().fails(3).says("the constraint `${node.unique.name} = wacken` is not met");
    told.shows("; it ran on wacken, which was lost");
    sysbatch.wait().fails(6).shows("the node wacken was lost while it ran").hints("bring that node back");
    floating.hosts.lab(&["mend", APART]).run().ok();
    wait_for("the host to be back", LIMIT, || {
        let nodes = floating.nomad_get("/v1/nodes");
        nodes.as_array()?.iter().all(|node| node["Status"] == "ready").then_some(())
    });
}

/// Nomad keeps a job some versions of which are tagged, and collects the allocations of one that is no batch job.
fn what_nomad_has_collected_is_not_guessed(cluster: &Apart) {
    let floating = &cluster.floating;
    let file = floating.hosts.folder.path().join("stays.nomad.hcl");
    let ends = STAYS.replace("stays", "ends").replace("TYPE", "sysbatch").replace("\"600\"", "\"0\"");
    fs::write(&file, ends).unwrap();
    floating.hosts.nomad(&["job", "run", "-detach", file.to_str().unwrap()]).ok();
    assert_eq!(floating.nomspark(&["watch", "ends"]).run().ok().json()["verdict"], "complete");
    floating.hosts.nomad(&["job", "tag", "apply", "-name", "kept", "ends"]).ok();
    wait_until("Nomad to collect the job's allocations", LIMIT, || {
        floating.hosts.nomad(&["system", "gc"]).ok();
        floating.hosts.allocations("ends").is_empty()
    });
    let told = floating.nomspark(&["watch", "ends"]).run().fails(1);
    told.shows("what became of the job ").says("of its 1 allocations").hints("`eval_gc_threshold`");
}
