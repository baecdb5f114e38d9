//! Where in a task's log somebody has read to. Pure.
//!
//! Nomad cuts a log into files, TASK.stdout.0 and so on, and removes the oldest ones. A position is a place in one of these
//! files by its number, so that nothing shifts when others come or go.

use crate::nomad::files::LogFile;

/// What has been read of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The number of the file.
    index: u64,
    /// How much of it, in bytes.
    offset: u64,
    /// How long the file was when it was last seen, in bytes.
    seen: u64,
}

/// What was removed before it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// So many files, whole or their rest.
    pub files: u64,
    /// About so many bytes: a file that nobody saw is taken to be as long as the longest one that was seen.
    pub bytes: u64,
}

/// What is next in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many bytes of a file, from an offset on.
    Read {
        /// The number of the file.
        index: u64,
        /// Where in the file.
        offset: u64,
        /// How many bytes there are.
        bytes: u64,
    },
    /// Something was removed before it was read.
    Lost(Loss),
    /// There is nothing more now.
    End,
}

impl Position {
    /// So many bytes before the end of the newest file; the start of the oldest one, where there are not so many.
    #[must_use]
    pub fn before_end(files: &[LogFile], bytes: u64) -> Self {
        let mut missing = bytes;
        for file in files.iter().rev() {
            if missing <= file.size {
                return Self { index: file.index, offset: file.size - missing, seen: file.size };
            }
            missing -= file.size;
        }
        files.first().map_or_else(Self::default, |first| Self { index: first.index, offset: 0, seen: first.size })
    }

    /// What is next, of the files that there are now, oldest first; `longest` is the longest one that was ever seen.
    #[must_use]
    pub fn step(&mut self, files: &[LogFile], longest: u64) -> Step {
        loop {
            let here = files.iter().find(|file| file.index == self.index);
            let next = files.iter().map(|file| file.index).find(|index| *index > self.index);
            if let Some(file) = here {
                if file.size < self.offset {
                    // It was emptied: what follows begins at its start.
                    self.offset = 0;
                }
                self.seen = file.size;
                if self.offset < file.size {
                    let (index, offset) = (self.index, self.offset);
                    return Step::Read { index, offset, bytes: file.size - offset };
                }
            }
            // Nomad begins a file when the one before it is full: of that one nothing more comes.
            let Some(next) = next else { return Step::End };
            let between = next - self.index - 1;
            let rest = if here.is_none() { self.unread(longest) } else { 0 };
            let loss =
                Loss { files: between + u64::from(here.is_none()), bytes: rest + between.saturating_mul(longest) };
            *self = Self { index: next, offset: 0, seen: 0 };
            if loss.files > 0 {
                return Step::Lost(loss);
            }
        }
    }

    /// How many bytes of the file are not read, now that it is gone: it was full.
    fn unread(self, longest: u64) -> u64 {
        self.seen.max(longest).saturating_sub(self.offset)
    }

    /// So many bytes more are read.
    pub fn advance(&mut self, bytes: u64) {
        self.offset += bytes;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn files(sizes: &[(u64, u64)]) -> Vec<LogFile> {
        sizes.iter().map(|(index, size)| LogFile { index: *index, size: *size }).collect()
    }

    fn at(index: u64, offset: u64) -> Position {
        Position { index, offset, seen: offset }
    }

    fn read(index: u64, offset: u64, bytes: u64) -> Step {
        Step::Read { index, offset, bytes }
    }

    #[test]
    fn reading_goes_on_where_it_ended() {
        assert_eq!(at(1, 1).step(&files(&[(0, 5), (1, 9)]), 9), read(1, 1, 8));
        assert_eq!(at(1, 9).step(&files(&[(0, 5), (1, 9)]), 9), Step::End);
        assert_eq!(at(0, 5).step(&files(&[(0, 5), (1, 9)]), 9), read(1, 0, 9));
    }

    #[test]
    fn older_files_may_be_removed_meanwhile() {
        assert_eq!(at(2, 3).step(&files(&[(2, 10), (3, 1)]), 10), read(2, 3, 7));
    }

    #[test]
    fn what_was_removed_before_it_was_read_is_counted() {
        let mut position = at(2, 3);
        let now = files(&[(4, 10), (5, 1)]);
        assert_eq!(position.step(&now, 10), Step::Lost(Loss { files: 2, bytes: 17 }));
        assert_eq!(position.step(&now, 10), read(4, 0, 10));
        // Nothing was read of a log whose first files are gone.
        assert_eq!(Position::default().step(&files(&[(2, 4)]), 4), Step::Lost(Loss { files: 2, bytes: 8 }));
        // One is gone between others.
        assert_eq!(at(0, 5).step(&files(&[(0, 5), (2, 1)]), 5), Step::Lost(Loss { files: 1, bytes: 5 }));
    }

    #[test]
    fn a_log_that_is_not_there_yet_begins_at_its_start() {
        let mut start = Position::default();
        assert_eq!(start.step(&[], 0), Step::End);
        assert_eq!(start.step(&files(&[(0, 2)]), 2), read(0, 0, 2));
    }

    #[test]
    fn a_file_that_was_emptied_begins_anew() {
        assert_eq!(at(0, 3).step(&files(&[(0, 1)]), 3), read(0, 0, 1));
    }

    #[test]
    fn the_end_of_a_log_may_begin_in_an_older_file() {
        let files = files(&[(3, 5), (4, 2)]);
        let before_end = |bytes| Position::before_end(&files, bytes);
        assert_eq!(before_end(0), at(4, 2));
        assert_eq!((before_end(2).index, before_end(2).offset), (4, 0));
        assert_eq!((before_end(3).index, before_end(3).offset), (3, 4));
        assert_eq!((before_end(9).index, before_end(9).offset), (3, 0));
        assert_eq!(Position::before_end(&[], 7), Position::default());
    }

    proptest! {
        /// However much is written and removed between two looks, every byte is read or counted as lost, in order.
        #[test]
        fn every_byte_is_read_or_lost(written in prop::collection::vec(0..50_u64, 1..30), kept in 1..4_u64) {
            const FULL: u64 = 10;
            let (mut position, mut total, mut told) = (Position::default(), 0, 0);
            for more in written {
                total += more;
                let newest = total.saturating_sub(1) / FULL;
                let there: Vec<(u64, u64)> = (newest.saturating_sub(kept - 1)..=newest)
                    .map(|index| (index, FULL.min(total - index * FULL)))
                    .collect();
                loop {
                    match position.step(&files(&there), FULL) {
                        Step::Read { index, offset, bytes } => {
                            prop_assert_eq!(index * FULL + offset, told);
                            position.advance(bytes);
                            told += bytes;
                        }
                        Step::Lost(loss) => told += loss.bytes,
                        Step::End => break,
                    }
                }
                prop_assert_eq!(told, total);
            }
        }
    }
}
