//! The last lines of a log: what a task wrote before it ended.

use std::time::Duration;

use tokio::time::timeout;

use super::Nomad;
use super::files::LogStream;

/// How much of a log's end is read, in bytes: a Java program's last words are long, a thousand frames and more.
pub(crate) const TAIL: u64 = 256 * 1024;
/// How long a node may take to answer: what a task wrote is told besides something else, which does not wait for it.
const TIMEOUT: Duration = Duration::from_secs(5);

impl Nomad {
    /// The last lines of a task's standard error and of its standard output, without control characters; empty where they
    /// cannot be read.
    pub(crate) async fn last_lines(&self, allocation: &str, task: &str) -> [Vec<String>; 2] {
        let tail = async |stream| {
            let read = timeout(TIMEOUT, self.end_of_log(allocation, task, stream, TAIL)).await;
            read.ok().and_then(Result::ok).map_or_else(Vec::new, |bytes| lines_of(&bytes))
        };
        tokio::join!(tail(LogStream::Stderr), tail(LogStream::Stdout)).into()
    }
}

/// The lines of a log's end of [`TAIL`] bytes, without control characters.
pub(crate) fn lines_of(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let printable = |line: &str| line.chars().filter(|c| !c.is_control() || *c == '\t').collect::<String>();
    let lines: Vec<String> = text.lines().map(printable).filter(|line| !line.trim().is_empty()).collect();
    // The first line may be the end of a longer one when the tail was cut.
    let skip_cut = usize::from(u64::try_from(bytes.len()).unwrap_or(0) >= TAIL);
    lines[skip_cut.min(lines.len())..].to_vec()
}
