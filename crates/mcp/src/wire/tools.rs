//! The lists of `tools/list`, one per role, written once: the schemas are large.

use std::sync::{Arc, OnceLock};

use gate::{Catalog, Entry, Surface};
use model::{Caller, Role};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

/// How long clients may keep a list, in milliseconds.
const TTL_MS: u64 = 60_000;

/// JSON of the tools that each role sees, in the order of the catalog, made when it is
/// first asked for.
#[derive(Default)]
pub struct ToolLists {
    member: OnceLock<String>,
    auditor: OnceLock<String>,
    admin: OnceLock<String>,
}

impl ToolLists {
    /// Result of `tools/list` for `caller`; `tail` holds what the modern wire
    /// adds, and is empty on the legacy wire.
    pub fn result(&self, catalog: &Catalog, caller: &Caller, tail: &str) -> String {
        let tools = if caller.is_admin {
            self.admin.get_or_init(|| list(catalog, |_| true))
        } else if caller.is_auditor {
            let sees = |role| role != Role::Admin;
            self.auditor.get_or_init(|| list(catalog, sees))
        } else {
            let sees = |role| role == Role::Any;
            self.member.get_or_init(|| list(catalog, sees))
        };
        if tail.is_empty() {
            return format!("{{\"tools\":{tools}}}");
        }
        format!("{{\"tools\":{tools},\"ttlMs\":{TTL_MS},\"cacheScope\":\"private\"{tail}}}")
    }
}

/// The list of the tools that a role sees.
fn list(catalog: &Catalog, sees: impl Fn(Role) -> bool) -> String {
    let shown = catalog.entries().iter();
    let shown = shown.filter(|entry| is_tool(entry) && sees(entry.role));
    json!(shown.map(tool).collect::<Vec<_>>()).to_string()
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
    let published = entry.published();
    Tool::new(
        entry.name,
        published.description,
        object(published.input_schema),
    )
    .with_title(entry.title)
    .with_raw_output_schema(object(published.output_schema))
    .with_annotations(annotations)
}

fn object(schema: Value) -> Arc<JsonObject> {
    match schema {
        Value::Object(schema) => Arc::new(schema),
        _ => Arc::default(),
    }
}
