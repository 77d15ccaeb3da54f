//! PostgreSQL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use rustix::process::Signal;
use tempfile::TempDir;

use super::place::{Running, folder, free_port, is_root, must, open_folder};
use super::{Certificate, Database};

static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
static TEMPLATE: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());

/// Who may log in how. Unix sockets are for setup only.
const ACCESS: &str = "local all all trust
hostssl all only_tls 127.0.0.1/32 scram-sha-256
host all only_tls 127.0.0.1/32 reject
host all by_md5 127.0.0.1/32 md5
host all by_cleartext 127.0.0.1/32 password
host all all 127.0.0.1/32 scram-sha-256
";

/// A PostgreSQL server with empty databases on demand.
///
/// Logins besides the owner of a [`Database`], all with its password:
/// `by_md5`, `by_cleartext` and, over TLS only, `only_tls`.
pub struct Postgres {
    running: Option<Running>,
    folder: TempDir,
    port: u16,
    next: AtomicU32,
    certificate: Option<Certificate>,
    _template: Arc<TempDir>,
}

impl Postgres {
    /// Password of every login.
    pub const PASSWORD: &'static str = "correct horse's battery";

    /// A server of one's own, without TLS.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::launch(false)
    }

    /// A server of one's own that offers TLS with a certificate for
    /// `localhost` and `127.0.0.1`.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn start_tls() -> Self {
        Self::launch(true)
    }

    /// The server without TLS that the tests of this process share. It ends
    /// with its last handle.
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

    /// PEM text of the authority that signed the server's certificate.
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        Some(self.certificate.as_ref()?.authority.as_str())
    }

    /// A fresh database, owned by the login `owner`.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn database(&self) -> Database {
        let name = format!("d{}", self.next.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name} OWNER owner"));
        Database {
            host: "127.0.0.1".into(),
            port: self.port,
            user: "owner".into(),
            password: Self::PASSWORD.into(),
            name,
        }
    }

    /// Runs a script as superuser and gives back its unaligned output.
    ///
    /// # Panics
    /// When the script fails.
    pub fn psql(&self, database: &str, script: &str) -> String {
        must(
            Command::new("psql")
                .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
                .args(["-U", "postgres", "-d", database, "-c", script])
                .arg("-p")
                .arg(self.port.to_string())
                .arg("-h")
                .arg(self.folder.path()),
        )
    }

    /// Ends the server at once, as a crash would; its data stays.
    pub fn stop(&mut self) {
        self.running = None;
    }

    /// Starts a stopped server again, on the same port.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&mut self) {
        let running = run(self.folder.path(), self.port, self.certificate.as_ref());
        self.running = Some(running.unwrap_or_else(|log| panic!("{log}")));
        self.await_logins();
    }

    fn launch(tls: bool) -> Self {
        let template = template();
        for _ in 0..3 {
            let folder = folder("testkit-postgres-");
            let data = folder.path().join("data");
            must(
                Command::new("cp")
                    .arg("-a")
                    .arg(template.path().join("data"))
                    .arg(&data),
            );
            let certificate = tls.then(|| Certificate::make(folder.path()));
            fs::write(data.join("pg_hba.conf"), ACCESS).unwrap_or_else(|error| panic!("{error}"));
            give(folder.path());
            let port = free_port();
            match run(folder.path(), port, certificate.as_ref()) {
                Ok(running) => {
                    let server = Self {
                        running: Some(running),
                        folder,
                        port,
                        next: AtomicU32::new(1),
                        certificate,
                        _template: template,
                    };
                    server.make_logins();
                    return server;
                }
                // Another process may have taken the port meanwhile.
                Err(log) if log.contains("Address already in use") => {}
                Err(log) => panic!("PostgreSQL did not start: {log}"),
            }
        }
        panic!("PostgreSQL found no free port");
    }

    fn make_logins(&self) {
        let password = Self::PASSWORD.replace('\'', "''");
        let mut script = String::new();
        for (login, method) in [
            ("owner", "scram-sha-256"),
            ("only_tls", "scram-sha-256"),
            ("by_cleartext", "scram-sha-256"),
            ("by_md5", "md5"),
        ] {
            script += &format!(
                "SET password_encryption = '{method}'; CREATE ROLE {login} LOGIN PASSWORD '{password}';"
            );
        }
        self.await_logins();
        self.psql("postgres", &script);
    }

    /// The port is open a moment before the server takes logins.
    fn await_logins(&self) {
        let begun = std::time::Instant::now();
        while !self.answers() {
            assert!(begun.elapsed().as_secs() < 30, "PostgreSQL takes no logins");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    fn answers(&self) -> bool {
        Command::new("psql")
            .args([
                "-X", "-q", "-U", "postgres", "-d", "postgres", "-c", "select 1",
            ])
            .arg("-p")
            .arg(self.port.to_string())
            .arg("-h")
            .arg(self.folder.path())
            .output()
            .is_ok_and(|output| output.status.success())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The server goes before its folder.
        self.running = None;
    }
}

/// Runs the server on the data in `folder`; its log when it does not start.
fn run(folder: &Path, port: u16, certificate: Option<&Certificate>) -> Result<Running, String> {
    let mut command = command(&binary("postgres"));
    command
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
        .args(["-c", "fsync=off", "-c", "full_page_writes=off"])
        .args(["-c", "wal_level=logical", "-c", "max_connections=100"])
        .arg("-c")
        .arg(format!("unix_socket_directories={}", folder.display()));
    if let Some(certificate) = certificate {
        command
            .args(["-c", "ssl=on", "-c"])
            .arg(format!(
                "ssl_cert_file={}",
                certificate.certificate.display()
            ))
            .arg("-c")
            .arg(format!("ssl_key_file={}", certificate.key.display()));
    }
    // SIGQUIT is PostgreSQL's immediate shutdown, children included.
    Running::start(&mut command, port, &folder.join("log"), Signal::QUIT)
}

/// The initialized data folder that all servers of this process begin with.
fn template() -> Arc<TempDir> {
    let mut template = TEMPLATE.lock();
    template.upgrade().unwrap_or_else(|| {
        let made = Arc::new(initialize());
        *template = Arc::downgrade(&made);
        made
    })
}

fn initialize() -> TempDir {
    let template = folder("testkit-initdb-");
    give(template.path());
    must(
        command(&binary("initdb"))
            .arg("-D")
            .arg(template.path().join("data"))
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8"])
            .args(["--locale=C.UTF-8", "--no-sync"]),
    );
    template
}

/// Hands `path` to the user that the server runs as.
fn give(path: &Path) {
    open_folder(path);
    if is_root() {
        must(Command::new("chown").args(["-R", "postgres:"]).arg(path));
    }
}

fn command(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args([
            "--reuid=postgres",
            "--regid=postgres",
            "--init-groups",
            "--",
        ])
        .arg(program);
    command
}

fn binary(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin").join(name))
        .filter(|path| path.exists())
        .collect();
    versions.sort();
    versions.pop().unwrap_or_else(|| {
        panic!("no `{name}` under /usr/lib/postgresql: install the Debian package `postgresql`")
    })
}
