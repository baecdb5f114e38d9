//! What the fake says where a test does not say otherwise: one node that takes everything, no jobs.

use std::net::SocketAddr;

use axum::http::Method;
use serde_json::{Value, json};

use super::{Received, Reply};

/// The answer of a small healthy cluster; `None` is 404, or the event stream.
pub(super) fn default(request: &Received, address: SocketAddr) -> Option<Reply> {
    let path: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    let document = match (&request.method, path.as_slice()) {
        (&Method::GET, ["v1", "nodes"]) => json!([node("node-1")]),
        (&Method::GET, ["v1", "node", "pools"]) => json!([{ "Name": "default" }, { "Name": "all" }]),
        (&Method::GET, ["v1", "node", _]) => json!({ "Meta": {} }),
        (
            &Method::GET,
            ["v1", "jobs"] | ["v1", "job", _, "allocations" | "evaluations"] | ["v1", "health", "service", _],
        ) => json!([]),
        (&Method::POST, ["v1", "jobs", "parse"]) => parsed(&request.json()),
        (&Method::POST, ["v1", "job", _, "plan"]) => {
            json!({ "Diff": { "Type": "Added" }, "Annotations": null, "FailedTGAllocs": null, "JobModifyIndex": 0 })
        }
        (&Method::POST, ["v1", "jobs"]) => json!({ "EvalID": "e", "JobModifyIndex": 7, "Warnings": "" }),
        (&Method::DELETE, ["v1", "job", _]) => json!({ "EvalID": "e", "JobModifyIndex": 8 }),
        (&Method::GET, ["v1", "client", "fs", "logs", _]) => return Some(Reply::status(200, "the last words\n")),
        // Consul's and Spark's pages.
        (&Method::GET, ["v1", "agent", "self"]) => json!({ "Config": { "Datacenter": "dc1" } }),
        (&Method::GET, ["json", ""]) => master(address),
        _ => return None,
    };
    Some(Reply::Json(document))
}

/// What Nomad's parser makes of one of nomspark's job files, as far as nomspark looks; the rest it hands on.
fn parsed(request: &Value) -> Value {
    let quoted = |text: &str, before: &str| {
        let mut lines = text.lines().map(str::trim_start).filter_map(|line| line.strip_prefix(before));
        lines.find_map(|rest| rest.split('"').nth(1)).unwrap_or_default().to_owned()
    };
    let (source, variables) = (request["JobHCL"].as_str().unwrap(), request["Variables"].as_str().unwrap());
    let (role, cluster) = (quoted(source, "job "), quoted(variables, "cluster "));
    let run = quoted(variables, "id ");
    let end = if run.is_empty() { run } else { format!("-{run}") };
    json!({
        "ID": format!("{cluster}-{role}{end}"),
        "Type": if end.is_empty() { "service" } else { "batch" },
        "Meta": { "nomspark.cluster": cluster, "nomspark.role": role },
        "Parsed": request,
    })
}

fn node(name: &str) -> Value {
    let driver = json!({ "Detected": true, "Healthy": true, "HealthDescription": "Healthy" });
    json!({
        "ID": format!("{name}-id"),
        "Name": name,
        "Datacenter": "dc1",
        "NodePool": "default",
        "Status": "ready",
        "SchedulingEligibility": "eligible",
        "Drain": false,
        "Version": "1.11.3",
        "Drivers": { "docker": driver, "raw_exec": driver },
    })
}

/// A master that leads, with one worker whose RPC address is the fake's own.
fn master(address: SocketAddr) -> Value {
    json!({
        "url": "spark://127.0.0.1:7077",
        "status": "ALIVE",
        "workers": [{
            "id": "worker-1", "host": address.ip().to_string(), "port": address.port(), "state": "ALIVE",
            "webuiaddress": "http://127.0.0.1:9", "cores": 1, "coresused": 0, "memory": 1024, "memoryused": 0,
        }],
        "activeapps": [],
    })
}

/// A batch job of one task group with `count` allocations.
pub(crate) fn batch(id: &str, status: &str, modify_index: u64, count: u64) -> Value {
    let mut batch = job(id, status, modify_index);
    batch["Type"] = "batch".into();
    batch["TaskGroups"][0]["Count"] = count.into();
    batch
}

/// A service job with one allocation.
pub(crate) fn job(id: &str, status: &str, modify_index: u64) -> Value {
    json!({
        "ID": id,
        "Type": "service",
        "Status": status,
        "Stop": false,
        "Version": 0,
        "JobModifyIndex": 7,
        "ModifyIndex": modify_index,
        "SubmitTime": 1_700_000_000_000_000_000_i64,
        "Meta": null,
        "Datacenters": ["*"],
        "NodePool": "default",
        "TaskGroups": [{ "Name": "group", "Count": 1, "Tasks": [{ "Name": "task", "Driver": "docker", "Config": null }] }],
        "Periodic": null,
    })
}

/// An allocation of a job's only group, with one task in the state that the client status implies.
pub(crate) fn allocation(job: &str, id: &str, client_status: &str, indexes: (u64, u64)) -> Value {
    let (create_index, modify_index) = indexes;
    let (state, failed, exit_code) = match client_status {
        "pending" => ("pending", false, None),
        "running" => ("running", false, None),
        "complete" => ("dead", false, Some(0)),
        _ => ("dead", true, Some(1)),
    };
    let started = (state != "pending").then_some("2026-11-21T09:00:00Z");
    let mut events = Vec::new();
    if let Some(exit_code) = exit_code {
        events.push(json!({
            "Type": "Terminated", "Time": modify_index, "DisplayMessage": "", "ExitCode": exit_code, "Signal": 0,
            "Details": { "exit_code": exit_code.to_string(), "oom_killed": "false" },
        }));
    }
    json!({
        "ID": id,
        "Name": format!("{job}.group[0]"),
        "JobID": job,
        "TaskGroup": "group",
        "NodeID": "node-1-id",
        "NodeName": "node-1",
        "DesiredStatus": "run",
        "ClientStatus": client_status,
        "TaskStates": {
            "task": { "State": state, "Failed": failed, "Restarts": 0, "StartedAt": started, "Events": events },
        },
        "CreateIndex": create_index,
        "ModifyIndex": modify_index,
        "CreateTime": 1_700_000_000_000_000_000_i64,
    })
}

/// An evaluation of a job; a group is given when it could not be placed for want of memory.
pub(crate) fn evaluation(job: &str, id: &str, status: &str, modify_index: u64, group: Option<&str>) -> Value {
    let failed = group.map(|group| {
        json!({ group: {
            "NodesEvaluated": 1, "NodesAvailable": { "dc1": 1 }, "NodesExhausted": 1,
            "DimensionExhausted": { "memory": 1 },
        } })
    });
    json!({
        "ID": id, "JobID": job, "Status": status, "FailedTGAllocs": failed,
        "CreateIndex": modify_index, "ModifyIndex": modify_index,
    })
}
