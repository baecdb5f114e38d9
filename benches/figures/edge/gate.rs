//! A way to the master that is ALIVE: the ports of an `HAProxy`, asked by a browser and by a plain Spark client.

use std::net::SocketAddr;
use std::time::Instant;

use super::sampler::{Answer, Question, Sampler};
use crate::Result;

/// Asks the port of the web UI and that of spark:// URLs.
#[derive(Debug)]
pub(crate) struct Gate {
    ui: Sampler,
    rpc: Sampler,
}

impl Gate {
    /// Begins to ask.
    pub(crate) fn watch(ui: SocketAddr, rpc: SocketAddr) -> Self {
        Self { ui: Sampler::start(ui, Question::Page("/json/status")), rpc: Sampler::start(rpc, Question::Spark) }
    }

    /// When people are told that nobody leads, after a moment at which somebody did. Spark clients wait from then on.
    pub(crate) async fn shut(&mut self, since: Instant) -> Result<Instant> {
        Ok(self.ui.first(since, Answer::is_refusal).await?.told)
    }

    /// When both ports lead to a master that is ALIVE, after a moment at which they did not.
    pub(crate) async fn open(&mut self, since: Instant) -> Result<Instant> {
        let ui = self.ui.first(since, Answer::is_alive).await?;
        let rpc = self.rpc.first(since, |answer| *answer == Answer::Spark).await?;
        Ok(ui.told.max(rpc.told))
    }
}
