//! The floor as a contestant: this very program in a process of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use testkit::servers::Database;

use super::Contestant;
use crate::fault::Fault;
use crate::http::Endpoint;
use crate::load::Tool;
use crate::process::{Process, free_port};

/// Starts the floor on `database`.
///
/// # Errors
/// It does not start.
pub async fn floor(database: &Database, folder: &Path) -> Result<Contestant, Fault> {
    let port = free_port()?;
    let target = folder.join("floor.target");
    fs::write(&target, connection_string(database))?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["floor", "--listen", &format!("127.0.0.1:{port}")])
        .arg("--postgres-file")
        .arg(&target);
    let mut process = Process::start("floor", &mut command, folder)?;
    let endpoint = Endpoint::parse(&format!("http://127.0.0.1:{port}/mcp"))?;
    process.listening(&endpoint).await?;
    Ok(Contestant {
        name: "floor",
        endpoint,
        tool: Tool::new("exec", &json!({"input": "select 1"})),
        process,
    })
}

/// The keyword form of libpq, with values quoted.
pub fn connection_string(database: &Database) -> String {
    let quoted = |value: &str| {
        let escaped = value.replace('\\', "\\\\").replace('\'', "\\'");
        format!("'{escaped}'")
    };
    format!(
        "host={} port={} user={} password={} dbname={}",
        quoted(&database.host),
        database.port,
        quoted(&database.user),
        quoted(&database.password),
        quoted(&database.name),
    )
}
