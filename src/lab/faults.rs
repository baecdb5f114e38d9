//! `nomspark lab cut`, `mend` and `kill`: what goes wrong in a data centre, on purpose.

use std::net::IpAddr;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde::Serialize;

use super::Options;
use super::agent::unkillable;
use super::error::Error;
use super::folder::Folder;
use super::kind::Kind;
use super::process;
use super::state::State;
use super::wiring::Wiring;
use crate::event::Observer;

/// How long the kernel may take to end a killed process.
const PATIENCE: Duration = Duration::from_secs(5);

/// A link that was cut or mended.
#[derive(Clone, Debug, Serialize)]
pub struct Linked {
    /// The host.
    pub host: String,
    /// Its address.
    pub address: IpAddr,
    /// Whether it is cut off now.
    pub cut: bool,
}

impl Linked {
    /// What was done, for people.
    #[must_use]
    pub fn text(&self) -> String {
        let state = if self.cut { "is cut off" } else { "is connected" };
        format!("{} ({}) {state}.\n", self.host, self.address)
    }
}

/// An agent that was killed.
#[derive(Clone, Debug, Serialize)]
pub struct Killed {
    /// The host.
    pub host: String,
    /// The agent.
    pub agent: Kind,
    /// The process that it was.
    pub pid: i32,
}

impl Killed {
    /// What was done, for people.
    #[must_use]
    pub fn text(&self) -> String {
        let agent = self.agent.name();
        format!("{agent} of {} (process {}) is killed; `nomspark lab up` starts it again.\n", self.host, self.pid)
    }
}

/// Cuts a host off from the others and from this machine, or connects it again.
pub async fn link(options: &Options, host: &str, up: bool, observer: Observer<'_>) -> Result<Linked, Error> {
    let folder = Folder::new(&options.state_dir)?;
    let _lock = folder.lock(options.timeout, observer).await?;
    let mut state = State::read(&folder)?.ok_or(Error::NotRunning)?;
    let network = state.network.ok_or(Error::OneHost)?;
    let host = &state.member(host)?.host;
    if network.bridge_namespace().number().is_none() {
        return Err(Error::NoNamespace(host.name.clone()));
    }
    Wiring::new(network)?.set_link(&host.name, up).await?;
    Ok(Linked { host: host.name.clone(), address: host.address, cut: !up })
}

/// Kills an agent; its tasks live on.
pub async fn kill(options: &Options, host: &str, kind: Kind, observer: Observer<'_>) -> Result<Killed, Error> {
    let folder = Folder::new(&options.state_dir)?;
    let _lock = folder.lock(options.timeout, observer).await?;
    let mut state = State::read(&folder)?.ok_or(Error::NotRunning)?;
    let member = state.member(host)?;
    let stopped = || Error::AgentNotRunning(format!("{} of {host}", kind.name()));
    let agent = member.agent(kind).filter(process::Identity::is_alive).ok_or_else(stopped)?;
    agent.signal(Signal::SIGKILL);
    let living = process::wait_for_end(&[agent], PATIENCE).await;
    if living.is_empty() {
        Ok(Killed { host: host.to_owned(), agent: kind, pid: agent.pid })
    } else {
        Err(unkillable(&living))
    }
}
