//! Folders, ports, programs and processes of test servers.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Longest time for a server to become ready or to leave.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server process that ends with its handle.
pub struct Running {
    child: Mutex<Child>,
    farewell: Signal,
}

impl Running {
    /// Starts `command` and waits until `port` accepts connections.
    ///
    /// # Errors
    /// The end of its log, when the process ends before that.
    pub fn start(
        command: &mut Command,
        port: u16,
        log: &Path,
        farewell: Signal,
    ) -> Result<Self, String> {
        let output = fs::File::create(log).map_err(|error| error.to_string())?;
        let errors = output.try_clone().map_err(|error| error.to_string())?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(|error| format!("{command:?}: {error}"))?;
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = child.try_wait().ok().flatten().is_some();
            if ended || begun.elapsed() > PATIENCE {
                let _ = child.kill();
                let _ = child.wait();
                return Err(fs::read_to_string(log).unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Self {
            child: Mutex::new(child),
            farewell,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut child = self.child.lock();
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, self.farewell);
        }
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(5) {
            if child.try_wait().ok().flatten().is_some() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// A free TCP port of the loopback address.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .unwrap_or_else(|error| panic!("no free port: {error}"))
        .port()
}

/// A fresh folder that other users may enter.
pub fn folder(prefix: &str) -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix(prefix)
        .tempdir()
        .unwrap_or_else(|error| panic!("no temporary folder: {error}"));
    open_folder(folder.path());
    folder
}

/// Lets every user enter `path`.
pub fn open_folder(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// The first of `paths` that exists.
///
/// # Panics
/// Names `package` when none does.
pub fn program(paths: &[PathBuf], package: &str) -> PathBuf {
    paths
        .iter()
        .find(|path| path.exists())
        .cloned()
        .unwrap_or_else(|| {
            panic!("none of {paths:?} found: install the Debian package `{package}`")
        })
}

/// Whether this process runs as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs `command` to its end.
///
/// # Panics
/// Shows what it wrote when it fails.
pub fn must(command: &mut Command) -> String {
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
