//! The recovery plugin of the masters and a real Consul that demands certificates and tokens.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;
use tempfile::TempDir;

use crate::application::{source, spark_home, succeeds};
use crate::support::cluster::{CLUSTER, Cluster};
use crate::support::fake_nomad::Certificates;
use crate::support::lab::{CHECKOUT, program};
use crate::support::process::Jvm;
use crate::support::{free_ports, http, secret, wait_for, wait_or_tell};

const PLUGIN: &str = "consul/recovery";
const LIMIT: Duration = Duration::from_secs(30);
/// How long a master may take that Nomad starts again.
const AGAIN: Duration = Duration::from_mins(2);

#[test]
fn the_plugin_keeps_lock_and_records_in_a_consul_with_tls_and_tokens() {
    let consul = SafeConsul::start();
    let token = consul.token_of_a_master();
    let mut check = Command::new(source(PLUGIN, "test.sh"));
    consul.reached_by(check.arg("ConsulCheck").env("SPARK_HOME", spark_home()));
    succeeds(check.env("CONSUL_HTTP_TOKEN_FILE", token));
}

#[test]
fn a_master_that_keeps_its_state_in_files_knows_its_workers_when_it_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("nomspark.hcl");
    for mode in ["rocksdb", "filesystem"] {
        fs::write(&spec, format!("master {{\n  recovery = \"{mode}\"\n}}\n")).unwrap();
        let cluster = Cluster::named(mode, CLUSTER);
        cluster.nomspark("deploy").arg("--file").arg(&spec).run().ok();
        let (ui, before) = cluster.spark();
        let worker = &before["workers"][0]["id"];
        let master = || cluster.lab().allocations(&cluster.job("master"))[0].clone();
        let worker_starts = || {
            let workers = cluster.lab().allocations(&cluster.job("worker"));
            workers[0]["TaskStates"]["worker"]["Restarts"].clone()
        };
        let starts = worker_starts();
        let allocation = master()["ID"].as_str().unwrap().to_owned();
        Jvm::of(&allocation, "org.apache.spark.deploy.master.Master").signal(Signal::SIGKILL);
        let state = || http::find(&format!("{ui}/json/")).unwrap_or_default();
        let knows_again = || {
            let state = state();
            let knows = &state["workers"][0]["id"] == worker && state["aliveworkers"] == 1;
            let restarts = &master()["TaskStates"]["master"]["Restarts"];
            (knows && state["status"] == "ALIVE" && restarts.as_u64() > Some(0)).then_some(())
        };
        wait_or_tell("the master to know its worker again", AGAIN, knows_again, || {
            format!("; the worker is {worker}, Spark says {:#}, Nomad says {:#}", state(), master()["TaskStates"])
        });
        assert_eq!(worker_starts(), starts, "{mode}: the worker was left alone");
    }
}

/// A Consul that answers nobody without a certificate and a token.
struct SafeConsul {
    process: Child,
    port: u16,
    certificates: Certificates,
    folder: TempDir,
    /// The token that may do everything.
    management: String,
}

impl SafeConsul {
    fn start() -> Self {
        let certificates = Certificates::new();
        certificates.write_server("127.0.0.1");
        let folder = tempfile::tempdir().unwrap();
        let [port, serf, server] = free_ports();
        let configuration = json!({
            "server": true,
            "bootstrap_expect": 1,
            "bind_addr": "127.0.0.1",
            "node_name": "here",
            "datacenter": "dc1",
            "data_dir": folder.path().join("data"),
            "disable_update_check": true,
            "ports": {
                "http": -1, "https": port, "dns": -1, "grpc": -1, "grpc_tls": -1, "serf_lan": serf, "serf_wan": -1,
                "server": server,
            },
            // As Consul 1.8 wants them; newer ones know better names, and take these.
            "ca_file": certificates.path("ca.pem"),
            "cert_file": certificates.path("server.pem"),
            "key_file": certificates.path("server-key.pem"),
            "verify_incoming_https": true,
            "acl": { "enabled": true, "default_policy": "deny" },
        });
        let file = folder.path().join("consul.json");
        fs::write(&file, configuration.to_string()).unwrap();
        let log = || fs::OpenOptions::new().create(true).append(true).open(folder.path().join("consul.log")).unwrap();
        let process = Command::new(program("consul"))
            .args(["agent", "-config-file"])
            .arg(file)
            .stdout(log())
            .stderr(log())
            .spawn()
            .unwrap();
        let mut consul = Self { process, port, certificates, folder, management: String::new() };
        consul.management = wait_for("Consul's first token", LIMIT, || {
            let said = || fs::read_to_string(consul.folder.path().join("consul.log")).unwrap();
            assert!(consul.process.try_wait().unwrap().is_none(), "Consul ended: {}", said());
            let output = consul.consul(&["acl", "bootstrap", "-format", "json"]).output().unwrap();
            output.status.success().then(|| secret(&output.stdout))
        });
        consul
    }

    /// A file with a token that may do what `consul/master.policy.hcl` says.
    fn token_of_a_master(&self) -> PathBuf {
        let rules = format!("@{CHECKOUT}/consul/master.policy.hcl");
        succeeds(&mut self.consul(&["acl", "policy", "create", "-name", "nomspark-master", "-rules", &rules]));
        let token = self.consul(&["acl", "token", "create", "-policy-name", "nomspark-master", "-format", "json"]);
        let file = self.folder.path().join("token");
        fs::write(&file, secret(&{ token }.output().unwrap().stdout)).unwrap();
        file
    }

    /// The `consul` command as the administrator.
    fn consul(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("consul"));
        self.reached_by(command.args(arguments).env("CONSUL_HTTP_TOKEN", &self.management));
        command
    }

    fn reached_by(&self, command: &mut Command) {
        command
            .env("CONSUL_HTTP_ADDR", format!("https://127.0.0.1:{}", self.port))
            .env("CONSUL_CACERT", self.certificates.path("ca.pem"))
            .env("CONSUL_CLIENT_CERT", self.certificates.path("client.pem"))
            .env("CONSUL_CLIENT_KEY", self.certificates.path("client-key.pem"));
    }
}

impl Drop for SafeConsul {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
