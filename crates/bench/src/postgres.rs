//! A PostgreSQL server of the bench's own, in a private folder.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;
use tokio_postgres::NoTls;

use crate::fault::Fault;
use crate::process::{Process, free_port};

/// How long the server may take to take logins.
const START: Duration = Duration::from_secs(30);

/// Where a database is and how to log in.
pub struct Database {
    /// Host, always `127.0.0.1`.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// A login that owns the database.
    pub user: String,
    /// Its password; the server trusts loopback and takes any.
    pub password: String,
    /// Name of the database.
    pub name: String,
}

/// A running server; dropping it ends it.
pub struct Postgres {
    /// The database that it starts with.
    pub database: Database,
    _process: Process,
    _folder: TempDir,
}

impl Postgres {
    /// Makes a cluster and starts a server on it.
    ///
    /// # Errors
    /// PostgreSQL is not installed or does not start.
    pub async fn start() -> Result<Self, Fault> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("data");
        fs::create_dir(&data)?;
        open_to_server(folder.path(), &data)?;
        let made = command("initdb")?
            .arg("-D")
            .arg(&data)
            .args(["-A", "trust", "-U", "postgres", "--no-sync"])
            .stdout(Stdio::null())
            .status()?;
        if !made.success() {
            return Err(Fault::Setup(format!("initdb: {made}")));
        }
        let port = free_port()?;
        let mut server = command("postgres")?;
        server
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "fsync=off", "-c", "unix_socket_directories="]);
        // SIGINT is the server's fast shutdown: it does not wait for clients.
        let process = Process::start("postgres", &mut server, folder.path())?;
        let process = process.ended_by(Signal::INT);
        let postgres = Self {
            database: Database {
                host: "127.0.0.1".to_owned(),
                port,
                user: "postgres".to_owned(),
                password: "unused".to_owned(),
                name: "postgres".to_owned(),
            },
            _process: process,
            _folder: folder,
        };
        postgres.wait().await?;
        Ok(postgres)
    }

    async fn wait(&self) -> Result<(), Fault> {
        let target = self.database.connection_string();
        let begun = Instant::now();
        loop {
            match tokio_postgres::connect(&target, NoTls).await {
                Ok(_) => return Ok(()),
                Err(cause) if begun.elapsed() > START => return Err(cause.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

impl Database {
    /// The keyword form of libpq, with values quoted.
    pub fn connection_string(&self) -> String {
        let quoted = |value: &str| {
            let escaped = value.replace('\\', "\\\\").replace('\'', "\\'");
            format!("'{escaped}'")
        };
        format!(
            "host={} port={} user={} password={} dbname={}",
            quoted(&self.host),
            self.port,
            quoted(&self.user),
            quoted(&self.password),
            quoted(&self.name),
        )
    }
}

/// The server refuses to run as root: there it runs as the user `postgres`.
fn command(program: &str) -> Result<Command, Fault> {
    let program = find(program)?;
    if !rustix::process::geteuid().is_root() {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("setpriv");
    command
        .args([
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "--",
        ])
        .arg(program);
    Ok(command)
}

/// Debian keeps the programs of the server off the path.
fn find(program: &str) -> Result<PathBuf, Fault> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut places: Vec<PathBuf> = debian
        .flatten()
        .map(|version| version.path().join("bin").join(program))
        .collect();
    places.sort();
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    places.extend(std::env::split_paths(&on_path).map(|folder| folder.join(program)));
    places
        .into_iter()
        .rfind(|place| place.is_file())
        .ok_or_else(|| Fault::Setup(format!("{program} is missing: install `postgresql`")))
}

/// Gives the data folder to the user that the server runs as.
fn open_to_server(folder: &Path, data: &Path) -> Result<(), Fault> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    let id = Command::new("id").args(["-u", "postgres"]).output()?.stdout;
    let id = String::from_utf8_lossy(&id);
    let id: u32 = id
        .trim()
        .parse()
        .map_err(|_| Fault::Setup("there is no user `postgres`".to_owned()))?;
    Ok(chown(data, Some(id), None)?)
}
