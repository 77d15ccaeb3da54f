//! A disk that can be full.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::place::is_root;

/// A small file system of its own, in memory. Dropping it takes it away.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one of `size`, for instance `8m`, as the folder `path`, which is made.
    ///
    /// # Panics
    /// Says what is missing when this user may not mount.
    pub fn mount(path: &Path, size: &str) -> Self {
        fs::create_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let owner = fs::metadata(path).unwrap_or_else(|error| panic!("{error}"));
        let options = format!(
            "size={size},mode=0700,uid={},gid={}",
            owner.uid(),
            owner.gid()
        );
        let mut mount = as_root("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]);
        let told = match mount.arg(path).output() {
            Ok(output) if output.status.success() => return Self(path.to_owned()),
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => error.to_string(),
        };
        panic!(
            "this test needs a full disk and may not mount one ({}): run it as root or with \
             sudo that asks for no password, in a container with --cap-add SYS_ADMIN",
            told.trim()
        );
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = as_root("umount").arg("-l").arg(&self.0).status();
    }
}

/// A program with the rights of root, without a question for a password.
fn as_root(program: &str) -> Command {
    if is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["-n", program]);
    command
}
