//! MCP Toolbox for Databases, with one tool that asks the same statement.

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

/// Starts the program at `program` on `database`.
///
/// # Errors
/// `program` is the Python wrapper, which would outlive its end, or does not
/// start.
pub async fn toolbox(
    program: &Path,
    database: &Database,
    folder: &Path,
) -> Result<Contestant, Fault> {
    if fs::metadata(program)?.len() < 1_000_000 {
        return Err(Fault::Setup(format!(
            "{}: give the program itself, `…/site-packages/toolbox_server/bin/toolbox`",
            program.display()
        )));
    }
    let port = free_port()?;
    let configuration = folder.join("toolbox.yaml");
    fs::write(&configuration, tools(database))?;
    let mut command = Command::new(program);
    command
        .arg("--config")
        .arg(&configuration)
        .args(["--port", &port.to_string()])
        .args(["--disable-version-check", "--disable-reload"])
        .args(["--log-level", "ERROR"]);
    let mut process = Process::start("toolbox", &mut command, folder)?;
    let endpoint = Endpoint::parse(&format!("http://127.0.0.1:{port}/mcp"))?;
    process.listening(&endpoint).await?;
    Ok(Contestant {
        name: "toolbox",
        endpoint,
        tool: Tool::new("select_one", &json!({})),
        process,
    })
}

/// Its configuration; JSON strings are YAML strings too.
fn tools(database: &Database) -> String {
    format!(
        "kind: source\nname: target\ntype: postgres\nhost: {host}\nport: {port}\n\
         database: {name}\nuser: {user}\npassword: {password}\n\
         ---\nkind: tool\nname: select_one\ntype: postgres-sql\nsource: target\n\
         description: Answers one.\nstatement: select 1\n",
        host = json!(database.host),
        port = database.port,
        name = json!(database.name),
        user = json!(database.user),
        password = json!(database.password),
    )
}
