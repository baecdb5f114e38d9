//! Failures are shown when they happen: what a test wrote comes only when all have ended, half an hour later.

use std::io::{Write, stderr};
use std::panic::{set_hook, take_hook};
use std::sync::Once;
use std::thread;

/// From now on every panic is shown at once, and in its test's output as well.
pub(crate) fn show_at_once() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            // Tests' output is captured where `eprintln!` writes it; this goes past that.
            let _ = writeln!(stderr(), "{}: {panic}", thread::current().name().unwrap_or("a thread"));
            usual(panic);
        }));
    });
}
