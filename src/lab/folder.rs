//! The state folder: where everything of the lab is written, and the lock that lets one command at a time at it.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};

use super::Host;
use super::error::Error;
use super::kind::Kind;
use crate::environment;
use crate::event::{Event, Observer};

/// Between two attempts to get the lock.
const LOCK_INTERVAL: Duration = Duration::from_millis(100);

/// Where the lab keeps its state: `$XDG_STATE_HOME/nomspark/lab`, by default `~/.local/state/nomspark/lab`.
pub fn default_state_dir() -> Result<PathBuf, Error> {
    Ok(environment::state_folder().ok_or(Error::NoHome)?.join("lab"))
}

/// The state folder, as a path without symbolic links, whether it exists or not.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

/// What the agents of one host write.
#[derive(Clone, Debug)]
pub(super) struct HostFolder(PathBuf);

impl Folder {
    /// Resolves the folder's path and creates nothing.
    pub(super) fn new(state_dir: &Path) -> Result<Self, Error> {
        let (Some(parent), Some(name)) = (state_dir.parent(), state_dir.file_name()) else {
            return Err(Error::NotAFolder(state_dir.to_owned()));
        };
        let path = resolve(parent).map_err(Error::file("resolve", parent))?.join(name);
        match path.symlink_metadata() {
            Ok(metadata) if !metadata.is_dir() => Err(Error::NotAFolder(path)),
            _ => Ok(Self(path)),
        }
    }

    /// The folder itself.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The state file.
    pub(super) fn state_file(&self) -> PathBuf {
        self.0.join("lab.json")
    }

    /// A host's part of it; the only host of a lab on loopback has all of it.
    pub(super) fn of(&self, host: &Host) -> HostFolder {
        HostFolder(if host.address.is_loopback() { self.0.clone() } else { self.0.join(&host.name) })
    }

    /// The ids of the allocations of all hosts, whether a state file names these hosts or not.
    pub(super) fn allocations(&self) -> HashSet<String> {
        let names = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
        let hosts = names(&self.0).map(|entry| HostFolder(entry.path()));
        let folders = hosts.chain([HostFolder(self.0.clone())]).map(|host| host.allocations());
        folders.flat_map(|folder| names(&folder)).filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }

    /// Removes the folder with everything in it; symbolic links are removed, never followed.
    pub(super) fn remove(&self) -> Result<(), Error> {
        match fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::file("remove", &self.0)(error)),
            _ => Ok(()),
        }
    }

    /// Waits until no other command works on this folder, and keeps others out as long as the result lives.
    ///
    /// The lock is on the parent, because the folder itself comes and goes.
    pub(super) async fn lock(&self, timeout: Duration, observer: Observer<'_>) -> Result<Flock<File>, Error> {
        let parent = self.0.parent().unwrap_or(&self.0);
        fs::create_dir_all(parent).map_err(Error::file("create", parent))?;
        let started = Instant::now();
        let mut told = false;
        let mut file = File::open(parent).map_err(Error::file("open", parent))?;
        loop {
            file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(lock) => return Ok(lock),
                Err((file, nix::Error::EWOULDBLOCK)) => file,
                Err((_, errno)) => return Err(Error::file("lock", parent)(errno.into())),
            };
            if started.elapsed() >= timeout {
                return Err(Error::Locked(timeout));
            }
            if !told {
                told = true;
                observer.event(&Event::Waiting { condition: "another nomspark lab command to finish".to_owned() })?;
            }
            tokio::time::sleep(LOCK_INTERVAL).await;
        }
    }
}

impl HostFolder {
    /// The folder itself.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// An agent's data.
    pub(super) fn data(&self, agent: Kind) -> PathBuf {
        self.0.join("data").join(agent.program())
    }

    /// The folder with Nomad's allocations, one folder each.
    fn allocations(&self) -> PathBuf {
        self.data(Kind::Nomad).join("alloc")
    }

    /// A configuration file.
    pub(super) fn configuration(&self, name: &str) -> PathBuf {
        self.0.join("config").join(format!("{name}.json"))
    }

    /// An agent's log.
    pub(super) fn log(&self, agent: Kind) -> PathBuf {
        self.0.join("log").join(format!("{}.log", agent.program()))
    }

    /// Creates the folder and those in it.
    ///
    /// Others may pass through, because Nomad runs tasks as other users, but not look around.
    pub(super) fn create(&self) -> Result<(), Error> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o711);
        for folder in [self.0.clone(), self.data(Kind::Nomad), self.data(Kind::Consul)] {
            builder.create(&folder).map_err(Error::file("create", folder))?;
        }
        builder.mode(0o700);
        for folder in [self.0.join("config"), self.0.join("log")] {
            builder.create(&folder).map_err(Error::file("create", folder))?;
        }
        Ok(())
    }
}

/// A path without symbolic links; what does not exist yet holds none.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => Ok(resolve(parent)?.join(name)),
            _ => Err(error),
        },
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbolic_link_is_no_state_folder() {
        let temporary = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/", temporary.path().join("lab")).unwrap();
        assert!(matches!(Folder::new(&temporary.path().join("lab")), Err(Error::NotAFolder(_))));
    }
}
