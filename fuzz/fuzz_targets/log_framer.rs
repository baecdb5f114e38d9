//! However a log arrives in pieces, the same lines come out of it, and garbage is refused.
//!
//! The first byte says where the rest is cut in two.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nomspark::logs::Lines;
use nomspark::nomad::frames::FrameDecoder;

fuzz_target!(|bytes: &[u8]| {
    let Some((cut, bytes)) = bytes.split_first() else { return };
    let (first, second) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    // Garbage may be refused at its first piece, and still look like the beginning of something as a whole.
    if let (Some(cut), Some(whole)) = (lines(&[first, second]), lines(&[bytes])) {
        assert_eq!(cut, whole);
    }
});

/// The lines of a log whose frames arrive so; `None` where they are none.
fn lines(pieces: &[&[u8]]) -> Option<Vec<Vec<u8>>> {
    let (mut decoder, mut lines, mut told) = (FrameDecoder::default(), Lines::default(), Vec::new());
    for piece in pieces {
        for frame in decoder.push(piece).ok()? {
            told.extend(lines.push(&frame.data));
        }
    }
    told.extend(lines.finish());
    Some(told)
}
