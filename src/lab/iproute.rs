//! Runs `ip`, which makes namespaces and links, and reads what it tells.

use std::process::{Output, Stdio};

use serde::de::DeserializeOwned;
use tokio::process::Command;

use super::error::Error;
use super::tools;

/// The program `ip`.
#[derive(Clone, Debug)]
pub(super) struct IpRoute(std::path::PathBuf);

impl IpRoute {
    /// Finds the program.
    pub(super) fn find() -> Result<Self, Error> {
        tools::system("ip", "iproute2").map(Self)
    }

    /// Runs it; the arguments are separated by spaces, which none of them holds.
    pub(super) async fn run(&self, arguments: &str) -> Result<(), Error> {
        self.output(arguments).await.map(|_| ())
    }

    /// Runs it and reads the JSON that it prints; it prints nothing at all where there is nothing to tell.
    pub(super) async fn json<T: DeserializeOwned + Default>(&self, arguments: &str) -> Result<T, Error> {
        let output = self.output(&format!("-json {arguments}")).await?;
        if output.stdout.trim_ascii().is_empty() {
            return Ok(T::default());
        }
        serde_json::from_slice(&output.stdout)
            .map_err(|error| Error::IpRoute { arguments: arguments.to_owned(), said: error.to_string() })
    }

    async fn output(&self, arguments: &str) -> Result<Output, Error> {
        let failed = |said: String| Error::IpRoute { arguments: arguments.to_owned(), said };
        let mut command = Command::new(&self.0);
        command.args(arguments.split(' ')).stdin(Stdio::null()).kill_on_drop(true);
        let output = command.output().await.map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        Ok(output)
    }
}
