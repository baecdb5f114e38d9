//! Who says that it is ALIVE, every 10 ms.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::support::lab::lock;

/// How often every master is asked.
const PERIOD: Duration = Duration::from_millis(10);
/// How long an answer may take. Each one is waited for by a thread of its own.
const PATIENCE: Duration = Duration::from_secs(8);

/// A master that said that it is ALIVE.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    /// When it was asked, since the first question.
    pub(crate) asked: Duration,
    /// When its answer was there.
    pub(crate) told: Duration,
    /// The address of its web UI.
    pub(crate) master: SocketAddr,
}

/// Asks until it is ended.
pub(crate) struct Asking {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<Claim>>>,
}

impl Asking {
    /// Begins to ask these web UIs.
    pub(crate) fn start(masters: Vec<SocketAddr>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let claims: Arc<Mutex<Vec<Claim>>> = Arc::default();
            let mut asking = Vec::new();
            let first = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                let next = Instant::now() + PERIOD;
                for master in masters.clone() {
                    let (claims, asked) = (Arc::clone(&claims), first.elapsed());
                    asking.push(thread::spawn(move || {
                        if is_alive(master) {
                            lock(&claims).push(Claim { asked, told: first.elapsed(), master });
                        }
                    }));
                }
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            for thread in asking {
                thread.join().unwrap();
            }
            lock(&claims).clone()
        });
        Self { stop, thread: Some(thread) }
    }

    /// Ends it, and gives what was claimed.
    pub(crate) fn end(mut self) -> Vec<Claim> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Whether a master says that it is ALIVE.
pub(crate) fn is_alive(master: SocketAddr) -> bool {
    ask(master).is_ok_and(|answer| answer.contains("\"status\" : \"ALIVE\""))
}

fn ask(master: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&master, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /json/status HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Whoever led did so after whoever led before: no master answers a question with ALIVE that it was asked after another
/// one had said so.
pub(crate) fn assert_one_after_the_other(what: &str, claims: &[Claim], leaders: &[SocketAddr]) {
    for (rank, leader) in leaders.iter().enumerate() {
        let since = claims.iter().filter(|claim| claim.master == *leader).map(|claim| claim.told).min();
        let since = since.unwrap_or_else(|| panic!("{what}: {leader} never said that it is ALIVE"));
        let late = claims.iter().find(|claim| leaders[..rank].contains(&claim.master) && claim.asked > since);
        assert!(late.is_none(), "{what}: two leaders: {leader} since {since:?}, and {late:?}");
    }
    let other = claims.iter().find(|claim| !leaders.contains(&claim.master));
    assert!(other.is_none(), "{what}: {other:?} leads too");
}

/// Whoever leads again after another one did so a lease later: two that lead at the same time answer in turns.
pub(crate) fn assert_never_two(what: &str, claims: &[Claim]) {
    const LEASE: Duration = Duration::from_secs(3);
    for between in claims {
        let others = || claims.iter().filter(|claim| claim.master != between.master);
        let before = others().filter(|claim| claim.told < between.asked).max_by_key(|claim| claim.told);
        let after = others().filter(|claim| claim.asked > between.told).min_by_key(|claim| claim.asked);
        if let (Some(before), Some(after)) = (before, after)
            && before.master == after.master
        {
            let gap = after.asked.saturating_sub(before.told);
            assert!(gap > LEASE / 2, "{what}: two leaders: {before:?}, {between:?}, {after:?}");
        }
    }
}
