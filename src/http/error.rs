//! What can go wrong between nomspark and a server.

use reqwest::{Method, StatusCode};

use super::{Endpoint, Server};
use crate::error::{Advice, causes};
use crate::exit::Exit;

/// How much of a server's own words is repeated, in characters.
const MAX_BODY: usize = 2_000;

/// What stands before a proxy's address in a sentence about an answer.
const PROXY: &str = " through the proxy ";

/// What the layers below say when only they failed; the reason follows.
const LAYERS: [&str; 5] = [
    "error sending request",
    "client error (Connect)",
    "client error (SendRequest)",
    "tcp connect error",
    "connection error",
];

/// What hyper says of a server that answers before it has the request. Nomad does so on connections beyond its limit: it answers 429
/// as soon as they are there, and closes them.
const UNASKED: &str = "received unexpected message from connection";

/// A request that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection could be made, or it broke before the answer.
    #[error("{} at {address} does not answer", server.name)]
    Unreachable {
        /// The server.
        server: &'static Server,
        /// The address without credentials.
        address: String,
        /// Whether the request cannot have reached the server.
        never_arrived: bool,
        /// The transport's words.
        #[source]
        source: TransportError,
    },
    /// No connection could be made through the proxy, or it broke before the answer.
    #[error("{what}, which did not pass it on: add {host} to NO_PROXY")]
    Proxy {
        /// Which request went to which proxy.
        what: String,
        /// The server's host, as `NO_PROXY` takes it.
        host: String,
        /// Whether the request cannot have reached the server.
        never_arrived: bool,
        /// The transport's words.
        #[source]
        source: TransportError,
    },
    /// The answer did not come in time.
    #[error("{what} in time")]
    Timeout {
        /// What was waited for.
        what: String,
    },
    /// An answer ended before it was whole.
    #[error("the answer broke off")]
    BrokeOff {
        /// The transport's words.
        #[source]
        source: reqwest::Error,
    },
    /// 401 or 403.
    #[error("{what}: {body}")]
    Refused {
        /// Which request.
        what: String,
        /// The server's words.
        body: String,
        /// The server.
        server: &'static Server,
    },
    /// 404.
    #[error("{what}: {body}")]
    NotFound {
        /// Which request.
        what: String,
        /// The server's words.
        body: String,
    },
    /// Any other status that is not a success.
    #[error("{what}: {body}")]
    Status {
        /// Which request.
        what: String,
        /// The server.
        server: &'static Server,
        /// The status.
        status: StatusCode,
        /// The server's words.
        body: String,
    },
    /// The answer is not what the API promises.
    #[error("{what}")]
    Decode {
        /// Which request.
        what: String,
        /// Where the answer differs.
        #[source]
        source: serde_json::Error,
    },
    /// A setting cannot be used: an address, a certificate, a key.
    #[error("{what}")]
    Setting {
        /// Which setting and why.
        what: String,
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Why a connection failed, without the layers of software that passed the reason on.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TransportError(String);

impl TransportError {
    fn new(error: &reqwest::Error) -> Self {
        let reasons = causes(error);
        let reasons: Vec<&str> = reasons.iter().map(String::as_str).filter(|reason| !LAYERS.contains(reason)).collect();
        Self(if reasons.is_empty() { "the connection broke".to_owned() } else { reasons.join(": ") })
    }
}

impl Error {
    /// Whether the same request can succeed a moment later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            // A time-out is not: the server had its half a minute, and three more would be two minutes of silence.
            Self::Unreachable { .. } | Self::Proxy { .. } => true,
            // Nomad answers 500 to what will never work, too.
            Self::Status { server, status, body, .. } => {
                self.is_crowded() || (status.is_server_error() && !server.is_final(body))
            }
            _ => false,
        }
    }

    /// Whether the server allows no more connections, or requests, now: that passes.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        matches!(self, Self::Status { status, .. } if *status == StatusCode::TOO_MANY_REQUESTS)
    }

    /// Whether the server cannot have seen the request.
    #[must_use]
    pub fn never_arrived(&self) -> bool {
        match self {
            Self::Unreachable { never_arrived, .. } | Self::Proxy { never_arrived, .. } => *never_arrived,
            Self::Status { .. } => self.is_crowded(),
            _ => false,
        }
    }

    /// The sentence and its reason, where the request went through a proxy.
    #[must_use]
    pub fn of_proxy(&self) -> Option<String> {
        match self {
            Self::Proxy { source, .. } => Some(format!("{self} ({source})")),
            Self::Timeout { what }
            | Self::Refused { what, .. }
            | Self::NotFound { what, .. }
            | Self::Status { what, .. }
            | Self::Decode { what, .. }
                if what.contains(PROXY) =>
            {
                Some(what.clone())
            }
            _ => None,
        }
    }

    /// An answer that was read piece by piece and broke off.
    #[must_use]
    pub fn broke_off(source: reqwest::Error) -> Self {
        Self::BrokeOff { source: source.without_url() }
    }

    pub(super) fn from_transport(endpoint: &Endpoint, method: &Method, path: &str, source: &reqwest::Error) -> Self {
        if source.is_timeout() && !source.is_connect() {
            let what = endpoint.describe(&format!("did not answer {method} {path}{}", through_proxy(endpoint)));
            return Self::Timeout { what };
        }
        if causes(source).iter().any(|cause| cause == UNASKED) {
            let what = endpoint.describe(&format!("closed the connection before it was asked {method} {path}"));
            let body = "it allows no more connections from this address".to_owned();
            return Self::Status { what, server: endpoint.server, status: StatusCode::TOO_MANY_REQUESTS, body };
        }
        if let Some(proxy) = endpoint.proxy() {
            let what = format!("the request to {} went to the proxy {proxy}", endpoint.display_address());
            let (host, never_arrived) = (no_proxy_entry(endpoint), source.is_connect());
            return Self::Proxy { what, host, never_arrived, source: TransportError::new(source) };
        }
        Self::Unreachable {
            server: endpoint.server,
            address: endpoint.display_address(),
            never_arrived: source.is_connect(),
            source: TransportError::new(source),
        }
    }

    pub(super) fn from_status(
        endpoint: &Endpoint,
        method: &Method,
        path: &str,
        status: StatusCode,
        body: &[u8],
    ) -> Self {
        let body = printable(body);
        let server = endpoint.server;
        let what =
            endpoint.describe(&format!("answered {} to {method} {path}{}", status.as_u16(), through_proxy(endpoint)));
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::Refused { what, body, server },
            StatusCode::NOT_FOUND => Self::NotFound { what, body },
            _ if server.refuses(&body) => Self::Refused { what, body, server },
            _ => Self::Status { what, server, status, body },
        }
    }
}

/// The server's host as an entry of `NO_PROXY`, without the brackets of IPv6.
fn no_proxy_entry(endpoint: &Endpoint) -> String {
    endpoint.address.host_str().unwrap_or_default().replace(['[', ']'], "")
}

/// What a sentence about an answer adds where a proxy may have given it.
pub(super) fn through_proxy(endpoint: &Endpoint) -> String {
    let named = |proxy| format!("{PROXY}{proxy} (add {} to NO_PROXY to go past it)", no_proxy_entry(endpoint));
    endpoint.proxy().map(named).unwrap_or_default()
}

impl Advice for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Refused { .. } => Exit::Refused,
            Self::Timeout { .. } => Exit::TimedOut,
            Self::Setting { .. } => Exit::Usage,
            _ => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unreachable { server, .. } => server.unreachable_hint,
            Self::Refused { what, server, .. } => return refused_hint(server, what),
            Self::Status { server, .. } if self.is_crowded() => server.crowded_hint,
            Self::Status { server, body, .. } => server.hint(body).unwrap_or_default(),
            _ => "",
        };
        if hint.is_empty() { None } else { Some(hint.to_owned()) }
    }
}

/// What to do about a token that is refused.
fn refused_hint(server: &Server, what: &str) -> Option<String> {
    let variable = server.token_variable;
    if variable.is_empty() {
        return None;
    }
    Some(match server.capability(what) {
        Some(capability) => format!("set {variable} to a token whose policy grants {capability}"),
        None => format!("set {variable} to a token whose policy allows this"),
    })
}

/// The server's words on one line, without control characters, bounded.
fn printable(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_BODY).collect();
    if clean.is_empty() { "no reason given".to_owned() } else { clean }
}
