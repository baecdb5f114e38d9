//! A Nomad and a Consul that demand tokens.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::application::spark_home;
use crate::support::agent::Agent;
use crate::support::lab::{CHECKOUT, program};
use crate::support::run::Run;
use crate::support::{free_ports, secret, wait_for, wait_until};

/// How long an agent may take to start.
const LIMIT: Duration = Duration::from_mins(1);
/// The auth method in which Nomad looks for its tasks' tokens.
const METHOD: &str = "nomad-workloads";
/// The name of its only cluster: the one in `consul/master.policy.hcl`.
const CLUSTER: &str = "spark";

/// Agents that run; they end with all tasks when this is dropped.
pub(super) struct Guarded {
    // In this order: Nomad takes its services out of Consul.
    _nomad: Agent,
    _consul: Agent,
    nomad_address: String,
    consul_address: String,
    /// Those that may do everything, of Nomad and of Consul.
    tokens: (String, String),
    /// The one of Consul with which nomspark looks.
    operator: String,
    folder: TempDir,
}

impl Guarded {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [http, rpc, serf, consul_http, consul_rpc, consul_serf] = free_ports();
        let consul_address = SocketAddr::from(([127, 0, 0, 1], consul_http)).to_string();
        let consul = json!({
            "bind_addr": "127.0.0.1",
            "disable_update_check": true,
            "acl": { "enabled": true, "default_policy": "deny" },
            "ports": {
                "http": consul_http, "dns": -1, "grpc": -1, "grpc_tls": -1, "serf_lan": consul_serf, "serf_wan": -1,
                "server": consul_rpc,
            },
        });
        let consul = Agent::consul(&consul);
        let consul_token = wait_for("Consul's first token", LIMIT, || {
            let bootstrap = consul_command(&consul_address, "", &["acl", "bootstrap", "-format", "json"]).run();
            bootstrap.status.success().then(|| secret(&bootstrap.stdout))
        });
        let nomad = json!({
            "bind_addr": "127.0.0.1",
            "disable_update_check": true,
            "ports": { "http": http, "rpc": rpc, "serf": serf },
            "acl": { "enabled": true, "token_min_expiration_ttl": "1s" },
            "consul": {
                "address": consul_address,
                "token": consul_token,
                "service_identity": { "aud": ["consul.io"], "ttl": "1h" },
                "task_identity": { "aud": ["consul.io"], "ttl": "1h" },
            },
            "client": {
                // Below those of labs.
                "min_dynamic_port": 17_000,
                "max_dynamic_port": 17_499,
                "network_interface": "lo",
                "meta": { "spark_home": spark_home(), "consul_http_addr": consul_address },
                "options": { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean" },
            },
        });
        let nomad = Agent::nomad(&nomad);
        let nomad_address = format!("http://127.0.0.1:{http}");
        let tokens = (String::new(), consul_token);
        let mut guarded = Self {
            _nomad: nomad,
            _consul: consul,
            nomad_address,
            consul_address,
            tokens,
            operator: String::new(),
            folder,
        };
        guarded.tokens.0 = wait_for("Nomad's first token", LIMIT, || {
            let bootstrap = guarded.nomad(&["acl", "bootstrap", "-json"]).run();
            bootstrap.status.success().then(|| secret(&bootstrap.stdout))
        });
        guarded.consul_policy("operator");
        let create = ["acl", "token", "create", "-policy-name", "operator", "-format", "json"];
        guarded.operator = secret(&guarded.consul(&create).run().ok().stdout);
        guarded.introduce_tasks();
        wait_until("Nomad's node to be ready", LIMIT, || guarded.get("/v1/nodes")[0]["Status"] == "ready");
        guarded
    }

    /// Has Consul believe Nomad who its tasks are, as docs/acl.md says. A task has the role of its job's name.
    fn introduce_tasks(&self) {
        let method = json!({
            "JWKSURL": format!("{}/.well-known/jwks.json", self.nomad_address),
            "JWTSupportedAlgs": ["RS256"],
            "BoundAudiences": ["consul.io"],
            "ClaimMappings": { "nomad_job_id": "nomad_job_id", "nomad_service": "nomad_service" },
        });
        let method = method.to_string();
        let create = ["acl", "auth-method", "create", "-name", METHOD, "-type", "jwt", "-config", &method];
        self.consul(&create).run().ok();
        for (kind, name, selector) in [
            ("service", "${value.nomad_service}", "\"nomad_service\" in value"),
            ("role", "${value.nomad_job_id}", "\"nomad_service\" not in value"),
        ] {
            let rule = ["acl", "binding-rule", "create", "-method", METHOD, "-bind-type", kind, "-bind-name", name];
            self.consul(&rule).args(["-selector", selector]).run().ok();
        }
    }

    /// Gives the tasks of one of the cluster's jobs a policy of the folder `consul`, besides those that they have.
    pub(super) fn let_tasks(&self, role: &str, policy: &str) {
        self.consul_policy(policy);
        let role = format!("{CLUSTER}-{role}");
        let known = self.consul(&["acl", "role", "read", "-name", &role, "-format", "json"]).run();
        let granted = if known.status.success() {
            let known: Value = serde_json::from_slice(&known.stdout).unwrap();
            self.consul(&["acl", "role", "update", "-id", known["ID"].as_str().unwrap(), "-policy-name", policy])
        } else {
            self.consul(&["acl", "role", "create", "-name", &role, "-policy-name", policy])
        };
        granted.run().ok();
    }

    /// Gives Consul the policy of this name, if it has none.
    fn consul_policy(&self, name: &str) {
        let rules = format!("@{CHECKOUT}/consul/{name}.policy.hcl");
        let create = self.consul(&["acl", "policy", "create", "-name", name, "-rules", &rules]).run();
        assert!(create.status.success() || create.stderr.contains("already exists"), "{}", create.stderr);
    }

    /// Consul's own command, by the administrator.
    fn consul(&self, arguments: &[&str]) -> Run {
        consul_command(&self.consul_address, &self.tokens.1, arguments)
    }

    /// A token with a policy; `ttl` is how long it lives.
    pub(super) fn token(&self, name: &str, policy: &str, ttl: Option<&str>) -> String {
        let file = self.path(&format!("{name}.policy.hcl"));
        fs::write(&file, policy).unwrap();
        self.nomad(&["acl", "policy", "apply", name, &file]).run().ok();
        let mut create = self.nomad(&["acl", "token", "create", "-name", name, "-policy", name, "-json"]);
        if let Some(ttl) = ttl {
            create = create.args(["-ttl", ttl]);
        }
        secret(&create.run().ok().stdout)
    }

    /// nomspark with a token, for the only cluster, with JSON.
    pub(super) fn nomspark(&self, token: &str, arguments: &[&str]) -> Run {
        let run = Run::nomspark(arguments).args(["-o", "json"]).env("NOMAD_ADDR", &self.nomad_address);
        let run = run.env("CONSUL_HTTP_ADDR", &self.consul_address).env("NOMSPARK_NAME", CLUSTER);
        run.env("NOMAD_TOKEN", token).env("CONSUL_HTTP_TOKEN", &self.operator)
    }

    /// Nomad's own command, by the administrator.
    pub(super) fn nomad(&self, arguments: &[&str]) -> Run {
        let run = Run::program(program("nomad"), arguments).env("NOMAD_ADDR", &self.nomad_address);
        run.env("NOMAD_TOKEN", &self.tokens.0)
    }

    /// What Nomad's API tells the administrator.
    pub(super) fn get(&self, path: &str) -> Value {
        let told = self.nomad(&["operator", "api", path]).run().ok();
        serde_json::from_slice(&told.stdout).unwrap()
    }

    /// Hands a job to Nomad.
    pub(super) fn submit(&self, job: &str) {
        let file = self.path("job.nomad.hcl");
        fs::write(&file, job).unwrap();
        self.nomad(&["job", "run", "-detach", &file]).run().ok();
    }

    /// A file of the test's.
    pub(super) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

fn consul_command(address: &str, token: &str, arguments: &[&str]) -> Run {
    Run::program(program("consul"), arguments).env("CONSUL_HTTP_ADDR", address).env("CONSUL_HTTP_TOKEN", token)
}
