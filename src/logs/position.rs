//! Where in a task's log somebody has read to. Pure.
//!
//! Nomad cuts a log into files, TASK.stdout.0 and so on, and removes the oldest ones. Its API counts from the start of
//! the oldest file that there is; here the file is remembered, so that reading goes on where it ended.

use crate::nomad::files::LogFile;
use crate::nomad::frames::{FileEvent, Frame};

/// What has been read of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The number of the file.
    index: u64,
    /// How much of it, in bytes.
    offset: u64,
}

/// Where reading goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumption {
    /// Bytes after the start of the oldest file.
    pub offset: u64,
    /// The position that this is.
    pub position: Position,
    /// Whether files were removed before they were read to their end.
    pub lost: bool,
}

impl Position {
    /// So many bytes after the start of the oldest file.
    #[must_use]
    pub fn at(files: &[LogFile], offset: u64) -> Self {
        let mut before = 0;
        for file in files {
            if offset < before + file.size {
                return Self { index: file.index, offset: offset - before };
            }
            before += file.size;
        }
        // The end of the newest one.
        files.last().map_or_else(Self::default, |last| Self { index: last.index, offset: last.size })
    }

    /// The position after a frame.
    #[must_use]
    pub fn after(self, frame: &Frame) -> Self {
        let Some(index) = frame.file.rsplit_once('.').and_then(|(_, digits)| digits.parse().ok()) else {
            return self;
        };
        let before = if index == self.index && frame.event != Some(FileEvent::Truncated) { self.offset } else { 0 };
        Self { index, offset: before + frame.data.len() as u64 }
    }

    /// Where reading goes on, of the files that there are now.
    #[must_use]
    pub fn resume(self, files: &[LogFile]) -> Resumption {
        let older: u64 = files.iter().filter(|file| file.index < self.index).map(|file| file.size).sum();
        if files.iter().any(|file| file.index == self.index) {
            return Resumption { offset: older + self.offset, position: self, lost: false };
        }
        // Nothing was read of a log whose first file is gone, or the file was removed meanwhile.
        let next = files.iter().map(|file| file.index).filter(|index| *index > self.index).min();
        let position = next.map_or(self, |index| Self { index, offset: 0 });
        Resumption { offset: older, position, lost: next.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(index: u64, data: &str, event: Option<FileEvent>) -> Frame {
        Frame { file: format!("alloc/logs/t.stderr.{index}"), data: data.as_bytes().to_vec(), event }
    }

    fn files(sizes: &[(u64, u64)]) -> Vec<LogFile> {
        sizes.iter().map(|(index, size)| LogFile { index: *index, size: *size }).collect()
    }

    fn read(frames: &[Frame]) -> Position {
        frames.iter().fold(Position::default(), Position::after)
    }

    #[test]
    fn reading_goes_on_where_it_ended() {
        let position = read(&[frame(0, "abc", None), frame(0, "de", None), Frame::default(), frame(1, "f", None)]);
        assert_eq!(position, Position { index: 1, offset: 1 });
        let resumed = position.resume(&files(&[(0, 5), (1, 9)]));
        assert_eq!(resumed, Resumption { offset: 6, position, lost: false });
    }

    #[test]
    fn an_offset_is_in_one_of_the_files() {
        let files = files(&[(3, 5), (4, 2)]);
        let at = |offset| Position::at(&files, offset);
        assert_eq!((at(0), at(4)), (Position { index: 3, offset: 0 }, Position { index: 3, offset: 4 }));
        assert_eq!((at(5), at(9)), (Position { index: 4, offset: 0 }, Position { index: 4, offset: 2 }));
        assert_eq!(Position::at(&[], 7), Position::default());
    }

    #[test]
    fn older_files_may_be_removed_meanwhile() {
        let position = read(&[frame(2, "abc", None)]);
        assert_eq!(position.resume(&files(&[(2, 10), (3, 1)])), Resumption { offset: 3, position, lost: false });
    }

    #[test]
    fn a_file_that_was_removed_before_it_was_read_is_told() {
        let position = read(&[frame(2, "abc", None)]);
        let next = Position { index: 4, offset: 0 };
        assert_eq!(position.resume(&files(&[(4, 10)])), Resumption { offset: 0, position: next, lost: true });
    }

    #[test]
    fn a_log_that_is_not_there_yet_begins_at_its_start() {
        let start = Position::default();
        assert_eq!(start.resume(&[]), Resumption { offset: 0, position: start, lost: false });
    }

    #[test]
    fn a_file_that_was_emptied_begins_anew() {
        let position = read(&[frame(0, "abc", None), frame(0, "", Some(FileEvent::Truncated)), frame(0, "d", None)]);
        assert_eq!(position, Position { index: 0, offset: 1 });
    }
}
