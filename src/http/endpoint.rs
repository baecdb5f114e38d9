//! Where a server is and how it is spoken to.

use std::path::PathBuf;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;
use secrecy::SecretString;

use super::Server;

/// A server's address with all that a request to it needs.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// What kind of server it is.
    pub server: &'static Server,
    /// The address: http, https or unix.
    pub address: Url,
    /// The token.
    pub token: Option<SecretString>,
    /// User and password of HTTP's basic authentication.
    pub basic_auth: Option<(String, SecretString)>,
    /// What is added to every query: namespace, region, partition.
    pub query: Vec<(&'static str, String)>,
    /// How the server's certificate is checked and which one is shown to it.
    pub tls: Tls,
    /// Whether no proxy of the environment is used on the way.
    pub past_proxies: bool,
}

/// TLS settings, as Nomad's and Consul's own tools have them.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// A PEM file with the authorities that are trusted instead of the system's.
    pub ca_certificate: Option<PathBuf>,
    /// A folder of such files.
    pub ca_path: Option<PathBuf>,
    /// The client's certificate, PEM.
    pub client_certificate: Option<PathBuf>,
    /// The client's key, PEM.
    pub client_key: Option<PathBuf>,
    /// The name that the server's certificate must carry, where it differs from the address.
    pub server_name: Option<String>,
    /// Accept any certificate.
    pub skip_verify: bool,
}

impl Endpoint {
    /// An endpoint without credentials, such as Spark's web UI.
    #[must_use]
    pub fn open(server: &'static Server, address: Url) -> Self {
        Self {
            server,
            address,
            token: None,
            basic_auth: None,
            query: Vec::new(),
            tls: Tls::default(),
            past_proxies: false,
        }
    }

    /// The address without user, password and query.
    #[must_use]
    pub fn display_address(&self) -> String {
        if self.address.scheme() == "unix" {
            return self.address.to_string();
        }
        self.address.origin().ascii_serialization()
    }

    /// HOST:PORT of the proxy that requests go through, as `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` have it.
    #[must_use]
    pub fn proxy(&self) -> Option<String> {
        if self.is_direct() {
            return None;
        }
        let address = self.address.as_str().parse::<http::Uri>().ok()?;
        let proxy = Matcher::from_system().intercept(&address)?;
        // Never with the user and the password.
        let authority = proxy.uri().authority()?.as_str();
        Some(authority.rsplit_once('@').map_or(authority, |(_, server)| server).to_owned())
    }

    /// "Nomad at http://127.0.0.1:4646 did something".
    #[must_use]
    pub fn describe(&self, what: &str) -> String {
        format!("{} at {} {what}", self.server.name, self.display_address())
    }

    /// Whether no proxy is used.
    pub(super) fn is_direct(&self) -> bool {
        self.past_proxies || self.is_loopback()
    }

    /// Whether the server is on this machine, so that no proxy can reach it; Go's clients leave proxies out then, too.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.address.host_str() {
            Some(host) => {
                let host = host.trim_start_matches('[').trim_end_matches(']');
                host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            }
            None => true,
        }
    }
}
