//! Finds the spec file and reads it: the only I/O of the step.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::Source;
use super::lines::Lines;
use crate::error::Advice;
use crate::exit::Exit;

/// The file that is read when the user names none.
pub const DEFAULT_FILE: &str = "nomspark.hcl";

/// A spec of a thousand hosts has about 150 kB; what is larger than this is some other file.
const LARGEST: u64 = 8 << 20;

/// The spec file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("failed to read the spec {name}")]
pub struct ReadError {
    name: String,
    source: Reason,
}

#[derive(Debug, thiserror::Error)]
enum Reason {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is a directory")]
    Directory,
    #[error("it is larger than {} MiB", LARGEST >> 20)]
    TooLarge,
    #[error("line {line}, column {column}: not UTF-8 text")]
    NotText { line: usize, column: usize },
}

impl Advice for ReadError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        match &self.source {
            Reason::Io(error) if error.kind() == io::ErrorKind::NotFound => Some(format!(
                "without --file, nomspark reads {DEFAULT_FILE} where there is one, and needs no spec at all"
            )),
            Reason::Directory => Some(format!("did you mean {}/{DEFAULT_FILE}?", self.name.trim_end_matches('/'))),
            _ => None,
        }
    }
}

/// Reads the spec: the file that the user named, `-` for standard input, or [`DEFAULT_FILE`] if there is one.
pub fn read(file: Option<&Path>) -> Result<Option<Source>, ReadError> {
    let path = file.unwrap_or(Path::new(DEFAULT_FILE));
    let (name, bytes) = if path == Path::new("-") {
        ("<stdin>".to_owned(), read_all(io::stdin().lock()))
    } else {
        (path.display().to_string(), open(path).and_then(read_all))
    };
    match bytes.and_then(text) {
        Ok(text) => Ok(Some(Source { name, text })),
        Err(Reason::Io(error)) if file.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ReadError { name, source }),
    }
}

fn open(path: &Path) -> Result<File, Reason> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() { Err(Reason::Directory) } else { Ok(file) }
}

fn read_all(reader: impl Read) -> Result<Vec<u8>, Reason> {
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large from one that just fits.
    reader.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST { Err(Reason::TooLarge) } else { Ok(bytes) }
}

fn text(bytes: Vec<u8>) -> Result<String, Reason> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        let (line, column) = Lines::new(&text).position(valid);
        Reason::NotText { line, column }
    })?;
    // Windows editors begin a file with a byte order mark, which is not HCL.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_bytes(bytes: &[u8]) -> Result<Option<Source>, ReadError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spec.hcl");
        std::fs::write(&path, bytes).unwrap();
        read(Some(&path))
    }

    fn cause(error: &ReadError) -> String {
        crate::error::causes(error).join(": ")
    }

    #[test]
    fn a_file_is_read_without_its_byte_order_mark() {
        let source = read_bytes("\u{feff}name = \"é\"\n".as_bytes()).unwrap().unwrap();
        assert_eq!(source.text, "name = \"é\"\n");
        assert!(source.name.ends_with("/spec.hcl"));
    }

    #[test]
    fn a_missing_file_that_was_named_is_an_error() {
        let error = read(Some(Path::new("/nowhere/spec.hcl"))).unwrap_err();
        assert_eq!(error.to_string(), "failed to read the spec /nowhere/spec.hcl");
        assert_eq!(cause(&error), "No such file or directory (os error 2)");
        assert_eq!(error.exit(), Exit::Usage);
        assert!(error.hint().is_some());
    }

    #[test]
    fn a_directory_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = read(Some(folder.path())).unwrap_err();
        assert_eq!(cause(&error), "it is a directory");
        assert!(error.hint().unwrap().ends_with("/nomspark.hcl?"));
    }

    #[test]
    fn what_is_not_text_is_an_error_with_its_place() {
        let error = read_bytes(b"name = 1\n\xc3\xa9\xff").unwrap_err();
        assert_eq!(cause(&error), "line 2, column 2: not UTF-8 text");
    }

    #[test]
    fn size_is_bounded() {
        let largest = usize::try_from(LARGEST).unwrap();
        assert_eq!(read_bytes(&vec![b'\n'; largest]).unwrap().unwrap().text.len(), largest);
        assert_eq!(cause(&read_bytes(&vec![b'\n'; largest + 1]).unwrap_err()), "it is larger than 8 MiB");
    }
}
