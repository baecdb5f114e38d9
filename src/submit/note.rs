//! Notes on this machine of runs that were begun and not yet answered for: who repeats a command that was killed goes on
//! with its run, and starts no second one.

use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

/// The note of one run, held against other commands as long as this lives.
#[derive(Debug)]
pub struct RunNote {
    path: PathBuf,
    file: Flock<File>,
    job: Option<String>,
}

impl RunNote {
    /// Claims the note of a command, which `command` tells from all others: what it counts, where and how.
    ///
    /// What another process holds is a run of its own: then the next note is claimed.
    pub fn claim(folder: &Path, command: &impl Hash) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        // Only the hash is kept: what is hashed may hold secrets.
        let mut hasher = DefaultHasher::new();
        command.hash(&mut hasher);
        let name = hasher.finish();
        for number in 0_u32.. {
            if let Some(note) = Self::open(&folder.join(format!("{name:016x}-{number}")))? {
                return Ok(note);
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// The note that tells of a job, unless another command holds it.
    #[must_use]
    pub fn of_job(folder: &Path, job: &str) -> Option<Self> {
        let entries = fs::read_dir(folder).ok()?;
        let tells = |entry: &fs::DirEntry| fs::read_to_string(entry.path()).is_ok_and(|text| text.trim() == job);
        let entry = entries.flatten().find(tells)?;
        Self::open(&entry.path()).ok().flatten()
    }

    /// Opens and locks a note; `None` when another process holds it.
    fn open(path: &Path) -> io::Result<Option<Self>> {
        loop {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
            let mut file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(file) => file,
                Err((_, nix::Error::EWOULDBLOCK)) => return Ok(None),
                Err((_, errno)) => return Err(errno.into()),
            };
            // Whoever held it may have removed it in the meantime.
            let is_there =
                fs::metadata(path).is_ok_and(|there| file.metadata().is_ok_and(|it| it.ino() == there.ino()));
            if is_there {
                let mut text = String::new();
                file.read_to_string(&mut text)?;
                let job = Some(text.trim().to_owned()).filter(|job| !job.is_empty());
                return Ok(Some(Self { path: path.to_owned(), file, job }));
            }
        }
    }

    /// The job that an earlier command was about to register, or did register.
    #[must_use]
    pub fn job(&self) -> Option<&str> {
        self.job.as_deref()
    }

    /// Writes down the job, before it is registered.
    pub fn write(&mut self, job: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(job.as_bytes())?;
        self.job = Some(job.to_owned());
        Ok(())
    }

    /// Removes it: the run is answered for.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

impl Drop for RunNote {
    fn drop(&mut self) {
        // A note of nothing is none.
        if self.job.is_none() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_begun_is_found_by_the_same_command_and_by_its_job() {
        let folder = tempfile::tempdir().unwrap();
        let claim = |command: &str| RunNote::claim(folder.path(), &command).unwrap();
        let mut note = claim("count a.txt");
        assert_eq!(note.job(), None);
        note.write("spark-wordcount-1").unwrap();
        drop(note);
        assert_eq!(claim("count b.txt").job(), None);
        assert_eq!(claim("count a.txt").job(), Some("spark-wordcount-1"));
        assert!(RunNote::of_job(folder.path(), "spark-wordcount-2").is_none());
        RunNote::of_job(folder.path(), "spark-wordcount-1").unwrap().remove().unwrap();
        assert_eq!(claim("count a.txt").job(), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "notes of nothing are removed");
    }

    #[test]
    fn two_commands_at_once_are_two_runs() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = RunNote::claim(folder.path(), &"count").unwrap();
        first.write("spark-wordcount-1").unwrap();
        let second = RunNote::claim(folder.path(), &"count").unwrap();
        assert_eq!(second.job(), None);
        assert!(RunNote::of_job(folder.path(), "spark-wordcount-1").is_none(), "its command still runs");
    }
}
