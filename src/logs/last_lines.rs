//! Finds where the last lines of a log begin, from its end.

use super::error::Error;
use super::position::{Position, Step};
use crate::nomad::files::LogFile;

/// How long a line is thought to be at first, in bytes.
const LINE: u64 = 200;

/// The position of the last so many lines of a log; `read` reads so many bytes of a file from an offset on, at most `piece`.
pub(super) async fn last_lines<R>(
    files: &[LogFile],
    lines: u64,
    piece: u64,
    read: impl Fn(u64, u64, u64) -> R,
) -> Result<Position, Error>
where
    R: Future<Output = Result<Vec<u8>, Error>>,
{
    let size: u64 = files.iter().map(|file| file.size).sum();
    let mut wanted = lines.saturating_mul(LINE).max(LINE);
    loop {
        let start = Position::before_end(files, wanted.min(size));
        let (mut position, mut text) = (start, Vec::new());
        loop {
            let (index, offset, bytes) = match position.step(files, 0) {
                Step::Read { index, offset, bytes } => (index, offset, bytes),
                Step::Lost(_) => continue,
                Step::End => break,
            };
            let more = read(index, offset, bytes.min(piece)).await?;
            position.advance(more.len() as u64);
            text.extend_from_slice(&more);
        }
        if let Some(skipped) = start_of_last_lines(&text, lines) {
            return Ok(Position::before_end(files, text.len() as u64 - skipped));
        }
        if wanted >= size {
            return Ok(start);
        }
        wanted = wanted.saturating_mul(4);
    }
}

/// How many bytes stand before the last so many lines; `None` where the text does not hold as many.
fn start_of_last_lines(text: &[u8], lines: u64) -> Option<u64> {
    if lines == 0 {
        return Some(text.len() as u64);
    }
    let ends_open = text.last().is_some_and(|last| *last != b'\n');
    let newlines = text.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    let skip = usize::try_from(lines).ok()?.checked_sub(usize::from(ends_open))?;
    newlines.map(|(index, _)| index as u64 + 1).nth(skip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_begin_after_the_newline_before_them() {
        assert_eq!(start_of_last_lines(b"a\nb\nc\n", 1), Some(4));
        assert_eq!(start_of_last_lines(b"a\nb\nc\n", 2), Some(2));
        assert_eq!(start_of_last_lines(b"a\nb\nc", 1), Some(4));
        assert_eq!(start_of_last_lines(b"a\nb\nc", 2), Some(2));
        assert_eq!(start_of_last_lines(b"a\nb\nc\n", 3), None);
        assert_eq!(start_of_last_lines(b"a", 0), Some(1));
    }

    #[tokio::test]
    async fn they_are_found_over_the_files_of_a_log() {
        let texts: [&[u8]; 3] = [b"one\ntwo\n", b"three\nfo", b"ur\nfive"];
        let files: Vec<LogFile> =
            (7..).zip(texts).map(|(index, text)| LogFile { index, size: text.len() as u64 }).collect();
        let read = async |index: u64, offset: u64, bytes: u64| {
            let (index, offset) = (usize::try_from(index - 7).unwrap(), usize::try_from(offset).unwrap());
            let end = texts[index].len().min(offset + usize::try_from(bytes).unwrap());
            Ok(texts[index][offset..end].to_vec())
        };
        for (lines, bytes) in [(0, 0), (1, 4), (2, 9), (3, 15), (5, 23), (9, 23)] {
            let position = last_lines(&files, lines, 3, read).await.unwrap();
            assert_eq!(position, Position::before_end(&files, bytes), "{lines} lines");
        }
    }
}
