//! Sessions made by hand, and what is told of them.

use std::sync::Arc;

use model::{Id as _, PolicyFile, Session, SessionId, SystemClock, Timestamp};
use policy::FileReach;
use serde_json::{Value, json};
use sql::{Dialect, FactsCache};

use super::answer::Backtest;
use super::judge::{Past, Was, judge};
use super::period::Period;
use super::rules::Reached;
use super::tally::Tally;
use crate::Rehearsal;

fn file() -> PolicyFile {
    let file = json!({"version": 1,
        "guardrails": [
            {"name": "g", "input": {"rules": [
                {"type": "deny_words_list", "words": ["drop"]},
                {"type": "deny_words_list", "words": ["grant"], "action": "require_approval"},
                {"type": "deny_words_list", "words": ["note"], "action": "warn"}]},
             "output": {"rules": [
                {"type": "deny_words_list", "words": ["withheld"]},
                {"type": "deny_words_list", "words": ["replaced"], "action": "redact"}]}}],
        "datamasking_rules": [
            {"name": "m", "supported_entity_types": [
                {"name": "CUSTOM_SELECTION", "entity_types": ["EMAIL_ADDRESS"]}]},
            {"name": "c", "column_rules": [{"table": "staff", "column": "pay"}]}]});
    serde_json::from_value(file).unwrap()
}

/// A session that ended like this.
fn session(outcome: &str, failure: Option<&str>, hits: Value) -> Session {
    let (id, now) = (
        SessionId::new(&SystemClock).to_string(),
        "2026-01-01T00:00:00Z",
    );
    let outcome = Some(outcome).filter(|word| !word.is_empty());
    let status = if outcome.is_some() { "done" } else { "open" };
    let failure = failure.map(|code| json!({"code": code, "message": "m"}));
    let told = json!({"id": id, "connection": "db", "connection_id": "1",
        "connection_type": "database", "connection_subtype": "postgres", "connection_tags": {},
        "user_id": "u", "user_email": "u@x", "user_name": "U", "identity_type": "user",
        "status": status, "outcome": outcome, "verb": "exec", "origin": "api", "client": null,
        "database": null, "reason": null, "executed_by": null, "started_at": now,
        "ended_at": null, "exit_code": null, "failure": failure, "session_batch_id": null,
        "correlation_id": null, "labels": {}, "metadata": {}, "integrations_metadata": {},
        "metrics": {"event_size": 0, "truncated": false, "data_masking": {"info_types": {},
            "total_redact_count": 0, "transformed_bytes": 0, "err_count": 0}},
        "review": null, "ai_analysis": null, "guardrails_info": hits, "version": 1,
        "created_at": now, "updated_at": now});
    serde_json::from_value(told).unwrap()
}

fn past(session: Session, input: Option<&str>, output: Option<&str>) -> Past {
    let rules = Rehearsal::of_file(&file(), &FileReach::everything(&file()), b"").unwrap();
    Past {
        was: Was::of(&session),
        session,
        reached: Reached {
            rules: Arc::new(rules),
            dialect: Some(Dialect::Postgres),
        },
        input: input.map(str::to_owned),
        output: output.map(str::to_owned),
        is_unreadable: input.is_none(),
        is_output_cut: false,
    }
}

fn ran(input: &str, output: &str) -> Past {
    past(
        session("success", None, json!([])),
        Some(input),
        Some(output),
    )
}

fn tell(pasts: &[Past], examples: usize, is_cut: bool) -> Backtest {
    let facts = FactsCache::new(1 << 20);
    let mut tally = Tally::new(&file(), examples);
    for past in pasts {
        tally.add(past, judge(past, &facts));
    }
    let now = Timestamp::from_micros(0);
    tally.tell(
        Period {
            since: now,
            until: now,
        },
        is_cut,
    )
}

#[test]
fn what_happened_is_read_from_the_record() {
    let output = json!([{"direction": "output", "action": "block"}]);
    let replaced = json!([{"direction": "output", "action": "redact"}]);
    for (outcome, failure, hits, was) in [
        ("success", None, json!([]), Was::Run),
        ("failed", Some("timeout"), json!([]), Was::Run),
        ("killed", None, json!([]), Was::Run),
        ("", None, json!([]), Was::Run),
        (
            "blocked",
            Some("guardrail_blocked"),
            json!([{"direction": "input", "action": "block"}]),
            Was::BlockedByGuardrail,
        ),
        ("blocked", Some("guardrail_blocked"), output, Was::Run),
        (
            "blocked",
            Some("guardrail_blocked"),
            replaced,
            Was::BlockedByGuardrail,
        ),
        ("blocked", Some("forbidden"), json!([]), Was::Other),
        ("rejected", None, json!([]), Was::Other),
        ("expired", None, json!([]), Was::Other),
    ] {
        assert_eq!(
            Was::of(&session(outcome, failure, hits)),
            was,
            "{outcome} {failure:?}"
        );
    }
}

#[test]
fn the_strictest_counts_and_masking_only_of_what_is_shown() {
    let figures = |input: &str, output: &str| {
        let totals = tell(&[ran(input, output)], 0, false).totals;
        [
            totals.blocked,
            totals.needs_approval,
            totals.warned,
            totals.masked,
        ]
    };
    assert_eq!(figures("select 1", "1"), [0, 0, 0, 0]);
    assert_eq!(figures("drop note", "jane@acme.com"), [1, 0, 0, 0]);
    assert_eq!(figures("grant note", "jane@acme.com"), [0, 1, 0, 1]);
    assert_eq!(figures("select note", ""), [0, 0, 1, 0]);
    assert_eq!(figures("select pay from staff", "5"), [0, 0, 0, 1]);
    assert_eq!(figures("select 1", "jane@acme.com"), [0, 0, 0, 1]);
    assert_eq!(figures("select 1", "is replaced"), [0, 0, 0, 1]);
    assert_eq!(figures("select pay from staff", "withheld"), [1, 0, 0, 0]);
}

#[test]
fn rules_are_told_with_the_sessions_that_they_match() {
    let pasts = [
        ran("drop drop", ""),
        ran("select note", "jane@acme.com joe@acme.com"),
        ran("select pay from staff", "5"),
    ];
    let told = serde_json::to_value(tell(&pasts, 9, false).rules).unwrap();
    let row =
        |name: &str, kind: &str, hits: u64| json!({"rule_name": name, "kind": kind, "hits": hits});
    assert_eq!(
        told,
        json!([
            row("g", "guardrail", 2),
            row("c", "datamasking_rule", 1),
            row("m", "datamasking_rule", 1)
        ])
    );
}

#[test]
fn differences_are_the_first_examples_and_inputs_are_bounded() {
    let was_blocked = || session("blocked", Some("guardrail_blocked"), json!([]));
    let long = format!("drop {}", "é".repeat(300));
    let pasts = [
        ran("select note", ""),
        ran("select 1", ""),
        past(was_blocked(), Some("select 1"), None),
        past(was_blocked(), Some("drop 1"), None),
        ran(&long, ""),
        ran("drop 2", ""),
        past(was_blocked(), None, None),
    ];
    let told = tell(&pasts, 4, true);
    let totals = &told.totals;
    assert_eq!(
        (
            totals.newly_blocked,
            totals.newly_allowed,
            totals.unreadable
        ),
        (2, 1, 1)
    );
    let inputs: Vec<&str> = told
        .examples
        .iter()
        .map(|example| &*example.input)
        .collect();
    let beginning: String = long.chars().take(200).collect();
    assert_eq!(inputs, [&*beginning, "drop 2", "select 1", "drop 1"]);
    assert!(told.truncated && tell(&pasts, 0, false).examples.is_empty());
}
