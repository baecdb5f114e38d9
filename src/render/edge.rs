//! The files of the floating address: `HAProxy`'s and keepalived's configurations from their templates.

use std::net::IpAddr;

use hcl::eval::{Context, Evaluate};
use hcl::expr::{Expression, Object, ObjectKey};
use hcl::structure::{Attribute, BodyBuilder};
use hcl::template::Template;
use hcl::{Body, Value};

use super::{RenderedFile, consul, heredoc};
use crate::names::RunId;
use crate::plan::{EdgeVariables, HeldAlready};
use crate::spec::{EdgeDriver, EdgeHost};

const HAPROXY: &str = include_str!("../../haproxy/haproxy.cfg");
const KEEPALIVED: &str = include_str!("../../keepalived/keepalived.conf");
const SCRIPTS: [(&str, &str); 5] = [
    ("keepalived.sh", include_str!("../../keepalived/keepalived.sh")),
    ("notify.sh", include_str!("../../keepalived/notify.sh")),
    ("probe.sh", include_str!("../../keepalived/probe.sh")),
    ("release.sh", include_str!("../../keepalived/release.sh")),
    ("reload.sh", include_str!("../../haproxy/reload.sh")),
];

/// The script that looks whether a host can hold the address.
const PREFLIGHT: &str = include_str!("../../keepalived/preflight.sh");

/// Nomad's template language for the name of the node that an allocation is on.
const NODE_NAME: &str = r#"{{ env "node.unique.name" }}"#;

/// The scripts that keepalived itself calls; the others are for Nomad, and systemd is a supervisor by itself.
const KEEPALIVED_CALLS: [&str; 2] = ["notify.sh", "probe.sh"];

/// How `HAProxy` and keepalived run on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Supervisor {
    /// As tasks of Nomad, which fills in what it knows of the node and of Consul.
    Nomad,
    /// As the units of the host's own packages.
    Systemd,
}

/// `HAProxy`'s configuration for one host; Nomad itself puts the host's name into its own.
fn haproxy(variables: &EdgeVariables, supervisor: Supervisor, host: &str) -> String {
    let edge = &variables.edge;
    let (address, family) = match edge.vip.addr() {
        IpAddr::V4(address) => (address.to_string(), "ipv4"),
        IpAddr::V6(address) => (format!("[{address}]"), "ipv6"),
    };
    let discovery = match supervisor {
        Supervisor::Nomad => "template",
        Supervisor::Systemd => "dns",
    };
    evaluate(
        HAPROXY,
        &[
            ("cluster", Value::from(variables.cluster.as_str())),
            ("host", Value::from(host)),
            ("address", Value::from(address)),
            ("family", Value::from(family)),
            ("port", Value::from(edge.port)),
            ("ui_port", Value::from(edge.ui_port)),
            ("stats_port", Value::from(edge.stats_port)),
            ("discovery", Value::from(discovery)),
            ("container", Value::from(supervisor == Supervisor::Nomad && edge.driver != EdgeDriver::RawExec)),
        ],
    )
}

/// keepalived's configuration for one host.
fn keepalived(variables: &EdgeVariables, supervisor: Supervisor, host: &EdgeHost) -> String {
    let edge = &variables.edge;
    let peers = edge.hosts.iter().filter(|peer| peer.name != host.name);
    let (track, folder) = match supervisor {
        Supervisor::Nomad => ("file", r#"{{ env "NOMAD_TASK_DIR" }}"#),
        Supervisor::Systemd => ("process", "/etc/keepalived"),
    };
    evaluate(
        KEEPALIVED,
        &[
            ("cluster", Value::from(variables.cluster.as_str())),
            ("host", Value::from(host.name.as_str())),
            ("hosts", Value::from(edge.hosts.len())),
            ("vip", Value::from(edge.vip.to_string())),
            ("interface", Value::from(host.interface.as_str())),
            ("router_id", Value::from(edge.router_id.get())),
            ("priority", Value::from(host.priority)),
            ("advert_interval", Value::from(edge.advert_interval.to_string())),
            ("preempt", Value::from(edge.preempt)),
            ("own_address", Value::from(host.address.to_string())),
            ("peers", peers.map(|peer| Value::from(peer.address.to_string())).collect()),
            ("stats_port", Value::from(edge.stats_port)),
            ("track", Value::from(track)),
            ("folder", Value::from(folder)),
        ],
    )
}

/// Fills a template in.
#[expect(clippy::expect_used, reason = "the templates are compiled in, and a test evaluates each")]
fn evaluate(template: &str, variables: &[(&str, Value)]) -> String {
    let template: Template = template.parse().expect("the template is valid");
    let mut context = Context::new();
    for (name, value) in variables {
        context.declare_var(*name, value.clone());
    }
    template.evaluate(&context).expect("the template has all its variables")
}

/// The variable file of the edge's job, with whole files as heredocs, so that people can read them in Nomad's UI.
///
/// # Panics
///
/// Never: the values are strings, numbers, lists and maps with string keys, which HCL has all.
#[expect(clippy::expect_used, reason = "all values are of types that HCL has")]
pub(super) fn variable_file(variables: &EdgeVariables) -> String {
    let edge = &variables.edge;
    let links = hcl::to_expression(&variables.links).expect("links are HCL values");
    let scripts = SCRIPTS.iter().map(|(name, text)| ((*name).to_owned(), heredoc(text)));
    let body = shared_variables(variables)
        .add_attribute(("router_id", edge.router_id.get()))
        .add_attribute(("port", edge.port))
        .add_attribute(("ui_port", edge.ui_port))
        .add_attribute(("stats_port", edge.stats_port))
        .add_attribute(("scripts", object(scripts)))
        .add_attribute(("links", links))
        .build();
    hcl::to_string(&body).expect("a body serializes")
}

/// The variable file of the job that looks at the hosts. What the cluster's own edge has is not held against them.
///
/// # Panics
///
/// Never, as [`variable_file`].
#[expect(clippy::expect_used, reason = "all values are of types that HCL has")]
pub(super) fn preflight_variable_file(variables: &EdgeVariables, held: &HeldAlready, id: Option<&RunId>) -> String {
    let edge = &variables.edge;
    let ports = [edge.port, edge.ui_port, edge.stats_port].into_iter().map(Value::from).collect::<Value>();
    let hosts = edge.hosts.iter().map(|host| {
        let of_host = [("interface", host.interface.to_string()), ("address", host.address.to_string())];
        let of_host = of_host.map(|(name, value)| (name.to_owned(), Expression::from(value)));
        (host.name.to_string(), object(of_host))
    });
    let own_ports = held.ports.iter().map(|(host, ports)| {
        (host.clone(), Expression::from(ports.iter().map(|port| Value::from(*port)).collect::<Value>()))
    });
    let id = id.map(|id| Attribute::new("id", id.as_str()));
    let body = shared_variables(variables)
        .add_attributes(id)
        .add_attribute(("ports", Expression::from(ports)))
        .add_attribute(("ours", held.address))
        .add_attribute(("own_ports", object(own_ports)))
        .add_attribute(("hosts", object(hosts)))
        .add_attribute(("script", heredoc(PREFLIGHT)))
        .build();
    hcl::to_string(&body).expect("a body serializes")
}

/// What both job files ask for.
fn shared_variables(variables: &EdgeVariables) -> BodyBuilder {
    let keepalived_conf = variables.edge.hosts.iter();
    let keepalived_conf =
        keepalived_conf.map(|host| (host.name.to_string(), heredoc(&keepalived(variables, Supervisor::Nomad, host))));
    let datacenters = variables.datacenters.iter().map(String::as_str).collect::<Value>();
    let driver = &variables.edge.driver;
    Body::builder()
        .add_attribute(("cluster", variables.cluster.as_str()))
        .add_attribute(("nomspark_version", variables.nomspark_version.as_str()))
        .add_attribute(("datacenters", Expression::from(datacenters)))
        .add_attribute(("node_pool", variables.node_pool.as_str()))
        .add_attribute(("driver", driver.as_str()))
        .add_attribute(("image", driver.image().map_or(Value::Null, |image| Value::from(image.as_str()))))
        .add_attribute(("vip", variables.edge.vip.to_string()))
        .add_attribute(("haproxy_cfg", heredoc(&haproxy(variables, Supervisor::Nomad, NODE_NAME))))
        .add_attribute(("keepalived_conf", object(keepalived_conf)))
}

fn object(values: impl IntoIterator<Item = (String, Expression)>) -> Expression {
    let values = values.into_iter().map(|(name, value)| (ObjectKey::from(name), value));
    Expression::from(values.collect::<Object<ObjectKey, Expression>>())
}

/// What a host that runs `HAProxy` and keepalived under systemd needs, below `edge/HOST`, ready to be copied to `/`.
pub(super) fn host_files(variables: &EdgeVariables) -> Vec<RenderedFile> {
    let mut files = Vec::new();
    for host in &variables.edge.hosts {
        let mut add = |path: &str, text: String| {
            files.push(RenderedFile { path: format!("edge/{}/{path}", host.name).into(), bytes: text.into_bytes() });
        };
        add("etc/haproxy/haproxy.cfg", haproxy(variables, Supervisor::Systemd, host.name.as_str()));
        add("etc/keepalived/keepalived.conf", keepalived(variables, Supervisor::Systemd, host));
        for (name, text) in SCRIPTS.iter().filter(|(name, _)| KEEPALIVED_CALLS.contains(name)) {
            add(&format!("etc/keepalived/{name}"), (*text).to_owned());
        }
        add(&format!("etc/consul.d/{}-edge.json", variables.cluster), pretty(&consul::service(variables, host)));
        add("etc/consul.d/agent.json", pretty(&consul::agent(variables, host)));
    }
    files
}

fn pretty(document: &serde_json::Value) -> String {
    format!("{document:#}\n")
}
