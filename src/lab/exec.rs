//! `nomspark lab exec`.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;

use super::api::Api;
use super::error::Error;
use super::folder::Folder;
use super::state::State;
use super::{Options, tools};

/// Becomes a program in the network of a host, with the agents' addresses in its environment.
///
/// This process itself turns into the program: so terminal, signals and exit code are the program's own.
pub fn exec(options: &Options, host: &str, command: &[OsString]) -> Result<Infallible, Error> {
    let folder = Folder::new(&options.state_dir)?;
    let mut state = State::read(&folder)?.ok_or(Error::NotRunning)?;
    let network = state.network.ok_or(Error::OneHost)?;
    let ports = state.ports;
    let host = &state.member(host)?.host;
    let namespace = network.namespace(&host.name);
    if namespace.number().is_none() {
        return Err(Error::NoNamespace(host.name.clone()));
    }
    let api = Api::new(host, ports)?;
    let (program, arguments) = command.split_first().ok_or(Error::NotRunning)?;
    let error = tools::inside(&namespace, program)?
        .args(arguments)
        .env("NOMAD_ADDR", api.nomad_address())
        .env("CONSUL_HTTP_ADDR", api.consul_address())
        .env("PATH", tools::search_path())
        .exec();
    Err(Error::Spawn { agent: "nsenter".to_owned(), source: error })
}
