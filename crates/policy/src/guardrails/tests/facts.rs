//! Rules about statements, on facts made by hand.

use model::Action;
use serde_json::{Value, json};
use sql::{Access, Facts, Kind, Risk, Statement};

use super::compiled;
use crate::sample::{facts, statement, table};

/// The violated facts of one rule.
fn violated(sql: Value, facts: &Facts) -> Vec<String> {
    let rules = compiled(json!([{"type": "sql", "sql": sql}]));
    let verdict = rules.input("", "", Some(facts));
    verdict
        .hits
        .into_iter()
        .flat_map(|hit| hit.matched_words)
        .collect()
}

fn select(tables: &[&str], columns: &[&str]) -> Statement {
    let mut select = statement(Kind::Select);
    let read = tables.iter().map(|name| table(name, Access::Read));
    select.tables = read.collect();
    select.columns = columns.iter().map(|name| (*name).to_owned()).collect();
    select
}

#[test]
fn every_effect_is_compared_with_the_kinds() {
    let mut cte = statement(Kind::Delete);
    cte.effects.insert(Kind::Select);
    let cte = facts(vec![cte]);
    assert_eq!(
        violated(json!({"deny_statements": ["delete"]}), &cte),
        ["delete statement"]
    );
    assert_eq!(
        violated(json!({"deny_statements": ["select"]}), &cte),
        ["select statement"]
    );
    assert_eq!(
        violated(json!({"allow_statements": ["select"]}), &cte),
        ["delete statement not among the allowed"]
    );
    assert!(violated(json!({"allow_statements": ["select", "delete"]}), &cte).is_empty());
    // Facts that forget the kind among the effects are not trusted with it.
    let mut bare = statement(Kind::Drop);
    bare.effects.clear();
    assert_eq!(
        violated(json!({"deny_statements": ["drop"]}), &facts(vec![bare])),
        ["drop statement"]
    );
}

#[test]
fn a_required_where_must_be_there_and_say_something() {
    let rule = json!({"require_where": ["update", "delete", "truncate"]});
    let with = |kind, has_where, risks: &[Risk]| {
        let mut statement = statement(kind);
        statement.has_where = has_where;
        statement.risks = risks.iter().copied().collect();
        violated(rule.clone(), &facts(vec![statement]))
    };
    assert!(with(Kind::Delete, Some(true), &[]).is_empty());
    assert_eq!(
        with(Kind::Delete, Some(false), &[]),
        ["delete without where"]
    );
    assert_eq!(
        with(Kind::Update, Some(true), &[Risk::NoWhere]),
        ["update without where"]
    );
    assert_eq!(
        with(Kind::Update, Some(true), &[Risk::Tautology]),
        ["update with a where that is always true"]
    );
    assert_eq!(with(Kind::Truncate, None, &[]), ["truncate without where"]);
    assert!(with(Kind::Insert, None, &[]).is_empty());

    let mut upsert = statement(Kind::Insert);
    upsert.effects.insert(Kind::Update);
    assert!(violated(rule, &facts(vec![upsert])).is_empty());
}

#[test]
fn a_required_limit_is_for_rows_that_are_answered() {
    let rule = json!({"require_limit": ["select"]});
    let mut limited = statement(Kind::Select);
    assert_eq!(
        violated(rule.clone(), &facts(vec![limited.clone()])),
        ["select without limit"]
    );
    limited.has_limit = Some(true);
    assert!(violated(rule.clone(), &facts(vec![limited])).is_empty());
    let mut copy_rows = statement(Kind::Insert);
    copy_rows.effects.insert(Kind::Select);
    assert!(violated(rule.clone(), &facts(vec![copy_rows.clone()])).is_empty());
    copy_rows.returns_rows = true;
    assert_eq!(
        violated(rule, &facts(vec![copy_rows])),
        ["select without limit"]
    );
}

#[test]
fn tables_are_denied_and_allowed_by_how_they_are_used() {
    let mut both = select(&["public.users"], &[]);
    both.tables.insert(table("log", Access::Write));
    let both = facts(vec![both]);
    for (rule, words) in [
        (
            json!({"deny_tables": ["users"]}),
            &["table public.users read"][..],
        ),
        (json!({"deny_tables": ["hr.*"]}), &["table log write"]),
        (
            json!({"deny_tables": ["users", "log"], "table_access": "write"}),
            &["table log write"],
        ),
        (
            json!({"deny_tables": ["users", "log"], "table_access": "read"}),
            &["table public.users read"],
        ),
        (
            json!({"deny_tables": ["users", "log"], "table_access": "any"}),
            &["table log write", "table public.users read"],
        ),
        (json!({"allow_tables": ["public.*"]}), &[]),
        (
            json!({"allow_tables": ["users"]}),
            &["table log write not among the allowed"],
        ),
        (
            json!({"allow_tables": ["users"], "table_access": "read"}),
            &[],
        ),
    ] {
        assert_eq!(violated(rule.clone(), &both), words, "{rule}");
    }
}

#[test]
fn columns_count_when_they_may_be_the_denied_ones() {
    let rule = json!({"deny_columns": ["users.ssn"]});
    for (columns, is_violated) in [
        (&["users.ssn"][..], true),
        (&["public.users.ssn"], true),
        (&["ssn"], true),
        (&["users.*"], true),
        (&["*"], true),
        (&["users.name", "name"], false),
        (&["orders.*", "orders.ssn"], false),
    ] {
        let found = violated(rule.clone(), &facts(vec![select(&["users"], columns)]));
        assert_eq!(!found.is_empty(), is_violated, "{columns:?}: {found:?}");
    }
    let mut whole = select(&["users"], &["users.name"]);
    whole.whole_rows.insert("public.users".into());
    assert_eq!(
        violated(rule, &facts(vec![whole])),
        ["column public.users.*"]
    );
    let star = facts(vec![select(&["orders"], &["orders.*"])]);
    assert_eq!(
        violated(json!({"deny_columns": ["ssn"]}), &star),
        ["column orders.*"]
    );
}

#[test]
fn functions_are_denied_under_any_schema() {
    let mut sleep = statement(Kind::Select);
    sleep.functions.insert("pg_catalog.pg_sleep".into());
    sleep.functions.insert("now".into());
    let sleep = facts(vec![sleep]);
    assert_eq!(
        violated(json!({"deny_functions": ["pg_sleep*", "dblink"]}), &sleep),
        ["function pg_catalog.pg_sleep"]
    );
    assert_eq!(violated(json!({"deny_functions": ["no"]}), &sleep), [""; 0]);
}

#[test]
fn more_than_one_statement_is_counted() {
    let rule = json!({"deny_multi_statement": true});
    let two = facts(vec![statement(Kind::Select), statement(Kind::Select)]);
    assert_eq!(violated(rule.clone(), &two), ["2 statements"]);
    assert!(violated(rule, &facts(vec![statement(Kind::Select)])).is_empty());
}

#[test]
fn what_is_not_understood_violates_every_rule() {
    let rules = compiled(json!([
        {"type": "sql", "sql": {"deny_tables": ["x"]}, "action": "require_approval"},
        {"type": "sql", "sql": {"require_where": ["delete"]}},
    ]));
    let mut unread = facts(vec![statement(Kind::Select)]);
    assert!(rules.input("", "", Some(&unread)).hits.is_empty());
    unread.parsed = false;
    let verdict = rules.input("", "", Some(&unread));
    assert_eq!(verdict.hits.len(), 2);
    assert_eq!(verdict.action, Some(Action::Block));
    assert_eq!(
        verdict.hits[0].matched_words,
        ["text that is not understood as SQL"]
    );
    assert_eq!(rules.input("", "", None).hits.len(), 2);
}

#[test]
fn sql_that_is_only_known_when_it_runs_could_do_anything() {
    let mut block = statement(Kind::Do);
    block.risks.insert(Risk::Dynamic);
    let block = facts(vec![block]);
    for rule in [
        json!({"deny_statements": ["drop"]}),
        json!({"deny_tables": ["users"]}),
        json!({"deny_columns": ["ssn"]}),
        json!({"require_where": ["delete"]}),
    ] {
        assert_eq!(
            violated(rule, &block),
            ["SQL that is only known when it runs"]
        );
    }
    assert!(violated(json!({"allow_statements": ["do"]}), &block).is_empty());
    assert!(violated(json!({"deny_multi_statement": true}), &block).is_empty());
    let mut command = statement(Kind::Other);
    command.risks.insert(Risk::ClientCommand);
    assert_eq!(
        violated(json!({"deny_statements": ["drop"]}), &facts(vec![command])),
        ["command of a client"]
    );
}
