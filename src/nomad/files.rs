//! What tasks wrote: logs and files of an allocation, through Nomad's API alone.

use reqwest::Response;
use serde::Deserialize;

use super::Nomad;
use crate::http::{Error, segment};

/// One of a task's two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl LogStream {
    /// As in Nomad's API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// A file of a task's log: Nomad cuts logs into files, and removes the oldest ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogFile {
    /// Its number.
    pub index: u64,
    /// Its size in bytes.
    pub size: u64,
}

/// A file, as a folder's list has it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FileInfo {
    name: String,
    size: u64,
}

/// The files of a log, oldest first, out of all files in the folder.
fn files_of(listed: &[(String, u64)], task: &str, stream: LogStream) -> Vec<LogFile> {
    let prefix = format!("{task}.{}.", stream.as_str());
    let file = |(name, size): &(String, u64)| {
        let index = name.strip_prefix(&prefix)?.parse().ok()?;
        Some(LogFile { index, size: *size })
    };
    let mut files: Vec<LogFile> = listed.iter().filter_map(file).collect();
    files.sort_unstable();
    files
}

impl Nomad {
    /// `GET /v1/client/fs/ls/:allocation`: the files of a task's log, oldest first; none before the task has started.
    pub async fn log_files(&self, allocation: &str, task: &str, stream: LogStream) -> Result<Vec<LogFile>, Error> {
        Ok(files_of(&self.list_folder(allocation, "alloc/logs").await?, task, stream))
    }

    /// `GET /v1/client/fs/ls/:allocation`: the names and sizes in bytes of what is in a folder; nothing where there is none.
    pub async fn list_folder(&self, allocation: &str, path: &str) -> Result<Vec<(String, u64)>, Error> {
        let endpoint = format!("/v1/client/fs/ls/{}", segment(allocation));
        let listed: Option<Vec<FileInfo>> = self.http.find(&endpoint, &[("path", path)]).await?;
        Ok(listed.unwrap_or_default().into_iter().map(|file| (file.name, file.size)).collect())
    }

    /// `GET /v1/client/fs/readat/:allocation`: so many bytes of a file, from an offset on.
    pub async fn read_file_at(&self, allocation: &str, path: &str, offset: u64, bytes: u64) -> Result<Vec<u8>, Error> {
        let endpoint = format!("/v1/client/fs/readat/{}", segment(allocation));
        let (offset, limit) = (offset.to_string(), bytes.to_string());
        self.http.get_bytes(&endpoint, &[("path", path), ("offset", &offset), ("limit", &limit)]).await
    }

    /// `GET /v1/client/fs/logs/:allocation`: the last so many bytes of a task's log.
    pub async fn end_of_log(
        &self,
        allocation: &str,
        task: &str,
        stream: LogStream,
        bytes: u64,
    ) -> Result<Vec<u8>, Error> {
        let query = [
            ("task", task),
            ("type", stream.as_str()),
            ("plain", "true"),
            ("origin", "end"),
            ("offset", &bytes.to_string()),
            ("follow", "false"),
        ];
        self.http.get_bytes(&format!("/v1/client/fs/logs/{}", segment(allocation)), &query).await
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_s_files_are_those_of_the_task_and_its_stream_in_order() {
        let listed = ["t.stdout.10", "t.stdout.2", "t.stderr.0", "other.stdout.0", ".t.stdout.fifo", "t.stdout.x"];
        let listed = listed.map(|name| (name.to_owned(), 7));
        let files = files_of(&listed, "t", LogStream::Stdout);
        assert_eq!(files, [LogFile { index: 2, size: 7 }, LogFile { index: 10, size: 7 }]);
    }
}
