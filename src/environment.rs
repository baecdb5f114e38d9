//! Every environment variable that nomspark reads, and how Nomad's and Consul's become endpoints.
//!
//! The variables mean what they mean for the `nomad` and `consul` commands:
//! <https://developer.hashicorp.com/nomad/commands> and <https://developer.hashicorp.com/consul/commands>.

use std::ffi::OsString;
use std::path::PathBuf;

use reqwest::Url;
use secrecy::SecretString;

use crate::consul;
use crate::error::Advice;
use crate::exit::Exit;
use crate::http::{Endpoint, Tls};
use crate::nomad::{self, ALL_NAMESPACES};

/// The cluster's name.
pub const NOMSPARK_NAME: &str = "NOMSPARK_NAME";
/// The spec file.
pub const NOMSPARK_FILE: &str = "NOMSPARK_FILE";
/// The task driver.
pub const NOMSPARK_DRIVER: &str = "NOMSPARK_DRIVER";
/// Where Spark is on the nodes.
pub const NOMSPARK_SPARK_HOME: &str = "NOMSPARK_SPARK_HOME";
/// The container image.
pub const NOMSPARK_IMAGE: &str = "NOMSPARK_IMAGE";

/// Where nomspark keeps state: `$XDG_STATE_HOME/nomspark`, by default `~/.local/state/nomspark`; `None` where the
/// environment names neither.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    state_folder_of(std::env::var_os("XDG_STATE_HOME"), std::env::var_os("HOME"))
}

fn state_folder_of(xdg_state_home: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    // The XDG specification says that a relative path is to be ignored.
    let absolute = |path: Option<OsString>| path.map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute(xdg_state_home).or_else(|| absolute(home).map(|home| home.join(".local/state")))?;
    Some(base.join("nomspark"))
}

/// A variable whose value cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{variable} cannot be used: {reason}")]
pub struct InvalidVariable {
    /// The variable's name.
    pub variable: &'static str,
    /// Why; never the value of a secret.
    pub reason: String,
}

impl Advice for InvalidVariable {
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

/// Looks up an environment variable; a parameter, so that tests need not change the process's environment.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Looks up variables of this process; an empty one counts as absent.
#[must_use]
pub fn process(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where Nomad is, from `NOMAD_*`. Flags win over `NOMAD_NAMESPACE` and `NOMAD_REGION`. `*`, which lists of Nomad take for
/// all namespaces, is refused: what is not a list would find nothing there, and a stop would seem to succeed.
pub fn nomad(lookup: Lookup<'_>, namespace: Option<&str>, region: Option<&str>) -> Result<Endpoint, InvalidVariable> {
    let address = lookup("NOMAD_ADDR").unwrap_or_else(|| "http://127.0.0.1:4646".to_owned());
    let mut query = Vec::new();
    let variable = if namespace.is_some() { "--namespace" } else { "NOMAD_NAMESPACE" };
    if let Some(namespace) = namespace.map(ToOwned::to_owned).or_else(|| lookup("NOMAD_NAMESPACE")) {
        query.push(("namespace", one_namespace(variable, namespace)?));
    }
    if let Some(region) = region.map(ToOwned::to_owned).or_else(|| lookup("NOMAD_REGION")) {
        query.push(("region", region));
    }
    let mut address = parse_address("NOMAD_ADDR", &address, "http")?;
    if address.scheme() != "unix" {
        // As for `nomad`: people copy addresses of the UI.
        address.set_path("");
    }
    Ok(Endpoint {
        server: &nomad::SERVER,
        address,
        token: token("NOMAD_TOKEN", lookup("NOMAD_TOKEN"))?,
        basic_auth: lookup("NOMAD_HTTP_AUTH").map(basic_auth),
        query,
        past_proxies: false,
        tls: Tls {
            ca_certificate: lookup("NOMAD_CACERT").map(PathBuf::from),
            ca_path: lookup("NOMAD_CAPATH").map(PathBuf::from),
            client_certificate: lookup("NOMAD_CLIENT_CERT").map(PathBuf::from),
            client_key: lookup("NOMAD_CLIENT_KEY").map(PathBuf::from),
            server_name: lookup("NOMAD_TLS_SERVER_NAME"),
            skip_verify: flag("NOMAD_SKIP_VERIFY", lookup)?.unwrap_or(false),
        },
    })
}

/// A namespace's name has letters, digits and hyphens (`validNamespaceName` of Nomad's `nomad/structs`).
fn one_namespace(variable: &'static str, namespace: String) -> Result<String, InvalidVariable> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let reason = if namespace == ALL_NAMESPACES {
        "`*` means all namespaces, and one is needed".to_owned()
    } else if (1..=128).contains(&namespace.len()) && namespace.bytes().all(plain) {
        return Ok(namespace);
    } else {
        "a namespace has 1 to 128 letters, digits and hyphens".to_owned()
    };
    Err(InvalidVariable { variable, reason })
}

/// Where Consul is, from `CONSUL_*`. As for `consul`, the file's token wins over the other one, and `CONSUL_HTTP_SSL` over an address
/// that says `http://`.
///
/// Source: `NewClient` in `api/api.go` of Consul.
pub fn consul(lookup: Lookup<'_>) -> Result<Endpoint, InvalidVariable> {
    let address = lookup("CONSUL_HTTP_ADDR").unwrap_or_else(|| "127.0.0.1:8500".to_owned());
    let encrypted = flag("CONSUL_HTTP_SSL", lookup)?.unwrap_or(false);
    let mut address = parse_address("CONSUL_HTTP_ADDR", &address, if encrypted { "https" } else { "http" })?;
    if encrypted && address.scheme() == "http" {
        // What was asked to be encrypted never goes in clear, whatever the address says.
        let _ = address.set_scheme("https");
    }
    let token_value = match lookup("CONSUL_HTTP_TOKEN_FILE") {
        Some(file) => Some(token_of(&file)?).filter(|token| !token.is_empty()),
        None => None,
    };
    let token_value = token_value.or_else(|| lookup("CONSUL_HTTP_TOKEN"));
    let mut query = Vec::new();
    if let Some(namespace) = lookup("CONSUL_NAMESPACE") {
        query.push(("ns", namespace));
    }
    if let Some(partition) = lookup("CONSUL_PARTITION") {
        query.push(("partition", partition));
    }
    Ok(Endpoint {
        server: &consul::SERVER,
        address,
        token: token("CONSUL_HTTP_TOKEN", token_value)?,
        basic_auth: lookup("CONSUL_HTTP_AUTH").map(basic_auth),
        query,
        past_proxies: false,
        tls: Tls {
            ca_certificate: lookup("CONSUL_CACERT").map(PathBuf::from),
            ca_path: lookup("CONSUL_CAPATH").map(PathBuf::from),
            client_certificate: lookup("CONSUL_CLIENT_CERT").map(PathBuf::from),
            client_key: lookup("CONSUL_CLIENT_KEY").map(PathBuf::from),
            server_name: lookup("CONSUL_TLS_SERVER_NAME"),
            skip_verify: !flag("CONSUL_HTTP_SSL_VERIFY", lookup)?.unwrap_or(true),
        },
    })
}

fn token_of(file: &str) -> Result<String, InvalidVariable> {
    let invalid = |error| InvalidVariable { variable: "CONSUL_HTTP_TOKEN_FILE", reason: format!("{file}: {error}") };
    std::fs::read_to_string(file).map(|token| token.trim().to_owned()).map_err(invalid)
}

fn parse_address(variable: &'static str, address: &str, scheme: &str) -> Result<Url, InvalidVariable> {
    let full = if address.contains("://") { address.to_owned() } else { format!("{scheme}://{address}") };
    let invalid = |reason: &str| InvalidVariable {
        variable,
        reason: format!("{reason}; an address looks like {scheme}://127.0.0.1:4646"),
    };
    let url = Url::parse(&full).map_err(|error| invalid(&error.to_string()))?;
    match url.scheme() {
        "http" | "https" if url.host_str().is_some_and(|host| !host.is_empty()) => Ok(url),
        "unix" => Ok(url),
        other => Err(invalid(&format!("`{other}` is not http, https or unix"))),
    }
}

/// A token that is safe to put into a header; its value is in no message.
fn token(variable: &'static str, value: Option<String>) -> Result<Option<SecretString>, InvalidVariable> {
    match value {
        Some(value) if !value.bytes().all(|byte| byte.is_ascii_graphic()) => Err(InvalidVariable {
            variable,
            reason: "a token is made of visible ASCII characters without spaces".to_owned(),
        }),
        other => Ok(other.map(SecretString::from)),
    }
}

fn basic_auth(value: String) -> (String, SecretString) {
    match value.split_once(':') {
        Some((user, password)) => (user.to_owned(), SecretString::from(password.to_owned())),
        None => (value, SecretString::from(String::new())),
    }
}

/// A boolean as Go's `strconv.ParseBool` reads it.
fn flag(variable: &'static str, lookup: Lookup<'_>) -> Result<Option<bool>, InvalidVariable> {
    match lookup(variable).as_deref() {
        None => Ok(None),
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(Some(true)),
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(Some(false)),
        Some(_) => Err(InvalidVariable { variable, reason: "it is neither true nor false".to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_folder_follows_the_xdg_specification() {
        let from =
            |xdg: Option<&str>, home: Option<&str>| state_folder_of(xdg.map(OsString::from), home.map(OsString::from));
        assert_eq!(from(Some("/x"), Some("/home/a")), Some(PathBuf::from("/x/nomspark")));
        assert_eq!(from(None, Some("/home/a")), Some(PathBuf::from("/home/a/.local/state/nomspark")));
        assert_eq!(from(Some("relative"), Some("/home/a")), Some(PathBuf::from("/home/a/.local/state/nomspark")));
        assert_eq!(from(Some(""), None), None);
        assert_eq!(from(None, Some("")), None);
    }

    fn consul_of(variables: &[(&str, &str)]) -> Endpoint {
        let lookup = |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        consul(&lookup).unwrap()
    }

    #[test]
    fn consul_is_where_its_own_command_looks_for_it() {
        let address = |variables: &[(&str, &str)]| consul_of(variables).address.to_string();
        assert_eq!(address(&[]), "http://127.0.0.1:8500/");
        assert_eq!(address(&[("CONSUL_HTTP_ADDR", "consul.example:80/below")]), "http://consul.example/below");
        // What was asked to be encrypted never goes in clear.
        let ssl = ("CONSUL_HTTP_SSL", "true");
        assert_eq!(address(&[ssl, ("CONSUL_HTTP_ADDR", "http://consul.example:8501")]), "https://consul.example:8501/");
        assert_eq!(address(&[ssl, ("CONSUL_HTTP_ADDR", "http://consul.example")]), "https://consul.example/");
        assert_eq!(address(&[ssl, ("CONSUL_HTTP_ADDR", "consul.example:8501")]), "https://consul.example:8501/");
        assert_eq!(address(&[("CONSUL_HTTP_ADDR", "https://consul.example")]), "https://consul.example/");
    }

    #[test]
    fn the_token_in_a_file_wins() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "of-the-file\n").unwrap();
        let path = file.path().to_str().unwrap();
        let token = |variables: &[(&str, &str)]| {
            let token = consul_of(variables).token.unwrap();
            secrecy::ExposeSecret::expose_secret(&token).to_owned()
        };
        assert_eq!(token(&[("CONSUL_HTTP_TOKEN", "alone")]), "alone");
        let both = [("CONSUL_HTTP_TOKEN", "other"), ("CONSUL_HTTP_TOKEN_FILE", path)];
        assert_eq!(token(&both), "of-the-file");
        std::fs::write(&file, "\n").unwrap();
        assert_eq!(token(&both), "other");
    }

    #[test]
    fn of_an_address_of_nomad_s_ui_the_server_counts() {
        let address = |_: &str| Some("http://nomad.example:4646/ui/jobs".to_owned());
        let lookup = |name: &str| address(name).filter(|_| name == "NOMAD_ADDR");
        assert_eq!(nomad(&lookup, None, None).unwrap().address.as_str(), "http://nomad.example:4646/");
    }
}
