//! The list of operations that doors show.

use model::{Role, Scope};
use serde_json::Value;

use crate::Hints;

/// Every operation, in the order of the contract.
pub struct Catalog {
    entries: Vec<Entry>,
}

impl Catalog {
    /// Every operation.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The operation called `name`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

/// One operation, as doors see it.
pub struct Entry {
    /// Name of the tool.
    pub name: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// What it does.
    pub description: String,
    /// Role the caller needs.
    pub role: Role,
    /// Scope the credential needs at least.
    pub scope: Scope,
    /// Hints for clients.
    pub hints: Hints,
    /// Doors that show it.
    pub surface: Surface,
    /// JSON Schema 2020-12 of the arguments, root `type: object`.
    pub input_schema: Value,
    /// JSON Schema 2020-12 of results and errors, root `type: object`.
    pub output_schema: Value,
    /// JSON Schema 2020-12 of results alone.
    pub result_schema: Value,
}

/// Doors that show an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// An MCP tool, and REST.
    Everywhere,
    /// REST and the command line only.
    Rest,
}
