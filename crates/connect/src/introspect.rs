//! Scripts that read a schema, with names strictly quoted as literals.

use model::ConnectionType;

use crate::Fault;

/// What of a schema is asked for.
pub enum SchemaAsk {
    /// The databases of a server.
    Databases,
    /// The tables and views of a database.
    Tables {
        /// Name of the database.
        database: String,
    },
    /// The columns of a table.
    Columns {
        /// Name of the database; the connection's own when empty.
        database: String,
        /// Name of the schema.
        schema: String,
        /// Name of the table.
        table: String,
    },
}

/// A script that reads a schema.
pub struct SchemaScript {
    /// The statement. Databases: name. Tables: schema, name, type. Columns:
    /// name, type, nullable, default, position, primary_key; flags are `true`
    /// or `false`.
    pub sql: String,
    /// Database to run it in; the connection's own when `None`.
    pub database: Option<String>,
}

/// The script that answers `ask` on a kind of database.
///
/// # Errors
/// `unsupported` for a kind without a schema here.
pub fn schema_job(
    kind: ConnectionType,
    subtype: &str,
    ask: &SchemaAsk,
) -> Result<SchemaScript, Fault> {
    match (kind, subtype) {
        (ConnectionType::Database, "postgres") => Ok(postgres(ask)),
        (ConnectionType::Database, "mysql") => Ok(mysql(ask)),
        (ConnectionType::Database, "sqlite") => Ok(sqlite(ask)),
        _ => Err(Fault::unsupported(format!(
            "the schema of {}/{subtype} cannot be read by this build",
            kind.as_str()
        ))),
    }
}

fn postgres(ask: &SchemaAsk) -> SchemaScript {
    let (sql, database) = match ask {
        SchemaAsk::Databases => (
            "SELECT datname AS name FROM pg_database WHERE NOT datistemplate AND datallowconn \
             ORDER BY datname"
                .to_owned(),
            "",
        ),
        SchemaAsk::Tables { database } => (
            "SELECT n.nspname AS schema, c.relname AS name, CASE c.relkind WHEN 'v' THEN 'view' \
             WHEN 'm' THEN 'materialized_view' ELSE 'table' END AS type FROM pg_class c \
             JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND n.nspname <> 'information_schema' \
             AND n.nspname NOT LIKE 'pg\\_%' ORDER BY n.nspname, c.relname"
                .to_owned(),
            database.as_str(),
        ),
        SchemaAsk::Columns {
            database,
            schema,
            table,
        } => (
            format!(
                "SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, \
                 CASE WHEN a.attnotnull THEN 'false' ELSE 'true' END AS nullable, \
                 pg_get_expr(d.adbin, d.adrelid) AS default, \
                 row_number() OVER (ORDER BY a.attnum) AS position, \
                 CASE WHEN EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid \
                 AND i.indisprimary AND a.attnum = ANY (i.indkey)) THEN 'true' ELSE 'false' END \
                 AS primary_key FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
                 JOIN pg_namespace n ON n.oid = c.relnamespace \
                 LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
                 WHERE n.nspname = {} AND c.relname = {} AND a.attnum > 0 AND NOT a.attisdropped \
                 ORDER BY a.attnum",
                postgres_literal(schema),
                postgres_literal(table)
            ),
            database.as_str(),
        ),
    };
    SchemaScript {
        sql,
        database: given(database),
    }
}

fn mysql(ask: &SchemaAsk) -> SchemaScript {
    let sql = match ask {
        SchemaAsk::Databases => "SELECT schema_name AS name FROM information_schema.schemata \
             WHERE schema_name NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys') \
             ORDER BY schema_name"
            .to_owned(),
        SchemaAsk::Tables { database } => format!(
            "SELECT table_schema AS `schema`, table_name AS name, \
             CASE WHEN table_type LIKE '%VIEW' THEN 'view' ELSE 'table' END AS type \
             FROM information_schema.tables WHERE table_schema = {} ORDER BY table_name",
            mysql_literal(database)
        ),
        SchemaAsk::Columns { schema, table, .. } => {
            let schema = if schema.is_empty() {
                "DATABASE()".to_owned()
            } else {
                mysql_literal(schema)
            };
            format!(
                "SELECT column_name AS name, column_type AS type, \
                 CASE is_nullable WHEN 'YES' THEN 'true' ELSE 'false' END AS nullable, \
                 column_default AS `default`, ordinal_position AS position, \
                 CASE column_key WHEN 'PRI' THEN 'true' ELSE 'false' END AS primary_key \
                 FROM information_schema.columns WHERE table_schema = {schema} \
                 AND table_name = {} ORDER BY ordinal_position",
                mysql_literal(table)
            )
        }
    };
    SchemaScript {
        sql,
        database: None,
    }
}

fn sqlite(ask: &SchemaAsk) -> SchemaScript {
    let sql = match ask {
        SchemaAsk::Databases => "SELECT name FROM pragma_database_list ORDER BY seq".to_owned(),
        SchemaAsk::Tables { .. } => "SELECT 'main' AS schema, name, type FROM sqlite_schema \
             WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name"
            .to_owned(),
        SchemaAsk::Columns { table, .. } => format!(
            "SELECT name, lower(type) AS type, iif(\"notnull\" OR pk, 'false', 'true') AS nullable, \
             dflt_value AS \"default\", cid + 1 AS position, iif(pk, 'true', 'false') AS primary_key \
             FROM pragma_table_info({}) ORDER BY cid",
            sqlite_literal(table)
        ),
    };
    SchemaScript {
        sql,
        database: None,
    }
}

fn given(database: &str) -> Option<String> {
    (!database.is_empty()).then(|| database.to_owned())
}

/// A literal whatever `standard_conforming_strings` says.
#[cfg(feature = "postgres")]
fn postgres_literal(text: &str) -> String {
    postgres_protocol::escape::escape_literal(text)
}

#[cfg(not(feature = "postgres"))]
fn postgres_literal(text: &str) -> String {
    sqlite_literal(text)
}

/// A hexadecimal literal read as UTF-8: nothing in it can end it, whatever the
/// SQL mode.
fn mysql_literal(text: &str) -> String {
    use std::fmt::Write as _;
    if text.is_empty() {
        return "''".to_owned();
    }
    let hex = text.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("CONVERT(0x{hex} USING utf8mb4)")
}

fn sqlite_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(subtype: &str, table: &str) -> String {
        let ask = SchemaAsk::Columns {
            database: String::new(),
            schema: "public".into(),
            table: table.into(),
        };
        schema_job(ConnectionType::Database, subtype, &ask)
            .unwrap()
            .sql
    }

    #[test]
    fn names_stay_inside_their_literal() {
        let name = "x'; DROP TABLE users; --\\";
        assert!(columns("postgres", name).contains("E'x''; DROP TABLE users; --\\\\'"));
        assert!(columns("sqlite", name).contains("'x''; DROP TABLE users; --\\'"));
        assert!(!columns("mysql", name).contains("DROP"));
    }

    #[test]
    fn what_has_no_schema_says_so() {
        let ask = SchemaAsk::Databases;
        assert!(schema_job(ConnectionType::Custom, "bash", &ask).is_err());
        assert!(schema_job(ConnectionType::Database, "oracledb", &ask).is_err());
    }
}
