//! What stands against a floating address, and what is only said.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::*;
use crate::error::Advice;
use crate::exit::Exit;
use crate::plan::deploy;
use crate::spec::{Overrides, Source, validate};
use crate::survey::ExistingEdge;

/// Two hosts, `a` and `b`.
const EDGE: &str = r#"
edge {
  vip = "10.0.0.9/24"

  host "a" {
    address   = "10.0.0.1"
    interface = "eth0"
  }

  host "b" {
    address   = "10.0.0.2"
    interface = "eth0"
  }
}
"#;

fn spec(text: &str) -> ValidSpec {
    let source = Source { name: "nomspark.hcl".to_owned(), text: text.to_owned() };
    validate(Some(&source), &Overrides::default()).unwrap()
}

/// A node that can be the edge host with this address.
fn node(name: &str, address: &str) -> SurveyedNode {
    SurveyedNode {
        name: name.to_owned(),
        datacenter: "dc1".to_owned(),
        node_pool: "default".to_owned(),
        eligible: true,
        drivers: ["docker", "raw_exec"].map(ToOwned::to_owned).into(),
        names_spark_home: false,
        address: None,
        interfaces: interface("eth0", address),
    }
}

fn interface(name: &str, address: &str) -> BTreeMap<String, BTreeSet<IpAddr>> {
    [(name.to_owned(), [address.parse().unwrap()].into())].into()
}

/// The nodes `a` and `b` of a cluster that has nothing else; `change` is made to `b`.
fn survey(change: impl FnOnce(&mut SurveyedNode)) -> Survey {
    let mut changed = node("b", "10.0.0.2");
    change(&mut changed);
    let node_pools = ["all", "default", "gpu"].map(ToOwned::to_owned).into();
    Survey {
        nodes: vec![node("a", "10.0.0.1"), changed],
        node_pools,
        namespace: "default".to_owned(),
        ..Survey::default()
    }
}

fn warnings(text: &str, survey: &Survey) -> Result<Vec<String>, Error> {
    deploy(&spec(text), Some(survey), false).map(|plan| plan.warnings)
}

/// The refusal, which every time changes nothing and says what to do.
#[track_caller]
fn refusal(text: &str, survey: &Survey) -> String {
    let error = warnings(text, survey).unwrap_err();
    assert_eq!(error.exit(), Exit::Unplaceable, "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("block `edge`")), "{error}");
    error.to_string()
}

/// The refusal of the host `b`.
#[track_caller]
fn reason(text: &str, change: impl FnOnce(&mut SurveyedNode)) -> String {
    let message = refusal(text, &survey(change));
    let reason = message.strip_prefix("the edge host b cannot hold the floating address: ");
    reason.unwrap_or_else(|| panic!("{message}")).to_owned()
}

/// Another cluster's floating address.
fn other(vip: &str, router_id: u8) -> ExistingEdge {
    let router_id = router_id.try_into().unwrap();
    ExistingEdge {
        cluster: "books".to_owned(),
        namespace: "team".to_owned(),
        vip: vip.parse().unwrap(),
        router_id,
        port: 7077,
        ui_port: 8080,
    }
}

#[test]
fn hosts_against_which_nothing_stands() {
    assert_eq!(warnings(EDGE, &survey(|_| ())), Ok(Vec::new()));
}

#[test]
fn a_host_that_nomad_does_not_know() {
    let reason = reason(EDGE, |node| node.name = "c".to_owned());
    assert_eq!(reason, "Nomad has no node of this name; it has a, c");
}

#[test]
fn a_host_in_another_datacenter() {
    let text = format!("datacenters = [\"dc1\", \"eu-*\"]\n{EDGE}");
    let in_datacenter = |name: &'static str| move |node: &mut SurveyedNode| node.datacenter = name.to_owned();
    assert_eq!(reason(&text, in_datacenter("dc2")), "its datacenter dc2 is none of the spec's");
    assert_eq!(warnings(&text, &survey(in_datacenter("eu-1"))), Ok(Vec::new()));
}

#[test]
fn a_host_in_another_node_pool() {
    let gpu = |node: &mut SurveyedNode| node.node_pool = "gpu".to_owned();
    assert_eq!(reason(EDGE, gpu), "its node pool is gpu, the spec's default");
    assert_eq!(warnings(&format!("node_pool = \"all\"\n{EDGE}"), &survey(gpu)), Ok(Vec::new()));
}

#[test]
fn a_host_that_takes_no_new_work() {
    let reason = reason(EDGE, |node| node.eligible = false);
    assert_eq!(reason, "Nomad places no work on it now: it is down, drained or not eligible");
}

#[test]
fn a_node_that_came_back_as_a_new_one_of_the_same_name_counts() {
    for place in [0, 2] {
        let mut survey = survey(|_| ());
        let gone = SurveyedNode { eligible: false, drivers: [].into(), ..node("b", "10.0.0.77") };
        survey.nodes.insert(place, gone);
        assert_eq!(warnings(EDGE, &survey), Ok(Vec::new()));
    }
}

#[test]
fn a_host_without_the_driver() {
    let reason = reason(EDGE, |node| _ = node.drivers.remove("raw_exec"));
    assert_eq!(reason, "it has no task driver raw_exec, with which HAProxy and keepalived run");
}

#[test]
fn a_host_needs_docker_alone_where_the_edge_runs_in_containers() {
    let text = EDGE.replace("edge {", "edge {\n  driver = \"docker\"\n  image = \"edge:1\"");
    assert_eq!(warnings(&text, &survey(|node| _ = node.drivers.remove("raw_exec"))), Ok(Vec::new()));
    let reason = reason(&text, |node| _ = node.drivers.remove("docker"));
    assert_eq!(reason, "it has no task driver docker, with which HAProxy and keepalived run");
}

#[test]
fn a_host_whose_address_is_on_another_interface() {
    let reason = reason(EDGE, |node| node.interfaces = interface("eth1", "10.0.0.2"));
    assert_eq!(reason, "its address 10.0.0.2 is on the interface eth1, not on eth0");
}

#[test]
fn a_host_whose_interface_has_other_addresses() {
    let reason = reason(EDGE, |node| {
        node.interfaces = interface("eth0", "10.0.0.3");
        node.interfaces.get_mut("eth0").unwrap().insert("fe80::3".parse().unwrap());
    });
    assert_eq!(reason, "its interface eth0 has no address 10.0.0.2; it has 10.0.0.3, fe80::3");
}

#[test]
fn an_interface_that_nomad_does_not_know_is_only_said() {
    let survey = survey(|node| node.interfaces = interface("eth1", "192.168.0.1"));
    let warning = "Nomad knows no interface eth0 on b; keepalived will tell whether it is there".to_owned();
    assert_eq!(warnings(EDGE, &survey), Ok(vec![warning]));
}

#[test]
fn an_address_of_another_cluster() {
    for (vip, router_id) in [("10.0.0.9/24", 51), ("10.0.0.9/32", 52)] {
        let mut survey = survey(|_| ());
        survey.edges.push(other(vip, router_id));
        assert_eq!(
            refusal(EDGE, &survey),
            "the address 10.0.0.9 is the floating address of the cluster books in the namespace team"
        );
    }
}

#[test]
fn a_router_id_of_another_cluster_on_the_same_network() {
    // One of the two networks may be the smaller one.
    for vip in ["10.0.0.8/24", "10.0.0.8/30", "10.1.2.3/8"] {
        let mut survey = survey(|_| ());
        survey.edges.push(other(vip, 51));
        assert_eq!(
            refusal(EDGE, &survey),
            "the router id 51 is taken by the cluster books in the namespace team on the same network"
        );
        survey.edges[0].router_id = 52.try_into().unwrap();
        assert_eq!(warnings(EDGE, &survey), Ok(Vec::new()), "{vip}");
    }
}

#[test]
fn a_change_of_the_router_id_is_told() {
    let mut survey = survey(|_| ());
    survey.edges.push(ExistingEdge {
        cluster: "spark".to_owned(),
        namespace: "default".to_owned(),
        ..other("10.0.0.9/24", 52)
    });
    let told = warnings(EDGE, &survey).unwrap();
    assert!(told[0].starts_with("the router id changes: "), "{told:?}");
}

#[test]
fn the_same_router_id_on_another_network_is_another_router() {
    // IPv4 and IPv6 are two routers, whatever their numbers (RFC 5798, 5.1).
    for vip in ["10.0.1.9/24", "fd00::9/64"] {
        let mut survey = survey(|_| ());
        survey.edges.push(other(vip, 51));
        assert_eq!(warnings(EDGE, &survey), Ok(Vec::new()), "{vip}");
    }
}

#[test]
fn a_cluster_s_own_address_does_not_stand_against_it() {
    let mut survey = survey(|_| ());
    survey.edges.push(ExistingEdge {
        cluster: "spark".to_owned(),
        namespace: "default".to_owned(),
        ..other("10.0.0.9/24", 51)
    });
    assert_eq!(warnings(EDGE, &survey), Ok(Vec::new()));
}

#[test]
fn without_a_survey_nothing_is_compared() {
    assert_eq!(deploy(&spec(EDGE), None, false).unwrap().warnings, Vec::<String>::new());
}
