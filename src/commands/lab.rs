//! `nomspark lab`: a real Nomad and Consul on this machine.

use std::time::Duration;

use crate::cli::Lab;
use crate::cli::exit::Exit;
use crate::error::Result;
use crate::lab::{self, Options};
use crate::report::Report;

/// Runs the command.
pub(super) async fn run(command: Lab, report: &Report) -> Result<Exit> {
    match command {
        Lab::Up { nomad_port, consul_port, timeout } => {
            let options = Options { nomad_port, consul_port, ..options(timeout)? };
            let running = lab::up(&options, report).await?;
            report.result(&running, || running.text())?;
        }
        Lab::Down { timeout } => {
            let ended = lab::down(&options(timeout)?, report).await?;
            report.result(&ended, || ended.text())?;
        }
        Lab::Status => {
            let status = lab::status(&options(Duration::from_secs(10))?).await?;
            report.result(&status, || status.text())?;
        }
        Lab::Env => {
            let environment = lab::environment(&options(Duration::from_secs(10))?)?;
            report.result(&environment, || environment.text())?;
        }
    }
    Ok(Exit::Done)
}

fn options(timeout: Duration) -> Result<Options> {
    Ok(Options { nomad_port: None, consul_port: None, state_dir: lab::default_state_dir()?, timeout })
}
