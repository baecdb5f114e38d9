//! Waits for named conditions, as long as the agents live and the time allows.

use std::time::{Duration, Instant};

use super::agent::Agent;
use super::api::Api;
use super::error::Error;
use super::kind::Kind;

/// Between two questions.
const INTERVAL: Duration = Duration::from_millis(50);

/// The time that is left for everything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    started: Instant,
    timeout: Duration,
}

impl Deadline {
    /// From now on.
    pub(super) fn after(timeout: Duration) -> Self {
        Self { started: Instant::now(), timeout }
    }

    fn passed(&self) -> bool {
        self.started.elapsed() >= self.timeout
    }

    /// Waits until `check` says yes.
    ///
    /// The condition depends on the agent `on`, whose log is shown when it does not come true.
    pub(super) async fn wait(
        &self,
        condition: &str,
        on: Kind,
        agents: &mut [Agent],
        check: impl AsyncFn() -> bool,
    ) -> Result<(), Error> {
        loop {
            if check().await {
                return Ok(());
            }
            for agent in agents.iter_mut() {
                agent.check()?;
            }
            if self.passed()
                && let Some(agent) = agents.iter().find(|agent| agent.kind == on)
            {
                let condition = condition.to_owned();
                return Err(Error::NotReady { condition, after: self.timeout, source: agent.log_tail() });
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

/// Whether a question has the answer yes at all hosts.
pub(super) async fn everywhere(apis: &[Api], question: impl AsyncFn(&Api) -> bool) -> bool {
    for api in apis {
        if !question(api).await {
            return false;
        }
    }
    true
}

/// Waits until Consul and Nomad are ready for jobs on all hosts.
pub(super) async fn wait(apis: &[Api], agents: &mut [Agent], deadline: Deadline) -> Result<(), Error> {
    let count = apis.len();
    let led = async || everywhere(apis, Api::consul_has_leader).await;
    deadline.wait("Consul to have a leader", Kind::Consul, agents, led).await?;
    let led = async || everywhere(apis, Api::nomad_has_leader).await;
    deadline.wait("Nomad to have a leader", Kind::Nomad, agents, led).await?;
    let condition = match count {
        1 => "Nomad's node to be ready, eligible and able to run raw_exec tasks".to_owned(),
        _ => format!("Nomad's {count} nodes to be ready, eligible and able to run raw_exec tasks"),
    };
    let ready = async || everywhere(apis, async |api| nodes_are_ready(api, count).await).await;
    deadline.wait(&condition, Kind::Nomad, agents, ready).await?;
    let known = async || everywhere(apis, async |api| consul_knows_all(api, count).await).await;
    deadline.wait("Consul to know all hosts and their Nomad clients", Kind::Nomad, agents, known).await
}

/// Whether all of it is true now.
pub(super) async fn is_ready(apis: &[Api]) -> bool {
    let count = apis.len();
    let ready = async |api: &Api| {
        api.consul_has_leader().await
            && api.nomad_has_leader().await
            && nodes_are_ready(api, count).await
            && consul_knows_all(api, count).await
    };
    everywhere(apis, ready).await
}

async fn nodes_are_ready(api: &Api, count: usize) -> bool {
    let nodes = api.nodes().await;
    nodes.len() == count
        && nodes.iter().all(|node| {
            let raw_exec = node.drivers.get("raw_exec").is_some_and(|driver| driver.detected && driver.healthy);
            node.status == "ready" && node.scheduling_eligibility == "eligible" && raw_exec
        })
}

async fn consul_knows_all(api: &Api, count: usize) -> bool {
    api.living_consul_members().await == count && api.nomad_clients_in_consul().await == count
}
