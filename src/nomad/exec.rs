//! Runs a command inside a running task and feeds it input: Nomad's alloc exec websocket.
//!
//! Source: <https://developer.hashicorp.com/nomad/api-docs/client#exec-allocation>. Frames are JSON documents that
//! carry bytes in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};
use tokio_tungstenite::tungstenite::{self, handshake};

use super::Nomad;
use crate::error::Advice;
use crate::exit::Exit;
use crate::http::{self, segment};

/// How much input a frame carries, in bytes.
const FRAME: usize = 256 * 1024;
/// How much of the command's output is kept, in bytes.
const MAX_OUTPUT: usize = 16 * 1024;

/// What a command that ended left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Executed {
    /// Its exit code.
    pub exit_code: i64,
    /// What it wrote to both of its streams, bounded.
    pub output: String,
}

/// A command that could not be run to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// Nomad did not open the session.
    #[error(transparent)]
    Http(#[from] http::Error),
    /// Nomad answered, but not with a websocket.
    #[error("Nomad answered {0} instead of opening an exec session")]
    NoWebsocket(StatusCode),
    /// The session broke.
    #[error("the exec session with Nomad broke")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nomad opened the session only to refuse it: it checks the token's capabilities afterwards.
    #[error("Nomad refused to run a command in the allocation: {0}")]
    Refused(String),
    /// The session ended without an exit code.
    #[error("the exec session with Nomad ended before the command did")]
    Unfinished,
    /// The input could not be read.
    #[error("failed to read the input")]
    Input(#[source] std::io::Error),
}

impl Advice for ExecError {
    fn exit(&self) -> Exit {
        match self {
            Self::Http(error) => error.exit(),
            Self::Refused(_) => Exit::Refused,
            _ => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Http(error) => error.hint(),
            Self::Refused(_) => Some(
                "set NOMAD_TOKEN to a token whose policy grants alloc-exec in the namespace (with raw_exec also \
                 alloc-node-exec)"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Frame {
    stdout: Option<Data>,
    stderr: Option<Data>,
    #[serde(default)]
    exited: bool,
    result: Option<ExitResult>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    data: Option<String>,
}

#[derive(Deserialize)]
struct ExitResult {
    #[serde(default)]
    exit_code: i64,
}

impl Nomad {
    /// `GET /v1/client/allocation/:id/exec`: runs a command in a running task and feeds it all of `input`.
    ///
    /// The caller bounds the time.
    pub async fn exec<R>(
        &self,
        allocation: &str,
        task: &str,
        command: &[&str],
        mut input: R,
    ) -> Result<Executed, ExecError>
    where
        R: AsyncRead + Unpin + Send,
    {
        let socket = self.open_exec(allocation, task, command).await?;
        let (mut writer, mut reader) = socket.split();
        let broken = |error: tungstenite::Error| ExecError::Broken(error.into());

        let write = async {
            let mut buffer = vec![0; FRAME];
            loop {
                let length = input.read(&mut buffer).await.map_err(ExecError::Input)?;
                let data = buffer.get(..length).unwrap_or_default();
                let frame = if length == 0 {
                    json!({ "stdin": { "close": true } })
                } else {
                    json!({ "stdin": { "data": STANDARD.encode(data) } })
                };
                writer.send(Message::text(frame.to_string())).await.map_err(broken)?;
                if length == 0 {
                    return Ok::<(), ExecError>(());
                }
            }
        };
        let read = async {
            let mut executed = Executed::default();
            while let Some(message) = reader.next().await {
                let frame: Frame = match message.map_err(broken)? {
                    Message::Text(text) => serde_json::from_str(&text),
                    Message::Binary(bytes) => serde_json::from_slice(&bytes),
                    Message::Close(Some(close)) if close.reason.contains("denied") => {
                        return Err(ExecError::Refused(close.reason.to_string()));
                    }
                    _ => continue,
                }
                .map_err(|error| ExecError::Broken(error.into()))?;
                for data in [frame.stdout, frame.stderr].into_iter().flatten().filter_map(|part| part.data) {
                    let bytes = STANDARD.decode(data).map_err(|error| ExecError::Broken(error.into()))?;
                    if executed.output.len() < MAX_OUTPUT {
                        executed.output.push_str(&String::from_utf8_lossy(&bytes));
                    }
                }
                if frame.exited {
                    executed.exit_code = frame.result.map_or(-1, |result| result.exit_code);
                    return Ok(executed);
                }
            }
            Err(ExecError::Unfinished)
        };

        // A command may end before it has read everything; its exit code then says more than the broken pipe.
        tokio::pin!(write, read);
        tokio::select! {
            executed = &mut read => executed,
            written = &mut write => match written {
                Err(input @ ExecError::Input(_)) => Err(input),
                _ => read.await,
            },
        }
    }

    async fn open_exec(
        &self,
        allocation: &str,
        task: &str,
        command: &[&str],
    ) -> Result<WebSocketStream<reqwest::Upgraded>, ExecError> {
        let command = serde_json::to_string(command).map_err(|error| ExecError::Broken(error.into()))?;
        let query = [("task", task), ("tty", "false"), ("command", command.as_str())];
        let path = format!("/v1/client/allocation/{}/exec", segment(allocation));
        let request = self
            .http
            .request(Method::GET, &path, &query)
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, handshake::client::generate_key());
        let response = self.http.send(&Method::GET, &path, request).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(ExecError::NoWebsocket(response.status()));
        }
        let connection = response.upgrade().await.map_err(|error| ExecError::Broken(error.without_url().into()))?;
        Ok(WebSocketStream::from_raw_socket(connection, Role::Client, None).await)
    }
}
