//! The reference documents that are checked in: the list of MCP tools and the
//! OpenAPI document.

use std::path::PathBuf;

use clap::Args;
use gate::Surface;
use serde_json::{Value, json};

/// Where to write them.
#[derive(Args)]
pub(crate) struct Generate {
    /// Folder of the documents.
    dir: PathBuf,
}

impl Generate {
    /// Writes the documents.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn run(&self) -> Result<(), String> {
        let catalog = gate::operations();
        let tools: Vec<Value> = catalog
            .entries()
            .iter()
            .filter(|entry| entry.surface == Surface::Everywhere)
            .map(|entry| {
                let published = entry.published();
                json!({
                    "name": entry.name,
                    "title": entry.title,
                    "description": published.description,
                    "inputSchema": published.input_schema,
                    "outputSchema": published.output_schema,
                    "annotations": {
                        "readOnlyHint": entry.hints.read_only,
                        "destructiveHint": entry.hints.destructive,
                        "idempotentHint": entry.hints.idempotent,
                        "openWorldHint": entry.hints.open_world,
                    },
                })
            })
            .collect();
        self.write("tools.json", &Value::Array(tools))?;
        self.write("openapi.json", &rest::openapi(&catalog, ""))
    }

    fn write(&self, name: &str, document: &Value) -> Result<(), String> {
        let path = self.dir.join(name);
        let said = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut text = serde_json::to_string_pretty(document).map_err(|error| error.to_string())?;
        text.push('\n');
        std::fs::create_dir_all(&self.dir).map_err(said)?;
        std::fs::write(&path, text).map_err(said)
    }
}
