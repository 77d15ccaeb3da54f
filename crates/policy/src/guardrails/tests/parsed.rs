//! Rules about statements, on facts of the real parser: both must mean the same.

use serde_json::{Value, json};
use sql::Dialect;

use super::compiled;
use crate::may_run_read_only;

/// Whether the rule is violated by the text.
fn is_violated(sql: &Value, text: &str, dialect: Dialect) -> bool {
    let rules = compiled(json!([{"type": "sql", "sql": sql}]));
    let facts = sql::facts(text, dialect);
    !rules.input(text, text, Some(&facts)).hits.is_empty()
}

#[test]
fn what_a_rule_says_holds_for_the_text_of_statements() {
    let need_where = json!({"require_where": ["update", "delete"]});
    let no_drop = json!({"deny_statements": ["drop", "delete"]});
    let no_users = json!({"deny_tables": ["users"]});
    let no_ssn = json!({"deny_columns": ["users.ssn"]});
    let no_sleep = json!({"deny_functions": ["pg_sleep"]});
    let limit = json!({"require_limit": ["select"]});
    for (rule, violating, allowed) in [
        (
            &need_where,
            &[
                "delete from users",
                "select 1; update t set a = 1",
                "with d as (delete from users returning *) select * from d",
                "delete from users where 1 = 1",
                "delet from users where id = 1",
            ][..],
            &[
                "delete from users where id = 3",
                "insert into t values (1) on conflict (id) do update set a = 1",
                "select 1",
            ][..],
        ),
        (
            &no_drop,
            &[
                "DROP /* x */ TABLE t",
                "explain analyze delete from t where id = 1",
                "do $$ begin execute 'drop table t'; end $$",
            ],
            &["select 'drop table t'", "explain delete from t", "-- drop"],
        ),
        (
            &no_users,
            &[
                "table users",
                "select * from public.\"users\" u",
                "copy users to stdout",
            ],
            &[
                "with users as (select 1) select * from users",
                "select users from orders",
            ],
        ),
        (
            &no_ssn,
            &[
                "select * from users",
                "select row_to_json(u) from users u",
                "select name from users where ssn = 'x'",
                "select ssn from orders, users",
            ],
            &["select count(*) from users", "select name from users"],
        ),
        (
            &no_sleep,
            &["select pg_catalog.PG_SLEEP(1)", "select \"pg_sleep\"(1)"],
            &["select 'pg_sleep(1)'", "select now()"],
        ),
        (
            &limit,
            &["select * from t"],
            &[
                "select * from t limit 5",
                "update t set a = (select 1) where id = 1",
            ],
        ),
    ] {
        for text in violating {
            assert!(is_violated(rule, text, Dialect::Postgres), "{rule}: {text}");
        }
        for text in allowed {
            assert!(
                !is_violated(rule, text, Dialect::Postgres),
                "{rule}: {text}"
            );
        }
    }
}

#[test]
fn the_languages_differ_and_the_rule_does_not() {
    let need_where = json!({"require_where": ["delete"]});
    let no_users = json!({"deny_tables": ["users"]});
    assert!(is_violated(
        &need_where,
        "DELETE FROM `users`",
        Dialect::Mysql
    ));
    assert!(is_violated(
        &no_users,
        "SELECT * FROM `shop`.`Users`",
        Dialect::Mysql
    ));
    assert!(is_violated(
        &no_users,
        "SELECT TOP 5 * FROM [dbo].[users]",
        Dialect::Mssql
    ));
    assert!(is_violated(
        &need_where,
        "delete from \"users\"",
        Dialect::Sqlite
    ));
    assert!(!is_violated(
        &need_where,
        "DELETE FROM users WHERE id = 1",
        Dialect::Mysql
    ));
}

#[test]
fn only_what_reads_runs_read_only() {
    let may = |text: &str| may_run_read_only(&sql::facts(text, Dialect::Postgres)).is_ok();
    for text in [
        "select * from users",
        "explain delete from t",
        "show all",
        "",
    ] {
        assert!(may(text), "{text}");
    }
    for text in [
        "select pg_terminate_backend(1)",
        "select * into x from users",
        "with d as (delete from t returning *) select * from d",
        "select 1; drop table t",
        "copy t to program 'cat'",
        "selec 1",
    ] {
        assert!(!may(text), "{text}");
    }
}
