//! Whatever Nomad's event stream brings, a line of it is decoded or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nomspark::nomad::events::decode;

fuzz_target!(|line: &str| {
    let _ = decode(line);
});
