//! Reading the schema of a database, through the same line as every run.

use std::collections::BTreeMap;
use std::time::Duration;

use connect::{SchemaAsk, SchemaScript};
use model::{
    Ask, Code, Connection, ConnectionType, Cursor, Format, Refusal, Role, Scope, SessionId, Verb,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::exec::{self, Envelope, Request, RunStatus};
use crate::{Context, Hints, Operation};

/// Longest time that reading a schema may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Most bytes of one schema; a page of it is answered.
const SCHEMA_BYTES: usize = 16 * 1024 * 1024;

/// Items per page when the caller names no number.
const DEFAULT_LIMIT: usize = 500;

const HINTS: Hints = Hints::new(true, false, true, true);

#[derive(Deserialize, JsonSchema)]
struct SchemaPage {
    /// Items per page.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1000), extend("default" = 500))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    #[schemars(length(max = 512))]
    cursor: Option<String>,
}

/// Lists the databases of a server, without its system databases.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ConnectionDatabases {
    /// Id or name of the connection.
    #[schemars(length(min = 1, max = 254))]
    connection_name: String,
    #[serde(flatten)]
    page: SchemaPage,
}

/// Lists the tables and views of a database; `connection_databases` names the
/// databases of a server.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ConnectionTables {
    /// Id or name of the connection.
    #[schemars(length(min = 1, max = 254))]
    connection_name: String,
    /// Name of the database; `main` for SQLite.
    #[schemars(length(min = 1, max = 128))]
    database: String,
    #[serde(flatten)]
    page: SchemaPage,
}

/// Lists the columns of a table with their types. Read them before you write a
/// query.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ConnectionColumns {
    /// Id or name of the connection.
    #[schemars(length(min = 1, max = 254))]
    connection_name: String,
    /// Name of the database; the connection's own when empty.
    #[serde(default)]
    #[schemars(length(max = 128))]
    database: Option<String>,
    /// Name of the table.
    #[schemars(length(min = 1, max = 256))]
    table: String,
    /// Name of the schema; `public` on PostgreSQL, otherwise the database.
    #[serde(default)]
    #[schemars(length(max = 128))]
    schema: Option<String>,
    #[serde(flatten)]
    page: SchemaPage,
}

/// What every schema tool answers besides its list.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Head {
    connection_name: String,
    connection_subtype: String,
    session_id: SessionId,
    /// The same data as tab-separated text with header.
    output: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Databases of a server.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Databases {
    #[serde(flatten)]
    head: Head,
    databases: Vec<Database>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Database {
    name: String,
}

/// Tables of a database.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Tables {
    #[serde(flatten)]
    head: Head,
    database: String,
    tables: Vec<Table>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Table {
    schema: String,
    name: String,
    #[serde(rename = "type")]
    kind: TableKind,
}

/// What a table is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum TableKind {
    Table,
    View,
    MaterializedView,
    Collection,
}

impl TableKind {
    /// The kind that the statement of the tables names.
    fn of(word: &str) -> Self {
        match word {
            "view" => Self::View,
            "materialized_view" => Self::MaterializedView,
            "collection" => Self::Collection,
            _ => Self::Table,
        }
    }
}

/// Columns of a table.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Columns {
    #[serde(flatten)]
    head: Head,
    database: String,
    schema: String,
    table: String,
    columns: Vec<ColumnObject>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct ColumnObject {
    name: String,
    #[serde(rename = "type")]
    type_name: String,
    nullable: Option<bool>,
    default: Option<String>,
    position: i64,
    primary_key: Option<bool>,
}

impl Operation for ConnectionDatabases {
    const NAME: &'static str = "connection_databases";
    const TITLE: &'static str = "List databases";
    const ROLE: Role = Role::Any;
    const SCOPE: Scope = Scope::Exec;
    const HINTS: Hints = HINTS;
    type Output = Databases;

    async fn run(self, context: &Context) -> Result<Databases, Refusal> {
        let place = (&*self.connection_name, &self.page);
        let read = read(context, place, |_| SchemaAsk::Databases).await?;
        let database = |row: &Vec<Value>| Database { name: text(row, 0) };
        Ok(Databases {
            databases: read.rows.iter().map(database).collect(),
            head: read.head,
        })
    }
}

impl Operation for ConnectionTables {
    const NAME: &'static str = "connection_tables";
    const TITLE: &'static str = "List tables";
    const ROLE: Role = Role::Any;
    const SCOPE: Scope = Scope::Exec;
    const HINTS: Hints = HINTS;
    type Output = Tables;

    async fn run(self, context: &Context) -> Result<Tables, Refusal> {
        let place = (&*self.connection_name, &self.page);
        let ask = |_: &Connection| SchemaAsk::Tables {
            database: self.database.clone(),
        };
        let read = read(context, place, ask).await?;
        let table = |row: &Vec<Value>| Table {
            schema: text(row, 0),
            name: text(row, 1),
            kind: TableKind::of(&text(row, 2)),
        };
        Ok(Tables {
            tables: read.rows.iter().map(table).collect(),
            head: read.head,
            database: self.database,
        })
    }
}

impl Operation for ConnectionColumns {
    const NAME: &'static str = "connection_columns";
    const TITLE: &'static str = "List columns";
    const ROLE: Role = Role::Any;
    const SCOPE: Scope = Scope::Exec;
    const HINTS: Hints = HINTS;
    type Output = Columns;

    async fn run(self, context: &Context) -> Result<Columns, Refusal> {
        let place = (&*self.connection_name, &self.page);
        let database = self.database.unwrap_or_default();
        let mut schema = self.schema.unwrap_or_default();
        let ask = |connection: &Connection| {
            if schema.is_empty() {
                schema = match connection.subtype.as_str() {
                    "postgres" => "public".to_owned(),
                    "mssql" => "dbo".to_owned(),
                    _ => database.clone(),
                };
            }
            SchemaAsk::Columns {
                database: database.clone(),
                schema: schema.clone(),
                table: self.table.clone(),
            }
        };
        let read = read(context, place, ask).await?;
        let column = |row: &Vec<Value>| ColumnObject {
            name: text(row, 0),
            type_name: text(row, 1),
            nullable: flag(row, 2),
            default: row.get(3).and_then(Value::as_str).map(str::to_owned),
            position: text(row, 4).parse().unwrap_or_default(),
            primary_key: flag(row, 5),
        };
        Ok(Columns {
            columns: read.rows.iter().map(column).collect(),
            head: read.head,
            database,
            schema,
            table: self.table,
        })
    }
}

/// One page of a schema.
struct Read {
    head: Head,
    rows: Vec<Vec<Value>>,
}

/// A place in a schema list.
#[derive(Serialize, Deserialize)]
struct Place {
    at: usize,
    /// What was asked of which connection, hashed.
    of: String,
}

/// Reads one page of what `ask` says about a connection.
async fn read(
    context: &Context,
    (reference, page): (&str, &SchemaPage),
    ask: impl FnOnce(&Connection) -> SchemaAsk,
) -> Result<Read, Refusal> {
    let limit = u32::try_from(TIME_LIMIT.as_secs()).unwrap_or(u32::MAX);
    context.call.progress.limit(limit);
    let connection = exec::look_up(context, reference).await?;
    context.audit.touch(connection.id);
    if connection.kind != ConnectionType::Database {
        return Err(Refusal::new(
            Code::NotADatabase,
            format!("connection {:?} is no database", connection.name),
        ));
    }
    let script = connect::schema_job(connection.kind, &connection.subtype, &ask(&connection))
        .map_err(|fault| Refusal::new(fault.code, fault.message))?;
    let of = list_of(&connection, &script);
    let at = start(page, &of)?;
    let envelope = exec::run(context, request(&connection, script)).await?;
    let envelope = finished(context, envelope)?;
    let columns: Vec<String> = envelope
        .columns
        .unwrap_or_default()
        .into_iter()
        .map(|column| column.name)
        .collect();
    let mut rows = envelope.rows.unwrap_or_default();
    let limit = page.limit.unwrap_or(DEFAULT_LIMIT);
    let more = rows.len() > at.saturating_add(limit);
    rows = rows.into_iter().skip(at).take(limit).collect();
    let head = Head {
        connection_name: connection.name.clone(),
        connection_subtype: connection.subtype.clone(),
        session_id: envelope.session_id,
        output: as_text(&columns, &rows),
        next_cursor: more.then(|| Cursor::write(&Place { at: at + limit, of })),
    };
    Ok(Read { head, rows })
}

/// What tells one list from every other.
fn list_of(connection: &Connection, script: &SchemaScript) -> String {
    let database = script.database.as_deref().unwrap_or_default();
    let list = format!("{}\n{database}\n{}", connection.id, script.sql);
    let mut hash = identity::hash_token(&list);
    hash.truncate(16);
    hash
}

/// The item at which a page begins.
fn start(page: &SchemaPage, of: &str) -> Result<usize, Refusal> {
    let Some(cursor) = &page.cursor else {
        return Ok(0);
    };
    let place: Place = Cursor::read(cursor)?;
    if place.of == of {
        Ok(place.at)
    } else {
        Err(Refusal::invalid(
            "/cursor",
            "a next_cursor of this very list",
        ))
    }
}

fn request(connection: &Connection, script: SchemaScript) -> Request {
    Request {
        connection: connection.id.to_string(),
        ask: Ask {
            verb: Verb::Introspect,
            input: script.sql,
            args: Vec::new(),
            env: BTreeMap::new(),
            database: script.database,
            format: Format::Rows,
            metadata: Map::new(),
            reason: None,
            read_only: true,
        },
        wait: TIME_LIMIT,
        inline_bytes: SCHEMA_BYTES,
    }
}

/// The envelope of a read that succeeded; everything else is an error of the tool.
fn finished(context: &Context, envelope: Envelope) -> Result<Envelope, Refusal> {
    match envelope.status {
        // A part of a schema would pass for all of it.
        RunStatus::Completed if envelope.truncated == Some(true) => Err(Refusal::new(
            Code::Unsupported,
            "the list is larger than 16 MiB",
        )
        .hint("read the part you need from the catalog of the database with exec")
        .detail("session_id", envelope.session_id.to_string())),
        RunStatus::Completed => Ok(envelope),
        RunStatus::Running => {
            context
                .gate
                .runs
                .end(envelope.session_id, exec::Ending::Timeout);
            Err(Refusal::new(
                Code::Timeout,
                "reading the schema took longer than 30 seconds",
            ))
        }
        RunStatus::Failed => {
            let said = envelope.output.unwrap_or_default();
            let (code, message) = match envelope.failure {
                Some(failure) => (failure.code, failure.message),
                None => (Code::Unavailable, said.trim_end().to_owned()),
            };
            Err(Refusal::new(code, message).detail("session_id", envelope.session_id.to_string()))
        }
    }
}

fn as_text(columns: &[String], rows: &[Vec<Value>]) -> String {
    let mut out = String::new();
    push_line(&mut out, columns.iter().map(String::as_str));
    for row in rows {
        let cells: Vec<String> = row.iter().map(plain).collect();
        push_line(&mut out, cells.iter().map(String::as_str));
    }
    out
}

fn push_line<'a>(out: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.push('\t');
        }
        exec::push_escaped(out, cell.as_bytes());
    }
    out.push('\n');
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn text(row: &[Value], index: usize) -> String {
    row.get(index).map(plain).unwrap_or_default()
}

fn flag(row: &[Value], index: usize) -> Option<bool> {
    match row.get(index)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_i64().map(|number| number != 0),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_borders_in_it_stays_one_cell_of_one_line() {
        let rows = [vec![Value::from("a\tb\nc\\d"), Value::Null]];
        let text = as_text(&["name".into(), "type".into()], &rows);
        assert_eq!(text, "name\ttype\na\\tb\\nc\\\\d\t\n");
    }
}
