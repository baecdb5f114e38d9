//! A floating address in a network that the hosts have and this machine has not: a VLAN for services beside the one for management.

use std::fs;

use super::cluster::{Floating, HOSTS, LIMIT};
use super::preflight::listen;
use crate::support::hosts::Hosts;
use crate::support::rows::row;
use crate::support::wait_or_tell;

#[test]
fn an_address_that_only_the_hosts_reach_is_ready_with_a_warning() {
    // Consul's agents are not where everybody expects them either.
    let floating = Floating::of(Hosts::new("198.18.91.0/24").with_consul_at(18_500));
    let mut blocks = String::new();
    for (host, last) in HOSTS {
        let script = format!(
            "ip link add link eth0 name service0 type macvlan mode bridge && ip addr add 10.99.91.{last}/24 dev service0 && \
             ip link set service0 up"
        );
        floating.hosts.lab(&["exec", host, "--", "bash", "-c", &script]).run().ok();
        blocks.push_str(&format!("host \"{host}\" {{\naddress = \"10.99.91.{last}\"\ninterface = \"service0\"\n}}\n"));
    }
    let spec = floating.hosts.folder.path().join("nomspark.hcl");
    let vip_lines = "vip = \"10.99.91.100/24\"\nadvert_interval = \"1s\"";
    fs::write(&spec, format!("runtime {{\ndriver = \"raw_exec\"\n}}\nedge {{\n{vip_lines}\n{blocks}}}\n")).unwrap();
    let spec = spec.to_str().unwrap();

    let deployed = floating.nomspark(&["deploy", "--file", spec]).run().ok();
    let words = row(" to the edge hosts, and not to this machine: ");
    assert!(deployed.stderr.contains(words), "{}", deployed.stderr);
    let deployed = deployed.json();
    assert_eq!(deployed["endpoints"]["master"], "spark://10.99.91.100:7077");
    let status = floating.nomspark(&["status"]).run().ok().json();
    assert_eq!(status["vip"]["state"], "out_of_reach", "{status:#}");
    assert!(status["vip"]["detail"].as_str().unwrap().contains(words), "{status:#}");

    let vip = || floating.nomspark(&["status"]).run().ok().json()["vip"].take();
    let agree = || {
        let vip = vip();
        vip["holder"].is_string() && vip["recorded"] == vip["holder"]
    };
    wait_or_tell("Consul to hear of the holder", LIMIT, || agree().then_some(()), || format!("; {:#}", vip()));

    let input = floating.hosts.folder.path().join("input.txt");
    fs::write(&input, "a b a\n").unwrap();
    let counted =
        floating.nomspark(&["wordcount", "--file", spec, "--input", input.to_str().unwrap()]).run().ok().json();
    assert_eq!(counted["total_words"], 3);
    // What the edge has itself is not held against another port that it shall have, and everything else is.
    let listener = listen(&floating.hosts, "republique", 9077);
    let other = fs::read_to_string(spec).unwrap().replace(vip_lines, &format!("{vip_lines}\nport = 9077"));
    let changed = floating.hosts.folder.path().join("changed.hcl");
    fs::write(&changed, other).unwrap();
    let refused = floating.nomspark(&["deploy", "--file", changed.to_str().unwrap()]).run().fails(3);
    let refused = refused.says("held by republique: its port 9077 is taken: something listens on 0.0.0.0:9077");
    assert!(!format!("{:#}", refused.document).contains("8080"), "{:#}", refused.document);
    drop(listener);

    floating.nomspark(&["drill", "address", "--yes"]).run().fails(1).says("not to this machine");
    floating.nomspark(&["stop", "--purge", "--yes"]).run().ok();
}
