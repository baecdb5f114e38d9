//! The plan of a deployment: a master, and the workers that join it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{
    CommonVariables, Error, Link, MasterVariables, Plan, PlannedJob, Role, Variables, WorkerVariables, application,
    edge, sizes,
};
use crate::names::ServerAddress;
use crate::spec::{Driver, Edge, Recovery, ValidSpec};
use crate::survey::{Namesake, SPARK_HOME_META, Survey, SurveyedNode};

/// What masters elect their leader with (`consul/recovery`).
const RECOVERY_PLUGIN: &[u8] = include_bytes!("../../consul/recovery/recovery.jar");

/// Where Spark is in the official image, and where operators put it on nodes.
const DEFAULT_SPARK_HOME: &str = "/opt/spark";
/// After how many seconds of silence, and twice as many at most, a master gives up a worker. Spark's own minute is longer than
/// applications wait for an executor that is silent: the next one would be started on the same worker that is gone.
const WORKER_TIMEOUT: &str = "15";
/// What the link in Nomad's UI opens.
const SPARK_DOCUMENTATION: &str = "https://spark.apache.org/docs/latest/spark-standalone.html";

/// Plans master and workers. With `survey` `None` nothing is known of the cluster, as for `render`.
pub fn deploy(spec: &ValidSpec, survey: Option<&Survey>, adopt: bool) -> Result<Plan, Error> {
    let strangers = survey.map(|survey| namesakes(spec, survey)).transpose()?.unwrap_or_default();
    let candidates = survey.map(|survey| candidates(spec, survey)).transpose()?;
    let driver = choose_driver(spec, candidates.as_deref())?;
    refuse_ipv6(candidates.as_deref().unwrap_or_default())?;
    let mut common = common(spec, driver, candidates.as_deref());
    // Masters look for silent workers as often as that, and workers speak four times as often.
    application::set_default(&mut common, "spark.worker.timeout", WORKER_TIMEOUT);
    let mut warnings = strangers;
    if spec.worker.count == 0 {
        warnings.push("no worker is asked for: applications will wait for ever".to_owned());
    }
    warnings.extend(survey.iter().flat_map(|survey| &survey.shared_agents).map(ToString::to_string));
    let edge = edge::variables(spec, &common.links);
    if let (Some(edge), Some(survey)) = (&spec.edge, survey) {
        warnings.extend(edge::check_hosts(edge, spec, survey)?);
    }
    warnings.extend(survey.and_then(|survey| forgotten_edge(spec, survey)));
    if let Some(warning) = too_few_nodes(spec, candidates.as_deref()) {
        warnings.push(warning);
    }
    let master = MasterVariables {
        common: common.clone(),
        count: spec.master.count,
        distinct_hosts: spec.master.count > 1 && too_few_nodes(spec, candidates.as_deref()).is_none(),
        recovery: spec.master.recovery.mode(),
        recovery_plugin: recovery_plugin(&spec.master.recovery),
        zookeeper: zookeeper(&spec.master.recovery),
        rpc_port: spec.master.port.unwrap_or(0),
        ui_port: spec.master.ui_port.unwrap_or(0),
        cpu: sizes::DAEMON_CPU,
        memory: spec.master.memory.mib(),
        heap: sizes::master_heap(spec.master.memory),
    };
    let address = spec.edge.as_ref().map(Edge::floating_address);
    let worker = WorkerVariables {
        common,
        count: spec.worker.count,
        masters: address.map(|address| address.rpc()),
        masters_ui: address.map(|address| address.ui()),
        remembered: spec.master.recovery.elects(),
        worker_cores: spec.worker.cores.get(),
        worker_memory: spec.worker.memory.mib(),
        cpu: sizes::worker_cpu(spec.worker.cores),
        memory: sizes::worker_memory(spec.worker.memory),
        heap: sizes::WORKER_HEAP,
    };
    let mut jobs = vec![planned(spec, survey, adopt, spec.name.master_job(), Role::Master, Variables::Master(master))?];
    if let Some(edge) = edge {
        jobs.push(planned(spec, survey, adopt, spec.name.edge_job(), Role::Edge, Variables::Edge(edge))?);
    }
    jobs.push(planned(spec, survey, adopt, spec.name.worker_job(), Role::Worker, Variables::Worker(worker))?);
    Ok(Plan { cluster: spec.name.clone(), driver, warnings, jobs })
}

/// Two clusters of one name would be one in Consul. Beside a cluster that runs, a service that somebody else registered is
/// only warned of: its own masters and workers go by the meta of theirs.
fn namesakes(spec: &ValidSpec, survey: &Survey) -> Result<Vec<String>, Error> {
    let own = survey.jobs.get(&spec.name.master_job());
    let runs = own.is_some_and(|job| job.belongs_to(&spec.name) && !job.stopped);
    let stands_against = |namesake: &&Namesake| namesake.is_cluster() || !runs;
    if let Some(namesake) = survey.namesakes.iter().find(stands_against) {
        let (cluster, namespace) = (spec.name.to_string(), survey.namespace.clone());
        return Err(Error::Namesake { cluster, namespace, namesake: Box::new(namesake.clone()) });
    }
    let warned = |namesake: &Namesake| format!("{namesake}: clients that ask Consul may reach it");
    Ok(survey.namesakes.iter().map(warned).collect())
}

/// What is said where the cluster has a floating address and the spec has none, most often because somebody forgot `--file`.
fn forgotten_edge(spec: &ValidSpec, survey: &Survey) -> Option<String> {
    let id = spec.name.edge_job();
    let job = survey.jobs.get(&id).filter(|_| spec.edge.is_none())?;
    (job.belongs_to(&spec.name) && !job.stopped).then(|| {
        format!(
            "the job {id} runs, and the spec has no edge: workers and applications do not use the floating address; with \
             the spec that has it they do, and `nomad job stop {id}` ends it"
        )
    })
}

impl ValidSpec {
    /// The ids of the jobs that a deployment registers.
    #[must_use]
    pub fn deployed_jobs(&self) -> Vec<String> {
        let edge = self.edge.as_ref().map(|_| self.name.edge_job());
        [self.name.master_job()].into_iter().chain(edge).chain([self.name.worker_job()]).collect()
    }
}

/// A job with its guard, if it is new or ours.
fn planned(
    spec: &ValidSpec,
    survey: Option<&Survey>,
    adopt: bool,
    id: String,
    role: Role,
    variables: Variables,
) -> Result<PlannedJob, Error> {
    let existing = survey.and_then(|survey| survey.jobs.get(&id));
    if let Some(job) = existing
        && !job.belongs_to(&spec.name)
        && !adopt
    {
        let owner = match &job.cluster {
            Some(cluster) => format!("belongs to the cluster {cluster}"),
            None => "was not made by nomspark".to_owned(),
        };
        return Err(Error::NotOurs { job: id, owner });
    }
    Ok(PlannedJob {
        role,
        variables,
        job_modify_index: existing.map_or(0, |job| job.job_modify_index),
        runs: existing.is_some_and(|job| !job.stopped),
        id,
    })
}

/// A warning where masters must share a node, so that they would be lost together.
fn too_few_nodes(spec: &ValidSpec, candidates: Option<&[&SurveyedNode]>) -> Option<String> {
    let (masters, nodes) = (spec.master.count, candidates?.len());
    (nodes < usize::try_from(masters).unwrap_or(usize::MAX)).then(|| {
        format!("{masters} masters share {nodes} node{}: a node that is lost takes several with it", plural(nodes))
    })
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn recovery_plugin(recovery: &Recovery) -> String {
    if *recovery == Recovery::Consul { STANDARD.encode(RECOVERY_PLUGIN) } else { String::new() }
}

fn zookeeper(recovery: &Recovery) -> String {
    let Recovery::ZooKeeper(servers) = recovery else { return String::new() };
    servers.iter().map(ServerAddress::as_str).collect::<Vec<_>>().join(",")
}

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

/// Refuses nodes whose tasks have an IPv6 address: Spark's masters would end there as soon as they start.
fn refuse_ipv6(candidates: &[&SurveyedNode]) -> Result<(), Error> {
    let ipv6 = candidates.iter().find_map(|node| Some((node, node.address.filter(IpAddr::is_ipv6)?)));
    match ipv6 {
        Some((node, address)) => Err(Error::Ipv6Node { node: node.name.clone(), address }),
        None => Ok(()),
    }
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

#[cfg(test)]
mod tests;
