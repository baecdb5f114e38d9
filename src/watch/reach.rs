//! Spark behind the floating address, from where clients are: this machine first, and an edge host where no route leads from here.

use std::time::Duration;

use tokio::time::timeout;
use tracing::debug;

use crate::http;
use crate::names::FloatingAddress;
use crate::nomad::Nomad;
use crate::nomad::exec::ExecError;
use crate::spark::AddressState;
use crate::survey::runs;

/// What asks on an edge host.
const ASK: &str = include_str!("../../haproxy/ask.sh");
/// The edge's task in which it runs, with the programs that the edge needs anyway.
const TASK: &str = "haproxy";
/// How long it may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Asks a floating address once. Where nobody answers to this machine, a host that runs the edge's job is asked what it meets there.
pub async fn address_state(
    nomad: &Nomad,
    address: FloatingAddress,
    edge_job: &str,
) -> Result<AddressState, http::Error> {
    let state = AddressState::of(address).await?;
    let AddressState::Unanswered { reason } = &state else { return Ok(state) };
    match timeout(TIMEOUT, ask_an_edge_host(nomad, address, edge_job)).await {
        Ok(Ok(Some(told))) => return Ok(AddressState::told_by_an_edge_host(&told, reason).unwrap_or(state)),
        Ok(Ok(None)) => {}
        // What this machine met is true all the same.
        Ok(Err(error)) => debug!(%error, "no edge host can be asked"),
        Err(_) => debug!("no edge host answered within {} s", TIMEOUT.as_secs()),
    }
    Ok(state)
}

/// What an edge host tells of the address; `None` where the edge runs nowhere.
async fn ask_an_edge_host(
    nomad: &Nomad,
    address: FloatingAddress,
    edge_job: &str,
) -> Result<Option<String>, ExecError> {
    let allocations = nomad.job_allocations(edge_job).await?;
    let Some(allocation) = allocations.into_iter().find(runs) else { return Ok(None) };
    let (ip, port, ui_port) = (address.address.to_string(), address.port.to_string(), address.ui_port.to_string());
    let command = ["/bin/bash", "-c", ASK, "ask.sh", &ip, &port, &ui_port];
    Ok(Some(nomad.exec(&allocation.id, TASK, &command, tokio::io::empty()).await?.output))
}
