//! What the floating address does, every 10 ms: who answers there, which hosts have it, and to whom neighbours send.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::support::lab::lock;

/// How often everything is looked at.
const PERIOD: Duration = Duration::from_millis(10);
/// How long an answer may take. Each one is waited for by a thread of its own.
const PATIENCE: Duration = Duration::from_secs(1);

/// What was seen at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// Since the first one.
    pub(crate) at: Duration,
    /// The host that answered, if any did.
    pub(crate) answer: Option<String>,
    /// The hosts that have the address on an interface.
    pub(crate) holders: BTreeSet<String>,
    /// The link-layer address that this machine sends to.
    pub(crate) neighbour: Option<String>,
}

/// Where to look.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The address, without a port.
    pub(crate) address: String,
    /// The hosts' names, each with a process in its network.
    pub(crate) hosts: Vec<(String, i64)>,
}

/// Looks until it is ended.
pub(crate) struct Sampling {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<Sample>>>,
}

impl Place {
    /// The host that answers at the address now, by its own word.
    pub(crate) fn answer(&self) -> Option<String> {
        let address: SocketAddr = format!("{}:8080", self.address).parse().unwrap();
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.write_all(b"GET /nomspark/holder HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    /// The hosts that have the address, as the kernel's routing table of each tells.
    pub(crate) fn holders(&self) -> BTreeSet<String> {
        let has = |pid: &i64| {
            let path: PathBuf = format!("/proc/{pid}/net/fib_trie").into();
            fs::read_to_string(path).is_ok_and(|table| table.contains(&format!("|-- {}\n", self.address)))
        };
        self.hosts.iter().filter(|(_, pid)| has(pid)).map(|(name, _)| name.clone()).collect()
    }

    fn neighbour(&self) -> Option<String> {
        let table = fs::read_to_string("/proc/net/arp").unwrap();
        let row = table.lines().find(|line| line.split_whitespace().next() == Some(&self.address))?;
        row.split_whitespace().nth(3).filter(|address| *address != "00:00:00:00:00:00").map(str::to_owned)
    }

    /// Begins to look.
    pub(crate) fn sample(&self) -> Sampling {
        let stop = Arc::new(AtomicBool::new(false));
        let (place, stopped) = (self.clone(), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            let samples: Arc<Mutex<Vec<Sample>>> = Arc::default();
            let mut asking = Vec::new();
            let first = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                let next = Instant::now() + PERIOD;
                let (place, samples, at) = (place.clone(), Arc::clone(&samples), first.elapsed());
                let (holders, neighbour) = (place.holders(), place.neighbour());
                asking.push(thread::spawn(move || {
                    let answer = place.answer();
                    lock(&samples).push(Sample { at, answer, holders, neighbour });
                }));
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            for thread in asking {
                thread.join().unwrap();
            }
            let mut samples = lock(&samples).clone();
            samples.sort_by_key(|sample| sample.at);
            samples
        });
        Sampling { stop, thread: Some(thread) }
    }
}

impl Sampling {
    /// Ends it, and gives what was seen, in order.
    pub(crate) fn end(mut self) -> Vec<Sample> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Sampling {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The different values that came one after the other, without those that were missing.
pub(crate) fn changes<'a>(values: impl Iterator<Item = Option<&'a String>>) -> Vec<&'a str> {
    let mut changes: Vec<&str> = values.flatten().map(String::as_str).collect();
    changes.dedup();
    changes
}
