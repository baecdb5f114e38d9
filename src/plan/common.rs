//! What all jobs of a cluster have in common: where they may run, by which driver, and the variables that say so.

use std::collections::BTreeSet;

use super::{CommonVariables, Error, Link};
use crate::spec::{Driver, ValidSpec};
use crate::survey::{SPARK_HOME_META, Survey, SurveyedNode};

/// Where Spark is in the official image, and where operators put it on nodes.
const DEFAULT_SPARK_HOME: &str = "/opt/spark";
/// What the link in Nomad's UI opens.
const SPARK_DOCUMENTATION: &str = "https://spark.apache.org/docs/latest/spark-standalone.html";

/// The variables that all job files of a cluster share.
pub(super) fn common(spec: &ValidSpec, driver: Driver, candidates: Option<&[&SurveyedNode]>) -> CommonVariables {
    let spark_home = match (&spec.runtime.spark_home, driver) {
        (Some(path), _) => path.to_string(),
        (None, Driver::Docker) => DEFAULT_SPARK_HOME.to_owned(),
        // Each node may have Spark somewhere else; Nomad puts the node's own answer in.
        (None, _) if candidates.is_some_and(|nodes| nodes.iter().any(|node| node.names_spark_home)) => {
            format!("${{meta.{SPARK_HOME_META}}}")
        }
        (None, _) => DEFAULT_SPARK_HOME.to_owned(),
    };
    CommonVariables {
        cluster: spec.name.to_string(),
        nomspark_version: env!("CARGO_PKG_VERSION").to_owned(),
        datacenters: spec.datacenters.iter().map(ToString::to_string).collect(),
        node_pool: spec.node_pool.to_string(),
        driver,
        image: (driver == Driver::Docker).then(|| spec.runtime.image.to_string()),
        spark_home,
        conf: spec.conf.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect(),
        // Only what is right for everybody who opens Nomad's UI: whoever deploys may reach Consul in a way of their own.
        links: vec![Link { label: "Spark's documentation".to_owned(), url: SPARK_DOCUMENTATION.to_owned() }],
    }
}

/// Sets a property, unless the spec says something else.
pub(super) fn set_default(common: &mut CommonVariables, key: &str, value: &str) {
    common.conf.entry(key.to_owned()).or_insert_with(|| value.to_owned());
}

/// The nodes that the spec's datacenters and node pool leave, if any takes new work.
pub(super) fn candidates<'a>(spec: &ValidSpec, survey: &'a Survey) -> Result<Vec<&'a SurveyedNode>, Error> {
    let list = |names: BTreeSet<&str>| {
        if names.is_empty() { "none".to_owned() } else { names.into_iter().collect::<Vec<_>>().join(", ") }
    };
    let wanted = spec.datacenters.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let pool = spec.node_pool.as_str();
    // The pools `all` and `default` always exist: an empty list means that the token may not read it.
    if !survey.node_pools.is_empty() && !survey.node_pools.contains(pool) {
        let existing = list(survey.node_pools.iter().map(String::as_str).collect());
        return Err(Error::NoNodePool { wanted: pool.to_owned(), existing });
    }
    let in_datacenter: Vec<&SurveyedNode> = survey
        .nodes
        .iter()
        .filter(|node| spec.datacenters.iter().any(|datacenter| datacenter.matches(&node.datacenter)))
        .collect();
    if in_datacenter.is_empty() {
        let existing = list(survey.nodes.iter().map(|node| node.datacenter.as_str()).collect());
        return Err(Error::NoDatacenter { wanted, existing });
    }
    let place = format!("in datacenter {wanted}, node pool {pool},");
    // The pool "all" stands for every node.
    let in_pool: Vec<&SurveyedNode> =
        in_datacenter.into_iter().filter(|node| pool == "all" || node.node_pool == pool).collect();
    let eligible: Vec<&SurveyedNode> = in_pool.iter().copied().filter(|node| node.eligible).collect();
    if eligible.is_empty() {
        return Err(Error::NoEligibleNode { nodes: in_pool.len(), place });
    }
    Ok(eligible)
}

/// The driver that the spec names, if a node has it; otherwise the first that a node has.
///
/// raw_exec comes before exec: an operator has to enable it, and exec needs Spark inside the chroot.
pub(super) fn choose_driver(spec: &ValidSpec, candidates: Option<&[&SurveyedNode]>) -> Result<Driver, Error> {
    let Some(candidates) = candidates else {
        return Ok(spec.runtime.driver.unwrap_or(Driver::Docker));
    };
    let anywhere = |driver: Driver| candidates.iter().any(|node| node.drivers.contains(driver.as_str()));
    let order = match spec.runtime.driver {
        Some(driver) => vec![driver],
        // Nodes whose meta says where Spark is were made ready to run it without an image.
        None if candidates.iter().any(|node| node.names_spark_home) => {
            vec![Driver::RawExec, Driver::Exec, Driver::Docker]
        }
        None => vec![Driver::Docker, Driver::RawExec, Driver::Exec],
    };
    order.iter().copied().find(|driver| anywhere(*driver)).ok_or_else(|| {
        let healthy: BTreeSet<&str> =
            candidates.iter().flat_map(|node| node.drivers.iter().map(String::as_str)).collect();
        let healthy = healthy.into_iter().collect::<Vec<_>>().join(", ");
        Error::NoDriver {
            nodes: candidates.len(),
            place: format!("in node pool {}", spec.node_pool),
            driver: order.iter().map(|driver| driver.as_str()).collect::<Vec<_>>().join(" or "),
            healthy: if healthy.is_empty() { "none".to_owned() } else { healthy },
        }
    })
}
