//! What could be there: surveys of clusters that no test needs to run.

use std::collections::BTreeMap;

use nomspark::survey::{ExistingEdge, ExistingJob, Survey, SurveyedNode};

fn node(name: &str, drivers: &[&str], names_spark_home: bool) -> SurveyedNode {
    SurveyedNode {
        name: name.to_owned(),
        datacenter: "dc1".to_owned(),
        node_pool: "default".to_owned(),
        eligible: true,
        drivers: drivers.iter().map(ToString::to_string).collect(),
        names_spark_home,
        address: None,
        interfaces: BTreeMap::new(),
    }
}

fn survey(nodes: Vec<SurveyedNode>) -> Survey {
    let node_pools = ["all", "default", "gpu"].map(ToOwned::to_owned).into();
    Survey { nodes, node_pools, namespace: "default".to_owned(), ..Survey::default() }
}

/// Nodes in two datacenters and another pool, all with docker.
pub(super) fn docker() -> Survey {
    survey(vec![
        node("borie", &["docker", "exec"], false),
        SurveyedNode { datacenter: "eu-1".to_owned(), ..node("republique", &["docker"], false) },
        SurveyedNode { node_pool: "gpu".to_owned(), ..node("wacken", &["docker"], false) },
    ])
}

/// Nodes with Spark in a folder of the operator's choice.
pub(super) fn exec() -> Survey {
    survey(vec![node("borie", &["exec"], false), node("republique", &["exec"], false)])
}

/// Nodes that say themselves where Spark is.
pub(super) fn raw_exec() -> Survey {
    survey(vec![node("borie", &["docker", "raw_exec"], true), node("republique", &["raw_exec"], true)])
}

/// A cluster that runs, with its workers stopped.
pub(super) fn deployed() -> Survey {
    let job = |job_modify_index, stopped| ExistingJob { cluster: Some("spark".to_owned()), job_modify_index, stopped };
    let mut survey = docker();
    survey.jobs.insert("spark-master".to_owned(), job(41, false));
    survey.jobs.insert("spark-worker".to_owned(), job(57, true));
    survey
}

/// Three edge hosts, of which Nomad knows one by another interface alone; a node beside them; another cluster's floating
/// address with the same number, on another network.
pub(super) fn edge() -> Survey {
    let host = |name: &str, interface: &str, address: &str| SurveyedNode {
        interfaces: [(interface.to_owned(), [address.parse().unwrap()].into())].into(),
        ..node(name, &["docker", "raw_exec"], false)
    };
    let mut survey = survey(vec![
        host("node-1.eu_west", "eth0", "10.20.0.11"),
        host("NODE-2", "bond0.100", "10.20.0.12"),
        host("3", "eth0", "192.168.7.3"),
        node("worker", &["docker"], false),
    ]);
    survey.edges.push(ExistingEdge {
        cluster: "other".to_owned(),
        namespace: "default".to_owned(),
        vip: "10.30.0.9/24".parse().unwrap(),
        router_id: 7.try_into().unwrap(),
        port: 7077,
        ui_port: 8080,
    });
    survey
}
