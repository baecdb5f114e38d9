//! Asks an address every 10 ms, with connections that do not wait for each other.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::Result;

/// From one question to the next.
pub(crate) const PERIOD: Duration = Duration::from_millis(10);
/// How long a question waits for its answer. One that was sent to a host that is gone gets none.
const LIMIT: Duration = Duration::from_millis(500);
/// What a Spark client that fetches a file sends, and how Spark's answer begins where it has no such file: the type of the
/// message and the file's name, after eight bytes for the length of the whole.
const SPARK_QUESTION: &[u8] = b"\0\0\0\0\0\0\0\x19\x06\0\0\0\x0c/files/bench";
const SPARK_ANSWER: &[u8] = b"\x08\0\0\0\x0c/files/bench";

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Question {
    /// A page.
    Page(&'static str),
    /// What a plain Spark client asks at the port of `spark://` URLs.
    Spark,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A page with its status line.
    Page(String),
    /// Spark's own answer to one of its clients.
    Spark,
    /// The connection was refused, or closed without a word.
    Closed,
    /// Nothing in time.
    Silence,
}

/// A question and what came back.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// When it was asked.
    pub(crate) asked: Instant,
    /// When the answer was there.
    pub(crate) told: Instant,
    /// The answer.
    pub(crate) answer: Answer,
}

/// Asks as long as it lives.
#[derive(Debug)]
pub(crate) struct Sampler {
    samples: UnboundedReceiver<Sample>,
    asking: JoinHandle<()>,
}

impl Sampler {
    /// Begins to ask.
    pub(crate) fn start(address: SocketAddr, question: Question) -> Self {
        let (sender, samples) = unbounded_channel();
        Self { samples, asking: tokio::spawn(ask_on(address, question, sender)) }
    }

    /// The next answer, in the order in which they came.
    pub(crate) async fn next(&mut self) -> Result<Sample> {
        self.samples.recv().await.ok_or_else(|| "nobody asks any more".into())
    }

    /// The first answer of this kind to a question that was asked at this moment or later.
    pub(crate) async fn first(&mut self, since: Instant, is_it: impl Fn(&Answer) -> bool) -> Result<Sample> {
        loop {
            let sample = self.next().await?;
            if sample.asked >= since && is_it(&sample.answer) {
                return Ok(sample);
            }
        }
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.asking.abort();
    }
}

async fn ask_on(address: SocketAddr, question: Question, sender: UnboundedSender<Sample>) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut asking = JoinSet::new();
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let sender = sender.clone();
                asking.spawn(async move {
                    let asked = Instant::now();
                    let answer = ask(address, question).await;
                    // Nobody may listen any more.
                    let _ = sender.send(Sample { asked, told: Instant::now(), answer });
                });
            }
            Some(_) = asking.join_next() => {}
        }
    }
}

/// Asks once.
pub(crate) async fn ask(address: SocketAddr, question: Question) -> Answer {
    let answer = match question {
        Question::Page(path) => timeout(LIMIT, page(address, path)).await,
        Question::Spark => timeout(LIMIT, spark(address)).await,
    };
    match answer {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Answer::Closed,
        Err(_) => Answer::Silence,
    }
}

async fn page(address: SocketAddr, path: &str) -> std::io::Result<Answer> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes()).await?;
    let mut text = Vec::new();
    connection.read_to_end(&mut text).await?;
    Ok(if text.is_empty() { Answer::Closed } else { Answer::Page(String::from_utf8_lossy(&text).into_owned()) })
}

/// Whatever is no answer of Spark's is as good as none.
async fn spark(address: SocketAddr) -> std::io::Result<Answer> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(SPARK_QUESTION).await?;
    let mut answer = [0; 8 + SPARK_ANSWER.len()];
    connection.read_exact(&mut answer).await?;
    Ok(if answer.ends_with(SPARK_ANSWER) { Answer::Spark } else { Answer::Closed })
}

impl Answer {
    /// The JSON string that a page consists of.
    pub(crate) fn json_string(&self) -> Option<&str> {
        let Self::Page(text) = self else { return None };
        let (head, body) = text.split_once("\r\n\r\n")?;
        if !head.split(' ').nth(1)?.starts_with("200") {
            return None;
        }
        body.trim().strip_prefix('"')?.strip_suffix('"')
    }

    /// Whether Spark's master says here that it is ALIVE.
    pub(crate) fn is_alive(&self) -> bool {
        matches!(self, Self::Page(text) if text.contains("\"status\" : \"ALIVE\""))
    }

    /// Whether there is nobody to ask: a refusal, or `HAProxy`'s word for it.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Page(text) => text.split(' ').nth(1) == Some("503"),
            Self::Closed => true,
            Self::Spark | Self::Silence => false,
        }
    }
}
