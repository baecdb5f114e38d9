//! The input: a file on this machine, or a URI that is none of our business.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::cli::exit::Exit;
use crate::error::Advice;

/// A local file, open for reading.
#[derive(Debug)]
pub(super) struct LocalInput {
    pub(super) file: File,
    pub(super) bytes: u64,
}

impl LocalInput {
    /// What tells this file, as it is now, from others: its device, number, size in bytes and moment of change.
    pub(super) fn identity(&self) -> Option<(u64, u64, u64, i64, i64)> {
        let file = self.file.metadata().ok()?;
        Some((file.dev(), file.ino(), file.len(), file.mtime(), file.mtime_nsec()))
    }
}

/// Why a local file cannot be counted.
#[derive(Debug, thiserror::Error)]
pub(super) enum InputError {
    #[error("the input {} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    #[error("the input {} is a folder", .0.display())]
    Folder(PathBuf),
    #[error("the input {} is neither a file nor a URI", .0.display())]
    NotAFile(PathBuf),
    #[error("the input {0:?} holds characters that no URI has")]
    BadUri(String),
}

impl Advice for InputError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Folder(path) => format!(
                "join its files first: cat {}/* > input.txt; or name a URI with a pattern, such as hdfs://…/*.txt",
                path.display()
            ),
            Self::BadUri(_) => "spaces and other special characters are written as %20 in a URI".to_owned(),
            _ => {
                "a path on this machine, or a URI that every executor can read, such as hdfs://… or s3a://…".to_owned()
            }
        })
    }
}

/// Opens a local file; `None` for a URI.
pub(super) fn open(input: &str) -> Result<Option<LocalInput>, InputError> {
    if is_uri(input) {
        // It becomes an argument of the driver in which Nomad would replace ${}.
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\' | '`' | '<' | '>');
        return if input.chars().all(plain) && !input.contains("${") && !input.contains("%{") {
            Ok(None)
        } else {
            Err(InputError::BadUri(input.to_owned()))
        };
    }
    let path = Path::new(input);
    let unreadable = |source| InputError::Unreadable(path.to_path_buf(), source);
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(InputError::Folder(path.to_path_buf()));
    }
    if !metadata.is_file() {
        return Err(InputError::NotAFile(path.to_path_buf()));
    }
    let file = File::open(path).map_err(unreadable)?;
    Ok(Some(LocalInput { file, bytes: metadata.len() }))
}

/// RFC 3986: a scheme, then `://`.
fn is_uri(input: &str) -> bool {
    input.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_has_a_scheme() {
        assert!(is_uri("hdfs://name/books/*.txt"));
        assert!(is_uri("s3a://bucket/key"));
        assert!(!is_uri("book.txt"));
        assert!(!is_uri("./a://b"));
        assert!(!is_uri("1a://b"));
    }

    #[test]
    fn a_uri_that_nomad_would_change_is_refused() {
        assert!(matches!(open("file:///a/${NOMAD_ALLOC_ID}"), Err(InputError::BadUri(_))));
        assert!(matches!(open("file:///a b"), Err(InputError::BadUri(_))));
        assert!(open("file:///a%20b").unwrap().is_none());
    }
}
