//! An S3-compatible server: moto, with signatures checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Weak};

use parking_lot::Mutex;
use rustix::process::Signal;
use tempfile::TempDir;

use super::installed::{installed, root};
use super::place::{Running, folder, free_port, must};

static SHARED: Mutex<Weak<S3>> = Mutex::new(Weak::new());

/// The Python environment of the server.
static PYTHON: LazyLock<PathBuf> =
    LazyLock::new(|| installed("s3", "venv.sh", &["moto[s3,server]==5.2.5"]));

/// A server with one bucket and one user, who may do everything with objects.
/// Requests with another signature are refused. What it holds is in memory and
/// goes with it.
pub struct S3 {
    running: Option<Running>,
    _folder: TempDir,
    port: u16,
    next: AtomicU32,
    key_id: String,
    secret: String,
}

impl S3 {
    /// Name of the bucket.
    pub const BUCKET: &'static str = "recordings";

    /// A server of one's own.
    ///
    /// # Panics
    /// When it cannot be installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        for _ in 0..3 {
            let folder = folder("testkit-s3-");
            let port = free_port();
            match run(folder.path(), port) {
                Ok(running) => {
                    let mut server = Self {
                        running: Some(running),
                        _folder: folder,
                        port,
                        next: AtomicU32::new(1),
                        key_id: "before-there-are-users".into(),
                        secret: "any".into(),
                    };
                    server.prepare();
                    return server;
                }
                // Another process may have taken the port meanwhile.
                Err(log) if log.contains("Address already in use") => {}
                Err(log) => panic!("moto did not start: {log}"),
            }
        }
        panic!("moto found no free port");
    }

    /// The server that the tests of this process share. It ends with its last
    /// handle.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock();
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// The TCP port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// URL of the server.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Id of the user's key.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Secret of the user's key.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// An empty place in the bucket, as `s3://BUCKET/PREFIX`.
    #[must_use]
    pub fn place(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("s3://{}/place-{number}", Self::BUCKET)
    }

    /// Key and size in bytes of every object under a place.
    ///
    /// # Panics
    /// When the server does not answer.
    #[must_use]
    pub fn objects(&self, place: &str) -> BTreeMap<String, u64> {
        let prefix = place.trim_start_matches(&format!("s3://{}/", Self::BUCKET));
        let prefix = format!("{prefix}/");
        let listed = must(&mut self.program(&["list", Self::BUCKET]));
        let mut objects: BTreeMap<String, u64> = serde_json::from_str(&listed)
            .unwrap_or_else(|error| panic!("list of objects: {error}: {listed}"));
        objects.retain(|key, _| key.starts_with(&prefix));
        objects
    }

    /// The text of an object.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn object(&self, key: &str) -> String {
        must(&mut self.program(&["get", Self::BUCKET, key]))
    }

    /// Ends the server at once; its objects are gone.
    pub fn stop(&mut self) {
        self.running = None;
    }

    fn prepare(&mut self) {
        let said = must(&mut self.program(&["prepare", Self::BUCKET]));
        let mut keys = said.lines().map(str::to_owned);
        let (Some(key_id), Some(secret)) = (keys.next(), keys.next()) else {
            panic!("no keys: {said}");
        };
        (self.key_id, self.secret) = (key_id, secret);
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = python("python");
        command
            .arg(root().join("tests/s3.py"))
            .arg(self.endpoint())
            .args(arguments)
            .env("AWS_ACCESS_KEY_ID", &self.key_id)
            .env("AWS_SECRET_ACCESS_KEY", &self.secret);
        command
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        // The server goes before its folder.
        self.running = None;
    }
}

/// Runs the server, with large objects in `folder`; its log when it does not start.
fn run(folder: &Path, port: u16) -> Result<Running, String> {
    let mut command = python("moto_server");
    command
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .env("TMPDIR", folder);
    Running::start(&mut command, port, &folder.join("log"), Signal::KILL)
}

/// A program of the Python environment, without the user's own cloud settings.
fn python(program: &str) -> Command {
    let mut command = Command::new(PYTHON.join("bin").join(program));
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_"))
    {
        command.env_remove(name);
    }
    command.env("NO_PROXY", "127.0.0.1");
    command
}
