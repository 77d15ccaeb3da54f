//! The gateway, with one connection that an administrator made over REST.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use testkit::servers::Database;

use super::Contestant;
use crate::fault::Fault;
use crate::http::{Connection, Endpoint};
use crate::load::Tool;
use crate::process::{Process, free_port};

/// Name of the connection that most benches use.
pub const CONNECTION: &str = "bench-pg";
/// Most bytes of one answer: beyond what any bench asks for.
const OUTPUT_BYTES: u64 = 8 * 1024 * 1024 * 1024;

/// Which gateway to start, and how.
#[derive(clap::Args)]
pub struct Binary {
    /// Release binary of the gateway.
    #[arg(long = "drawgate")]
    program: Option<PathBuf>,
    /// Further flags of `drawgate start`, after `--`.
    #[arg(last = true)]
    flags: Vec<String>,
}

/// A running gateway.
pub struct Gateway {
    /// Its MCP endpoint, with the administrator's bearer.
    pub endpoint: Endpoint,
    /// The process; ends with the gateway.
    pub process: Process,
}

impl Binary {
    /// The program.
    ///
    /// # Errors
    /// None was given.
    pub fn program(&self) -> Result<&Path, Fault> {
        let missing = || Fault::Setup("--drawgate names the release binary".to_owned());
        self.program.as_deref().ok_or_else(missing)
    }

    /// Whether one was given.
    pub fn is_given(&self) -> bool {
        self.program.is_some()
    }
}

impl Gateway {
    /// Starts `binary` on the data directory `data` and waits until it is ready.
    ///
    /// # Errors
    /// It does not become ready.
    pub async fn start(binary: &Binary, data: &Path, folder: &Path) -> Result<Self, Fault> {
        let port = free_port()?;
        let mut command = Command::new(binary.program()?);
        command
            .arg("start")
            .arg("--data-dir")
            .arg(data)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(&binary.flags);
        let mut process = Process::start("drawgate", &mut command, folder)?;
        let endpoint = Endpoint::parse(&format!("http://127.0.0.1:{port}/api/mcp"))?;
        process.ready(&endpoint, "/readyz").await?;
        let token = fs::read_to_string(data.join("admin.token"))?;
        Ok(Self {
            endpoint: endpoint.with_bearer(&token),
            process,
        })
    }

    /// Makes the connection `name` to `database`.
    ///
    /// # Errors
    /// The gateway refuses.
    pub async fn connect(&self, name: &str, database: &Database) -> Result<(), Fault> {
        let mut secrets = serde_json::Map::new();
        for (name, value) in [
            ("HOST", database.host.clone()),
            ("PORT", database.port.to_string()),
            ("USER", database.user.clone()),
            ("PASS", database.password.clone()),
            ("DB", database.name.clone()),
            ("SSLMODE", "disable".to_owned()),
        ] {
            secrets.insert(
                format!("envvar:{name}"),
                Value::from(STANDARD.encode(value)),
            );
        }
        let body = json!({
            "name": name,
            "type": "database",
            "subtype": "postgres",
            "secrets": secrets,
            "limits": {"output_bytes": OUTPUT_BYTES},
        });
        self.create("/api/connections", &body).await
    }

    /// Makes an object over REST.
    ///
    /// # Errors
    /// The gateway refuses.
    pub async fn create(&self, path: &str, body: &Value) -> Result<(), Fault> {
        let mut connection = Connection::dial(&self.endpoint).await?;
        connection
            .post(path, &[], Bytes::from(body.to_string()))
            .await?
            .success()?;
        Ok(())
    }

    /// `exec` of `input` on a connection.
    pub fn exec(connection: &str, input: &str) -> Tool {
        Tool::new(
            "exec",
            &json!({"connection_name": connection, "input": input}),
        )
    }
}

/// Starts the gateway with a fresh store on `database`.
///
/// # Errors
/// It does not start.
pub async fn drawgate(
    binary: &Binary,
    database: &Database,
    folder: &Path,
) -> Result<Contestant, Fault> {
    let gateway = Gateway::start(binary, &folder.join("data"), folder).await?;
    gateway.connect(CONNECTION, database).await?;
    Ok(Contestant {
        name: "drawgate",
        endpoint: gateway.endpoint,
        tool: Gateway::exec(CONNECTION, "select 1"),
        process: gateway.process,
    })
}
