//! A real Nomad for generated jobs: a server with a node for most of them, and two nodes for those that lose one.

use std::sync::Mutex;
use std::time::Duration;

use nix::sys::signal::Signal;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::agent::Agent;
use crate::support::{free_ports, wait_until};

const LIMIT: Duration = Duration::from_mins(1);
/// Where most jobs run.
pub(super) const MANY: &str = "many";
/// Where a job runs that has two nodes for itself.
pub(super) const PAIR: &str = "pair";
pub(super) const PAIR_NAMES: [&str; 2] = ["pair-1", "pair-2"];

/// The agents.
pub(super) struct World {
    pub(super) address: String,
    runtime: Runtime,
    client: Client,
    /// Taken by the job that uses the pair.
    pub(super) pair: Mutex<()>,
    /// Where tasks count their tries.
    pub(super) folder: TempDir,
    // The nodes end before their server.
    nodes: [Agent; 2],
    _server: Agent,
}

impl World {
    pub(super) fn start() -> Self {
        let [http, rpc, serf] = free_ports();
        let mut configuration = agent("many", MANY, [http, rpc, serf]);
        // A node that is lost is missed after ten seconds, and not after half a minute.
        configuration["server"] = json!({ "heartbeat_grace": "5s", "min_heartbeat_ttl": "5s", "raft_multiplier": 1 });
        let server = Agent::nomad(&configuration);
        let nodes = PAIR_NAMES.map(|name| {
            let mut configuration = agent(name, PAIR, free_ports());
            configuration["client"]["servers"] = json!([format!("127.0.0.1:{rpc}")]);
            Agent::nomad_client(configuration)
        });
        let world = Self {
            address: format!("http://127.0.0.1:{http}"),
            runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap(),
            client: Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap(),
            pair: Mutex::new(()),
            folder: tempfile::tempdir().unwrap(),
            nodes,
            _server: server,
        };
        wait_until("the three nodes to be ready", LIMIT, || {
            let nodes = world.find("/v1/nodes").unwrap_or_default();
            nodes.as_array().is_some_and(|all| all.iter().filter(|node| is_ready(node)).count() == 3)
        });
        world
    }

    /// Sends a request; its status and its document.
    pub(super) fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, String> {
        self.runtime.block_on(async {
            let mut request = self.client.request(method, format!("{}{path}", self.address));
            if let Some(body) = body {
                request = request.json(body);
            }
            let response = request.send().await.map_err(|error| error.to_string())?;
            let status = response.status();
            let text = response.text().await.map_err(|error| error.to_string())?;
            if status.is_success() {
                Ok(serde_json::from_str(&text).unwrap_or_default())
            } else {
                Err(format!("{status}: {text}"))
            }
        })
    }

    /// Lets a node of the pair fall silent, or go on.
    pub(super) fn silence(&self, node: &str, silent: bool) -> Result<Value, String> {
        let at = PAIR_NAMES.iter().position(|name| *name == node).ok_or("no node of the pair")?;
        self.nodes[at].signal(if silent { Signal::SIGSTOP } else { Signal::SIGCONT });
        Ok(Value::Null)
    }

    /// Lets the scheduler stand still for all jobs, or go on.
    pub(super) fn pause(&self, paused: bool) -> Result<Value, String> {
        let path = "/v1/operator/scheduler/configuration";
        let mut configuration = self.ask(Method::GET, path, None)?["SchedulerConfig"].take();
        configuration["PauseEvalBroker"] = paused.into();
        self.ask(Method::PUT, path, Some(&configuration))
    }

    /// A document, where Nomad has it.
    pub(super) fn find(&self, path: &str) -> Option<Value> {
        self.ask(Method::GET, path, None).ok()
    }

    /// A list, which is empty where Nomad has none.
    pub(super) fn list(&self, path: &str) -> Vec<Value> {
        self.find(path).and_then(|all| all.as_array().cloned()).unwrap_or_default()
    }
}

fn is_ready(node: &Value) -> bool {
    node["Status"] == "ready" && node["Drivers"]["raw_exec"]["Healthy"] == true
}

fn agent(name: &str, datacenter: &str, [http, rpc, serf]: [u16; 3]) -> Value {
    let nobody = format!("127.0.0.1:{}", free_ports::<1>()[0]);
    json!({
        "name": name,
        "datacenter": datacenter,
        "bind_addr": "127.0.0.1",
        "advertise": { "http": "127.0.0.1", "rpc": "127.0.0.1", "serf": "127.0.0.1" },
        "disable_update_check": true,
        "ports": { "http": http, "rpc": rpc, "serf": serf },
        "consul": { "address": nobody, "server_auto_join": false, "client_auto_join": false, "auto_advertise": false },
        "client": {
            "enabled": true,
            "network_interface": "lo",
            "cpu_total_compute": 100_000,
            "memory_total_mb": 100_000,
            "gc_max_allocs": 10_000,
            "gc_disk_usage_threshold": 99,
            "gc_inode_usage_threshold": 99,
            "options": { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean,consul,vault" },
        },
        "plugin": [{ "raw_exec": [{ "config": [{ "enabled": true }] }] }],
    })
}

impl Drop for World {
    fn drop(&mut self) {
        for job in self.list("/v1/jobs?prefix=generated-") {
            let id = job["ID"].as_str().unwrap_or_default();
            let _ = self.ask(Method::DELETE, &format!("/v1/job/{}?purge=true", super::snapshot::escaped(id)), None);
        }
        crate::support::at_the_end(|| {
            wait_until("the last task to end", LIMIT, || {
                self.list("/v1/allocations").iter().all(|it| it["ClientStatus"] != "running")
            });
        });
    }
}
