//! The lists of `tools/list`, one per role, written once: the schemas are large.

use std::sync::Arc;

use gate::{Catalog, Entry, Surface};
use model::{Caller, Role};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

/// How long clients may keep a list, in milliseconds.
const TTL_MS: u64 = 60_000;

/// JSON of the tools that each role sees, in the order of the catalog.
#[derive(Default)]
pub struct ToolLists {
    member: String,
    auditor: String,
    admin: String,
}

impl ToolLists {
    /// The lists of a catalog.
    pub fn new(catalog: &Catalog) -> Self {
        let list = |sees: fn(Role) -> bool| {
            let shown = catalog.entries().iter();
            let shown = shown.filter(|entry| is_tool(entry) && sees(entry.role));
            json!(shown.map(tool).collect::<Vec<_>>()).to_string()
        };
        Self {
            member: list(|role| role == Role::Any),
            auditor: list(|role| role != Role::Admin),
            admin: list(|_| true),
        }
    }

    /// Result of `tools/list` for `caller`; `tail` holds what the modern wire
    /// adds, and is empty on the legacy wire.
    pub fn result(&self, caller: &Caller, tail: &str) -> String {
        let tools = if caller.is_admin {
            &self.admin
        } else if caller.is_auditor {
            &self.auditor
        } else {
            &self.member
        };
        if tail.is_empty() {
            return format!("{{\"tools\":{tools}}}");
        }
        format!("{{\"tools\":{tools},\"ttlMs\":{TTL_MS},\"cacheScope\":\"private\"{tail}}}")
    }
}

/// Whether an operation is a tool.
pub fn is_tool(entry: &Entry) -> bool {
    entry.surface == Surface::Everywhere
}

fn tool(entry: &Entry) -> Tool {
    let hints = entry.hints;
    let annotations = ToolAnnotations::new()
        .read_only(hints.read_only)
        .destructive(hints.destructive)
        .idempotent(hints.idempotent)
        .open_world(hints.open_world);
    Tool::new(
        entry.name,
        entry.description.clone(),
        object(&entry.input_schema),
    )
    .with_title(entry.title)
    .with_raw_output_schema(object(&entry.output_schema))
    .with_annotations(annotations)
}

fn object(schema: &Value) -> Arc<JsonObject> {
    Arc::new(schema.as_object().cloned().unwrap_or_default())
}
