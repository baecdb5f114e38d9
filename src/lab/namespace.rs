//! Network namespaces: their names in `/run/netns`, and which one a process is in.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where `ip` keeps namespaces that have a name.
pub(super) const NAMED: &str = "/run/netns";

/// A name for a network namespace, whether there is one or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Namespace(String);

/// The kernel's number of a namespace: device and inode of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Number(u64, u64);

impl Number {
    /// The network namespace that a process is in.
    pub(super) fn of_process(pid: i32) -> Option<Self> {
        Self::of_file(Path::new(&format!("/proc/{pid}/ns/net")))
    }

    /// The network namespace that this process is in.
    pub(super) fn own() -> Option<Self> {
        Self::of_file(Path::new("/proc/self/ns/net"))
    }

    fn of_file(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|metadata| Self(metadata.dev(), metadata.ino()))
    }
}

impl Namespace {
    /// The namespace of this name.
    pub(super) fn new(name: String) -> Self {
        Self(name)
    }

    /// Its name, for `ip`.
    pub(super) fn name(&self) -> &str {
        &self.0
    }

    /// Its file, for `nsenter`.
    pub(super) fn path(&self) -> PathBuf {
        Path::new(NAMED).join(&self.0)
    }

    /// Its number; `None` when there is no such namespace, or it is this process's own.
    ///
    /// A crash may leave a plain file, on which no namespace is mounted.
    pub(super) fn number(&self) -> Option<Number> {
        let own = Number::own()?;
        Number::of_file(&self.path()).filter(|number| number.0 == own.0 && *number != own)
    }

    /// Whether a process is in it.
    pub(super) fn holds(&self, pid: i32) -> bool {
        self.number().is_some_and(|number| Number::of_process(pid) == Some(number))
    }
}
