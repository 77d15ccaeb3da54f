//! Properties of any rules and any text.

use model::{Direction, GuardrailRules};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::compiled;
use crate::{Guardrails, validate};

fn rule() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(vec!["deny_words_list", "pattern_match", "sql"]);
    let action = prop::sample::select(vec!["block", "require_approval", "warn", "redact"]);
    let words = proptest::collection::vec("[a-zé ]{0,4}", 0..3);
    let pattern = prop::option::of(r"[a-z(?=!:|*+)\\1\[\]{}]{0,8}");
    let sql = prop::option::of(prop::sample::select(vec![
        json!({}),
        json!({"deny_tables": ["a", ""]}),
        json!({"deny_tables": ["a.*"]}),
        json!({"deny_multi_statement": true}),
    ]));
    (kind, action, words, pattern, sql).prop_map(|(kind, action, words, pattern, sql)| {
        let mut rule = json!({"type": kind, "action": action, "words": words});
        if let Some(pattern) = pattern {
            rule["pattern_regex"] = pattern.into();
        }
        if let Some(sql) = sql {
            rule["sql"] = sql;
        }
        rule
    })
}

#[test]
fn no_text_is_a_panic() {
    let rules = compiled(json!([
        {"type": "deny_words_list", "words": ["a", "É"]},
        {"type": "pattern_match", "pattern_regex": "\\b\\w+\\s"},
        {"type": "pattern_match", "pattern_regex": "x*"},
        {"type": "sql", "sql": {"deny_multi_statement": true}},
    ]));
    proptest!(|(text: String, other: String)| {
        let verdict = rules.input(&text, &other, None);
        // The pattern that matches nothing at all, and the rule without facts.
        prop_assert!(verdict.hits.len() >= 2);
        let verdict = rules.command(std::slice::from_ref(&other), &text);
        prop_assert!(verdict.hits.len() >= 2);
    });
}

proptest! {
    #[test]
    fn exactly_what_is_valid_is_compiled(
        input in proptest::collection::vec(rule(), 0..3),
        output in proptest::collection::vec(rule(), 0..3),
    ) {
        let rules = |rules: Vec<Value>| -> GuardrailRules {
            serde_json::from_value(json!({"rules": rules})).unwrap()
        };
        let guardrail = model::Guardrail {
            name: "g".into(),
            description: String::new(),
            input: Some(rules(input)),
            output: Some(rules(output)),
        };
        let valid = [
            (&guardrail.input, Direction::Input),
            (&guardrail.output, Direction::Output),
        ]
        .into_iter()
        .all(|(rules, direction)| validate(rules.as_ref().unwrap(), direction).is_ok());
        prop_assert_eq!(Guardrails::compile([&guardrail]).is_ok(), valid);
    }

    #[test]
    fn a_word_is_found_wherever_it_stands(
        before in "[a-z ]{0,300}", word in "[A-Z0-9 é]{1,8}", after in "[a-z ]{0,300}",
    ) {
        let rules = compiled(json!([{"type": "deny_words_list", "words": [word]}]));
        let text = format!("{before}{word}{after}");
        prop_assert_eq!(rules.input(&text, &text, None).hits.len(), 1);
    }
}
