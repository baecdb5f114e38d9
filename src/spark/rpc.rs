//! Whether Spark's RPC answers at an address, asked in the words that every Spark client uses.
//!
//! A port that can be connected to proves nothing: a proxy takes connections for a master that it cannot reach. So a
//! frame of Spark's own protocol (`org.apache.spark.network.protocol`) goes there and one has to come back. It asks for a
//! file that no Spark serves, which Spark answers at once, in every version since 2.0, without a line in its log and
//! without a secret where clients must have one.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The file that is asked for: a `StreamRequest` of the kind that fetches an application's files (`NettyStreamManager`).
const FILE: &str = "/files/nomspark";
/// The types of messages, one byte (`Message.Type`).
const STREAM_REQUEST: u8 = 6;
const STREAM_FAILURE: u8 = 8;
/// How many bytes come before the file's name in the answer: the frame's length, the type, the name's length.
const HEADER: usize = 8 + 1 + 4;

/// Why no Spark answered at an address; displayed as what the address does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// No connection came about; the kernel's reason.
    #[error("takes no connection: {0}")]
    Unconnected(String),
    /// The connection ended before an answer, as behind a proxy that leads nowhere.
    #[error("closes the connection before a Spark master answers")]
    Closed,
    /// Nothing came in time.
    #[error("takes the connection, and no Spark master answers within {} ms", .0.as_millis())]
    Silent(Duration),
    /// Something else answers there.
    #[error("answers, but not as Spark does")]
    Foreign,
}

/// Asks once at HOST:PORT of a `spark://` URL. `limit` bounds the connection and the answer, each.
pub(super) async fn ask(address: SocketAddr, limit: Duration) -> Result<(), NoAnswer> {
    let connected = timeout(limit, TcpStream::connect(address)).await;
    let late = || io::Error::from(io::ErrorKind::TimedOut);
    let stream = connected.unwrap_or_else(|_| Err(late())).map_err(|error| unconnected(&error))?;
    timeout(limit, exchange(stream)).await.unwrap_or(Err(NoAnswer::Silent(limit)))
}

/// A kernel's error in words, without its number.
fn unconnected(error: &io::Error) -> NoAnswer {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    NoAnswer::Unconnected(words.to_lowercase())
}

/// Sends the question over a connection and reads the beginning of the answer.
async fn exchange(mut stream: TcpStream) -> Result<(), NoAnswer> {
    let mut answer = [0; HEADER + FILE.len()];
    let exchanged = async {
        stream.write_all(&question()).await?;
        stream.read_exact(&mut answer).await
    };
    exchanged.await.map_err(|_| NoAnswer::Closed)?;
    let (header, name) = answer.split_at(HEADER);
    if header[8] == STREAM_FAILURE && name == FILE.as_bytes() { Ok(()) } else { Err(NoAnswer::Foreign) }
}

/// The frame of the question: its whole length, the type of the message, then the file as a text with its length.
fn question() -> Vec<u8> {
    let length = HEADER + FILE.len();
    let mut frame = Vec::with_capacity(length);
    frame.extend((length as u64).to_be_bytes());
    frame.push(STREAM_REQUEST);
    frame.extend((u32::try_from(FILE.len()).unwrap_or(u32::MAX)).to_be_bytes());
    frame.extend(FILE.as_bytes());
    frame
}

#[cfg(test)]
mod tests;
