//! A folder at a fixed place, so that a test run finds what an earlier one that was killed has left there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// No other test run has it at the same time.
pub(crate) struct Folder {
    path: PathBuf,
    /// Held as long as the file is open.
    _lock: File,
}

impl Folder {
    /// Waits for other test runs that have it.
    pub(crate) fn named(name: &str) -> Self {
        let path = std::env::temp_dir().join("nomspark-tests").join(name);
        fs::create_dir_all(&path).unwrap();
        let file = File::create(path.with_extension("lock")).unwrap();
        file.lock().unwrap();
        // Whoever had it before may have removed it since.
        fs::create_dir_all(&path).unwrap();
        Self { path, _lock: file }
    }

    /// Where files of the test can be put.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
