//! Between rounds: waits until everything is well again, up to an answer of Spark's.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::hosts::{HOSTS, Hosts, floating};
use super::sampler::{Answer, Question, ask};
use crate::Result;

/// How often is looked.
const POLL: Duration = Duration::from_millis(200);
/// How long everything has to stay well: keepalived's check of HAProxy runs every second, and until it has passed its host
/// is no candidate for the address.
const STEADY: Duration = Duration::from_millis(2_500);
/// How long it may take.
const LIMIT: Duration = Duration::from_mins(3);

/// What there is when everything is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calm {
    /// The host that has the floating address.
    pub(crate) holder: String,
    /// The allocation that runs keepalived there.
    pub(crate) allocation: String,
}

/// Waits until all hosts take part and one of them holds the address, steadily.
pub(crate) async fn wait(hosts: &Hosts<'_>) -> Result<Calm> {
    let waiting = async {
        let mut last: Option<(Calm, Vec<String>, Instant)> = None;
        loop {
            // A server that is electing a leader does not answer: that is not calm either.
            let now = look(hosts).await.ok().flatten();
            last = match (now, last) {
                (Some((calm, marks)), Some((old, old_marks, since))) if calm == old && marks == old_marks => {
                    if since.elapsed() >= STEADY {
                        return Ok(calm);
                    }
                    Some((calm, marks, since))
                }
                (Some((calm, marks)), _) => Some((calm, marks, Instant::now())),
                (None, _) => None,
            };
            sleep(POLL).await;
        }
    };
    let late = |_| format!("the floating address was not well again within {} s", LIMIT.as_secs());
    timeout(LIMIT, waiting).await.map_err(late)?
}

/// The holder, and what is another one after a restart.
async fn look(hosts: &Hosts<'_>) -> Result<Option<(Calm, Vec<String>)>> {
    let nodes = hosts.nomad("/v1/nodes").await?;
    let ready = nodes.as_array().into_iter().flatten().filter(|node| node["Status"] == "ready").count();
    let raft = hosts.consul("/v1/operator/autopilot/health").await?;
    let edges = hosts.running("spark-edge").await?;
    if ready != HOSTS.len() || raft["Healthy"] != true || edges.len() != HOSTS.len() {
        return Ok(None);
    }
    if !edges.iter().all(|edge| runs(edge, "haproxy") && runs(edge, "keepalived")) {
        return Ok(None);
    }
    let mut holders = Vec::new();
    for (host, _, _) in HOSTS {
        if holds(hosts, host).await? {
            holders.push(host);
        }
    }
    let [holder] = holders[..] else { return Ok(None) };
    let said = hosts.get(&format!("http://{}/nomspark/holder", floating(8080))).await?;
    // A master that lost its lock with Consul's own leader starts anew.
    if ask(floating(7077), Question::Spark).await != Answer::Spark {
        return Ok(None);
    }
    let masters = hosts.running("spark-master").await?;
    let started = |master: &Value| master["TaskStates"]["master"]["StartedAt"].to_string();
    let mut marks: Vec<String> = masters.iter().map(started).collect();
    let mut calm = None;
    for edge in &edges {
        let text = |field: &str| edge[field].as_str().unwrap_or_default();
        marks.push(edge["TaskStates"]["keepalived"]["StartedAt"].to_string());
        if text("NodeName") == holder {
            calm = Some(Calm { holder: holder.to_owned(), allocation: text("ID").to_owned() });
        }
    }
    Ok(calm.filter(|_| said == holder).map(|calm| (calm, marks)))
}

fn runs(edge: &Value, task: &str) -> bool {
    edge["TaskStates"][task]["State"] == "running"
}

/// Whether a host has the floating address.
async fn holds(hosts: &Hosts<'_>, host: &str) -> Result<bool> {
    let address = floating(0).ip().to_string();
    Ok(!hosts.exec(host, &["ip", "-o", "address", "show", "to", &address]).await?.trim().is_empty())
}
