//! The lab of three hosts: their networks, what goes wrong on purpose, and that nothing stays behind.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::hosts::{Hosts, shared};
use crate::support::lab::CHECKOUT;
use crate::support::run::Run;
use crate::support::{http, wait_until};

/// The hosts and the last parts of their addresses.
const HOSTS: [(&str, u8); 3] = [("borie", 11), ("republique", 12), ("wacken", 13)];
const LIMIT: Duration = Duration::from_mins(1);

/// Says on each host which addresses there are, and whether the programs of the edge are found.
const ADDRESSES: &str = r#"
job "addresses" {
  type = "sysbatch"
  group "addresses" {
    task "addresses" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "ip -4 -brief address; haproxy -v; keepalived --version 2>&1"]
      }
      resources {
        cpu    = 20
        memory = 32
      }
    }
  }
}
"#;

/// Sleeps on each host; the daemon has left its parent, its session and its environment.
const SLEEPER: &str = r#"
job "sleeper" {
  type = "system"
  group "sleeper" {
    task "sleeper" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "env -i setsid sleep 86397 & exec sleep 86397"]
      }
      resources {
        cpu    = 20
        memory = 32
      }
    }
  }
}
"#;

fn run_job(hosts: &Hosts, name: &str, text: &str) {
    let file = hosts.folder.path().join(format!("{name}.nomad.hcl"));
    fs::write(&file, text).unwrap();
    hosts.nomad(&["job", "run", "-detach", file.to_str().unwrap()]).ok();
}

/// The status of each node, as the host whose address ends with this number sees it.
fn nodes(hosts: &Hosts, last: u8) -> BTreeMap<String, String> {
    let nodes = http::find(&format!("{}/v1/nodes", hosts.nomad_at(last))).unwrap_or_default();
    let text = |node: &Value, field: &str| node[field].as_str().unwrap().to_owned();
    nodes.as_array().into_iter().flatten().map(|node| (text(node, "Name"), text(node, "Status"))).collect()
}

fn all_are_ready(hosts: &Hosts) -> bool {
    let nodes = nodes(hosts, 11);
    nodes.len() == 3 && nodes.values().all(|status| status == "ready")
}

fn reachable(hosts: &Hosts, last: u8) -> bool {
    let address = format!("{}:4646", hosts.address(last)).parse().unwrap();
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

/// The processes that a lab has: by its mark, or because they are in one of its namespaces.
fn processes(hosts: &Hosts) -> Vec<i32> {
    let mark = format!("NOMSPARK_LAB_STATE={}", hosts.state_dir().display());
    let number = |path: &Path| fs::metadata(path).ok().map(|metadata| std::os::unix::fs::MetadataExt::ino(&metadata));
    let names = HOSTS.map(|(host, _)| number(&Path::new("/run/netns").join(namespace(hosts, host))));
    let pids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let marked = environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes());
        let inside = number(Path::new(&format!("/proc/{pid}/ns/net")));
        marked || (inside.is_some() && names.contains(&inside))
    })
    .collect()
}

fn namespace(hosts: &Hosts, host: &str) -> String {
    format!("{}-{host}", part(hosts))
}

/// What the names of all namespaces of a network begin with.
fn part(hosts: &Hosts) -> String {
    let numbers: Vec<&str> = hosts.network.split('.').collect();
    format!("nomspark-{}-{}", numbers[1], numbers[2])
}

/// Whether each host runs one allocation of the sleeper, and nothing is left of one that it has given up.
fn all_sleep(hosts: &Hosts) -> bool {
    let allocations = hosts.allocations("sleeper");
    let running = allocations.iter().filter(|allocation| allocation["ClientStatus"] == "running");
    running.count() == 3 && sleepers() == 6
}

fn sleepers() -> usize {
    let pids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    pids.filter(|pid| fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line == b"sleep\x0086397\0")).count()
}

/// What `down` promises: no process, namespace, link, mount, claim or file.
fn assert_gone(hosts: &Hosts) {
    assert_eq!(processes(hosts), [0; 0]);
    assert!(!hosts.state_dir().exists());
    let links = Run::program("ip", ["-brief", "link"]).run().ok().text();
    assert!(!links.contains(&part(hosts).replacen('-', "", 1)), "{links}");
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(&part(hosts)) && !mounts.contains(hosts.folder.path().to_str().unwrap()), "{mounts}");
    for folder in ["/run/netns", "/run/nomspark"] {
        let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
        let names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
        assert!(
            !names.iter().any(|name| name.starts_with(&part(hosts)) || hosts.network.starts_with(name)),
            "{names:?}"
        );
    }
}

fn kill_all(hosts: &Hosts) {
    for pid in processes(hosts) {
        // It may have ended with another one.
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

#[test]
fn each_host_has_a_network_of_its_own() {
    let hosts = shared();
    assert_eq!(hosts.up()["changed"], false);
    let status = hosts.lab(&["status"]).run().ok().json();
    assert_eq!(status["running"], true, "{status:#}");
    assert_eq!(status["agents"].as_array().unwrap().len(), 6);
    assert!(HOSTS.iter().all(|(_, last)| reachable(&hosts, *last)));

    run_job(&hosts, "addresses", ADDRESSES);
    let ended = |allocation: &Value| allocation["ClientStatus"] == "complete";
    wait_until("the addresses of three hosts", LIMIT, || {
        let allocations = hosts.allocations("addresses");
        allocations.len() == 3 && allocations.iter().all(ended)
    });
    for allocation in hosts.allocations("addresses") {
        let said = hosts.nomad(&["alloc", "logs", allocation["ID"].as_str().unwrap()]).ok().text();
        for (host, last) in HOSTS {
            let own = allocation["NodeName"] == host;
            assert_eq!(said.contains(&format!("{}/24", hosts.address(last))), own, "{host}: {said}");
        }
        assert!(said.contains("HAProxy version") && said.contains("Keepalived v"), "{said}");
    }

    let env = hosts.lab(&["env", "--host", "wacken"]).run().ok().json();
    assert_eq!(env["nomad_addr"], hosts.nomad_at(13));
    let words = "printf '%s|' \"$NOMAD_ADDR\" \"$@\"; cat; exit 7";
    let exec = ["exec", "republique", "--", "sh", "-c", words, "sh", "a b", "$c", "--help"];
    let done = hosts.lab(&exec).stdin("from here").run().exits(7);
    assert_eq!(done.text(), format!("{}|a b|$c|--help|from here", hosts.nomad_at(12)));
    hosts.lab(&["exec", "republique", "--", "ip", "route", "get", "192.0.2.1"]).run().exits(2);
    hosts.lab(&["exec", "nowhere", "--", "true"]).run().fails(2).says("it has borie, republique, wacken");
}

#[test]
fn hosts_are_cut_off_agents_are_killed_and_nothing_stays() {
    let hosts = Hosts::new("198.18.99.0/24");
    hosts.up();
    run_job(&hosts, "sleeper", SLEEPER);
    wait_until("two sleepers on each host", LIMIT, || all_sleep(&hosts));

    assert_eq!(hosts.lab(&["cut", "wacken"]).run().ok().json()["cut"], true);
    assert!(!reachable(&hosts, 13) && reachable(&hosts, 12));
    let status = hosts.lab(&["status"]).run().ok().json();
    assert_eq!((&status["running"], &status["hosts"][2]["cut"]), (&false.into(), &true.into()), "{status:#}");
    let lost = || nodes(&hosts, 11).get("wacken").is_some_and(|status| status == "down");
    wait_until("Nomad to miss wacken", LIMIT, lost);
    hosts.lab(&["mend", "wacken"]).run().ok();
    wait_until("Nomad to have wacken back", LIMIT, || all_are_ready(&hosts));
    assert!(reachable(&hosts, 13));
    // The allocation that was lost ends only when its host has heard of it.
    wait_until("two sleepers on each host again", LIMIT, || all_sleep(&hosts));

    let before = hosts.state()["hosts"].clone();
    hosts.lab(&["kill", "borie", "nomad"]).run().ok();
    hosts.lab(&["kill", "borie", "nomad"]).run().fails(1).says("Nomad of borie is not running");
    assert_eq!(sleepers(), 6, "tasks outlive their agent");
    assert_eq!(hosts.up()["changed"], true);
    let after = hosts.state()["hosts"].clone();
    assert_ne!(before[0]["nomad"], after[0]["nomad"]);
    for same in ["/0/consul", "/1/nomad", "/1/consul", "/2/nomad", "/2/consul"] {
        assert_eq!(before.pointer(same), after.pointer(same), "{same}: a living agent is left alone");
    }
    assert!(all_are_ready(&hosts));

    // Like a reboot, but for the state of the kernel that `ip` alone can take away.
    kill_all(&hosts);
    for name in HOSTS.map(|(host, _)| host).iter().chain(&["bridge"]) {
        Run::program("ip", ["netns", "delete", &namespace(&hosts, name)]).run().ok();
    }
    hosts.up();
    assert!(all_are_ready(&hosts));
    wait_until("sleepers after everything was started again", LIMIT, || all_sleep(&hosts));

    kill_all(&hosts);
    fs::remove_file(hosts.state_dir().join("lab.json")).unwrap();
    assert_eq!(hosts.lab(&["down"]).run().ok().json()["changed"], true);
    assert_gone(&hosts);
    assert_eq!(hosts.lab(&["down"]).run().ok().json()["changed"], false);
}

#[test]
fn down_removes_what_a_killed_up_leaves() {
    let hosts = Hosts::new("198.18.97.0/24");
    for milliseconds in [300, 600, 1200, 2400] {
        let up = hosts.lab(&["up", "--nodes", "3", "--network", hosts.network]).spawn();
        thread::sleep(Duration::from_millis(milliseconds));
        up.signal(Signal::SIGKILL);
        drop(up);
        hosts.lab(&["down"]).run().ok();
        assert_gone(&hosts);
    }
}

#[test]
fn a_network_that_is_in_use_is_refused() {
    let hosts = Hosts::new("198.18.96.0/24");
    let up = ["up", "--nodes", "3", "--network", hosts.network];
    Run::program("ip", ["address", "add", "198.18.96.77/32", "dev", "lo"]).run().ok();
    let failure = hosts.lab(&up).run();
    Run::program("ip", ["address", "delete", "198.18.96.77/32", "dev", "lo"]).run().ok();
    let failure = failure.fails(1).shows(" is in use: ").hints("--network");
    failure.says("198.18.96.0/24 is in use: the interface lo has 198.18.96.77/32");
    assert_gone(&hosts);

    Run::program("ip", ["route", "add", "unreachable", "198.18.96.0/23"]).run().ok();
    let failure = hosts.lab(&up).run();
    Run::program("ip", ["route", "delete", "unreachable", "198.18.96.0/23"]).run().ok();
    failure.fails(1).says("there is a route to 198.18.96.0/23").hints("--network");
    assert_gone(&hosts);

    let other = shared();
    let failure = hosts.lab(&["up", "--nodes", "3", "--network", other.network]).run().fails(1);
    failure.shows("belongs to the lab in").hints("--network");
    hosts.lab(&["down"]).run().ok();
    assert_eq!(other.up()["changed"], false, "the other lab is left alone");

    hosts.lab(&["up", "--nodes", "2"]).run().fails(2).says("1 or 3 hosts").hints("--nodes 3");
    hosts.lab(&["up", "--network", hosts.network]).run().fails(2).says("three hosts").hints("--nodes 3");
    hosts.lab(&["up", "--nodes", "3", "--network", "10.0.0.0/24"]).run().exits(2);
    let path = hosts.lab(&up).env("PATH", "/nonexistent").run();
    assert!(path.status.code() == Some(1), "{}", path.stderr);
    let ordinary = hosts.lab(&up).env("XDG_STATE_HOME", "/tmp").user(65_534).run();
    ordinary.fails(2).says("needs root").hints("root");
    // As in a container that may not change networks.
    let weak = Run::program("setpriv", ["--bounding-set", "-net_admin", env!("CARGO_BIN_EXE_nomspark"), "lab"]);
    let weak =
        weak.args(up).args(["-o", "json"]).env("XDG_STATE_HOME", hosts.folder.path()).dir(CHECKOUT).run().fails(1);
    weak.shows_with_causes("RTNETLINK answers: Operation not permitted");
    assert_gone(&hosts);
}
