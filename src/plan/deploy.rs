//! The plan of a deployment: a master, and the workers that join it.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::common::{candidates, choose_driver, common, set_default};
use super::{Error, MasterVariables, Plan, PlannedJob, Role, Variables, WorkerVariables, edge, sizes};
use crate::names::ServerAddress;
use crate::spec::{Edge, Recovery, ValidSpec};
use crate::survey::{Namesake, Survey, SurveyedNode};

/// What masters elect their leader with (`consul/recovery`).
const RECOVERY_PLUGIN: &[u8] = include_bytes!("../../consul/recovery/recovery.jar");

/// After how many seconds of silence, and twice as many at most, a master gives up a worker. Spark's own minute is longer than
/// applications wait for an executor that is silent: the next one would be started on the same worker that is gone.
const WORKER_TIMEOUT: &str = "15";

/// Plans master and workers. With `survey` `None` nothing is known of the cluster, as for `render`.
pub fn deploy(spec: &ValidSpec, survey: Option<&Survey>, adopt: bool) -> Result<Plan, Error> {
    let strangers = survey.map(|survey| namesakes(spec, survey)).transpose()?.unwrap_or_default();
    let candidates = survey.map(|survey| candidates(spec, survey)).transpose()?;
    let driver = choose_driver(spec, candidates.as_deref())?;
    refuse_ipv6(candidates.as_deref().unwrap_or_default())?;
    let mut common = common(spec, driver, candidates.as_deref());
    // Masters look for silent workers as often as that, and workers speak four times as often.
    set_default(&mut common, "spark.worker.timeout", WORKER_TIMEOUT);
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

/// Refuses nodes whose tasks have an IPv6 address: Spark's masters would end there as soon as they start.
fn refuse_ipv6(candidates: &[&SurveyedNode]) -> Result<(), Error> {
    let ipv6 = candidates.iter().find_map(|node| Some((node, node.address.filter(IpAddr::is_ipv6)?)));
    match ipv6 {
        Some((node, address)) => Err(Error::Ipv6Node { node: node.name.clone(), address }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
