//! Columns of MySQL and MariaDB results.

use model::{Column, ColumnSource, ValueKind};
use mysql_async::consts::{ColumnFlags, ColumnType};

/// Number of the `binary` character set.
const BINARY: u16 = 63;

/// What is told about a column.
pub(super) fn describe(column: &mysql_async::Column) -> Column {
    let (type_name, kind) = kind(column);
    Column {
        name: column.name_str().into_owned(),
        type_name,
        kind,
        source: (!column.org_name_ref().is_empty() && !column.org_table_ref().is_empty()).then(
            || ColumnSource::Named {
                schema: column.schema_str().into_owned(),
                table: column.org_table_str().into_owned(),
                column: column.org_name_str().into_owned(),
            },
        ),
    }
}

fn kind(column: &mysql_async::Column) -> (String, ValueKind) {
    use ColumnType as T;
    let flags = column.flags();
    let is_binary = column.character_set() == BINARY;
    let integer = |name: &str| {
        let sign = if flags.contains(ColumnFlags::UNSIGNED_FLAG) {
            " unsigned"
        } else {
            ""
        };
        (format!("{name}{sign}"), ValueKind::Integer)
    };
    let string = |text: &str, bytes: &str| {
        if is_binary {
            (bytes.to_owned(), ValueKind::Binary)
        } else {
            (text.to_owned(), ValueKind::Text)
        }
    };
    let plain = |name: &str, kind| (name.to_owned(), kind);
    if flags.contains(ColumnFlags::ENUM_FLAG) {
        return plain("enum", ValueKind::Text);
    }
    if flags.contains(ColumnFlags::SET_FLAG) {
        return plain("set", ValueKind::Text);
    }
    match column.column_type() {
        T::MYSQL_TYPE_TINY => integer("tinyint"),
        T::MYSQL_TYPE_SHORT => integer("smallint"),
        T::MYSQL_TYPE_INT24 => integer("mediumint"),
        T::MYSQL_TYPE_LONG => integer("int"),
        T::MYSQL_TYPE_LONGLONG => integer("bigint"),
        T::MYSQL_TYPE_YEAR => plain("year", ValueKind::Integer),
        T::MYSQL_TYPE_DECIMAL | T::MYSQL_TYPE_NEWDECIMAL => plain("decimal", ValueKind::Decimal),
        T::MYSQL_TYPE_FLOAT => plain("float", ValueKind::Float),
        T::MYSQL_TYPE_DOUBLE => plain("double", ValueKind::Float),
        T::MYSQL_TYPE_JSON => plain("json", ValueKind::Json),
        T::MYSQL_TYPE_BIT => plain("bit", ValueKind::Integer),
        T::MYSQL_TYPE_GEOMETRY => plain("geometry", ValueKind::Binary),
        T::MYSQL_TYPE_VECTOR => plain("vector", ValueKind::Binary),
        T::MYSQL_TYPE_NULL => plain("null", ValueKind::Text),
        T::MYSQL_TYPE_DATE | T::MYSQL_TYPE_NEWDATE => plain("date", ValueKind::Text),
        T::MYSQL_TYPE_TIME | T::MYSQL_TYPE_TIME2 => plain("time", ValueKind::Text),
        T::MYSQL_TYPE_DATETIME | T::MYSQL_TYPE_DATETIME2 => plain("datetime", ValueKind::Text),
        T::MYSQL_TYPE_TIMESTAMP | T::MYSQL_TYPE_TIMESTAMP2 => plain("timestamp", ValueKind::Text),
        T::MYSQL_TYPE_ENUM => plain("enum", ValueKind::Text),
        T::MYSQL_TYPE_SET => plain("set", ValueKind::Text),
        T::MYSQL_TYPE_STRING => string("char", "binary"),
        T::MYSQL_TYPE_VARCHAR | T::MYSQL_TYPE_VAR_STRING => string("varchar", "varbinary"),
        _ => string("text", "blob"),
    }
}
