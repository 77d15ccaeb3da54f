//! Facts as plain yes and no, and a line protocol around them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::catalog::{Catalog, without_default_schema};
use crate::client::{Client, facts_for_client};
use crate::facts::{Dialect, Facts, Kind, Risk};
use crate::harmless;
use crate::resolve::rows::ANY_COLUMN;
use crate::understand::facts_with;

/// Columns that are sensitive unless others are named.
pub const SENSITIVE_COLUMNS: &[&str] = &[
    "ssn",
    "salary",
    "password",
    "password_hash",
    "card_number",
    "credit_card",
    "iban",
    "secret",
];

/// Kinds that define objects.
const DEFINING: &[Kind] = &[
    Kind::Create,
    Kind::Alter,
    Kind::Drop,
    Kind::Truncate,
    Kind::Comment,
];

/// What a script does, as an operator would ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an answer of its own in the line protocol"
)]
pub struct Labels {
    /// It surely changes nothing.
    pub read_only: bool,
    /// It makes, changes or removes objects, or empties tables.
    pub ddl: bool,
    /// It changes or removes rows without a `WHERE`.
    pub dml_without_where: bool,
    /// It changes or removes rows by a `WHERE` that is true for all.
    pub dml_tautology: bool,
    /// It calls a function that is not known to be harmless.
    pub side_effect_function: bool,
    /// It has more than one statement.
    pub multi: bool,
    /// It changes roles, privileges or settings that protect.
    pub privilege: bool,
    /// It moves data to or from files, programs or other servers.
    pub exfiltration: bool,
    /// It runs text that is only known when it runs.
    pub dynamic_sql: bool,
    /// It has commands of a client.
    pub meta_command: bool,
    /// It reads whole rows, so that further columns may be read.
    pub whole_row: bool,
    /// It calls functions that only the catalog of the database knows.
    pub needs_catalog: bool,
    /// The tables it uses, without the default schema.
    pub tables: BTreeSet<String>,
    /// Sensitive columns that it reads.
    pub sensitive_columns: BTreeSet<String>,
}

/// The labels of a text. `client` names the client that reads it, if one does; see
/// [`Client::named`].
///
/// # Errors
///
/// Why the text is not understood. Nothing is known about it then.
pub fn labels(
    text: &str,
    dialect: Dialect,
    client: Option<&str>,
    catalog: Option<&Catalog>,
) -> Result<Labels, String> {
    labels_with(text, dialect, client, (catalog, SENSITIVE_COLUMNS))
}

/// The same with the names of sensitive columns, in lower case.
///
/// # Errors
///
/// As [`labels`].
pub fn labels_with(
    text: &str,
    dialect: Dialect,
    client: Option<&str>,
    (catalog, sensitive): (Option<&Catalog>, &[&str]),
) -> Result<Labels, String> {
    let none = Catalog::new();
    let catalog = catalog.unwrap_or(&none);
    let facts = match client {
        None => facts_with(text, dialect, catalog),
        Some(name) => {
            let client = Client::named(name).ok_or_else(|| format!("no client {name}"))?;
            facts_for_client(text, dialect, client, catalog)
        }
    };
    if !facts.parsed {
        return Err(facts.parse_error.unwrap_or_default());
    }
    Ok(of_facts(&facts, sensitive))
}

/// The labels that follow from facts.
fn of_facts(facts: &Facts, sensitive: &[&str]) -> Labels {
    let is_command = |kind: Kind, risks: &BTreeSet<Risk>| {
        kind == Kind::Other && risks.contains(&Risk::ClientCommand)
    };
    let statements = facts.statements.iter();
    let count = statements
        .filter(|it| !is_command(it.kind, &it.risks))
        .count();
    let mut labels = Labels {
        read_only: facts.is_read_only(),
        dml_without_where: facts.has(Risk::NoWhere),
        dml_tautology: facts.has(Risk::Tautology),
        side_effect_function: facts.has(Risk::SideEffect),
        multi: count > 1,
        privilege: facts.has(Risk::Privilege),
        exfiltration: facts.has(Risk::Exfiltration),
        dynamic_sql: facts.has(Risk::Dynamic),
        meta_command: facts.has(Risk::ClientCommand),
        ..Labels::default()
    };
    for statement in &facts.statements {
        labels.ddl |= DEFINING.iter().any(|kind| statement.effects.contains(kind));
        labels.whole_row |= !statement.whole_rows.is_empty();
        labels.needs_catalog |= statement.functions.iter().any(|name| {
            let name: Vec<String> = name.split('.').map(str::to_owned).collect();
            !harmless::is_harmless(facts.dialect, &name)
        });
        for table in &statement.tables {
            labels
                .tables
                .extend(table_names(&table.name, facts.dialect));
        }
        for column in &statement.read {
            if column.ends_with(ANY_COLUMN) {
                // It may be any column of its table.
                let all = sensitive.iter().map(|name| (*name).to_owned());
                labels.sensitive_columns.extend(all);
                continue;
            }
            let last = column.rsplit('.').next().unwrap_or(column).to_lowercase();
            if sensitive.contains(&last.as_str()) {
                labels.sensitive_columns.insert(last);
            }
        }
    }
    labels
}

/// The names that a table goes by.
fn table_names(name: &str, dialect: Dialect) -> Vec<String> {
    let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
    let bare = without_default_schema(&parts).join(".");
    let is_system = matches!(
        parts.first().map(String::as_str),
        Some("mysql" | "information_schema" | "performance_schema" | "sys" | "master" | "msdb")
    );
    let mut names = vec![bare];
    // The database in front may be the one that is connected to.
    if parts.len() > 1 && !is_system && matches!(dialect, Dialect::Mysql | Dialect::Mssql) {
        names.extend(parts.last().cloned());
        names.dedup();
    }
    names
}

/// A line that is asked.
#[derive(Deserialize)]
struct Question {
    id: serde_json::Value,
    dialect: Dialect,
    #[serde(default)]
    client: Option<String>,
    sql: String,
}

/// A line that is answered.
#[derive(Serialize)]
struct Answer {
    id: serde_json::Value,
    labels: Labels,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Answers one line of JSON, `{"id", "dialect", "client", "sql"}`, with another one,
/// `{"id", "labels"}`; with `"error"` and empty labels if the text is not understood,
/// or the line is no such question.
pub fn jsonl_line(line: &str, catalog: Option<&Catalog>) -> String {
    let answer = match serde_json::from_str::<Question>(line) {
        Ok(question) => {
            let client = question.client.as_deref();
            let labels = labels(&question.sql, question.dialect, client, catalog);
            let (labels, error) = match labels {
                Ok(labels) => (labels, None),
                Err(reason) => (Labels::default(), Some(reason)),
            };
            Answer {
                id: question.id,
                labels,
                error,
            }
        }
        Err(error) => Answer {
            id: serde_json::Value::Null,
            labels: Labels::default(),
            error: Some(error.to_string()),
        },
    };
    serde_json::to_string(&answer).unwrap_or_default()
}
