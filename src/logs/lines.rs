//! Cuts what a task wrote into lines, as it comes. Pure.

/// The longest line, in bytes; a longer one is cut, so that whatever a task writes, little memory is needed.
const LONGEST: usize = 64 * 1024;

/// Puts lines together from pieces.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// What came after the last line's end.
    rest: Vec<u8>,
}

impl Lines {
    /// The lines that these bytes complete, without their ends.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(piece);
            while self.rest.len() > LONGEST && !self.rest[..LONGEST].ends_with(b"\n") {
                lines.push(self.rest.drain(..LONGEST).collect());
            }
            if self.rest.last() == Some(&b'\n') {
                self.rest.pop();
                lines.push(std::mem::take(&mut self.rest));
            }
        }
        lines
    }

    /// What the task wrote last, without an end of a line.
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        (!self.rest.is_empty()).then(|| std::mem::take(&mut self.rest))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_end_with_their_newline_and_the_last_with_the_log() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"one\ntw"), [b"one".to_vec()]);
        assert_eq!(lines.push(b"o\n\nth"), [b"two".to_vec(), Vec::new()]);
        assert_eq!(lines.finish(), Some(b"th".to_vec()));
        assert_eq!(lines.finish(), None);
    }

    #[test]
    fn a_line_without_an_end_needs_little_memory() {
        let mut lines = Lines::default();
        let cut = lines.push(&vec![b'x'; 3 * LONGEST + 1]);
        assert_eq!(cut.iter().map(Vec::len).collect::<Vec<_>>(), [LONGEST; 3]);
        assert_eq!(lines.finish(), Some(vec![b'x']));
    }

    proptest! {
        /// However a log is cut into pieces, the same lines come out, and no byte is lost or told twice.
        #[test]
        fn cuts_do_not_matter(log in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..400), cut in any::<prop::sample::Index>()) {
            let cut = cut.index(log.len() + 1);
            let mut lines = Lines::default();
            let mut told = lines.push(&log[..cut]);
            told.extend(lines.push(&log[cut..]));
            told.extend(lines.finish());
            let mut expected: Vec<Vec<u8>> = log.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            if expected.last().is_some_and(Vec::is_empty) {
                expected.pop();
            }
            prop_assert_eq!(told, expected);
        }
    }
}
