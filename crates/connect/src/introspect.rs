//! The statements of the schema tools, names strictly quoted.

use model::ConnectionType;

use crate::{Fault, Stage};

/// What is asked about a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaAsk {
    /// Names of databases: column `name`.
    Databases,
    /// Tables and views: columns `schema`, `name`, `type`, which is `table`,
    /// `view` or `materialized_view`.
    Tables {
        /// Database to look into.
        database: String,
    },
    /// Columns of a table: `name`, `type`, `nullable`, `default`, `position`
    /// from 1 and `primary_key`; truth values are `true` and `false`.
    Columns {
        /// Database to look into.
        database: String,
        /// Schema of the table; the database where the two are one.
        schema: String,
        /// Table or view.
        table: String,
    },
}

/// One statement and where to run it, read-only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaScript {
    /// The statement.
    pub sql: String,
    /// Database to run it in; the connection's own when `None`.
    pub database: Option<String>,
}

/// The statement that answers `ask` on a target. System databases and schemas
/// are left out.
///
/// # Errors
/// `unsupported` for targets without schemas, `invalid_argument` for names
/// with a NUL character.
pub fn schema_job(
    kind: ConnectionType,
    subtype: &str,
    ask: &SchemaAsk,
) -> Result<SchemaScript, Fault> {
    let names: &[&String] = match ask {
        SchemaAsk::Databases => &[],
        SchemaAsk::Tables { database } => &[database],
        SchemaAsk::Columns {
            database,
            schema,
            table,
        } => &[database, schema, table],
    };
    if names.iter().any(|name| name.contains('\0')) {
        return Err(Fault::invalid(
            Stage::Agent,
            "a name contains a NUL character",
        ));
    }
    let mut script = match (kind, subtype) {
        (ConnectionType::Database, "postgres") => postgres(ask),
        (ConnectionType::Database, "mysql") => mysql(ask),
        (ConnectionType::Database, "sqlite") => sqlite(ask),
        _ => {
            return Err(Fault::unsupported(format!(
                "schemas of {}/{subtype} cannot be read",
                kind.as_str()
            )));
        }
    };
    // Without a name it is the connection's own database.
    script.database = script.database.filter(|database| !database.is_empty());
    Ok(script)
}

fn postgres(ask: &SchemaAsk) -> SchemaScript {
    match ask {
        SchemaAsk::Databases => SchemaScript {
            sql: "SELECT d.datname AS name FROM pg_catalog.pg_database d
                WHERE NOT d.datistemplate AND d.datallowconn ORDER BY 1"
                .to_owned(),
            database: None,
        },
        SchemaAsk::Tables { database } => SchemaScript {
            sql: "SELECT n.nspname AS schema, c.relname AS name,
                CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized_view'
                    ELSE 'table' END AS type
                FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
                AND n.nspname <> 'information_schema'
                AND pg_catalog.left(n.nspname, 3) <> 'pg_'
                ORDER BY 1, 2"
                .to_owned(),
            database: Some(database.clone()),
        },
        SchemaAsk::Columns {
            database,
            schema,
            table,
        } => SchemaScript {
            // Servers before version 12 know no generated columns: the name
            // `attgenerated` is found outside the inner query there.
            sql: format!(
                "SELECT a.attname AS name,
                pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
                CASE WHEN a.attnotnull THEN 'false' ELSE 'true' END AS nullable,
                CASE WHEN (SELECT attgenerated FROM pg_catalog.pg_attribute g
                    WHERE g.attrelid = a.attrelid AND g.attnum = a.attnum) = ''
                    THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS \"default\",
                a.attnum AS position,
                CASE WHEN a.attnum = ANY (k.conkey) THEN 'true' ELSE 'false' END AS primary_key
                FROM pg_catalog.pg_attribute a
                CROSS JOIN (SELECT '') AS older (attgenerated)
                JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                LEFT JOIN pg_catalog.pg_attrdef d
                    ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
                WHERE a.attnum > 0 AND NOT a.attisdropped
                AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
                AND n.nspname <> 'information_schema'
                AND pg_catalog.left(n.nspname, 3) <> 'pg_'
                AND n.nspname = {} AND c.relname = {}
                ORDER BY a.attnum",
                postgres_literal(schema),
                postgres_literal(table)
            ),
            database: Some(database.clone()),
        },
    }
}

/// Databases that belong to the server.
const MYSQL_SYSTEM: &str = "('information_schema', 'mysql', 'performance_schema', 'sys')";

fn mysql(ask: &SchemaAsk) -> SchemaScript {
    let sql = match ask {
        SchemaAsk::Databases => format!(
            "SELECT s.schema_name AS name FROM information_schema.schemata s
            WHERE s.schema_name NOT IN {MYSQL_SYSTEM} ORDER BY 1"
        ),
        SchemaAsk::Tables { database } => format!(
            "SELECT t.table_schema AS `schema`, t.table_name AS name,
            CASE WHEN t.table_type LIKE '%VIEW' THEN 'view' ELSE 'table' END AS type
            FROM information_schema.tables t
            WHERE t.table_schema = {} AND t.table_schema NOT IN {MYSQL_SYSTEM}
            ORDER BY 1, 2",
            mysql_literal(database)
        ),
        SchemaAsk::Columns {
            database,
            schema,
            table,
        } => {
            let place = match (schema.as_str(), database.as_str()) {
                ("", "") => "DATABASE()".to_owned(),
                ("", database) => mysql_literal(database),
                (schema, _) => mysql_literal(schema),
            };
            let table = mysql_literal(table);
            // MariaDB tells a missing default as the word NULL. `column_key`
            // tells `PRI` for a unique key too where there is no primary one.
            format!(
                "SELECT c.column_name AS name, c.column_type AS type,
                CASE c.is_nullable WHEN 'YES' THEN 'true' ELSE 'false' END AS nullable,
                NULLIF(c.column_default, 'NULL') AS `default`,
                c.ordinal_position AS position,
                CASE WHEN EXISTS (SELECT 1 FROM information_schema.statistics s
                    WHERE s.table_schema = {place} AND s.table_name = {table}
                    AND s.column_name = c.column_name AND s.index_name = 'PRIMARY')
                    THEN 'true' ELSE 'false' END AS primary_key
                FROM information_schema.columns c
                WHERE c.table_schema = {place} AND c.table_name = {table}
                AND c.table_schema NOT IN {MYSQL_SYSTEM}
                ORDER BY c.ordinal_position"
            )
        }
    };
    SchemaScript {
        sql,
        database: None,
    }
}

fn sqlite(ask: &SchemaAsk) -> SchemaScript {
    let (sql, database) = match ask {
        SchemaAsk::Databases => (
            "SELECT name FROM pragma_database_list WHERE name = 'main'".to_owned(),
            None,
        ),
        SchemaAsk::Tables { database } => (
            "SELECT 'main' AS schema, name, type FROM main.sqlite_schema
            WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
            ORDER BY name"
                .to_owned(),
            Some(database.clone()),
        ),
        SchemaAsk::Columns {
            database, table, ..
        } => (
            format!(
                "SELECT name, type,
                CASE \"notnull\" WHEN 0 THEN 'true' ELSE 'false' END AS nullable,
                dflt_value AS \"default\", cid + 1 AS position,
                CASE pk WHEN 0 THEN 'false' ELSE 'true' END AS primary_key
                FROM pragma_table_xinfo({}, 'main') WHERE hidden <> 1 ORDER BY cid",
                sqlite_literal(table)
            ),
            Some(database.clone()),
        ),
    };
    SchemaScript { sql, database }
}

/// An `E''` literal, which reads the same under every setting of
/// `standard_conforming_strings`.
fn postgres_literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// A hexadecimal literal, which reads the same under every `sql_mode`.
fn mysql_literal(text: &str) -> String {
    use std::fmt::Write;
    let mut literal = String::from("_utf8mb4 X'");
    for byte in text.bytes() {
        let _ = write!(literal, "{byte:02x}");
    }
    literal.push('\'');
    literal
}

fn sqlite_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_hold_any_text() {
        assert_eq!(postgres_literal(r"a'\b"), r"E'a''\\b'");
        assert_eq!(mysql_literal("a'"), "_utf8mb4 X'6127'");
        assert_eq!(sqlite_literal("a'"), "'a'''");
    }

    #[test]
    fn other_targets_and_nul_are_refused() {
        let refused = |kind, subtype, ask: &SchemaAsk| schema_job(kind, subtype, ask).unwrap_err();
        let fault = refused(ConnectionType::Custom, "bash", &SchemaAsk::Databases);
        assert_eq!(fault.code, model::Code::Unsupported);
        let ask = SchemaAsk::Tables {
            database: "\0".into(),
        };
        let fault = refused(ConnectionType::Database, "postgres", &ask);
        assert_eq!(fault.code, model::Code::InvalidArgument);
    }
}
