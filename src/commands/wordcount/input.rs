//! The input: a file on this machine, or a URI that is none of our business.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::format;
use crate::error::Advice;
use crate::exit::Exit;

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
    #[error("the input {0:?} holds {1}, which does not reach Hadoop as it is written")]
    BadUri(String, &'static str),
    #[error("the input {} is not plain text: it looks like {what}", path.display())]
    NotText { path: PathBuf, what: &'static str, way: &'static str },
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
            Self::BadUri(..) => {
                "write `?` in place of each such character: in a pattern it stands for any one".to_owned()
            }
            Self::NotText { way, .. } => (*way).to_owned(),
            _ => {
                "a path on this machine, or a URI that every executor can read, such as hdfs://… or s3a://…".to_owned()
            }
        })
    }
}

/// Opens a local file; `None` for a URI.
pub(super) fn open(input: &str) -> Result<Option<LocalInput>, InputError> {
    if is_uri(input) {
        return match unfit(input) {
            Some(what) => Err(InputError::BadUri(input.to_owned(), what)),
            None => Ok(None),
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
    let mut head = Vec::new();
    (&file).take(format::HEAD).read_to_end(&mut head).map_err(unreadable)?;
    (&file).rewind().map_err(unreadable)?;
    if let Some((what, way)) = format::not_text(&head, path) {
        return Err(InputError::NotText { path: path.to_path_buf(), what, way });
    }
    Ok(Some(LocalInput { file, bytes: metadata.len() }))
}

/// What in a URI would not reach Hadoop, whose paths are texts: spaces and per cent signs stand for themselves there.
///
/// It becomes an argument of the driver, in which Nomad replaces `${}`, and the node's locale decides what the JVM makes of
/// letters outside of ASCII.
fn unfit(uri: &str) -> Option<&'static str> {
    if uri.contains("${") || uri.contains("%{") {
        Some("`${` or `%{`")
    } else if uri.contains(|c: char| c.is_control()) {
        Some("a control character")
    } else if !uri.is_ascii() {
        Some("characters outside of ASCII")
    } else {
        None
    }
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
        for refused in ["file:///a/${NOMAD_ALLOC_ID}", "file:///a/%{x}", "file:///a\nb", "file:///caf\u{e9}.txt"] {
            let error = open(refused).unwrap_err();
            assert!(matches!(error, InputError::BadUri(..)), "{refused}");
            assert!(error.hint().unwrap().contains("`?`"));
        }
        let followed = "file:///a/${NOMAD_ALLOC_ID}".replace(['$', '{', '}'], "?");
        assert!(open(&followed).unwrap().is_none());
        for taken in
            ["file:///a b", "file:///a%20b", "file:///100%.txt", "file:///it's \"a\".txt", "file:///log\\[1\\]"]
        {
            assert!(open(taken).unwrap().is_none(), "{taken}");
        }
    }
}
