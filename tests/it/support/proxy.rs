//! A network between nomspark and Nomad that can stand still, or break a session.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Hands every connection on to a server, until it is frozen: then no byte moves any more.
pub(crate) struct Proxy {
    pub(crate) address: String,
    faults: Arc<Faults>,
}

/// What is wrong with the network.
#[derive(Default)]
struct Faults {
    frozen: AtomicBool,
    /// Whether the next exec session breaks once some input went through it.
    breaking: AtomicBool,
}

impl Proxy {
    /// A proxy for the server of an `http://` URL.
    pub(crate) fn before(server: &str) -> Self {
        Self::at(0, server)
    }

    /// The same at a port of this machine.
    pub(crate) fn at(port: u16, server: &str) -> Self {
        let server = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let faults = Arc::new(Faults::default());
        let shared = Arc::clone(&faults);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(upstream) = TcpStream::connect(&server) else { continue };
                let ends = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
                for (from, to) in [(client, upstream), (ends.1, ends.0)] {
                    let faults = Arc::clone(&shared);
                    thread::spawn(move || copy(from, to, &faults));
                }
            }
        });
        Self { address, faults }
    }

    pub(crate) fn freeze(&self) {
        self.faults.frozen.store(true, Ordering::SeqCst);
    }

    pub(crate) fn break_the_next_exec_session(&self) {
        self.faults.breaking.store(true, Ordering::SeqCst);
    }

    /// Whether no session is to break any more.
    pub(crate) fn has_broken_a_session(&self) -> bool {
        !self.faults.breaking.load(Ordering::SeqCst)
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream, faults: &Faults) {
    let mut piece = vec![0; 64 * 1024];
    let mut is_session = false;
    while let Ok(length @ 1..) = from.read(&mut piece) {
        while faults.frozen.load(Ordering::SeqCst) {
            thread::park_timeout(Duration::from_millis(50));
        }
        let piece = &piece[..length];
        if to.write_all(piece).is_err() {
            break;
        }
        if is_session && faults.breaking.swap(false, Ordering::SeqCst) {
            // The server may have been faster.
            let _ = from.shutdown(Shutdown::Both);
            break;
        }
        is_session |= piece.windows(6).any(|word| word == b"/exec?");
    }
    // The other direction may have closed it already.
    let _ = to.shutdown(Shutdown::Write);
}
