//! What is written down about a lab, so that later commands find it again.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Host;
use super::api::Api;
use super::error::Error;
use super::folder::Folder;
use super::kind::Kind;
use super::network::Network;
use super::ports::Ports;
use super::process::Identity;
use super::tools::Tools;

/// A lab that was started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    /// The version of this file's format.
    pub(super) version: u32,
    /// The kernel's id of the boot in which the agents were started: after another boot their pids mean nothing.
    pub(super) boot_id: String,
    /// The hosts, with their agents.
    pub(super) hosts: Vec<Member>,
    /// The network that the hosts have for themselves; `None` for one host on loopback.
    pub(super) network: Option<Network>,
    /// The ports, which the agents' data depend on.
    pub(super) ports: Ports,
    /// The programs that the lab runs.
    pub(super) tools: Tools,
    /// Whether Nomad's servers have been through their first start.
    pub(super) initialized: bool,
}

/// A host and its agents.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Member {
    /// The host.
    #[serde(flatten)]
    pub(super) host: Host,
    /// The Consul agent.
    pub(super) consul: Option<Identity>,
    /// The Nomad agent.
    pub(super) nomad: Option<Identity>,
}

impl Member {
    fn new(host: Host) -> Self {
        Self { host, consul: None, nomad: None }
    }

    /// An agent that was started, whether it is still alive or not.
    pub(super) fn agent(&mut self, kind: Kind) -> &mut Option<Identity> {
        match kind {
            Kind::Nomad => &mut self.nomad,
            Kind::Consul => &mut self.consul,
        }
    }

    /// The agents that are alive.
    pub(super) fn living(&self) -> impl Iterator<Item = Identity> {
        [self.nomad, self.consul].into_iter().flatten().filter(Identity::is_alive)
    }
}

impl State {
    /// A lab of which nothing runs yet.
    pub(super) fn new(network: Option<Network>, ports: Ports, tools: Tools) -> Self {
        let hosts = network.map_or_else(|| vec![Host::loopback()], Network::hosts);
        let hosts = hosts.into_iter().map(Member::new).collect();
        Self { version: 2, boot_id: boot_id(), hosts, network, ports, tools, initialized: false }
    }

    /// Reads the state; `None` when there is no lab. Agents of an earlier boot are forgotten.
    pub(super) fn read(folder: &Folder) -> Result<Option<Self>, Error> {
        let path = folder.state_file();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::file("read", path)(error)),
        };
        let mut state: Self = serde_json::from_slice(&text).map_err(|source| Error::StateBroken { path, source })?;
        let boot_id = boot_id();
        if state.boot_id != boot_id {
            state.boot_id = boot_id;
            for member in &mut state.hosts {
                *member = Member::new(member.host.clone());
            }
        }
        Ok(Some(state))
    }

    /// Writes the state, so that a crash leaves either the old or the new one.
    pub(super) fn write(&self, folder: &Folder) -> Result<(), Error> {
        let path = folder.state_file();
        let text =
            serde_json::to_vec_pretty(self).map_err(|source| Error::StateBroken { path: path.clone(), source })?;
        write_atomically(&path, &text).map_err(Error::file("write", path))
    }

    /// The agents that are alive.
    pub(super) fn living(&self) -> Vec<Identity> {
        self.hosts.iter().flat_map(Member::living).collect()
    }

    /// The hosts without their agents.
    pub(super) fn hosts(&self) -> Vec<Host> {
        self.hosts.iter().map(|member| member.host.clone()).collect()
    }

    /// The APIs of all hosts, in their order.
    pub(super) fn apis(&self) -> Result<Vec<Api>, Error> {
        self.hosts.iter().map(|member| Api::new(&member.host, self.ports)).collect()
    }

    /// The host of this name.
    pub(super) fn member(&mut self, name: &str) -> Result<&mut Member, Error> {
        let hosts = self.hosts.iter().map(|member| member.host.name.clone()).collect();
        let found = self.hosts.iter_mut().find(|member| member.host.name == name);
        found.ok_or_else(|| Error::NoSuchHost { name: name.to_owned(), hosts })
    }
}

fn write_atomically(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let mut file = File::create(&temporary)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(temporary, path)
}

/// The id of this boot; empty where the kernel does not tell.
fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}
