//! Functions that are known to change nothing.
//!
//! A function that is not listed may do anything: it counts as a side effect.

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::facts::{Dialect, Risk};

/// Functions of PostgreSQL: those that `pg_proc` of PostgreSQL 15 marks immutable or
/// stable, without those that run text or read whole tables by name, and volatile
/// ones that only read; newer ones from the manuals of 16 to 18.
const POSTGRES: &str = include_str!("harmless/postgres.txt");
/// Functions of MySQL and MariaDB, from the chapter "Functions and Operators".
const MYSQL: &str = include_str!("harmless/mysql.txt");
/// Functions of SQL Server, from "Built-in functions" of the Transact-SQL reference.
const MSSQL: &str = include_str!("harmless/mssql.txt");
/// Functions of SQLite, from its lists of core, aggregate, date, window, math and
/// JSON functions.
const SQLITE: &str = include_str!("harmless/sqlite.txt");
/// Functions of Oracle, from "Functions" of the SQL Language Reference.
const ORACLE: &str = include_str!("harmless/oracle.txt");

/// Whether a call of this function surely changes nothing.
pub(crate) fn is_harmless(dialect: Dialect, name: &[String]) -> bool {
    match name {
        [name] => set(dialect).contains(name.as_str()),
        [schema, name] if schema == "pg_catalog" && dialect == Dialect::Postgres => {
            set(dialect).contains(name.as_str())
        }
        _ => false,
    }
}

/// The functions of a dialect.
fn set(dialect: Dialect) -> &'static HashSet<&'static str> {
    static SETS: [OnceLock<HashSet<&'static str>>; 5] = [const { OnceLock::new() }; 5];
    let (set, names) = match dialect {
        Dialect::Postgres => (&SETS[0], POSTGRES),
        Dialect::Mysql => (&SETS[1], MYSQL),
        Dialect::Mssql => (&SETS[2], MSSQL),
        Dialect::Sqlite => (&SETS[3], SQLITE),
        Dialect::Oracle => (&SETS[4], ORACLE),
    };
    set.get_or_init(|| names.split_whitespace().collect())
}

/// What a function is known to do beside changing something.
pub(crate) fn risks(dialect: Dialect, name: &[String]) -> &'static [Risk] {
    let first = name.first().map(String::as_str).unwrap_or_default();
    let last = name.last().map(String::as_str).unwrap_or_default();
    match dialect {
        Dialect::Postgres => postgres_risks(last),
        Dialect::Mysql => match last {
            "load_file" => MOVES,
            "sys_exec" | "sys_eval" => RUNS,
            _ => &[],
        },
        Dialect::Mssql => match last {
            "openrowset" | "opendatasource" | "openquery" => MOVES_AND_RUNS,
            _ => &[],
        },
        Dialect::Sqlite => match last {
            "readfile" | "writefile" => MOVES,
            "load_extension" | "eval" | "edit" => RUNS,
            _ => &[],
        },
        Dialect::Oracle => match first {
            "utl_file" | "utl_http" | "utl_tcp" | "utl_smtp" | "utl_mail" | "utl_inaddr"
            | "dbms_lob" | "dbms_ldap" | "httpuritype" | "dbms_datapump" => MOVES,
            "dbms_sql" | "dbms_xmlgen" | "dbms_xmlquery" | "dbms_scheduler" | "dbms_job" => RUNS,
            _ => &[],
        },
    }
}

const MOVES: &[Risk] = &[Risk::Exfiltration];
const RUNS: &[Risk] = &[Risk::Dynamic];
const MOVES_AND_RUNS: &[Risk] = &[Risk::Exfiltration, Risk::Dynamic];
const RULES: &[Risk] = &[Risk::Privilege];

/// How functions begin that reach files, large objects or other servers.
const MOVING: &[&str] = &[
    "lo_",
    "loread",
    "lowrite",
    "pg_read_",
    "pg_ls_",
    "pg_stat_file",
    "pg_current_logfile",
    "pg_hba_file_rules",
    "pg_file_",
    "pg_logical_slot_",
    "http_",
    "database_to_xml",
    "schema_to_xml",
    "table_to_xml",
];

/// How functions begin that run the text they are given.
const RUNNING: &[&str] = &[
    "query_to_xml",
    "cursor_to_xml",
    "ts_stat",
    "ts_rewrite",
    "crosstab",
    "connectby",
    "xpath_table",
];

/// Functions of PostgreSQL and of the extensions that come with it.
fn postgres_risks(name: &str) -> &'static [Risk] {
    let begins = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    match name {
        "set_config" => RULES,
        "lo_unlink" | "lo_manage" => &[],
        _ if name.starts_with("dblink") => MOVES_AND_RUNS,
        _ if begins(RUNNING) => RUNS,
        _ if begins(MOVING) => MOVES,
        _ => &[],
    }
}
