//! What tasks wrote: logs and files of an allocation, through Nomad's API alone.

use reqwest::Response;

use super::Nomad;
use crate::http::{Error, segment};

/// One of a task's two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl LogStream {
    fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Where reading a log begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogOrigin {
    /// So many bytes after the beginning.
    Start(u64),
    /// So many bytes before the end.
    End(u64),
}

impl Nomad {
    /// `GET /v1/client/fs/logs/:allocation`: the bytes of a task's log; with `follow` the answer does not end.
    pub async fn logs(
        &self,
        allocation: &str,
        task: &str,
        stream: LogStream,
        origin: LogOrigin,
        follow: bool,
    ) -> Result<Response, Error> {
        let (origin, offset) = match origin {
            LogOrigin::Start(bytes) => ("start", bytes),
            LogOrigin::End(bytes) => ("end", bytes),
        };
        let query = [
            ("task", task),
            ("type", stream.as_str()),
            ("plain", "true"),
            ("origin", origin),
            ("offset", &offset.to_string()),
            ("follow", if follow { "true" } else { "false" }),
        ];
        self.http.open(&format!("/v1/client/fs/logs/{}", segment(allocation)), &query).await
    }

    /// `GET /v1/client/fs/cat/:allocation`: a file's bytes, piece by piece.
    pub async fn open_file(&self, allocation: &str, path: &str) -> Result<Response, Error> {
        self.http.open(&format!("/v1/client/fs/cat/{}", segment(allocation)), &[("path", path)]).await
    }

    /// `GET /v1/client/fs/cat/:allocation`: a small file, whole.
    pub async fn read_file(&self, allocation: &str, path: &str) -> Result<Vec<u8>, Error> {
        self.http.get_bytes(&format!("/v1/client/fs/cat/{}", segment(allocation)), &[("path", path)]).await
    }
}
