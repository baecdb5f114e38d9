//! Waits for named conditions, as long as the agents live and the time allows.

use std::time::{Duration, Instant};

use super::agent::Agent;
use super::api::Api;
use super::error::Error;

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
        on: &'static str,
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
                && let Some(agent) = agents.iter().find(|agent| agent.name == on)
            {
                let condition = condition.to_owned();
                return Err(Error::NotReady { condition, after: self.timeout, source: agent.log_tail() });
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

/// Waits until Consul and Nomad are ready for jobs.
pub(super) async fn wait(api: &Api, agents: &mut [Agent], deadline: Deadline) -> Result<(), Error> {
    let consul = "Consul";
    let nomad = "Nomad";
    deadline.wait("Consul to have a leader", consul, agents, async || api.consul_has_leader().await).await?;
    deadline.wait("Nomad to have a leader", nomad, agents, async || api.nomad_has_leader().await).await?;
    let condition = "Nomad's node to be ready, eligible and able to run raw_exec tasks";
    deadline.wait(condition, nomad, agents, async || node_is_ready(api).await).await?;
    let condition = "Consul to know Nomad's client";
    deadline.wait(condition, nomad, agents, async || api.consul_knows_nomad().await).await
}

/// Whether all of it is true now.
pub(super) async fn is_ready(api: &Api) -> bool {
    api.consul_has_leader().await
        && api.nomad_has_leader().await
        && node_is_ready(api).await
        && api.consul_knows_nomad().await
}

async fn node_is_ready(api: &Api) -> bool {
    let nodes = api.nodes().await;
    !nodes.is_empty()
        && nodes.iter().all(|node| {
            let raw_exec = node.drivers.get("raw_exec").is_some_and(|driver| driver.detected && driver.healthy);
            node.status == "ready" && node.scheduling_eligibility == "eligible" && raw_exec
        })
}
