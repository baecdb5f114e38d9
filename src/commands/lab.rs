//! `nomspark lab`: a real Nomad and Consul on this machine.

use std::time::Duration;

use crate::cli::Lab;
use crate::error::Result;
use crate::event::Observer;
use crate::exit::Exit;
use crate::lab::{self, Options};
use crate::report::Report;

/// How long the short commands wait for another lab command that is at work.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the command.
pub(super) async fn run(command: Lab, report: &Report, observer: Observer<'_>) -> Result<Exit> {
    match command {
        Lab::Up { nodes, network, nomad_port, consul_port, timeout } => {
            let options = Options { nodes, network, nomad_port, consul_port, ..options(timeout)? };
            let running = lab::up(&options, observer).await?;
            report.result(&running, || running.text())?;
        }
        Lab::Down { timeout } => {
            let ended = lab::down(&options(timeout)?, observer).await?;
            report.result(&ended, || ended.text())?;
        }
        Lab::Status => {
            let status = lab::status(&options(PATIENCE)?).await?;
            report.result(&status, || status.text())?;
        }
        Lab::Env { host } => {
            let environment = lab::environment(&options(PATIENCE)?, host.as_deref())?;
            report.result(&environment, || environment.text())?;
        }
        Lab::Exec { host, command } => match lab::exec(&options(PATIENCE)?, &host, &command)? {},
        Lab::Cut { host } => link(&host, false, report, observer).await?,
        Lab::Mend { host } => link(&host, true, report, observer).await?,
        Lab::Kill { host, agent } => {
            let killed = lab::kill(&options(PATIENCE)?, &host, agent, observer).await?;
            report.result(&killed, || killed.text())?;
        }
    }
    Ok(Exit::Done)
}

async fn link(host: &str, up: bool, report: &Report, observer: Observer<'_>) -> Result<()> {
    let linked = lab::link(&options(PATIENCE)?, host, up, observer).await?;
    Ok(report.result(&linked, || linked.text())?)
}

/// How the lab of this user is found.
pub(super) fn options(timeout: Duration) -> Result<Options> {
    let state_dir = lab::default_state_dir()?;
    Ok(Options { nodes: None, network: None, nomad_port: None, consul_port: None, state_dir, timeout })
}
