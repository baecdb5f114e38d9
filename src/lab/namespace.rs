//! Network namespaces: their names in `/run/netns`, and which one a process is in.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, umount2};

use super::error::Error;

/// Where `ip` keeps namespaces that have a name.
const NAMED: &str = "/run/netns";

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

    /// Takes the name away; the namespace ends with the last process in it.
    pub(super) fn remove(&self) -> Result<(), Error> {
        let path = self.path();
        loop {
            match umount2(&path, MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW) {
                // Something may have been mounted over it.
                Ok(()) => {}
                Err(nix::Error::EINVAL | nix::Error::ENOENT) => break,
                Err(source) => return Err(Error::Unmount { path, source }),
            }
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::file("remove", path)(error)),
            _ => Ok(()),
        }
    }
}

/// Undoes the mount of the folder of names on itself, which `ip` makes with the first name and never takes away.
pub(super) fn tidy() {
    let empty = fs::read_dir(NAMED).is_ok_and(|mut entries| entries.next().is_none());
    if empty {
        // Without such a mount there is nothing to undo, and one in use is somebody else's.
        let _ = umount2(NAMED, MntFlags::UMOUNT_NOFOLLOW);
    }
}
