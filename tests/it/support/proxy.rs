//! A network between nomspark and Nomad that can stand still.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Hands every connection on to a server, until it is frozen: then no byte moves any more.
pub(crate) struct Proxy {
    pub(crate) address: String,
    frozen: Arc<AtomicBool>,
}

impl Proxy {
    /// A proxy for the server of an `http://` URL.
    pub(crate) fn before(server: &str) -> Self {
        let server = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let frozen = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&frozen);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(upstream) = TcpStream::connect(&server) else { continue };
                let ends = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
                for (from, to) in [(client, upstream), (ends.1, ends.0)] {
                    let frozen = Arc::clone(&shared);
                    thread::spawn(move || copy(from, to, &frozen));
                }
            }
        });
        Self { address, frozen }
    }

    pub(crate) fn freeze(&self) {
        self.frozen.store(true, Ordering::SeqCst);
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream, frozen: &AtomicBool) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        while frozen.load(Ordering::SeqCst) {
            thread::park_timeout(Duration::from_millis(50));
        }
        if to.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    // The other direction may have closed it already.
    let _ = to.shutdown(Shutdown::Write);
}
