//! What a guardrail must be to be kept.

use model::{Action, Direction, GuardrailRule, GuardrailRules, RuleKind, SqlRule, TableAccess};

use crate::invalid::{Invalid, check_count, check_length};
use crate::pattern;

/// Most rules of one direction.
const MAX_RULES: usize = 100;
/// Most words of a rule, and most globs of a list.
const MAX_WORDS: usize = 1000;
/// Most characters of a word or a glob.
const MAX_WORD: usize = 512;
/// Most characters of a rule's name.
const MAX_NAME: usize = 128;
/// Most characters of a rule's message.
const MAX_MESSAGE: usize = 500;

/// Checks the rules of one direction against every limit; their patterns are compiled.
///
/// # Errors
/// The first thing that is wrong, with its path from the guardrail.
pub fn validate(rules: &GuardrailRules, direction: Direction) -> Result<(), Invalid> {
    invalid_rules(rules, direction).next().map_or(Ok(()), Err)
}

/// Everything that is wrong with the rules of one direction, of each rule the first
/// thing. Looks as far as it is asked.
pub fn invalid_rules(
    rules: &GuardrailRules,
    direction: Direction,
) -> impl Iterator<Item = Invalid> + '_ {
    let list = format!("{}.rules", direction.as_str());
    let too_many = check_count(|| list.clone(), rules.rules.len(), 0, MAX_RULES).err();
    let looked_at = if too_many.is_some() { 0 } else { MAX_RULES };
    let rules = rules.rules.iter().take(looked_at).enumerate();
    let wrong = rules.filter_map(move |(index, rule)| {
        check_rule(rule, direction, &format!("{list}[{index}]")).err()
    });
    too_many.into_iter().chain(wrong)
}

fn check_rule(rule: &GuardrailRule, direction: Direction, path: &str) -> Result<(), Invalid> {
    let key = |key: &str| format!("{path}.{key}");
    let name = rule.name.as_deref().unwrap_or_default();
    check_length(|| key("name"), name, 0, MAX_NAME)?;
    let message = rule.message.as_deref().unwrap_or_default();
    check_length(|| key("message"), message, 0, MAX_MESSAGE)?;
    check_action(rule, direction, path)?;
    check_strangers(rule, path)?;
    match rule.kind {
        RuleKind::DenyWordsList => {
            check_count(|| key("words"), rule.words.len(), 1, MAX_WORDS)?;
            check_words(&rule.words, || key("words"))
        }
        RuleKind::PatternMatch => {
            let source = rule.pattern_regex.as_deref().unwrap_or_default();
            match pattern::compile(source) {
                Ok(_) => Ok(()),
                Err(message) => Err(Invalid::new(key("pattern_regex"), message)),
            }
        }
        RuleKind::Sql => {
            if direction == Direction::Output {
                return Err(Invalid::new(
                    key("type"),
                    "`sql` is for input; answers have no statements",
                ));
            }
            match &rule.sql {
                Some(sql) => check_sql(sql, &key("sql")),
                None => Err(Invalid::new(key("sql"), "a rule of type `sql` needs it")),
            }
        }
    }
}

fn check_action(rule: &GuardrailRule, direction: Direction, path: &str) -> Result<(), Invalid> {
    let refuse = |message: &str| Err(Invalid::new(format!("{path}.action"), message));
    match (rule.action, direction) {
        (Action::RequireApproval, Direction::Output) => {
            return refuse("`require_approval` is for input; use `block`, `redact` or `warn`");
        }
        (Action::Redact, Direction::Input) => {
            return refuse("`redact` is for output; use `block`, `require_approval` or `warn`");
        }
        (Action::Block | Action::RequireApproval | Action::Redact | Action::Warn, _) => {}
    }
    let has_rule = rule
        .require_rule
        .as_ref()
        .is_some_and(|name| !name.is_empty());
    if has_rule && rule.action != Action::RequireApproval {
        return Err(Invalid::new(
            format!("{path}.require_rule"),
            "only the action `require_approval` uses it",
        ));
    }
    Ok(())
}

/// Refuses what belongs to another type: it would be silently without effect.
fn check_strangers(rule: &GuardrailRule, path: &str) -> Result<(), Invalid> {
    let has_pattern = rule
        .pattern_regex
        .as_ref()
        .is_some_and(|text| !text.is_empty());
    let strangers = [
        ("words", RuleKind::DenyWordsList, !rule.words.is_empty()),
        (
            "case_sensitive",
            RuleKind::DenyWordsList,
            rule.case_sensitive == Some(true),
        ),
        ("pattern_regex", RuleKind::PatternMatch, has_pattern),
        ("sql", RuleKind::Sql, rule.sql.is_some()),
    ];
    for (key, owner, is_given) in strangers {
        if is_given && owner != rule.kind {
            return Err(Invalid::new(
                format!("{path}.{key}"),
                "belongs to another type of rule; leave it out",
            ));
        }
    }
    Ok(())
}

fn check_words(words: &[String], path: impl Fn() -> String) -> Result<(), Invalid> {
    for (index, word) in words.iter().enumerate() {
        check_length(|| format!("{}[{index}]", path()), word, 1, MAX_WORD)?;
    }
    Ok(())
}

fn check_sql(sql: &SqlRule, path: &str) -> Result<(), Invalid> {
    let SqlRule {
        deny_statements,
        allow_statements,
        require_where,
        require_limit,
        deny_tables,
        allow_tables,
        deny_columns,
        deny_functions,
        table_access,
        deny_multi_statement,
    } = sql;
    let kinds = [
        deny_statements,
        allow_statements,
        require_where,
        require_limit,
    ];
    let globs = [
        ("deny_tables", deny_tables),
        ("allow_tables", allow_tables),
        ("deny_columns", deny_columns),
        ("deny_functions", deny_functions),
    ];
    let says_nothing = kinds.iter().all(|list| list.is_empty())
        && globs.iter().all(|(_, list)| list.is_empty())
        && !deny_multi_statement;
    if says_nothing {
        return Err(Invalid::new(
            path,
            "at least one key is expected that denies, allows or requires something",
        ));
    }
    let counts_tables = !deny_tables.is_empty() || !allow_tables.is_empty();
    if matches!(table_access, Some(TableAccess::Read | TableAccess::Write)) && !counts_tables {
        return Err(Invalid::new(
            format!("{path}.table_access"),
            "only `deny_tables` and `allow_tables` use it",
        ));
    }
    for (key, list) in globs {
        check_count(|| format!("{path}.{key}"), list.len(), 0, MAX_WORDS)?;
        check_words(list, || format!("{path}.{key}"))?;
        if let Some(index) = list.iter().position(|glob| glob.trim().is_empty()) {
            return Err(Invalid::new(
                format!("{path}.{key}[{index}]"),
                "a name or a glob is expected",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn fault(direction: Direction, rule: Value) -> String {
        let rules = serde_json::from_value(json!({"rules": [rule]})).unwrap();
        match validate(&rules, direction) {
            Ok(()) => String::new(),
            Err(invalid) => invalid.to_string(),
        }
    }

    #[test]
    fn rules_of_the_contract_are_kept() {
        for rule in [
            json!({"type": "deny_words_list", "name": "no drop", "words": ["drop table"],
                "case_sensitive": false, "action": "block", "message": "Ask first."}),
            json!({"type": "pattern_match", "pattern_regex": "(?i)\\bpg_sleep\\b",
                "action": "warn"}),
            json!({"type": "sql", "sql": {"require_where": ["update", "delete"],
                "deny_statements": ["drop", "truncate"]}}),
            json!({"type": "sql", "sql": {"deny_multi_statement": true},
                "action": "require_approval", "require_rule": "dba"}),
            json!({"type": "deny_words_list", "words": ["x"], "pattern_regex": ""}),
        ] {
            assert_eq!(fault(Direction::Input, rule.clone()), "", "{rule}");
        }
        let redact = json!({"type": "deny_words_list", "words": ["x"], "action": "redact"});
        assert_eq!(fault(Direction::Output, redact), "");
    }

    #[test]
    fn every_limit_names_its_place() {
        let long = "x".repeat(513);
        let many: Vec<&str> = vec!["x"; 1001];
        for (rule, place) in [
            (json!({"type": "deny_words_list"}), "words"),
            (json!({"type": "deny_words_list", "words": many}), "words"),
            (
                json!({"type": "deny_words_list", "words": ["a", ""]}),
                "words[1]",
            ),
            (
                json!({"type": "deny_words_list", "words": [long]}),
                "words[0]",
            ),
            (json!({"type": "pattern_match"}), "pattern_regex"),
            (
                json!({"type": "pattern_match", "pattern_regex": "(?=a)"}),
                "pattern_regex",
            ),
            (
                json!({"type": "pattern_match", "pattern_regex": "x".repeat(4097)}),
                "pattern_regex",
            ),
            (
                json!({"type": "pattern_match", "pattern_regex": "x", "name": "n".repeat(129)}),
                "name",
            ),
            (
                json!({"type": "pattern_match", "pattern_regex": "x", "message": "m".repeat(501)}),
                "message",
            ),
            (
                json!({"type": "pattern_match", "pattern_regex": "x", "words": ["x"]}),
                "words",
            ),
            (
                json!({"type": "pattern_match", "pattern_regex": "x", "case_sensitive": true}),
                "case_sensitive",
            ),
            (
                json!({"type": "pattern_match", "pattern_regex": "x", "action": "redact"}),
                "action",
            ),
            (
                json!({"type": "pattern_match", "pattern_regex": "x", "require_rule": "r"}),
                "require_rule",
            ),
            (json!({"type": "sql"}), "sql"),
            (json!({"type": "sql", "sql": {}}), "sql"),
            (
                json!({"type": "sql", "sql": {"table_access": "read"}}),
                "sql",
            ),
            (
                json!({"type": "sql", "sql": {"deny_multi_statement": true, "table_access": "read"}}),
                "sql.table_access",
            ),
            (
                json!({"type": "sql", "sql": {"deny_tables": ["a", " "]}}),
                "sql.deny_tables[1]",
            ),
            (
                json!({"type": "sql", "sql": {"deny_columns": vec!["x"; 1001]}}),
                "sql.deny_columns",
            ),
        ] {
            let fault = fault(Direction::Input, rule.clone());
            assert!(
                fault.starts_with(&format!("input.rules[0].{place}: ")),
                "{rule}: {fault}"
            );
        }
    }

    #[test]
    fn answers_have_no_statements_and_need_no_approval() {
        let sql = json!({"type": "sql", "sql": {"deny_multi_statement": true}});
        assert!(fault(Direction::Output, sql).starts_with("output.rules[0].type: "));
        let approval =
            json!({"type": "deny_words_list", "words": ["x"], "action": "require_approval"});
        assert!(fault(Direction::Output, approval).starts_with("output.rules[0].action: "));
    }

    #[test]
    fn a_direction_has_a_hundred_rules_at_most() {
        let rule = json!({"type": "deny_words_list", "words": ["x"]});
        let rules = serde_json::from_value(json!({"rules": vec![rule; 101]})).unwrap();
        let fault = validate(&rules, Direction::Input).unwrap_err();
        assert_eq!(fault.path, "input.rules");
        assert_eq!(invalid_rules(&rules, Direction::Input).count(), 1);
    }

    #[test]
    fn of_every_rule_the_first_thing_is_told() {
        let rules = json!({"rules": [
            {"type": "sql"},
            {"type": "deny_words_list", "words": ["x"]},
            {"type": "pattern_match", "pattern_regex": "(", "action": "redact"}]});
        let rules = serde_json::from_value(rules).unwrap();
        let told: Vec<_> = invalid_rules(&rules, Direction::Input)
            .map(|invalid| invalid.path)
            .collect();
        assert_eq!(told, ["input.rules[0].sql", "input.rules[2].action"]);
    }
}
