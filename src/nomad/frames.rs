//! The frames in which Nomad's clients stream files: JSON documents, one right behind the other, with bytes in base64.
//!
//! Source: <https://developer.hashicorp.com/nomad/api-docs/client#stream-file>. Their offsets are not read: where several
//! pieces were put into one frame, Nomad 1.11 gives that of the first one's end.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// The longest frame, in bytes: Nomad cuts files into pieces of 64 KiB, which base64 makes a third longer.
const LONGEST: usize = 1024 * 1024;

/// A piece of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The file's path in the allocation; empty for a heartbeat.
    pub file: String,
    /// The bytes that follow those of the frame before.
    pub data: Vec<u8>,
    /// What happened to the file.
    pub event: Option<FileEvent>,
}

/// What can happen to a file that is streamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileEvent {
    /// It is gone; log files are removed when there are too many.
    Deleted,
    /// It was emptied: what follows begins at its start.
    Truncated,
}

/// Why a stream is none.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It is no JSON.
    #[error("Nomad sent something that is no piece of a file")]
    Garbage(#[source] serde_json::Error),
    /// The bytes are not in base64.
    #[error("Nomad sent a piece of a file that cannot be read")]
    Data(#[source] base64::DecodeError),
    /// No end of a frame came.
    #[error("Nomad sent a piece of a file that is longer than {LONGEST} bytes")]
    TooLong,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    #[serde(default)]
    data: Option<String>,
    #[serde(default)]
    file: String,
    #[serde(default)]
    file_event: String,
}

/// Puts frames together from bytes as they arrive.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    /// What came after the last whole frame.
    rest: Vec<u8>,
}

impl FrameDecoder {
    /// The frames that these bytes complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, FrameError> {
        self.rest.extend_from_slice(bytes);
        let mut frames = Vec::new();
        let mut documents = serde_json::Deserializer::from_slice(&self.rest).into_iter::<Document>();
        let mut read = 0;
        while let Some(document) = documents.next() {
            match document {
                Ok(document) => frames.push(frame(document)?),
                Err(error) if error.is_eof() => break,
                Err(error) => return Err(FrameError::Garbage(error)),
            }
            read = documents.byte_offset();
        }
        self.rest.drain(..read);
        if self.rest.len() > LONGEST { Err(FrameError::TooLong) } else { Ok(frames) }
    }
}

fn frame(document: Document) -> Result<Frame, FrameError> {
    let data = STANDARD.decode(document.data.unwrap_or_default()).map_err(FrameError::Data)?;
    let event = match document.file_event.as_str() {
        "file deleted" => Some(FileEvent::Deleted),
        "file truncated" => Some(FileEvent::Truncated),
        _ => None,
    };
    Ok(Frame { file: document.file, data, event })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames(bytes: &[u8]) -> Vec<Frame> {
        FrameDecoder::default().push(bytes).unwrap()
    }

    #[test]
    fn a_frame_carries_bytes_of_a_file() {
        let sent = br#"{"Data":"aGVsbG8=","File":"alloc/logs/t.stdout.0","Offset":5}{}"#;
        let hello = Frame { file: "alloc/logs/t.stdout.0".to_owned(), data: b"hello".to_vec(), event: None };
        assert_eq!(frames(sent), [hello, Frame::default()]);
    }

    #[test]
    fn what_happens_to_a_file_is_told() {
        let sent = br#"{"File":"f","FileEvent":"file truncated"} {"File":"f","FileEvent":"file deleted"}"#;
        let events: Vec<_> = frames(sent).into_iter().map(|frame| frame.event).collect();
        assert_eq!(events, [Some(FileEvent::Truncated), Some(FileEvent::Deleted)]);
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        let refused = |bytes: &[u8]| FrameDecoder::default().push(bytes).is_err();
        assert!(refused(b"no JSON"));
        assert!(refused(br#"{"Data":"***"}"#));
        assert!(refused(&[b"{\"Data\":\"".to_vec(), vec![b'A'; LONGEST]].concat()));
        assert!(!refused(br#"{"Data":"#));
    }

    proptest! {
        /// However a stream is cut into pieces, the same frames come out.
        #[test]
        fn cuts_do_not_matter(data in prop::collection::vec(any::<Vec<u8>>(), 0..8), cut in any::<prop::sample::Index>()) {
            let mut sent = Vec::new();
            for bytes in &data {
                let document = serde_json::json!({ "File": "}{\"", "Data": STANDARD.encode(bytes) });
                sent.extend_from_slice(document.to_string().as_bytes());
            }
            let cut = cut.index(sent.len() + 1);
            let mut decoder = FrameDecoder::default();
            let mut frames = decoder.push(&sent[..cut]).unwrap();
            frames.extend(decoder.push(&sent[cut..]).unwrap());
            prop_assert_eq!(frames.into_iter().map(|frame| frame.data).collect::<Vec<_>>(), data);
        }
    }
}
