//! Clusters of the same name that share this Consul: Consul knows services and keys by their names alone, whatever Nomad's
//! namespace, and whichever Nomad registers them.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CLUSTER_META, ROLE_META};
use crate::consul::{Check, Consul, ServiceEntry};
use crate::http::Error;
use crate::names::ClusterName;
use crate::nomad::Nomad;
use crate::nomad::jobs::Job;

/// Something that goes by the name of this cluster and is not of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Namesake {
    /// A job in another namespace of this Nomad.
    Job {
        /// The namespace.
        namespace: String,
        /// The job.
        job: String,
    },
    /// An instance in Consul that passes its checks, and that no allocation of this Nomad's namespace registered.
    Instance {
        /// The Consul service.
        service: String,
        /// HOST:PORT.
        address: String,
        /// Its id in Consul.
        id: String,
        /// The Consul node that has it.
        node: String,
        /// What it says of the namespace and the region of its job; `None` where nomspark did not register it.
        owner: Option<Owner>,
    },
    /// A master that leads by the lock in Consul.
    Leader {
        /// Its `spark://` URL.
        master: String,
        /// Its Nomad node.
        node: String,
    },
}

/// Where the job of an instance is, as its meta tells; empty where an earlier version of nomspark registered it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// Nomad's namespace.
    pub namespace: String,
    /// Nomad's region.
    pub region: String,
}

impl Namesake {
    /// Whether nomspark made it, as far as can be told: a cluster, then, and no other program's registration.
    #[must_use]
    pub fn is_cluster(&self) -> bool {
        !matches!(self, Self::Instance { owner: None, .. })
    }
}

impl fmt::Display for Namesake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job { namespace, job } => write!(formatter, "Nomad has the job {job} in the namespace {namespace}"),
            Self::Instance { service, address, owner, .. } => {
                write!(formatter, "Consul has {service} at {address}, ")?;
                match owner {
                    Some(Owner { namespace, region }) if !namespace.is_empty() => {
                        write!(formatter, "from the namespace {namespace} of a Nomad in the region {region}, ")?;
                    }
                    _ => {}
                }
                formatter.write_str("which no allocation of this namespace registered")
            }
            Self::Leader { master, node } => {
                write!(
                    formatter,
                    "Consul's lock is held by {master} on {node}, which no allocation of this namespace is"
                )
            }
        }
    }
}

/// Looks for them in Nomad's other namespaces, as far as the token may list them, among Consul's services, and at the lock.
pub async fn namesakes(nomad: &Nomad, consul: &Consul, name: &ClusterName) -> Result<Vec<Namesake>, Error> {
    let mut found: Vec<Namesake> = Vec::new();
    let jobs = name.deployable_jobs();
    for job in list_everywhere(nomad, &format!("{name}-")).await? {
        if is_elsewhere(&job, name, nomad.namespace()) && jobs.contains(&job.id) {
            found.push(Namesake::Job { namespace: job.namespace, job: job.id });
        }
    }
    let mut own = BTreeSet::new();
    // First Consul, then Nomad: an allocation is in Nomad before its services are in Consul.
    let mut instances = Vec::new();
    for service in [name.master_job(), format!("{}-ui", name.master_job()), name.worker_job(), name.edge_job()] {
        for instance in consul.service(&service).await? {
            instances.push((service.clone(), instance));
        }
    }
    let lock = match consul.key(&name.leader_key()).await {
        // The token may read services alone.
        Err(Error::Refused { .. }) => None,
        lock => lock?,
    };
    for job in &jobs {
        own.extend(nomad.job_allocations_ever(job).await?.into_iter().map(|allocation| allocation.id));
    }
    found.extend(instances.into_iter().filter_map(|(service, instance)| foreign(service, &instance, &own)));
    if let Some(lock) = lock.filter(|lock| lock.session.is_some()) {
        let holder = serde_json::from_slice::<Holder>(&lock.bytes()).ok();
        let foreign = holder.filter(|holder| !holder.allocation.is_empty() && !own.contains(&holder.allocation));
        found.extend(foreign.map(|holder| Namesake::Leader { master: holder.master, node: holder.node }));
    }
    Ok(found)
}

/// What a master writes into the lock.
#[derive(Deserialize)]
struct Holder {
    master: String,
    node: String,
    allocation: String,
}

/// The jobs of all namespaces that the token may list; those of the client's own where it may list no other.
pub(super) async fn list_everywhere(nomad: &Nomad, prefix: &str) -> Result<Vec<Job>, Error> {
    match nomad.in_all_namespaces().list_jobs(prefix).await {
        Err(Error::Refused { .. }) => nomad.list_jobs(prefix).await,
        listed => listed,
    }
}

/// Whether a job is of a cluster of this name in another namespace, and wanted.
fn is_elsewhere(job: &Job, name: &ClusterName, namespace: &str) -> bool {
    let cluster = job.meta.get(CLUSTER_META).map(String::as_str);
    job.namespace != namespace && !job.stop && cluster == Some(name.as_str()) && job.meta.contains_key(ROLE_META)
}

/// An instance that answers and is of no allocation of ours. What does not pass its checks may be left over.
fn foreign(service: String, instance: &ServiceEntry, own: &BTreeSet<String>) -> Option<Namesake> {
    let id = &instance.service.id;
    let is_own = allocation_of(id).is_some_and(|allocation| own.contains(allocation));
    if is_own || !instance.checks.iter().all(Check::is_passing) {
        return None;
    }
    let meta = instance.service.meta.clone().unwrap_or_default();
    let text = |key: &str| meta.get(key).cloned().unwrap_or_default();
    let owner = meta.contains_key("cluster").then(|| Owner { namespace: text("namespace"), region: text("region") });
    Some(Namesake::Instance {
        service,
        address: instance.address(),
        id: id.clone(),
        node: instance.node.node.clone(),
        owner,
    })
}

/// The allocation in the id that Nomad gives to a service: `_nomad-task-ALLOCATION-…` (`MakeAllocServiceID` of its
/// `command/agent/consul`).
fn allocation_of(service_id: &str) -> Option<&str> {
    service_id.strip_prefix("_nomad-task-")?.get(..36)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOCATION: &str = "0d2f0a3c-1111-2222-3333-444455556666";

    fn instance(id: &str, status: &str, meta: &serde_json::Value) -> ServiceEntry {
        serde_json::from_value(serde_json::json!({
            "Node": { "Node": "wacken", "Address": "10.0.0.5" },
            "Service": { "ID": id, "Address": "", "Port": 7077, "Meta": meta },
            "Checks": [{ "Name": "Serf Health Status", "Status": "passing" }, { "Name": "ALIVE", "Status": status }],
        }))
        .unwrap()
    }

    fn told(instance: &ServiceEntry, own: &[&str]) -> Option<String> {
        let own = own.iter().map(ToString::to_string).collect();
        foreign("spark-master".to_owned(), instance, &own).map(|namesake| namesake.to_string())
    }

    #[test]
    fn an_instance_of_an_allocation_that_nomad_does_not_know_is_a_namesake_s() {
        let meta = serde_json::json!({ "cluster": "spark", "namespace": "team-a", "region": "eu" });
        let id = format!("_nomad-task-{ALLOCATION}-group-master-spark-master-rpc");
        let other = instance(&id, "passing", &meta);
        let told_of = told(&other, &[]).unwrap();
        assert!(
            told_of.contains("spark-master at 10.0.0.5:7077, from the namespace team-a of a Nomad in the region eu")
        );
        assert_eq!(told(&other, &[ALLOCATION]), None);
    }

    #[test]
    fn what_does_not_pass_its_checks_blocks_nobody() {
        assert_eq!(told(&instance("left-over", "critical", &serde_json::Value::Null), &[]), None);
    }

    #[test]
    fn a_registration_by_hand_is_no_cluster() {
        let by_hand = instance("mine", "passing", &serde_json::json!({}));
        let found = foreign("spark-master".to_owned(), &by_hand, &BTreeSet::new()).unwrap();
        assert!(!found.is_cluster(), "{found}");
    }

    #[test]
    fn only_wanted_jobs_of_a_cluster_count() {
        let meta = |cluster: &str| [(CLUSTER_META, cluster), (ROLE_META, "master")].map(|(a, b)| (a.into(), b.into()));
        let job = Job { namespace: "team-a".to_owned(), meta: meta("spark").into(), ..Job::default() };
        let name = ClusterName::default();
        assert!(is_elsewhere(&job, &name, "default"));
        assert!(!is_elsewhere(&job, &name, "team-a"));
        assert!(!is_elsewhere(&Job { stop: true, ..job.clone() }, &name, "default"));
        assert!(!is_elsewhere(&Job { meta: meta("spark-2").into(), ..job }, &name, "default"));
    }
}
