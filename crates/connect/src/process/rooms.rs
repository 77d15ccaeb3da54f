//! Where the folders of runs are, and how they go.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use super::group::signal_marked;
use super::mark::Mark;

/// What the names of all folders begin with; random letters follow.
const PREFIX: &str = "drawgate-";

/// The folder of the runs of this process; in the machine's folder for
/// temporary files by default.
#[derive(Default)]
pub(crate) struct Rooms {
    home: Option<Home>,
}

/// A folder that is of this process as long as its lock is held.
struct Home {
    folder: PathBuf,
    _lock: File,
}

impl Rooms {
    /// Makes a folder for this process in `parent`, and removes those of
    /// processes that are gone, with the runs in them: nobody else ends these,
    /// or removes the secrets that they left.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(crate) fn open(parent: &Path) -> io::Result<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700).create(parent)?;
        for entry in fs::read_dir(parent)?.flatten() {
            let left = entry.path();
            let is_free = File::open(left.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
            if !is_free {
                continue;
            }
            end_runs_in(&left);
            if let Err(error) = remove(&left) {
                tracing::warn!(%error, "a folder of an earlier run could not be removed");
            }
        }
        let folder = make_in(parent)?;
        let lock = File::create(folder.join("lock"))?;
        lock.try_lock()?;
        Ok(Self {
            home: Some(Home {
                folder,
                _lock: lock,
            }),
        })
    }

    /// Makes a folder with a name of its own, which ends with random letters.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn make(&self) -> io::Result<PathBuf> {
        match &self.home {
            Some(home) => make_in(&home.folder),
            None => make_in(&std::env::temp_dir()),
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = remove(&self.folder);
    }
}

/// Removes a folder with all that is in it, whatever its permissions.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        // What stays closed makes the removal fail below.
        let _ = fs::set_permissions(&folder, Permissions::from_mode(0o700));
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let inner = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.extend(inner.map(|entry| entry.path()));
    }
    fs::remove_dir_all(folder)
}

/// Ends the runs whose folders are in `home`.
fn end_runs_in(home: &Path) {
    for entry in fs::read_dir(home).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            signal_marked(Mark::of(&entry.path()), Signal::KILL);
        }
    }
}

fn make_in(parent: &Path) -> io::Result<PathBuf> {
    tempfile::Builder::new()
        .prefix(PREFIX)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .map(tempfile::TempDir::keep)
}
