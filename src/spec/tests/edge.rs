//! The block `edge`: what it becomes, and a test for each rule that it keeps.

mod driver;

use std::time::Duration;

use super::*;

const HOSTS: &str = r#"
  host "a" {
    address   = "10.0.0.1"
    interface = "eth0"
  }
  host "b" {
    address   = "10.0.0.2"
    interface = "eth0"
  }
"#;

/// A file with nothing but this in its edge.
fn edge(text: &str) -> Result<Edge, Vec<String>> {
    match check(&format!("edge {{\n{text}\n}}\n")) {
        Ok(spec) => Ok(spec.edge.unwrap()),
        Err(invalid) => Err(invalid.problems.iter().map(ToString::to_string).collect()),
    }
}

/// Asserts that each of these lines, together with a valid rest, gives one problem that says this.
fn refused(lines: &[(&str, &str)]) {
    for (line, what) in lines {
        let vip = if line.starts_with("vip") { "" } else { "vip = \"10.0.0.9/24\"" };
        let problems = edge(&format!("{line}\n{vip}{HOSTS}")).unwrap_err();
        assert_eq!(problems.len(), 1, "{line}: {problems:?}");
        assert!(problems[0].contains(what), "{line}: {problems:?}");
    }
}

fn host(name: &str, rest: &str) -> String {
    format!("host \"{name}\" {{\n{rest}\ninterface = \"eth0\"\n}}\n")
}

#[test]
fn every_value_of_the_reference_cluster_arrives() {
    let spec = check(include_str!("../../../examples/three-hosts.hcl")).unwrap();
    assert_eq!(spec.runtime.driver, Some(Driver::RawExec));
    assert_eq!(spec.worker.count, 2);
    assert_eq!((spec.name.as_str(), spec.master), ("spark", Master::default()));
    assert_eq!(
        serde_json::to_value(&spec.edge).unwrap(),
        serde_json::json!({
            "driver": "raw_exec",
            "vip": "172.16.3.0/16",
            "router_id": 51,
            "advert_interval": "100ms",
            "preempt": true,
            "port": 7077,
            "ui_port": 8080,
            "stats_port": 8404,
            "hosts": [
                { "name": "borie", "address": "172.16.1.10", "interface": "enp0s3", "priority": 150 },
                { "name": "republique", "address": "172.16.1.25", "interface": "enp0s3", "priority": 100 },
                { "name": "wacken", "address": "172.16.1.32", "interface": "enp0s3", "priority": 50 },
            ],
        })
    );
}

#[test]
fn what_is_left_out_has_its_default() {
    let edge = edge(&format!("vip = \"10.0.0.9/24\"{HOSTS}")).unwrap();
    assert_eq!((edge.port, edge.ui_port, edge.stats_port), (7077, 8080, 8404));
    assert_eq!((edge.router_id.get(), edge.preempt), (51, false));
    assert_eq!(edge.advert_interval, AdvertInterval::default());
    assert_eq!(edge.hosts.iter().map(|host| host.priority).collect::<Vec<_>>(), [250, 130]);
}

#[test]
fn what_is_written_wins_over_the_default() {
    let values = "router_id = 255\nadvert_interval = \"1s\"\npreempt = true\nport = 1\nui_port = 2\nstats_port = 65535";
    let edge = edge(&format!("vip = \"10.0.0.9/32\"\n{values}{HOSTS}")).unwrap();
    assert_eq!((edge.port, edge.ui_port, edge.stats_port), (1, 2, 65535));
    assert_eq!((edge.router_id.get(), edge.preempt), (255, true));
    assert_eq!(edge.advert_interval.duration(), Duration::from_secs(1));
}

#[test]
fn ipv6_edges() {
    let hosts = host("a", "address = \"fd00::1\"") + &host("b", "address = \"fd00::2\"");
    for vip in ["fd00::9/64", "fd00::9/128", "2001:db8::9/128", "fd00::ffff:ffff:ffff:ffff/64"] {
        assert_eq!(edge(&format!("vip = \"{vip}\"\n{hosts}")).unwrap().vip.to_string(), vip);
    }
    let problems = edge(&format!("vip = \"fd00::/64\"\n{hosts}")).unwrap_err();
    assert!(problems[0].contains("2:7: `fd00::` is the subnet-router anycast address in fd00::/64"), "{problems:?}");
    let problems = edge(&format!("vip = \"fd01::1/64\"\n{hosts}")).unwrap_err();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("4:11: `fd00::1` is not in fd01::/64, the network of `vip`"), "{problems:?}");
}

#[test]
fn floating_addresses() {
    refused(&[
        ("vip = 1", "expected a string"),
        ("vip = \"10.0.0.9\"", "has no prefix length"),
        ("vip = \"10.0.0.9/33\"", "is not a prefix length"),
        ("vip = \"127.0.0.1/24\"", "loopback"),
        ("vip = \"10.0.0.0/24\"", "`10.0.0.0` is the address of the network itself in 10.0.0.0/24"),
        ("vip = \"10.0.0.255/24\"", "`10.0.0.255` is the broadcast address in 10.0.0.0/24"),
        ("vip = \"10.0.0.2/24\"", "`10.0.0.2` is the address of a host, so it cannot float"),
        ("vip = \"10.0.0.2/32\"", "`10.0.0.2` is the address of a host, so it cannot float"),
    ]);
    let problems = edge(HOSTS).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("nomspark.hcl:1:1: block `edge` has no `vip`; write `vip = "), "{problems:?}");
}

#[test]
fn numbers_booleans_and_durations() {
    refused(&[
        ("router_id = 0", "expected a whole number from 1 to 255, found `0`"),
        ("router_id = 256", "expected a whole number from 1 to 255, found `256`"),
        ("advert_interval = \"0s\"", "`0s` is not an advertisement interval"),
        ("advert_interval = \"60s\"", "`60s` is not an advertisement interval"),
        ("advert_interval = \"often\"", "`often` is not a duration"),
        ("advert_interval = 100", "found a number; write `\"100ms\"`"),
        ("preempt = 1", "expected `true` or `false`, found a number"),
        ("preempt = \"true\"", "found a string; write it without quotes: `true`"),
        ("port = 0", "expected a whole number from 1 to 65535"),
        ("ui_port = 65536", "expected a whole number from 1 to 65535"),
        ("stats_port = \"1\"", "write it without quotes: `1`"),
    ]);
}

#[test]
fn ports_differ() {
    refused(&[
        ("port = 8080", "2:8: `port` and `ui_port` are both 8080; 8080 is the default of `ui_port`"),
        ("ui_port = 8404", "`ui_port` and `stats_port` are both 8404; 8404 is the default of `stats_port`"),
        ("stats_port = 7077", "`port` and `stats_port` are both 7077; 7077 is the default of `port`"),
        ("port = 1\nui_port = 1", "3:11: `port` and `ui_port` are both 1; one port cannot be bound twice"),
    ]);
    // What a port that is wrong should have been is not known.
    refused(&[("stats_port = 7077\nport = 0", "expected a whole number")]);
}

#[test]
fn the_master_s_fixed_ports_are_not_those_of_haproxy() {
    let problems = |master: &str, edge: &str| {
        let file = format!("master {{\n{master}\n}}\nedge {{\nvip = \"10.0.0.9/24\"\n{edge}{HOSTS}}}\n");
        check(&file).map_or_else(|invalid| invalid.problems, |_| Vec::new())
    };
    for (master, edge, place) in [
        ("port = 7077", "", "2:8: the master's `port` is 7077"),
        ("port = 8080", "", "2:8: the master's `port` is 8080"),
        ("ui_port = 8080", "", "2:11: the master's `ui_port` is 8080"),
        ("ui_port = 9", "port = 9", "2:11: the master's `ui_port` is 9"),
    ] {
        let problems = problems(master, edge);
        assert_eq!(problems.len(), 1, "{master}: {problems:?}");
        assert!(problems[0].to_string().contains(place), "{problems:?}");
    }
    assert_eq!(problems("port = 7077\nui_port = 8080", "port = 17077\nui_port = 18080"), []);
    assert_eq!(problems("port = 8404", ""), [], "the statistics are on loopback");
}

#[test]
fn hosts_are_whole_and_distinct() {
    let first = host("a", "address = \"10.0.0.1\"\npriority = 7");
    for (second, what) in [
        (host("b", ""), "8:1: block `host` has no `address`; write the host's own address"),
        ("host \"b\" {\naddress = \"10.0.0.2\"\n}".to_owned(), "block `host` has no `interface`"),
        (host("b", "address = \"10.0.0.2/24\""), "has a prefix length, which only `vip` has; write `10.0.0.2`"),
        (host("b", "address = \"10.0.0.0\""), "`10.0.0.0` is the address of the network itself in 10.0.0.0/24"),
        (host("b", "address = \"10.0.0.255\""), "`10.0.0.255` is the broadcast address in 10.0.0.0/24"),
        (host("b", "address = \"10.0.1.1\""), "`10.0.1.1` is not in 10.0.0.0/24, the network of `vip`"),
        (host("b", "address = \"fd00::1\""), "`fd00::1` is IPv6 and `10.0.0.9` is IPv4"),
        (host("b", "address = \"fe80::1\""), "link-local"),
        (host("b", "address = \"node-2\""), "`node-2` is not an IP address"),
        (host("a", "address = \"10.0.0.2\""), "8:6: `a` is the name of another host already"),
        (host("b", "address = \"10.0.0.1\""), "`10.0.0.1` is the address of another host already"),
        (host("b", "address = \"10.0.0.2\"\npriority = 7"), "`7` is the priority of another host already"),
        (host("b", "address = \"10.0.0.2\"\npriority = 0"), "expected a whole number from 1 to 254, found `0`"),
        (host("b", "address = \"10.0.0.2\"\npriority = 255"), "expected a whole number from 1 to 254, found `255`"),
        (host("b c", "address = \"10.0.0.2\""), "8:6: `b c` is not a name for an edge host"),
    ] {
        let text = format!("{first}{second}");
        let problems = edge(&format!("vip = \"10.0.0.9/24\"\n{text}")).unwrap_err();
        assert_eq!(problems.len(), 1, "{second}: {problems:?}");
        assert!(problems[0].contains(what), "{what}: {problems:?}");
    }
}

#[test]
fn two_to_fifteen_hosts() {
    let hosts = |count: usize| -> String {
        (1..=count).map(|number| host(&format!("h{number}"), &format!("address = \"10.0.0.{number}\""))).collect()
    };
    let edge = |count| edge(&format!("vip = \"10.0.0.99/24\"\n{}", hosts(count)));
    for few in [0, 1] {
        let expected = format!("nomspark.hcl:1:1: an address needs 2 hosts to float, found {few}; ");
        assert!(edge(few).unwrap_err()[0].starts_with(&expected));
    }
    for some in [2, 15] {
        assert_eq!(edge(some).unwrap().hosts.len(), some);
    }
    assert_eq!(edge(15).unwrap().hosts[14].priority, 26);
    let problems = edge(17).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("nomspark.hcl:63:1: more than 15 hosts, found 17; "), "{problems:?}");
}

#[test]
fn a_network_of_one_address_says_nothing_of_the_hosts() {
    let hosts = host("a", "address = \"10.0.0.1\"") + &host("b", "address = \"192.168.0.1\"");
    assert!(edge(&format!("vip = \"172.16.3.0/32\"\n{hosts}")).is_ok());
    assert_eq!(edge(&format!("vip = \"172.16.3.0/16\"\n{hosts}")).unwrap_err().len(), 2);
}

#[test]
fn families_are_compared_even_without_a_floating_address() {
    let hosts = host("a", "address = \"10.0.0.1\"") + &host("b", "address = \"fd00::1\"");
    let problems = edge(&hosts).unwrap_err();
    assert_eq!(problems.len(), 2);
    assert!(problems[1].contains("`fd00::1` is IPv6 and `10.0.0.1` is IPv4; write `vip` and"), "{problems:?}");
}

#[test]
fn hosts_have_one_label_each() {
    refused(&[
        ("host = 1", "`host` is a block, not an attribute; write `host \"NAME\" { … }`"),
        ("host \"c\" \"d\" {\naddress = \"10.0.0.3\"\ninterface = \"eth0\"\n}", "2:10: block `host` takes one label"),
        ("host {\naddress = \"10.0.0.3\"\ninterface = \"eth0\"\n}", "2:1: block `host` has no label"),
    ]);
    let unquoted = HOSTS.replace("\"a\"", "a");
    assert_eq!(edge(&format!("vip = \"10.0.0.9/24\"{unquoted}")).unwrap().hosts[0].name.as_str(), "a");
}
