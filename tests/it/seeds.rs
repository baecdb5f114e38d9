//! The seeds of the fuzz targets (`fuzz/corpus`), which are real words of Nomad: each is read as the targets read it.

use std::fs;
use std::path::Path;

use nomspark::logs::Lines;
use nomspark::nomad::events::decode;

use crate::support::lab::CHECKOUT;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(CHECKOUT).join("fuzz/corpus").join(target);
    let seeds: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect();
    assert!(seeds.len() >= 5, "{} seeds", seeds.len());
    seeds
}

#[test]
fn events_of_a_real_nomad_are_decoded() {
    for seed in seeds("event_decoder") {
        let line = String::from_utf8(seed).unwrap();
        decode(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

#[test]
fn logs_of_a_real_nomad_come_out_the_same_however_they_are_cut() {
    for seed in seeds("log_lines") {
        let (cut, bytes) = seed.split_first().unwrap();
        let (first, second) = bytes.split_at(usize::from(*cut).min(bytes.len()));
        let whole = lines(&[bytes]);
        assert!(!whole.is_empty() && whole == lines(&[first, second]));
    }
}

fn lines(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let (mut lines, mut told) = (Lines::default(), Vec::new());
    for piece in pieces {
        told.extend(lines.push(piece));
    }
    told.extend(lines.finish());
    told
}
