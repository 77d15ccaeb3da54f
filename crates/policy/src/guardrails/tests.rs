//! Input rules: words, patterns and facts.

mod facts;
mod parsed;
mod random;

use serde_json::{Value, json};

use super::*;

pub(super) fn guardrail(rules: Value) -> Guardrail {
    serde_json::from_value(json!({"name": "g", "input": {"rules": rules}})).unwrap()
}

pub(super) fn compiled(rules: Value) -> Guardrails {
    Guardrails::compile([&guardrail(rules)]).unwrap()
}

/// The matched words of the first hit.
fn matched(rules: &Guardrails, text: &str) -> Vec<String> {
    let verdict = rules.input(text, text, None);
    verdict
        .hits
        .into_iter()
        .next()
        .map(|hit| hit.matched_words)
        .unwrap_or_default()
}

#[test]
fn words_are_found_anywhere_and_in_any_case() {
    let rules = compiled(json!([
        {"type": "deny_words_list", "words": ["drop table", "École", "a.b"]},
    ]));
    assert_eq!(matched(&rules, "DROP Table users"), ["drop table"]);
    assert_eq!(matched(&rules, "xdrop tables"), ["drop table"]);
    assert_eq!(matched(&rules, "drop \n\t table"), ["drop table"]);
    assert_eq!(matched(&rules, "select 'éCOLE'"), ["École"]);
    assert_eq!(matched(&rules, "axb"), [""; 0]);
    assert_eq!(matched(&rules, "droptable"), [""; 0]);
}

#[test]
fn case_counts_where_a_rule_says_so() {
    let rules = compiled(json!([
        {"type": "deny_words_list", "words": ["Drop"], "case_sensitive": true},
    ]));
    assert_eq!(matched(&rules, "Drop"), ["Drop"]);
    assert_eq!(matched(&rules, "drop"), [""; 0]);
}

#[test]
fn text_rules_see_the_text_with_and_without_comments() {
    let rules = compiled(json!([
        {"type": "deny_words_list", "words": ["drop table"]},
        {"type": "pattern_match", "pattern_regex": "--\\s*hidden"},
    ]));
    let verdict = rules.input("drop /* x */ table t -- hidden", "drop   table t", None);
    assert_eq!(verdict.hits.len(), 2);
}

#[test]
fn patterns_tell_what_they_matched() {
    let rules = compiled(json!([
        {"type": "pattern_match", "pattern_regex": "(?i)\\bpg_sleep\\s*\\(", "action": "warn"},
        {"type": "pattern_match", "pattern_regex": "xyz"},
    ]));
    let verdict = rules.input("select PG_SLEEP (1)", "select PG_SLEEP (1)", None);
    assert_eq!(verdict.action, Some(Action::Warn));
    assert_eq!(verdict.hits.len(), 1);
    assert_eq!(verdict.hits[0].matched_words, ["PG_SLEEP ("]);
    assert_eq!(
        verdict.hits[0].pattern_regex.as_deref(),
        Some("(?i)\\bpg_sleep\\s*\\(")
    );
}

#[test]
fn the_strictest_action_wins_and_speaks() {
    let rules = compiled(json!([
        {"type": "deny_words_list", "words": ["a"], "action": "warn", "message": "Careful."},
        {"type": "deny_words_list", "words": ["b"], "action": "require_approval",
            "require_rule": "dba", "message": "Ask."},
        {"type": "deny_words_list", "words": ["b"], "action": "require_approval",
            "require_rule": "dba"},
        {"type": "deny_words_list", "words": ["c"], "message": "No."},
    ]));
    let said = |text: &str| {
        let verdict = rules.input(text, text, None);
        (verdict.action, verdict.message(), verdict.require_rules)
    };
    assert_eq!(said("x"), (None, None, vec![]));
    assert_eq!(
        said("a"),
        (Some(Action::Warn), Some("Careful.".into()), vec![])
    );
    assert_eq!(
        said("a b"),
        (
            Some(Action::RequireApproval),
            Some("Ask.".into()),
            vec!["dba".into()]
        )
    );
    assert_eq!(said("a b c").0, Some(Action::Block));
    assert_eq!(said("a b c").1.as_deref(), Some("No."));
}

#[test]
fn commands_are_seen_as_a_shell_reads_them() {
    let rules = compiled(json!([
        {"type": "deny_words_list", "words": ["rm -rf", "kubectl delete"]},
        {"type": "pattern_match", "pattern_regex": "^curl .*\\| *sh$"},
    ]));
    let hits = |argv: &[&str], input: &str| {
        let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
        rules.command(&argv, input).hits.len()
    };
    assert_eq!(hits(&["bash"], "r''m \"-rf\" /"), 1);
    assert_eq!(hits(&["kubectl", "delete"], "ns"), 1);
    assert_eq!(hits(&["bash", "-c", "r\\m -rf /"], ""), 1);
    assert_eq!(hits(&["bash"], "ls; cu'r'l x.org | 's'h"), 1);
    assert_eq!(hits(&["bash"], "ls -la"), 0);
}

#[test]
fn a_command_has_no_facts_and_violates_every_rule_about_them() {
    let rules = compiled(json!([{"type": "sql", "sql": {"deny_multi_statement": true}}]));
    let verdict = rules.command(&["bash".into()], "ls");
    assert_eq!(verdict.action, Some(Action::Block));
}

#[test]
fn what_is_compiled_tells_what_it_needs() {
    let nothing = Guardrails::default();
    assert!(nothing.is_empty() && !nothing.needs_facts() && !nothing.has_output());
    assert_eq!(nothing.input("drop", "drop", None), Verdict::default());
    let sql = compiled(json!([{"type": "sql", "sql": {"deny_multi_statement": true}}]));
    assert!(sql.needs_facts() && sql.has_input() && !sql.has_output() && !sql.is_empty());
    let words = compiled(json!([{"type": "deny_words_list", "words": ["x"]}]));
    assert!(!words.needs_facts());
}

#[test]
fn what_is_not_valid_is_not_compiled() {
    let bad = guardrail(json!([{"type": "pattern_match", "pattern_regex": "(?=x)"}]));
    let invalid = Guardrails::compile([&bad]).unwrap_err();
    assert_eq!(invalid.path, "input.rules[0].pattern_regex");
    assert!(invalid.message.starts_with("guardrail \"g\": look-ahead"));
}

#[test]
fn rules_of_several_guardrails_apply_together() {
    let one = guardrail(json!([{"type": "deny_words_list", "words": ["a"]}]));
    let mut two = guardrail(json!([{"type": "deny_words_list", "words": ["a"]}]));
    two.name = "h".into();
    let rules = Guardrails::compile([&one, &two]).unwrap();
    let names: Vec<String> = rules
        .input("a", "a", None)
        .hits
        .into_iter()
        .map(|hit| hit.rule_name)
        .collect();
    assert_eq!(names, ["g", "h"]);
}

#[test]
fn what_is_asked_is_judged_by_the_kind_of_the_connection() {
    let rules = compiled(json!([
        {"type": "deny_words_list", "words": ["rm -rf"], "action": "require_approval"},
        {"type": "pattern_match", "pattern_regex": "hidden", "action": "warn"}]));
    use model::ConnectionType::{Custom, Database};
    let judge = |kind, text: &str| {
        let dialect = (kind == Database).then_some(sql::Dialect::Postgres);
        let verdict = rules.judge(Asked::of(kind, dialect, &[], text, None));
        (verdict.decision(), verdict.hits.len())
    };
    assert_eq!(judge(Custom, "r''m -rf /"), (Decision::NeedsApproval, 1));
    assert_eq!(judge(Database, "r''m -rf /"), (Decision::Allowed, 0));
    assert_eq!(
        judge(Database, "rm /* */ -rf"),
        (Decision::NeedsApproval, 1)
    );
    assert_eq!(judge(Database, "hidden"), (Decision::Allowed, 1));
    let strict = compiled(json!([{"type": "sql", "sql": {"deny_multi_statement": true}}]));
    let asked = Asked::of(Custom, None, &[], "true", None);
    assert_eq!(strict.judge(asked).decision(), Decision::Blocked);
}
