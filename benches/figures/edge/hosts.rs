//! A lab of three hosts with a cluster behind a floating address.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

use crate::Result;
use crate::program::{Finished, Program};
use crate::workshop::{NOMSPARK, Workshop};

/// The hosts' network, without the last number.
const NETWORK: &str = "198.18.94";
/// The hosts, the last numbers of their addresses, and the priorities that nomspark gives them in this order.
pub(crate) const HOSTS: [(&str, u8, u8); 3] = [("borie", 11, 250), ("republique", 12, 170), ("wacken", 13, 90)];
/// The floating address's last number.
const FLOATING: u8 = 100;
/// The spec, in the workshop's folder.
const SPEC: &str = "edge.hcl";
/// The job files that differ from nomspark's own.
const JOBS: &str = "edge-jobs";

/// The host with the least priority.
const ON_WACKEN: &str = "constraint {\n  attribute = \"$${node.unique.name}\"\n  value = \"wacken\"\n}\n";

/// A lab of three hosts that runs.
#[derive(Debug)]
pub(crate) struct Hosts<'a> {
    workshop: &'a Workshop,
    http: reqwest::Client,
}

impl<'a> Hosts<'a> {
    /// Starts the lab.
    pub(crate) async fn up(workshop: &'a Workshop) -> Result<Self> {
        let hosts = Self { workshop, http: crate::spark::client()? };
        let network = format!("{NETWORK}.0/24");
        hosts.nomspark(&["lab", "up", "--nodes", "3", "--network", &network, "--timeout", "3m"]).await?;
        Ok(hosts)
    }

    /// Deploys a cluster behind a floating address; again at any time.
    pub(crate) async fn deploy(&self) -> Result<()> {
        std::fs::write(self.file(SPEC), spec(""))?;
        let jobs = self.file(JOBS);
        if !jobs.exists() {
            self.nomspark(&["render", "--file", SPEC, "--out", JOBS]).await?;
            let master = jobs.join("master.nomad.hcl");
            // A master may be killed more often here than nomspark's own job file has patience for. It runs where the address never
            // is: a host that is cut off must not take it along.
            let text = std::fs::read_to_string(&master)?.replace("attempts = 10\n", "attempts = 100\n");
            let text = text.replacen("group \"master\" {\n", &format!("group \"master\" {{\n{ON_WACKEN}"), 1);
            std::fs::write(&master, text)?;
            // What is left here replaces nomspark's own files.
            for other in ["worker", "edge"] {
                std::fs::remove_file(jobs.join(format!("{other}.nomad.hcl")))?;
            }
        }
        self.nomspark(&["deploy", "--file", SPEC, "--jobs", JOBS]).await.map(drop)
    }

    /// Deploys the cluster anew with these blocks besides, and nomspark's own job files.
    pub(crate) async fn deploy_anew(&self, blocks: &str) -> Result<()> {
        std::fs::write(self.file(SPEC), spec(blocks))?;
        // There may be none yet.
        let _ = self.nomspark(&["stop", "--purge", "--yes"]).await;
        self.nomspark(&["deploy", "--file", SPEC]).await.map(drop)
    }

    /// What `nomspark render` wrote for a host that runs `HAProxy` under systemd.
    pub(crate) fn systemd_haproxy(&self, host: &str) -> PathBuf {
        self.file(JOBS).join(format!("edge/{host}/etc/haproxy/haproxy.cfg"))
    }

    /// The lab's status.
    pub(crate) async fn status(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.nomspark(&["lab", "status", "-o", "json"]).await?.stdout)?)
    }

    /// Runs nomspark; it must succeed.
    pub(crate) async fn nomspark(&self, arguments: &[&str]) -> Result<Finished> {
        let mut command = self.command(NOMSPARK);
        command.args(arguments);
        self.workshop.run(command, &format!("hosts-{}", arguments.first().copied().unwrap_or_default())).await
    }

    /// Runs a program in the network of a host; it must succeed.
    pub(crate) async fn exec(&self, host: &str, command: &[&str]) -> Result<String> {
        Ok(self.nomspark(&[&["lab", "exec", host, "--"], command].concat()).await?.stdout)
    }

    /// Starts a program in the network of a host.
    pub(crate) fn start(&self, host: &str, command: &[&str], name: &str) -> Result<Program> {
        let mut start = self.command(NOMSPARK);
        start.args(["lab", "exec", host, "--"]).args(command);
        self.workshop.start(start, name)
    }

    /// A program that talks to the lab's Nomad and Consul.
    pub(crate) fn command(&self, program: &str) -> Command {
        let (_, last, _) = HOSTS[0];
        let mut command = self.workshop.command_for_hosts(program);
        command.env("NOMAD_ADDR", format!("http://{NETWORK}.{last}:4646"));
        command.env("CONSUL_HTTP_ADDR", format!("http://{NETWORK}.{last}:8500"));
        command
    }

    /// A file in the workshop's folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.workshop.file(name)
    }

    /// The tasks' folders of an allocation.
    pub(crate) fn allocation_folder(&self, host: &str, id: &str) -> PathBuf {
        self.workshop.hosts_state().join(format!("nomspark/lab/{host}/data/nomad/alloc/{id}"))
    }

    /// Asks Nomad, at whichever host answers.
    pub(crate) async fn nomad(&self, path: &str) -> Result<Value> {
        self.ask(4646, path).await
    }

    /// Asks Consul, at whichever host answers.
    pub(crate) async fn consul(&self, path: &str) -> Result<Value> {
        self.ask(8500, path).await
    }

    /// Whether a host's Consul server leads the others.
    pub(crate) async fn leads_consul(&self, host: &str) -> Result<bool> {
        let leader = self.consul("/v1/status/leader").await?;
        let of_host = HOSTS.iter().find(|(name, _, _)| *name == host).map(|(_, last, _)| format!("{NETWORK}.{last}:"));
        Ok(of_host.is_some_and(|address| leader.as_str().is_some_and(|leader| leader.starts_with(&address))))
    }

    async fn ask(&self, port: u16, path: &str) -> Result<Value> {
        let mut outcome = Err("nobody was asked".into());
        for (_, last, _) in HOSTS {
            outcome = self.get(&format!("http://{NETWORK}.{last}:{port}{path}")).await;
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    /// A JSON document.
    pub(crate) async fn get(&self, url: &str) -> Result<Value> {
        Ok(self.http.get(url).timeout(Duration::from_secs(2)).send().await?.error_for_status()?.json().await?)
    }

    /// Has Nomad stop an allocation, and place another one.
    pub(crate) async fn stop_allocation(&self, id: &str) -> Result<()> {
        let (_, last, _) = HOSTS[0];
        let url = format!("http://{NETWORK}.{last}:4646/v1/allocation/{id}/stop");
        self.http.post(url).send().await?.error_for_status()?;
        Ok(())
    }

    /// Has Nomad stop a job.
    pub(crate) async fn stop_job(&self, job: &str) -> Result<()> {
        let (_, last, _) = HOSTS[0];
        let url = format!("http://{NETWORK}.{last}:4646/v1/job/{job}");
        self.http.delete(url).send().await?.error_for_status()?;
        Ok(())
    }

    /// The allocations of a job that run.
    pub(crate) async fn running(&self, job: &str) -> Result<Vec<Value>> {
        let all = self.nomad(&format!("/v1/job/{job}/allocations")).await?;
        let runs =
            |allocation: &&Value| allocation["ClientStatus"] == "running" && allocation["DesiredStatus"] == "run";
        Ok(all.as_array().into_iter().flatten().filter(runs).cloned().collect())
    }
}

/// The floating address with a port.
pub(crate) fn floating(port: u16) -> SocketAddr {
    at(FLOATING, port)
}

/// A host's own address with a port.
pub(crate) fn at(last: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([198, 18, 94, last], port))
}

fn spec(blocks: &str) -> String {
    let mut text = format!("runtime {{\n  driver = \"raw_exec\"\n}}\n\nedge {{\n  vip = \"{NETWORK}.{FLOATING}/24\"\n");
    for (name, last, _) in HOSTS {
        text.push_str(&format!(
            "\n  host \"{name}\" {{\n    address = \"{NETWORK}.{last}\"\n    interface = \"eth0\"\n  }}\n"
        ));
    }
    text.push_str("}\n");
    text.push_str(blocks);
    text
}
