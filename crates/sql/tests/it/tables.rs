//! Tables of statements with what they are: labels, tables, sensitive columns, SQL.

use std::collections::BTreeSet;

use sql::{Dialect, Labels, labels};

/// The labels that are set, by name.
fn set(labels: &Labels) -> BTreeSet<String> {
    let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(labels) else {
        panic!("labels are an object");
    };
    let fields = fields.into_iter();
    fields
        .filter(|(name, value)| value == true && name != "needs_catalog")
        .map(|(name, _)| name)
        .collect()
}

fn words(column: &str) -> BTreeSet<String> {
    let words = column.split_whitespace().filter(|word| *word != "-");
    words.map(|word| word.replace('_', " ")).collect()
}

/// Compares a table with what the crate says, and tells all lines that differ.
fn check(table: &str, dialect: Dialect, client: Option<&str>) {
    let mut different = Vec::new();
    for line in table.lines() {
        let columns: Vec<&str> = line.splitn(4, " | ").collect();
        let [expected, tables, sensitive, text] = columns.as_slice() else {
            panic!("not four columns: {line}");
        };
        let text = text.replace("\\N", "\n");
        let found = labels(&text, dialect, client, None);
        let (flags, used, read) = match &found {
            Ok(found) => (
                set(found),
                found.tables.clone(),
                found.sensitive_columns.clone(),
            ),
            Err(_) => (
                BTreeSet::from(["unparsed".to_owned()]),
                BTreeSet::new(),
                BTreeSet::new(),
            ),
        };
        let spaced = |names: &BTreeSet<String>| -> BTreeSet<String> {
            names.iter().map(|name| name.replace('_', " ")).collect()
        };
        if (spaced(&flags), spaced(&used), spaced(&read))
            != (words(expected), words(tables), words(sensitive))
        {
            different.push(format!("{line}\n    is {found:?}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn statements_of_postgres() {
    check(
        include_str!("../tables/postgres.txt"),
        Dialect::Postgres,
        None,
    );
}

#[test]
fn more_statements_of_postgres() {
    let table = include_str!("../tables/postgres_more.txt");
    check(table, Dialect::Postgres, None);
}

#[test]
fn statements_of_mysql() {
    check(include_str!("../tables/mysql.txt"), Dialect::Mysql, None);
}

#[test]
fn statements_of_sql_server() {
    check(include_str!("../tables/mssql.txt"), Dialect::Mssql, None);
}

#[test]
fn statements_of_sqlite() {
    check(include_str!("../tables/sqlite.txt"), Dialect::Sqlite, None);
}

#[test]
fn statements_of_oracle() {
    check(include_str!("../tables/oracle.txt"), Dialect::Oracle, None);
}

#[test]
fn texts_for_psql() {
    let table = include_str!("../tables/psql_client.txt");
    check(table, Dialect::Postgres, Some("psql"));
}

#[test]
fn texts_for_mysql() {
    let table = include_str!("../tables/mysql_client.txt");
    check(table, Dialect::Mysql, Some("mysql"));
}

#[test]
fn texts_for_sqlcmd() {
    let table = include_str!("../tables/sqlcmd_client.txt");
    check(table, Dialect::Mssql, Some("sqlcmd"));
}
