//! The HTTP that the clients of Nomad, Consul and Spark share: addresses, TLS, tokens, time-outs, retries, errors.

mod endpoint;
mod error;
mod places;
mod retry;
mod server;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, Url, redirect};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use endpoint::{Endpoint, Tls};
pub use error::Error;
pub use retry::backoff;
pub use server::Server;

use places::Places;
use retry::{Attempt, retry};

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a server may take for a whole answer that is not a stream.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of an error's body is read, in bytes.
const MAX_ERROR_BODY: usize = 64 * 1024;
/// How many redirects are followed, as in Go's clients.
const MAX_REDIRECTS: usize = 10;

/// A query of a request: names and values, not yet encoded.
pub type Query<'a> = &'a [(&'a str, &'a str)];

/// What a request goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connections {
    /// A connection of its own: the request sees what a stranger would see.
    New,
    /// The connection of the request before, which costs the server less.
    Kept,
}

/// A client of one HTTP API.
#[derive(Clone, Debug)]
pub struct Client {
    endpoint: Arc<Endpoint>,
    base: Url,
    http: reqwest::Client,
    places: Arc<Places>,
}

/// A path's segment, encoded, so that no name can reach another endpoint.
#[must_use]
pub fn segment(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

impl Client {
    /// Builds the client; reads the certificates that the endpoint names.
    pub fn new(endpoint: Endpoint) -> Result<Self, Error> {
        Self::build(endpoint, reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT))
    }

    /// A client for questions that are asked all the time, whose connections are made within `connect` or not at all.
    pub fn asking(endpoint: Endpoint, connect: Duration, connections: Connections) -> Result<Self, Error> {
        let idle = match connections {
            Connections::New => 0,
            Connections::Kept => usize::MAX,
        };
        Self::build(endpoint, reqwest::Client::builder().connect_timeout(connect).pool_max_idle_per_host(idle))
    }

    fn build(endpoint: Endpoint, builder: reqwest::ClientBuilder) -> Result<Self, Error> {
        let builder = builder
            .redirect(redirect::Policy::custom(same_server))
            // The exec API upgrades to a websocket, which HTTP/2 cannot carry the same way.
            .http1_only()
            .user_agent(concat!("nomspark/", env!("CARGO_PKG_VERSION")));
        let (builder, base) = tls::configure(builder, &endpoint)?;
        let http = builder
            .build()
            .map_err(|source| Error::Setting { what: endpoint.describe("cannot be set up"), source: source.into() })?;
        Ok(Self { endpoint: Arc::new(endpoint), base, http, places: Arc::new(Places::new()) })
    }

    /// What is added to every query under this name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.endpoint.query.iter().find(|(set, _)| *set == name).map(|(_, value)| value.as_str())
    }

    /// The same client, which adds another value under this name to every query.
    #[must_use]
    pub fn with_parameter(&self, name: &'static str, value: &str) -> Self {
        let mut endpoint = Endpoint::clone(&self.endpoint);
        endpoint.query.retain(|(set, _)| *set != name);
        endpoint.query.push((name, value.to_owned()));
        Self { endpoint: Arc::new(endpoint), ..self.clone() }
    }

    /// The server's address as people type it; never with credentials.
    #[must_use]
    pub fn address(&self) -> String {
        self.endpoint.display_address()
    }

    /// A request with everything that the endpoint adds to it.
    pub fn request(&self, method: Method, path: &str, query: Query<'_>) -> RequestBuilder {
        let mut url = self.base.clone();
        // Behind a proxy a server may begin below a folder.
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        let mut request = self.http.request(method, url).query(&self.endpoint.query).query(query);
        if let Some(token) = &self.endpoint.token {
            request = request.header(self.endpoint.server.token_header, token.expose_secret());
        }
        if let Some((user, password)) = &self.endpoint.basic_auth {
            request = request.basic_auth(user, Some(password.expose_secret()));
        }
        request
    }

    /// Reads a document. What is transient is tried again.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: Query<'_>) -> Result<T, Error> {
        let body = self.get_bytes(path, query).await?;
        self.decode(&Method::GET, path, &body)
    }

    /// Reads a document without trying again, for callers that poll.
    pub async fn get_once<T: DeserializeOwned>(&self, path: &str, timeout: Duration) -> Result<T, Error> {
        let request = self.request(Method::GET, path, &[]).timeout(timeout);
        let response = self.send(&Method::GET, path, request).await?;
        let body = response.bytes().await.map_err(|source| self.transport(&Method::GET, path, &source))?;
        self.decode(&Method::GET, path, &body)
    }

    /// Reads a document with its index, once: an answer that the server holds back until something changes.
    pub async fn get_indexed_once<T: DeserializeOwned>(
        &self,
        path: &str,
        query: Query<'_>,
        timeout: Duration,
    ) -> Result<(T, u64), Error> {
        let request = self.request(Method::GET, path, query).timeout(timeout);
        let response = self.send(&Method::GET, path, request).await?;
        let index = index(&response);
        let body = response.bytes().await.map_err(|source| self.transport(&Method::GET, path, &source))?;
        Ok((self.decode(&Method::GET, path, &body)?, index))
    }

    /// Reads a document that may be absent: 404 is `None`.
    pub async fn find<T: DeserializeOwned>(&self, path: &str, query: Query<'_>) -> Result<Option<T>, Error> {
        match self.get(path, query).await {
            Err(Error::NotFound { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Reads bytes. What is transient is tried again.
    pub async fn get_bytes(&self, path: &str, query: Query<'_>) -> Result<Vec<u8>, Error> {
        retry(Attempt::Read, || self.answer(&Method::GET, path, self.request(Method::GET, path, query))).await
    }

    /// Asks a question that needs a body and changes nothing. What is transient is tried again.
    pub async fn ask<B, T>(&self, path: &str, query: Query<'_>, body: &B) -> Result<T, Error>
    where
        B: Serialize + Sync,
        T: DeserializeOwned,
    {
        let answer = || self.answer(&Method::POST, path, self.request(Method::POST, path, query).json(body));
        self.decode(&Method::POST, path, &retry(Attempt::Read, answer).await?)
    }

    /// Reads a document together with the index at which the server had it (`X-Nomad-Index`, `X-Consul-Index`).
    pub async fn get_indexed<T: DeserializeOwned>(&self, path: &str, query: Query<'_>) -> Result<(T, u64), Error> {
        retry(Attempt::Read, || self.in_a_place(self.get_indexed_once(path, query, ANSWER_TIMEOUT))).await
    }

    /// Opens an answer that is read piece by piece; the caller bounds the time.
    pub async fn open(&self, path: &str, query: Query<'_>) -> Result<Response, Error> {
        let request = self.request(Method::GET, path, query);
        match tokio::time::timeout(ANSWER_TIMEOUT, self.send(&Method::GET, path, request)).await {
            Ok(answer) => answer.inspect_err(|error| {
                if error.is_crowded() {
                    self.places.tell();
                }
            }),
            Err(_) => Err(Error::Timeout { what: self.endpoint.describe(&format!("did not answer GET {path}")) }),
        }
    }

    /// Asks for a change. It is sent again only when the server cannot have seen it.
    pub async fn change<B, T>(&self, method: Method, path: &str, query: Query<'_>, body: &B) -> Result<T, Error>
    where
        B: Serialize + Sync,
        T: DeserializeOwned,
    {
        let answer = || self.answer(&method, path, self.request(method.clone(), path, query).json(body));
        self.decode(&method, path, &retry(Attempt::Change, answer).await?)
    }

    /// Sends one request as it is; a status that is not a success is an error.
    pub async fn send(&self, method: &Method, path: &str, request: RequestBuilder) -> Result<Response, Error> {
        let response = request.send().await.map_err(|source| self.transport(method, path, &source))?;
        let status = response.status();
        if status.is_success() || status == reqwest::StatusCode::SWITCHING_PROTOCOLS {
            return Ok(response);
        }
        // The reason is in the body; a server that streams without end must not hold us up.
        let mut body = Vec::new();
        let _ = tokio::time::timeout(CONNECT_TIMEOUT, read_beginning(response, &mut body)).await;
        Err(Error::from_status(&self.endpoint, method, path, status, &body))
    }

    /// Waits until the server has answered that it allows no more connections.
    pub async fn crowded(&self) {
        self.places.crowded().await;
    }

    /// Sends a request when there is a place for it.
    async fn in_a_place<T>(&self, request: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let place = self.places.take().await;
        let answer = request.await;
        if answer.as_ref().is_err_and(Error::is_crowded) {
            self.places.refused(place);
        } else {
            self.places.allowed();
        }
        answer
    }

    async fn answer(&self, method: &Method, path: &str, request: RequestBuilder) -> Result<Vec<u8>, Error> {
        let answer = async {
            let response = self.send(method, path, request.timeout(ANSWER_TIMEOUT)).await?;
            let bytes = response.bytes().await.map_err(|source| self.transport(method, path, &source))?;
            Ok(bytes.to_vec())
        };
        self.in_a_place(answer).await
    }

    fn transport(&self, method: &Method, path: &str, source: &reqwest::Error) -> Error {
        Error::from_transport(&self.endpoint, method, path, source)
    }

    fn decode<T: DeserializeOwned>(&self, method: &Method, path: &str, body: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(body).map_err(|source| Error::Decode {
            what: self.endpoint.describe(&format!(
                "answered {method} {path}{} with something unexpected",
                error::through_proxy(&self.endpoint)
            )),
            source,
        })
    }
}

/// The index at which the server had what it answers.
fn index(response: &Response) -> u64 {
    let header = ["x-nomad-index", "x-consul-index"].iter().find_map(|name| response.headers().get(*name));
    header.and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0)
}

/// Reads the beginning of a body, as far as it comes.
async fn read_beginning(mut response: Response, body: &mut Vec<u8>) {
    while body.len() < MAX_ERROR_BODY
        && let Ok(Some(piece)) = response.chunk().await
    {
        body.extend_from_slice(&piece);
    }
}

/// Follows redirects on one server alone: reqwest would hand the token's header on to any other.
fn same_server(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let previous = attempt.previous();
    let same = previous.last().is_some_and(|from| from.origin() == attempt.url().origin());
    if same && previous.len() <= MAX_REDIRECTS { attempt.follow() } else { attempt.stop() }
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn a_segment_cannot_leave_its_place() {
        assert_eq!(segment("spark-master"), "spark-master");
        assert_eq!(segment("../a b?c#d"), "..%2Fa%20b%3Fc%23d");
    }
}
