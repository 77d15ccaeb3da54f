//! MariaDB.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use rustix::process::Signal;
use tempfile::TempDir;

use super::place::{Running, folder, free_port, is_root, must, program};
use super::{Certificate, Database};

static SHARED: Mutex<Weak<MariaDb>> = Mutex::new(Weak::new());
static TEMPLATE: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());

/// A MariaDB server with empty databases on demand.
pub struct MariaDb {
    running: Option<Running>,
    folder: TempDir,
    port: u16,
    next: AtomicU32,
    certificate: Option<Certificate>,
    _template: Arc<TempDir>,
}

impl MariaDb {
    /// Password of every login.
    pub const PASSWORD: &'static str = "correct horse's battery";

    /// A server of one's own, without TLS.
    ///
    /// # Panics
    /// When MariaDB is not installed or does not start.
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

    /// A fresh database with a login of its own.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn database(&self) -> Database {
        let name = format!("d{}", self.next.fetch_add(1, Ordering::Relaxed));
        let password = Self::PASSWORD.replace('\'', "''");
        self.mariadb(&format!(
            "CREATE DATABASE {name} CHARACTER SET utf8mb4;
             CREATE USER {name}@'%' IDENTIFIED BY '{password}';
             GRANT ALL ON {name}.* TO {name}@'%';"
        ));
        Database {
            host: "127.0.0.1".into(),
            port: self.port,
            user: name.clone(),
            password: Self::PASSWORD.into(),
            name,
        }
    }

    /// Runs a script as administrator and gives back its output.
    ///
    /// # Panics
    /// When the script fails.
    pub fn mariadb(&self, script: &str) -> String {
        must(self.client().args(["-e", script]))
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

    fn client(&self) -> Command {
        let mut command = Command::new("mariadb");
        command
            .args(["--no-defaults", "-N", "-u", "root", "-S"])
            .arg(self.folder.path().join("socket"));
        command
    }

    fn launch(tls: bool) -> Self {
        let template = template();
        for _ in 0..3 {
            let folder = folder("testkit-mariadb-");
            must(
                Command::new("cp")
                    .arg("-a")
                    .arg(template.path().join("data"))
                    .arg(folder.path().join("data")),
            );
            let certificate = tls.then(|| Certificate::make(folder.path()));
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
                    server.await_logins();
                    return server;
                }
                // Another process may have taken the port meanwhile.
                Err(log) if log.contains("Address already in use") => {}
                Err(log) => panic!("MariaDB did not start: {log}"),
            }
        }
        panic!("MariaDB found no free port");
    }

    fn await_logins(&self) {
        let begun = std::time::Instant::now();
        while !self
            .client()
            .args(["-e", "select 1"])
            .output()
            .is_ok_and(|output| output.status.success())
        {
            assert!(begun.elapsed().as_secs() < 30, "MariaDB takes no logins");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        // The server goes before its folder.
        self.running = None;
    }
}

/// Runs the server on the data in `folder`; its log when it does not start.
fn run(folder: &Path, port: u16, certificate: Option<&Certificate>) -> Result<Running, String> {
    let path = |name: &str| folder.join(name);
    let mut command = Command::new(server());
    command
        .args(["--no-defaults", "--bind-address=127.0.0.1"])
        .args(["--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"])
        .args(["--innodb-buffer-pool-size=32M", "--skip-name-resolve"])
        // A server removes what it takes for left over from its folder of
        // temporary files, even what another one is just using.
        .arg(format!("--tmpdir={}", folder.display()))
        .arg(format!("--port={port}"))
        .arg(format!("--datadir={}", path("data").display()))
        .arg(format!("--socket={}", path("socket").display()))
        .arg(format!("--pid-file={}", path("pid").display()));
    if is_root() {
        command.arg("--user=root");
    }
    if let Some(certificate) = certificate {
        command
            .arg(format!("--ssl-cert={}", certificate.certificate.display()))
            .arg(format!("--ssl-key={}", certificate.key.display()));
    }
    Running::start(&mut command, port, &path("log"), Signal::KILL)
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
    let template = folder("testkit-install-db-");
    let program = program(
        &[PathBuf::from("/usr/bin/mariadb-install-db")],
        "mariadb-server",
    );
    let mut command = Command::new(program);
    command
        .args(["--no-defaults", "--skip-test-db"])
        .arg("--auth-root-authentication-method=normal")
        .arg(format!(
            "--datadir={}",
            template.path().join("data").display()
        ));
    if is_root() {
        command.arg("--user=root");
    }
    must(&mut command);
    template
}

fn server() -> PathBuf {
    program(
        &[
            PathBuf::from("/usr/sbin/mariadbd"),
            PathBuf::from("/usr/bin/mariadbd"),
        ],
        "mariadb-server",
    )
}
