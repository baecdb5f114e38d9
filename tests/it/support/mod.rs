//! What the tests share: the lab, its clusters, runs of nomspark and requests to the servers.

pub(crate) mod agent;
pub(crate) mod cluster;
pub(crate) mod docker;
pub(crate) mod failures;
pub(crate) mod fake_nomad;
pub(crate) mod folder;
pub(crate) mod hosts;
pub(crate) mod http;
pub(crate) mod lab;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod rows;
pub(crate) mod run;

use std::fs;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::mount::umount;
use serde_json::Value;

/// Waits until `look` finds something; `what` says what is missing when it never does.
pub(crate) fn wait_for<T>(what: &str, limit: Duration, look: impl FnMut() -> Option<T>) -> T {
    wait_or_tell(what, limit, look, String::new)
}

/// The same; `tell` says how things stand instead.
pub(crate) fn wait_or_tell<T>(
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> Option<T>,
    tell: impl FnOnce() -> String,
) -> T {
    let started = Instant::now();
    while started.elapsed() < limit {
        if let Some(found) = look() {
            return found;
        }
        // Often at first; what takes longer shall not be slower because it is looked at.
        thread::sleep((started.elapsed() / 10).clamp(Duration::from_millis(50), Duration::from_millis(250)));
    }
    look().unwrap_or_else(|| panic!("waited {} s in vain for {what}{}", limit.as_secs(), tell()))
}

/// HOST:PORT of a port's label, as Nomad tells it of a whole allocation.
pub(crate) fn address(allocation: &Value, label: &str) -> Option<String> {
    let ports = allocation["AllocatedResources"]["Shared"]["Ports"].as_array()?;
    let port = ports.iter().find(|port| port["Label"] == label)?;
    Some(format!("{}:{}", port["HostIP"].as_str()?, port["Value"]))
}

/// The token in an answer of `nomad acl` or `consul acl`.
pub(crate) fn secret(answer: &[u8]) -> String {
    let answer: Value = serde_json::from_slice(answer).unwrap();
    answer["SecretID"].as_str().unwrap().to_owned()
}

/// The next port that is tried: below those of labs, and below those that the kernel gives to whoever asks for any.
static NEXT_PORT: AtomicU16 = AtomicU16::new(10_000);

/// Ports of this machine that nobody has, and that no other test gets.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    [(); N].map(|()| {
        loop {
            let port = NEXT_PORT.fetch_add(1, Ordering::Relaxed);
            assert!(port < 14_000, "no port is free");
            if TcpListener::bind(("127.0.0.1", port)).is_ok() {
                return port;
            }
        }
    })
}

/// Waits until a condition holds.
pub(crate) fn wait_until(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
    wait_for(what, limit, || condition().then_some(()));
}

/// Unmounts what a program that has ended left mounted in a folder.
pub(crate) fn unmount_below(folder: &Path) {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let points = mounts.lines().rev().filter_map(|line| line.split(' ').nth(1));
    for point in points.map(Path::new).filter(|point| point.starts_with(folder)) {
        umount(point).unwrap();
    }
}

/// Cleans up. A second panic in a test that failed already would abort the process and leave everything running.
pub(crate) fn at_the_end(clean_up: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(clean_up))
        && !thread::panicking()
    {
        resume_unwind(panic);
    }
}
