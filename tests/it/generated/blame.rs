//! Which task of an allocation failed, by what Nomad keeps of it.

use std::collections::BTreeMap;

use serde_json::Value;

/// What is to blame for a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    Task {
        allocation: String,
        task: String,
        code: Option<i64>,
    },
    /// Its node was lost.
    Node,
    /// Nomad's state does not tell.
    Anything,
}

/// The tasks of a failed allocation that Nomad marked first; more than one at the same moment.
pub(super) fn blamed(allocation: &Value) -> Vec<Blame> {
    let states = || allocation["TaskStates"].as_object().into_iter().flatten();
    let failed = states().filter(|(_, state)| state["Failed"] == true);
    let at = |state: &Value| state["FinishedAt"].as_str().unwrap_or_default().to_owned();
    let Some(first) = failed.clone().map(|(_, state)| at(state)).min() else { return vec![Blame::Anything] };
    failed.filter(|(_, state)| at(state) == first).map(|(name, state)| blame(allocation, name, state)).collect()
}

fn blame(allocation: &Value, task: &str, state: &Value) -> Blame {
    let id = allocation["ID"].as_str().unwrap_or_default().to_owned();
    let ended = events(state).rfind(|event| event["Type"] == "Terminated");
    let code = ended.and_then(|event| event["Details"]["exit_code"].as_str()?.parse().ok());
    Blame::Task { allocation: id, task: task.to_owned(), code }
}

/// Whether a task ended well by itself: by nobody's kill since it was last started.
pub(super) fn is_success(state: &Value) -> bool {
    let events: Vec<&Value> = events(state).collect();
    let restarted = events.iter().rposition(|event| event["Type"] == "Restarting").unwrap_or_default();
    let ended = events.iter().rposition(|event| event["Type"] == "Terminated").filter(|ended| *ended >= restarted);
    let Some(ended) = ended else { return false };
    let killed = events[restarted..ended].iter().any(|event| event["Type"] == "Killing");
    state["State"] == "dead" && state["Failed"] == false && events[ended]["Details"]["exit_code"] == "0" && !killed
}

/// How often each task failed, in all allocations of one name (on one node, where each has one), and whom to blame in each of them.
pub(super) fn failures<'a>(
    allocations: impl Iterator<Item = &'a Value>,
    ends: bool,
    each_node: bool,
) -> Vec<(u64, Vec<Blame>)> {
    let mut all: BTreeMap<String, (u64, Vec<Blame>)> = BTreeMap::new();
    for allocation in allocations {
        for (task, state) in allocation["TaskStates"].as_object().into_iter().flatten() {
            // Nomad keeps the last ten events only. A restart that somebody asked for counts as one there.
            let asked = events(state).filter(|event| event["Type"] == "Restart Signaled").count() as u64;
            let restarts = state["Restarts"].as_u64().unwrap_or_default().saturating_sub(asked);
            let last = events(state).next_back().map(|event| &event["Type"]);
            let now = state["Failed"] == true || last.is_some_and(|kind| kind == "Terminated") && told(state, ends) > 0;
            let failures = told(state, ends).max(restarts + u64::from(now));
            if failures > 0 {
                let node = if each_node { allocation["NodeName"].to_string() } else { String::new() };
                let place = format!("{} {node} {task}", allocation["Name"]);
                let entry = all.entry(place).or_default();
                entry.0 += failures;
                entry.1.push(blame(allocation, task, state));
            }
        }
    }
    all.into_values().collect()
}

/// How many failures Nomad still tells; also good ends, where a task should not end.
fn told(state: &Value, ends: bool) -> u64 {
    let (mut failures, mut killed) = (0, false);
    for event in events(state) {
        match event["Type"].as_str().unwrap_or_default() {
            "Killing" | "Restart Signaled" => killed = true,
            "Restarting" => killed = false,
            "Terminated" if !killed && (!ends || event["Details"]["exit_code"] != "0") => failures += 1,
            "Driver Failure" | "Setup Failure" => failures += 1,
            _ => {}
        }
    }
    failures
}

fn events(state: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    state["Events"].as_array().into_iter().flatten()
}
