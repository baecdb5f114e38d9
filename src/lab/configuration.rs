//! The agents' configuration files.
//!
//! They are JSON, which both agents read as they read HCL: whatever a path holds is escaped rightly.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZero;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::Host;
use super::error::Error;
use super::folder::HostFolder;
use super::kind::Kind;
use super::ports::{Port, Ports};
use super::state::State;
use super::tools::Tools;
use super::{chroot, wiring};

/// Fingerprinters that ask a cloud's metadata server and only cost time here.
const FINGERPRINTERS_OFF: &str = "env_aws,env_gce,env_azure,env_digitalocean";

/// The configuration files that were written.
#[derive(Clone, Debug)]
pub(super) struct Configuration {
    /// The Consul agent's.
    pub(super) consul: PathBuf,
    /// What Nomad needs to be a server.
    pub(super) nomad_server: PathBuf,
    /// What Nomad needs to be a client as well.
    pub(super) nomad_client: PathBuf,
}

/// Writes all configuration files of a host.
pub(super) fn write(folder: &HostFolder, host: &Host, state: &State) -> Result<Configuration, Error> {
    let (ports, tools) = (state.ports, &state.tools);
    let others: Vec<IpAddr> =
        state.hosts.iter().map(|other| other.host.address).filter(|address| *address != host.address).collect();
    let files = Configuration {
        consul: folder.configuration("consul"),
        nomad_server: folder.configuration("nomad-server"),
        nomad_client: folder.configuration("nomad-client"),
    };
    write_file(&files.consul, &consul(folder, host, &others, ports, tools))?;
    write_file(&files.nomad_server, &nomad_server(folder, host, &others, ports))?;
    write_file(&files.nomad_client, &nomad_client(host, ports, tools))?;
    Ok(files)
}

fn write_file(path: &Path, content: &Value) -> Result<(), Error> {
    let text = format!("{content:#}\n");
    fs::write(path, text).map_err(Error::file("write", path))
}

fn numbers(ports: &[Port]) -> Map<String, Value> {
    ports.iter().map(|port| (port.key.to_owned(), json!(port.number))).collect()
}

fn consul(folder: &HostFolder, host: &Host, others: &[IpAddr], ports: Ports, tools: &Tools) -> Value {
    // A version that does not tell its number is taken for a recent one.
    let version = tools.consul.number().unwrap_or((u32::MAX, 0));
    let mut numbers = numbers(&ports.of_consul());
    numbers.insert("grpc".to_owned(), json!(-1));
    if version >= (1, 14) {
        numbers.insert("grpc_tls".to_owned(), json!(-1));
    }
    let mut configuration = json!({
        "datacenter": "dc1",
        "node_name": host.name,
        "data_dir": folder.data(Kind::Consul),
        "server": true,
        "bootstrap_expect": others.len() + 1,
        "bind_addr": host.address,
        "advertise_addr": host.address,
        "client_addr": client_addresses(host),
        "ports": numbers,
        "disable_update_check": true,
        // A server that leaves takes itself out of its own data, and takes 10 seconds for it.
        "leave_on_terminate": false,
        "skip_leave_on_interrupt": true,
        // The fastest election, meant for good networks.
        "performance": { "raft_multiplier": 1 },
    });
    if !others.is_empty() {
        configuration["retry_join"] = json!(with_port(others, &ports.of_consul(), "serf_lan"));
        configuration["retry_interval"] = json!("2s");
        configuration["autopilot"] = steady();
    }
    if version >= (1, 9) {
        configuration["ui_config"] = json!({ "enabled": true });
    } else {
        configuration["ui"] = json!(true);
    }
    configuration
}

/// Where Consul answers: what runs on a host of its own also finds it where it is on any machine.
fn client_addresses(host: &Host) -> String {
    if host.address.is_loopback() { host.address.to_string() } else { format!("{} 127.0.0.1", host.address) }
}

/// Addresses with the port of this purpose.
fn with_port(addresses: &[IpAddr], ports: &[Port], key: &str) -> Vec<String> {
    let number = ports.iter().find(|port| port.key == key).map_or(0, |port| port.number);
    addresses.iter().map(|address| SocketAddr::new(*address, number).to_string()).collect()
}

fn nomad_server(folder: &HostFolder, host: &Host, others: &[IpAddr], ports: Ports) -> Value {
    let consul = SocketAddr::new(host.address, ports.consul).to_string();
    let mut server = json!({ "enabled": true, "bootstrap_expect": others.len() + 1, "raft_multiplier": 1 });
    if !others.is_empty() {
        let others = with_port(others, &ports.of_nomad(), "serf");
        server["server_join"] = json!({ "retry_join": others, "retry_interval": "1s" });
        // A new leader cannot know when it would have heard from a client, and by default gives all of them 5 minutes:
        // too long to watch what becomes of a host that was cut off together with the old leader.
        server["failover_heartbeat_ttl"] = json!("30s");
    }
    let mut configuration = json!({
        "datacenter": "dc1",
        "region": "global",
        "name": host.name,
        "data_dir": folder.data(Kind::Nomad),
        "bind_addr": host.address,
        "advertise": { "http": host.address, "rpc": host.address, "serf": host.address },
        "ports": numbers(&ports.of_nomad()),
        "disable_update_check": true,
        "leave_on_interrupt": false,
        "leave_on_terminate": false,
        "ui": { "enabled": true, "consul": { "ui_url": format!("http://{consul}/ui") } },
        "server": server,
        "consul": { "address": consul },
    });
    if !others.is_empty() {
        configuration["autopilot"] = steady();
    }
    configuration
}

/// A server that is cut off stays a voter. By default the others strike it out after some seconds, and it votes again
/// only when it has been back for 10 seconds: a second one that is cut off in between would take the leader with it.
fn steady() -> Value {
    json!({ "cleanup_dead_servers": false })
}

/// What a core of a lab counts for, whatever its clock.
const MHZ_PER_CORE: usize = 3_000;

fn nomad_client(host: &Host, ports: Ports, tools: &Tools) -> Value {
    let (first, last) = ports.dynamic();
    let mut client = json!({
        "enabled": true,
        "network_interface": if host.address.is_loopback() { "lo" } else { wiring::INTERFACE },
        // By the clocks of slow processors fewer clusters would fit, and shares of CPU only weigh tasks against each other.
        "cpu_total_compute": MHZ_PER_CORE * std::thread::available_parallelism().map_or(1, NonZero::get),
        "min_dynamic_port": first,
        "max_dynamic_port": last,
        "meta": {
            "spark_home": tools.spark.path,
            "consul_http_addr": SocketAddr::new(host.address, ports.consul).to_string(),
        },
        // A Consul that is away for a while must not cost a task its life. Nomad 1.8 takes the inner block for an unknown key
        // unless it is in a list.
        "template": { "consul_retry": [{ "attempts": 0, "max_backoff": "5s" }] },
        "options": { "fingerprint.denylist": FINGERPRINTERS_OFF },
        // A full disk of a laptop is no reason to throw away the logs of what just ended.
        "gc_disk_usage_threshold": 99,
        "gc_inode_usage_threshold": 99,
    });
    if let Some(java_home) = tools.java_home() {
        client["meta"]["java_home"] = json!(java_home);
    }
    if nix::unistd::geteuid().is_root() {
        client["chroot_env"] = json!(chroot::environment(tools));
    }
    json!({
        "client": client,
        "plugin": [{ "raw_exec": [{ "config": [{ "enabled": true }] }] }],
    })
}
