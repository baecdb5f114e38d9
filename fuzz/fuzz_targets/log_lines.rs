//! However a log arrives in pieces, the same lines come out of it, and the same ones are new.
//!
//! The first byte says where the rest is cut in two.

#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use nomspark::logs::{Lines, Since};

fuzz_target!(|bytes: &[u8]| {
    let Some((cut, bytes)) = bytes.split_first() else { return };
    let (first, second) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    assert_eq!(lines(&[first, second]), lines(&[bytes]));
});

/// The lines of a log that arrives so, and which of them are not older than a day in 2026.
fn lines(pieces: &[&[u8]]) -> Vec<(Vec<u8>, bool)> {
    let (mut lines, mut told) = (Lines::default(), Vec::new());
    for piece in pieces {
        told.extend(lines.push(piece));
    }
    told.extend(lines.finish());
    let day = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_333_812);
    let mut since = Since::new(day, day);
    told.into_iter().map(|line| (line.clone(), since.keeps(&line))).collect()
}
