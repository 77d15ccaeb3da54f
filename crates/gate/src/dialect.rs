//! The language of a connection.

use model::{Connection, ConnectionType};
use sql::Dialect;

/// The SQL dialect of a connection; `None` when what it takes is no SQL.
pub(crate) fn of(connection: &Connection) -> Option<Dialect> {
    of_kind(connection.kind, &connection.subtype)
}

/// The SQL dialect of a kind of target.
pub(crate) fn of_kind(kind: ConnectionType, subtype: &str) -> Option<Dialect> {
    if kind != ConnectionType::Database {
        return None;
    }
    match subtype {
        "postgres" => Some(Dialect::Postgres),
        "mysql" => Some(Dialect::Mysql),
        "mssql" => Some(Dialect::Mssql),
        "sqlite" => Some(Dialect::Sqlite),
        "oracledb" => Some(Dialect::Oracle),
        _ => None,
    }
}
