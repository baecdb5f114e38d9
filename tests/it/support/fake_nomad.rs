//! A Nomad that says what a test wants it to say, with the few pages of Consul and Spark that nomspark reads too.
//!
//! It serves on a free port of the loopback, in the test's own runtime. Every request is recorded. A test overrides any
//! route for one answer ([`Fake::once`]) or for good ([`Fake::on`]) and writes the event stream byte by byte through a
//! [`Feed`]. Nothing here waits for time to pass: tests wait for requests ([`Fake::received`]) and streams
//! ([`Fake::next_stream`]).

mod routes;
mod tls;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::response::IntoResponse;
use futures_util::Stream;
use nomspark::http::Endpoint;
use nomspark::nomad::SERVER;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

pub(crate) use routes::{allocation, batch, evaluation, job};
pub(crate) use tls::{Certificates, Server};

/// How long a test may wait for something that must come; only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer of the fake.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A document, status 200.
    Json(Value),
    /// A status and a body, which need not be JSON.
    Raw(u16, Vec<u8>),
    /// The status 302 and another address.
    Redirect(String),
    /// Reads the request and never answers.
    Hang,
    /// Reads the request and closes the connection without a word.
    HangUp,
    /// Promises a body, sends its beginning and closes the connection.
    BreakOff(Vec<u8>),
}

impl Reply {
    /// A status with a text.
    pub(crate) fn status(status: u16, text: &str) -> Self {
        Self::Raw(status, text.as_bytes().to_vec())
    }
}

/// A request that the fake has read.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// GET, POST and so on.
    pub(crate) method: Method,
    /// The path, without the query.
    pub(crate) path: String,
    /// Everything behind the question mark.
    pub(crate) query: String,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
}

impl Received {
    /// A header's value, empty where it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Default)]
struct World {
    always: BTreeMap<String, Reply>,
    next: BTreeMap<String, VecDeque<Reply>>,
    indexes: BTreeMap<String, u64>,
    received: Vec<Received>,
}

/// A running fake; it ends with the test's runtime.
pub(crate) struct Fake {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    streams: mpsc::UnboundedReceiver<Feed>,
    count: watch::Receiver<usize>,
}

struct Shared {
    address: SocketAddr,
    world: Mutex<World>,
    streams: mpsc::UnboundedSender<Feed>,
    count: watch::Sender<usize>,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fake {
    /// Starts to serve over HTTP.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self::serve(listener, address, "http")
    }

    /// Starts to serve over TLS.
    pub(crate) async fn start_tls(server: Server) -> Self {
        let listener = tls::TlsListener::bind(server).await;
        let address = listener.address();
        Self::serve(listener, address, "https")
    }

    fn serve<L>(listener: L, address: SocketAddr, scheme: &'static str) -> Self
    where
        L: axum::serve::Listener,
        L::Addr: std::fmt::Debug,
    {
        let (sender, streams) = mpsc::unbounded_channel();
        let (counter, count) = watch::channel(0);
        let shared = Arc::new(Shared { address, world: Mutex::default(), streams: sender, count: counter });
        let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, scheme, shared, streams, count }
    }

    /// Where it serves, as for `NOMAD_ADDR`.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// HOST:PORT.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// An endpoint without credentials.
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::open(&SERVER, self.url().parse().unwrap())
    }

    /// From now on `GET /path` gets this answer.
    pub(crate) fn on(&self, route: &str, reply: Reply) {
        self.shared.world().always.insert(route.to_owned(), reply);
    }

    /// The next `GET /path` gets this answer; several queue up.
    pub(crate) fn once(&self, route: &str, reply: Reply) {
        self.shared.world().next.entry(route.to_owned()).or_default().push_back(reply);
    }

    /// What `X-Nomad-Index` says at a path from now on; 1000 elsewhere.
    pub(crate) fn index(&self, path: &str, index: u64) {
        self.shared.world().indexes.insert(path.to_owned(), index);
    }

    /// What the lists say of one job, all at the same index.
    pub(crate) fn list(&self, index: u64, job: &Value, allocations: &[Value], evaluations: &[Value]) {
        let path = format!("/v1/job/{}", job["ID"].as_str().unwrap());
        self.on(&format!("GET {path}"), Reply::Json(job.clone()));
        self.on(&format!("GET {path}/allocations"), Reply::Json(allocations.into()));
        self.on(&format!("GET {path}/evaluations"), Reply::Json(evaluations.into()));
        for list in ["allocations", "evaluations"] {
            self.index(&format!("{path}/{list}"), index);
        }
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<Received> {
        self.shared.world().received.clone()
    }

    /// The requests of one route so far, such as `POST /v1/jobs`.
    pub(crate) fn requests_of(&self, route: &str) -> Vec<Received> {
        let of_route = |request: &Received| format!("{} {}", request.method, request.path) == route;
        self.requests().into_iter().filter(of_route).collect()
    }

    /// Waits until a route was asked so often.
    pub(crate) async fn received(&mut self, route: &str, times: usize) {
        let wait = async {
            while self.requests_of(route).len() < times {
                self.count.changed().await.unwrap();
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, wait).await.is_ok();
        assert!(in_time, "no {times} times {route}; received {:?}", self.routes());
    }

    /// Waits until a client opens the event stream; the test writes it.
    pub(crate) async fn next_stream(&mut self) -> Feed {
        match tokio::time::timeout(PATIENCE, self.streams.recv()).await {
            Ok(Some(feed)) => feed,
            _ => panic!("no event stream was opened; received {:?}", self.routes()),
        }
    }

    /// All routes that were asked, for messages.
    fn routes(&self) -> Vec<String> {
        self.requests().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}

/// The event stream of one client.
#[derive(Debug)]
pub(crate) struct Feed(mpsc::UnboundedSender<Result<Bytes, Broken>>);

/// Ends a body before it is whole.
#[derive(Debug, thiserror::Error)]
#[error("the fake broke the stream")]
pub(crate) struct Broken;

impl Feed {
    /// Sends bytes as they are: half a line, or garbage.
    pub(crate) fn bytes(&self, bytes: impl AsRef<[u8]>) {
        // A client that is gone is for the test to notice.
        let _ = self.0.send(Ok(Bytes::copy_from_slice(bytes.as_ref())));
    }

    /// Sends a document as a line.
    pub(crate) fn line(&self, document: &Value) {
        self.bytes(format!("{document}\n"));
    }

    /// Sends a heartbeat.
    pub(crate) fn heartbeat(&self) {
        self.bytes("{}\n");
    }

    /// Ends the stream in good order.
    pub(crate) fn close(self) {
        drop(self);
    }

    /// Waits until the client is gone.
    pub(crate) async fn closed(&self) {
        self.0.closed().await;
    }

    /// Breaks the connection.
    pub(crate) fn break_off(self) {
        let _ = self.0.send(Err(Broken));
    }
}

struct Lines(mpsc::UnboundedReceiver<Result<Bytes, Broken>>);

impl Stream for Lines {
    type Item = Result<Bytes, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

/// Answers one request: what the test set for its route, else what a small healthy cluster would say.
async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let route = format!("{} {path}", parts.method);
    let received = Received {
        method: parts.method,
        path: path.clone(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: to_bytes(body, usize::MAX).await.unwrap_or_default(),
    };
    let (reply, index) = {
        let mut world = shared.world();
        let next = world.next.get_mut(&route).and_then(VecDeque::pop_front);
        let reply = next.or_else(|| world.always.get(&route).cloned());
        let reply = reply.or_else(|| routes::default(&received, shared.address));
        world.received.push(received);
        (reply, world.indexes.get(&path).copied().unwrap_or(1000))
    };
    shared.count.send_modify(|count| *count += 1);
    let mut response = match reply {
        None if path == "/v1/event/stream" => {
            let (sender, lines) = mpsc::unbounded_channel();
            let _ = shared.streams.send(Feed(sender));
            Response::new(Body::from_stream(Lines(lines)))
        }
        None => (StatusCode::NOT_FOUND, "not found").into_response(),
        Some(reply) => send(reply).await,
    };
    response.headers_mut().insert("x-nomad-index", index.into());
    response
}

async fn send(reply: Reply) -> Response<Body> {
    match reply {
        Reply::Json(document) => axum::Json(document).into_response(),
        Reply::Raw(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Reply::Redirect(address) => (StatusCode::FOUND, [("location", address)]).into_response(),
        Reply::Hang => std::future::pending().await,
        // The task of the connection ends without an answer, and nobody's panic hook is told.
        Reply::HangUp => std::panic::resume_unwind(Box::new(())),
        Reply::BreakOff(beginning) => {
            let pieces = [Ok(Bytes::from(beginning)), Err(Broken)];
            Response::new(Body::from_stream(futures_util::stream::iter(pieces)))
        }
    }
}
