//! Programs that come from a package registry and not from Debian.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::place::must;

/// The folder `name` under the target folder, filled by `script`, a path under
/// `tests/`, which gets the folder and `arguments`. One process at a time runs
/// it; it must be quick when all is there.
///
/// # Panics
/// When the script fails.
#[must_use]
pub fn installed(name: &str, script: &str, arguments: &[&str]) -> PathBuf {
    let target = root().join("target");
    let folder = target.join(name);
    fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let lock = folder.with_extension("lock");
    let _locked = fs::File::create(&lock)
        .and_then(|file| file.lock().map(|()| file))
        .unwrap_or_else(|error| panic!("{}: {error}", lock.display()));
    must(
        Command::new("sh")
            .arg(root().join("tests").join(script))
            .arg(&folder)
            .args(arguments),
    );
    folder
        .canonicalize()
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
}

/// The root of the workspace.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
