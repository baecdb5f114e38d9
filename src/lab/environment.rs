//! `nomspark lab env`.

use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Options;
use super::api::Api;
use super::error::Error;
use super::folder::Folder;
use super::state::State;
use super::tools::Origin;

/// The variables that point nomad, consul and Spark at the lab.
#[derive(Clone, Debug, Serialize)]
pub struct Environment {
    /// Nomad's address.
    pub nomad_addr: String,
    /// Consul's address.
    pub consul_http_addr: String,
    /// The Spark of the lab.
    pub spark_home: PathBuf,
    /// Folders that `PATH` lacks for the lab's nomad and consul.
    pub path: Vec<PathBuf>,
}

impl Environment {
    /// The lines for a shell's `eval`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "export NOMAD_ADDR={}\nexport CONSUL_HTTP_ADDR={}\nexport SPARK_HOME={}\n",
            quote(&self.nomad_addr),
            quote(&self.consul_http_addr),
            quote(&self.spark_home.to_string_lossy()),
        );
        for folder in &self.path {
            // Writing to a string does not fail.
            let _ = writeln!(text, "export PATH=\"$PATH\":{}", quote(&folder.to_string_lossy()));
        }
        text
    }
}

/// The variables of the lab that runs, as seen at a host, by default at the first one.
pub fn environment(options: &Options, host: Option<&str>) -> Result<Environment, Error> {
    let folder = Folder::new(&options.state_dir)?;
    let mut state = State::read(&folder)?.filter(|state| !state.living().is_empty()).ok_or(Error::NotRunning)?;
    let host = match host {
        Some(name) => state.member(name)?.host.clone(),
        None => state.hosts().into_iter().next().ok_or(Error::NotRunning)?,
    };
    let api = Api::new(&host, state.ports)?;
    let mut path: Vec<PathBuf> = Vec::new();
    for tool in [&state.tools.nomad, &state.tools.consul] {
        if let Some(folder) = tool.path.parent()
            && tool.origin == Origin::Checkout
            && !on_path(folder)
            && !path.iter().any(|known| known == folder)
        {
            path.push(folder.to_owned());
        }
    }
    Ok(Environment {
        nomad_addr: api.nomad_address(),
        consul_http_addr: api.consul_address(),
        spark_home: state.tools.spark.path,
        path,
    })
}

fn on_path(folder: &Path) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|known| known == folder))
}

/// A word that any POSIX shell reads as these very characters.
fn quote(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=@%+,".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_read_back_what_was_quoted() {
        assert_eq!(quote("http://127.0.0.1:4646"), "http://127.0.0.1:4646");
        assert_eq!(quote(""), "''");
        for word in ["a b", "it's", "$HOME `id` \"x\"", "a\nb", "~", "*", "é"] {
            let output = std::process::Command::new("sh").arg("-c").arg(format!("printf %s {}", quote(word))).output();
            assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), word);
        }
    }
}
