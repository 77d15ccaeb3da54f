//! Masking rules: what is kept, and what applies together.

mod random;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sql::Kind;

use super::*;
use crate::sample::{facts, statement};

/// Every type of the presets.
pub(super) fn known() -> Vec<&'static str> {
    let presets = model::MASKING_PRESETS.iter();
    presets.flat_map(|(_, types)| *types).copied().collect()
}

pub(super) fn rule(json: Value) -> MaskingRule {
    serde_json::from_value(json).unwrap()
}

fn plan(json: Value) -> MaskingPlan {
    MaskingPlan::compile([&rule(json)], &[], &known()).unwrap()
}

/// The place of the fault in a rule whose list `key` has this entry alone.
fn fault(key: &str, entry: Value) -> String {
    let rule = rule(json!({"name": "r", key: [entry]}));
    validate_masking(&rule, &known()).unwrap_err().path
}

#[test]
fn every_limit_of_a_selection_names_its_place() {
    for (entry, place) in [
        (json!({"name": "PETS"}), "name"),
        (json!({"name": "CUSTOM_SELECTION"}), "entity_types"),
        (
            json!({"name": "TIME_DATA", "entity_types": []}),
            "entity_types",
        ),
        (
            json!({"name": "TIME_DATA", "entity_types": ["URL"]}),
            "entity_types[0]",
        ),
        (
            json!({"name": "CUSTOM_SELECTION", "entity_types": ["URL", "CAT"]}),
            "entity_types[1]",
        ),
        (
            json!({"name": "TIME_DATA", "strategy_options": {"keep_last": 0}}),
            "strategy_options.keep_last",
        ),
    ] {
        let place = format!("supported_entity_types[0].{place}");
        assert_eq!(fault("supported_entity_types", entry), place);
    }
}

#[test]
fn every_limit_of_a_custom_entity_names_its_place() {
    for (entry, place) in [
        (json!({"name": "badge", "regex": "x"}), "name"),
        (json!({"name": "9B", "regex": "x"}), "name"),
        (json!({"name": "BADGE"}), "regex"),
        (json!({"name": "BADGE", "regex": "(?<=x)y"}), "regex"),
        (
            json!({"name": "BADGE", "deny_list": ["a", ""]}),
            "deny_list[1]",
        ),
        (
            json!({"name": "BADGE", "deny_list": [" \t"]}),
            "deny_list[0]",
        ),
        (
            json!({"name": "BADGE", "deny_list": vec!["x"; 1001]}),
            "deny_list",
        ),
        (
            json!({"name": "BADGE", "regex": "x", "score": 1.5}),
            "score",
        ),
    ] {
        let place = format!("custom_entity_types[0].{place}");
        assert_eq!(fault("custom_entity_types", entry), place);
    }
}

#[test]
fn every_limit_of_a_column_rule_names_its_place() {
    for (entry, place) in [
        (json!({"column": " "}), "column"),
        (json!({"table": "", "column": "a"}), "table"),
        (json!({"column": "a", "entity_type": "CAT"}), "entity_type"),
        (
            json!({"column": "a", "strategy_options": {"keep_last": 17}}),
            "strategy_options.keep_last",
        ),
    ] {
        assert_eq!(
            fault("column_rules", entry),
            format!("column_rules[0].{place}")
        );
    }
}

#[test]
fn every_limit_of_a_rule_names_its_place() {
    for (key, value, place) in [
        ("column_rules", json!([]), "supported_entity_types"),
        ("name", json!(""), "name"),
        (
            "column_rules",
            json!(vec![json!({"column": "a"}); 101]),
            "column_rules",
        ),
        ("score_threshold", json!(-0.1), "score_threshold"),
        ("description", json!("d".repeat(513)), "description"),
        (
            "strategy_options",
            json!({"keep_last": 99}),
            "strategy_options.keep_last",
        ),
    ] {
        let mut json = json!({"name": "r", "column_rules": [{"column": "a"}]});
        json[key] = value;
        assert_eq!(
            validate_masking(&rule(json), &known()).unwrap_err().path,
            place
        );
    }
}

#[test]
fn of_the_rule_and_of_every_entry_the_first_fault_is_told() {
    let wrong = rule(json!({"name": "r", "score_threshold": 2.0,
        "supported_entity_types": [{"name": "PETS"}, {"name": "TIME_DATA"}],
        "custom_entity_types": [{"name": "a"}],
        "column_rules": [{"column": " "}, {"column": "a"}, {"column": "b", "entity_type": "CAT"}]}));
    let told: Vec<_> = invalid_masking(&wrong, &known())
        .map(|invalid| invalid.path)
        .collect();
    assert_eq!(
        told,
        [
            "score_threshold",
            "supported_entity_types[0].name",
            "custom_entity_types[0].name",
            "column_rules[0].column",
            "column_rules[2].entity_type"
        ]
    );
}

#[test]
fn a_preset_stands_for_its_types_or_for_some_of_them() {
    let types = |entry: Value| -> Vec<String> {
        let plan = plan(json!({"name": "r", "supported_entity_types": [entry]}));
        plan.entity_types().into_iter().map(str::to_owned).collect()
    };
    assert_eq!(
        types(json!({"name": "CONTACT_INFORMATION"})),
        ["EMAIL_ADDRESS", "PERSON", "PHONE_NUMBER"]
    );
    assert_eq!(
        types(json!({"name": "CONTACT_INFORMATION", "entity_types": ["PERSON"]})),
        ["PERSON"]
    );
    assert_eq!(
        types(json!({"name": "CUSTOM_SELECTION", "entity_types": ["URL", "SG_NRIC_FIN", "URL"]})),
        ["SG_FIN", "URL"]
    );
}

#[test]
fn a_preset_with_a_type_that_the_engine_does_not_know_is_refused() {
    let rule = rule(json!({"name": "r", "supported_entity_types": [{"name": "TIME_DATA"}]}));
    let invalid = validate_masking(&rule, &["URL"]).unwrap_err();
    assert_eq!(invalid.path, "supported_entity_types[0].name");
    let invalid = MaskingPlan::compile([&rule], &[], &["URL"]).unwrap_err();
    assert!(invalid.message.starts_with("masking rule \"r\": "));
}

#[test]
fn an_entry_without_a_strategy_takes_that_of_the_rule() {
    let plan = plan(json!({
        "name": "r", "strategy": "hash", "strategy_options": {"scope": "organization"},
        "score_threshold": 0.8,
        "supported_entity_types": [{"name": "TIME_DATA"}],
        "custom_entity_types": [{"name": "BADGE", "regex": "B[0-9]+", "strategy": "partial",
            "strategy_options": {"keep_last": 2}}],
        "column_rules": [{"column": "salary", "strategy": "nullify"},
            {"column": "badge", "entity_type": "BADGE"}],
    }));
    let treatment = |strategy, keep_last, scope| Treatment {
        strategy,
        keep_last,
        scope,
    };
    assert_eq!(
        plan.entities[0].treatment,
        treatment(Strategy::Hash, 4, KeyScope::Organization)
    );
    assert!((plan.entities[0].threshold - 0.8).abs() < f64::EPSILON);
    assert_eq!(
        plan.custom[0].treatment,
        treatment(Strategy::Partial, 2, KeyScope::Connection)
    );
    assert!((plan.custom[0].score - 1.0).abs() < f64::EPSILON);
    assert_eq!(
        plan.columns[0].treatment,
        treatment(Strategy::Nullify, 4, KeyScope::Organization)
    );
    assert_eq!(plan.columns[1].entity_type.as_deref(), Some("BADGE"));
}

#[test]
fn rules_apply_together_each_with_its_name_and_threshold() {
    let one = rule(json!({"name": "one", "supported_entity_types": [{"name": "TIME_DATA"}]}));
    let two = rule(json!({"name": "two", "score_threshold": 0.1,
        "supported_entity_types": [{"name": "TIME_DATA", "strategy": "mask"}]}));
    let old = ["DATE_TIME".to_owned(), "SG_NRIC_FIN".to_owned()];
    let plan = MaskingPlan::compile([&one, &two], &old, &known()).unwrap();
    let rules: Vec<(&str, Strategy, f64)> = plan
        .entities
        .iter()
        .map(|entity| {
            (
                entity.rule_name.as_str(),
                entity.treatment.strategy,
                entity.threshold,
            )
        })
        .collect();
    assert_eq!(
        rules,
        [
            ("one", Strategy::Redact, 0.5),
            ("two", Strategy::Mask, 0.1),
            ("redact_types", Strategy::Redact, 0.5),
            ("redact_types", Strategy::Redact, 0.5),
        ]
    );
    assert_eq!(
        plan.rule_names(),
        BTreeSet::from(["one", "redact_types", "two"])
    );
    let unknown = MaskingPlan::compile([], &["CAT".to_owned()], &known()).unwrap_err();
    assert_eq!(unknown.path, "redact_types[0]");
    assert!(MaskingPlan::compile([], &[], &known()).unwrap().is_empty());
}

#[test]
fn column_rules_touch_the_statements_that_may_read_them() {
    let plan = plan(json!({"name": "r", "column_rules": [
        {"table": "hr.people", "column": "sal*"}, {"column": "email"}]}));
    let touched = |columns: &[&str], parsed| {
        let mut select = statement(Kind::Select);
        select.columns = columns.iter().map(|name| (*name).to_owned()).collect();
        let mut facts = facts(vec![select]);
        facts.parsed = parsed;
        let columns = plan.columns_of(Some(&facts)).into_iter();
        columns
            .map(|column| column.column.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(touched(&["people.salary"], true), ["sal*"]);
    assert_eq!(touched(&["users.email", "name"], true), ["email"]);
    assert_eq!(touched(&["users.*"], true), ["email"]);
    assert_eq!(touched(&["people.*"], true), ["sal*", "email"]);
    let mut whole = statement(Kind::Select);
    whole.whole_rows.insert("hr.people".into());
    assert_eq!(plan.columns_of(Some(&facts(vec![whole]))).len(), 2);
    assert_eq!(touched(&["x.salary"], true), [""; 0]);
    assert_eq!(touched(&[], false), ["sal*", "email"]);
    assert_eq!(plan.columns_of(None).len(), 2);
    assert!(plan.columns[1].may_be("public.users.email"));
}

#[test]
fn masked_columns_are_named_as_the_statements_name_them() {
    let plan = plan(json!({"name": "r", "column_rules": [
        {"table": "hr.people", "column": "sal*"}, {"column": "email"}]}));
    let mut select = statement(Kind::Select);
    select.columns = ["people.salary", "users.email", "users.name", "staff.*"]
        .map(str::to_owned)
        .into();
    let named = |facts| Vec::from_iter(plan.masked_columns(Some(&facts)));
    let understood = facts(vec![select.clone()]);
    assert_eq!(
        named(understood),
        ["people.salary", "staff.email", "users.email"]
    );
    let mut whole = statement(Kind::Select);
    whole.whole_rows.insert("users".into());
    assert_eq!(named(facts(vec![whole])), ["users.email"]);
    let mut garbled = facts(vec![select]);
    garbled.parsed = false;
    assert_eq!(named(garbled), ["email", "hr.people.sal*"]);
}
