//! `nomspark status`: one screen of jobs, masters and workers, each with who says so.

use std::net::IpAddr;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use super::cluster::{self, Endpoints, JobSummary, Master};
use super::context::Context;
use super::leader::Leader;
use crate::cli;
use crate::error::Result;
use crate::event::short;
use crate::exit::Exit;
use crate::names::{ClusterName, FloatingAddress};
use crate::report::table;
use crate::spark::MasterState;
use crate::watch::address_state;

/// How many ended runs the table shows, the newest.
const ENDED_SHOWN: usize = 5;
/// How many jobs are read at the same time.
const AT_ONCE: usize = 8;

#[derive(Serialize)]
struct Status {
    cluster: String,
    jobs: Vec<JobSummary>,
    masters: Vec<MasterLine>,
    /// Who leads, as the lock of the masters says; `None` where they have none.
    leader: Option<Leader>,
    workers: Vec<WorkerLine>,
    /// The floating address, where the cluster has one.
    vip: Option<Vip>,
    endpoints: Endpoints,
}

#[derive(Serialize)]
struct Vip {
    address: IpAddr,
    /// [`AddressState::word`](crate::spark::AddressState::word): what a Spark client met there just now.
    state: &'static str,
    /// The same as a sentence.
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The edge host that answers at the address, by its own word; `None` when nobody does.
    holder: Option<String>,
    /// The edge host that keepalived wrote down in Consul.
    recorded: Option<String>,
}

impl Vip {
    async fn ask(address: FloatingAddress, name: &ClusterName, context: &Context<'_>) -> Result<Self> {
        let key = name.holder_key();
        let edge_job = name.edge_job();
        let asked = address_state(&context.nomad, address, &edge_job);
        let (met, recorded) = tokio::try_join!(asked, context.consul.key(&key))?;
        let recorded = recorded.map(|note| note.text());
        let state = met.word();
        let address = address.address;
        let mut detail = format!("{address} {met}{}", note(met.host(), recorded.as_deref()));
        if recorded.is_none() || met.host().is_some_and(|host| recorded.as_deref() != Some(host)) {
            detail.extend(
                cluster::failed_notes(&context.nomad, name).await?.iter().map(|failure| format!(": {failure}")),
            );
        }
        let (holder, hint) = (met.host().map(str::to_owned), met.hint(&edge_job));
        Ok(Self { address, state, detail, hint, holder, recorded })
    }

    fn text(&self) -> String {
        let mut text = format!("\nFloating address: {}\n", self.detail);
        if let Some(hint) = &self.hint {
            text.push_str(&format!("hint: {hint}\n"));
        }
        text
    }
}

/// Where Consul's note of the holder differs from what the network says.
fn note(holder: Option<&str>, recorded: Option<&str>) -> String {
    match (holder, recorded) {
        (Some(holder), Some(recorded)) if holder == recorded => String::new(),
        (_, Some(recorded)) => format!(", but Consul has a note that {recorded} holds it"),
        (_, None) => "; Consul has no note of a holder".to_owned(),
    }
}

#[derive(Serialize)]
struct MasterLine {
    address: String,
    /// Spark's own word, or UNREACHABLE when it does not answer.
    state: String,
    /// Why it was not heard, where a proxy stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    allocation: String,
    node: String,
}

#[derive(Serialize)]
struct WorkerLine {
    address: String,
    state: String,
    cores: u64,
    cores_used: u64,
    memory_mb: u64,
    memory_used_mb: u64,
    /// The Nomad node; `None` when no running allocation has this address.
    node: Option<String>,
}

/// Runs the command.
pub(super) async fn run(arguments: &cli::Status, context: &Context<'_>) -> Result<Exit> {
    let name = cluster::name(&arguments.cluster)?;
    let nomad = &context.nomad;
    let mut jobs = Vec::new();
    let mut listed = cluster::jobs(nomad, &name).await?;
    listed.sort_by_key(|job| (job.kind != "service", job.submit_time));
    let mut summaries = stream::iter(&listed).map(|job| JobSummary::read(nomad, &job.id)).buffered(AT_ONCE);
    while let Some(summary) = summaries.try_next().await? {
        jobs.extend(summary);
    }
    if jobs.is_empty() {
        return Err(cluster::missing(&name, context).await.into());
    }
    let masters = cluster::masters(nomad, &name).await?;
    let placed: Vec<(String, String)> = cluster::running_allocations(nomad, &name.worker_job())
        .await?
        .into_iter()
        .map(|detail| (detail.address("rpc").unwrap_or_default(), detail.allocation.node_name))
        .collect();
    let leader = masters.iter().find(|master| master.state.as_ref().is_some_and(MasterState::is_alive));
    let workers = leader.and_then(|leader| leader.state.as_ref()).map_or_else(Vec::new, |state| {
        state
            .workers
            .iter()
            .map(|worker| {
                let address = format!("{}:{}", worker.host, worker.port);
                let node = placed.iter().find(|(rpc, _)| *rpc == address).map(|(_, node)| node.clone());
                WorkerLine {
                    address,
                    state: worker.state.clone(),
                    cores: worker.cores,
                    cores_used: worker.cores_used,
                    memory_mb: worker.memory,
                    memory_used_mb: worker.memory_used,
                    node,
                }
            })
            .collect()
    });
    let lock = Leader::read(&name, context).await?;
    let floating = cluster::floating_address(nomad, &name).await?;
    let endpoints = match floating {
        Some(address) => {
            Endpoints { master: Some(address.master()), ui: Some(format!("http://{}", address.ui())), history: None }
        }
        None => Endpoints {
            master: leader.and_then(|leader| Some(leader.state.as_ref()?.url.clone())),
            ui: leader.map(|leader| format!("http://{}", leader.ui)),
            history: None,
        },
    };
    let vip = match floating {
        Some(address) => Some(Vip::ask(address, &name, context).await?),
        None => None,
    };
    let masters = masters.iter().map(master_line).collect();
    let status = Status { cluster: name.to_string(), jobs, masters, leader: lock, workers, vip, endpoints };
    context.report.result(&status, || text(&status))?;
    Ok(Exit::Done)
}

fn master_line(master: &Master) -> MasterLine {
    let detail = &master.allocation;
    MasterLine {
        address: detail.address("rpc").unwrap_or_default(),
        state: master.state.as_ref().map_or_else(|| "UNREACHABLE".to_owned(), |state| state.status.clone()),
        detail: master.proxied.as_ref().map(|_| master.heard()),
        allocation: detail.allocation.id.clone(),
        node: detail.allocation.node_name.clone(),
    }
}

fn text(status: &Status) -> String {
    let mut text = format!("Cluster {}\n\n", status.cluster);
    let ended = status.jobs.iter().filter(|job| job.has_ended()).count();
    let mut hidden = ended.saturating_sub(ENDED_SHOWN);
    let mut rows = Vec::new();
    // The list begins with the services; ended runs come oldest first.
    for job in &status.jobs {
        if job.has_ended() && hidden > 0 {
            hidden -= 1;
        } else {
            rows.push(job.row());
        }
    }
    text.push_str(&table(&JobSummary::HEADER, rows));
    if ended > ENDED_SHOWN {
        text.push_str(&format!("and {} runs that ended earlier\n", ended - ENDED_SHOWN));
    }
    for waits in status.jobs.iter().filter_map(JobSummary::waits) {
        text.push_str(&format!("{waits}\n"));
    }
    let masters: Vec<Vec<String>> = status
        .masters
        .iter()
        .map(|master| {
            vec![
                master.address.clone(),
                master.state.clone(),
                short(&master.allocation).to_owned(),
                master.node.clone(),
            ]
        })
        .collect();
    text.push_str("\nMasters, as Spark says\n");
    text.push_str(&table(&["ADDRESS", "STATE", "ALLOCATION", "NODE"], masters));
    for unheard in status.masters.iter().filter_map(|master| master.detail.as_ref()) {
        text.push_str(&format!("{unheard}\n"));
    }
    if let Some(leader) = &status.leader {
        let alive = status.masters.iter().find(|master| master.state == "ALIVE").map(|master| &*master.address);
        text.push_str(&format!("\n{}\n", leader.text(alive)));
    }
    let workers: Vec<Vec<String>> = status
        .workers
        .iter()
        .map(|worker| {
            vec![
                worker.address.clone(),
                worker.state.clone(),
                format!("{}/{}", worker.cores_used, worker.cores),
                format!("{}/{} MiB", worker.memory_used_mb, worker.memory_mb),
                worker.node.clone().unwrap_or_else(|| "unknown to Nomad".to_owned()),
            ]
        })
        .collect();
    text.push_str("\nWorkers, as the leading master says\n");
    text.push_str(&table(&["ADDRESS", "STATE", "CORES USED", "MEMORY USED", "NODE"], workers));
    if let Some(vip) = &status.vip {
        text.push_str(&vip.text());
    }
    text.push('\n');
    for (label, value) in [("Master", &status.endpoints.master), ("Spark UI", &status.endpoints.ui)] {
        text.push_str(&format!("{label:<9} {}\n", value.as_deref().unwrap_or("none")));
    }
    text
}
