//! The checks themselves: a file that is damaged does not pass.

use std::fs;
use std::path::{Path, PathBuf};

use super::edges::{EdgeFiles, all};
use super::programs;

/// Writes a damaged copy beside a file.
fn damaged(path: &Path, from: &str, to: &str) -> PathBuf {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from:?} is not in {}", path.display());
    let copy = path.with_extension("damaged");
    fs::write(&copy, text.replacen(from, to, 1)).unwrap();
    copy
}

/// Demands that a check failed, and for this reason.
#[track_caller]
fn refused(checked: Result<(), String>, reason: &str) {
    let said = checked.expect_err("a damaged file passed");
    assert!(said.contains(reason), "{reason:?} is not in {said}");
}

fn first() -> EdgeFiles {
    all().remove(0)
}

#[test]
fn haproxy_refuses_a_damaged_configuration() {
    let edge = first();
    let path = edge.host_file(&edge.hosts()[0], "/etc/haproxy/haproxy.cfg");
    refused(programs::haproxy(&damaged(&path, "default_backend uis", "default_backend none")), "'none'");
    refused(programs::haproxy(&damaged(&path, "timeout connect 1s", "timeout connects 1s")), "connects");
    // A warning is enough.
    refused(programs::haproxy(&damaged(&path, "  timeout server 7d\n", "")), "WARNING");
}

#[test]
fn keepalived_refuses_a_damaged_configuration() {
    let edge = first();
    let host = &edge.hosts()[0];
    for path in edge.keepalived(host) {
        for (from, to, reason) in [
            ("advert_int", "advert_interval", "Unknown keyword"),
            ("priority 150", "priority 256", "outside range"),
            ("interface enp0s3", "interface enp0s4", "doesn't exist"),
            ("172.16.3.0/16 dev", "172.16.3.0/33 dev", "172.16.3.0/33"),
            ("\"/bin/bash", "\"/bin/no-bash", "not found"),
        ] {
            refused(programs::keepalived(&damaged(&path, from, to), &edge.variables, host), reason);
        }
    }
}

#[test]
fn bash_refuses_a_damaged_script() {
    let edge = first();
    let path = edge.host_file(&edge.hosts()[0], "/etc/keepalived/notify.sh");
    refused(programs::bash(&damaged(&path, "\nfi\n", "\n")), "syntax error");
}

#[test]
fn consul_refuses_a_damaged_definition() {
    let edge = first();
    let folder = edge.host_file(&edge.hosts()[0], "/etc/consul.d");
    let path = folder.join("spark-edge.json");
    fs::rename(damaged(&path, "\"port\"", "\"prot\""), &path).unwrap();
    refused(programs::consul(&folder), "prot");
}
