//! DBHub, the MCP database server of Bytebase, a Node program.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use testkit::servers::Database;

use super::Contestant;
use crate::fault::Fault;
use crate::http::Endpoint;
use crate::load::Tool;
use crate::process::{Process, free_port};

/// Starts the program at `program` on `database`.
///
/// # Errors
/// It does not start.
pub async fn dbhub(
    program: &Path,
    database: &Database,
    folder: &Path,
) -> Result<Contestant, Fault> {
    let port = free_port()?;
    let mut command = Command::new(program);
    command
        .args(["--transport", "http", "--port", &port.to_string()])
        .env("DB_TYPE", "postgres")
        .env("DB_HOST", &database.host)
        .env("DB_PORT", database.port.to_string())
        .env("DB_USER", &database.user)
        .env("DB_PASSWORD", &database.password)
        .env("DB_NAME", &database.name);
    let mut process = Process::start("dbhub", &mut command, folder)?;
    let endpoint = Endpoint::parse(&format!("http://127.0.0.1:{port}/mcp"))?;
    process.listening(&endpoint).await?;
    Ok(Contestant {
        name: "dbhub",
        endpoint,
        tool: Tool::new("execute_sql", &json!({"sql": "select 1"})),
        process,
    })
}
