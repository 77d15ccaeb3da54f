//! A labelled corpus: no rule lets a forbidden statement pass, and at most one allowed
//! statement in a hundred is refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use sql::{Dialect, Labels, labels};

#[derive(Deserialize)]
struct Case {
    id: String,
    dialect: Dialect,
    client: Option<String>,
    sql: String,
    labels: Gold,
    skip: Vec<String>,
}

#[derive(Deserialize)]
struct Gold {
    read_only: bool,
    ddl: bool,
    dml_without_where: bool,
    dml_tautology: bool,
    side_effect_function: bool,
    multi: bool,
    privilege: bool,
    exfiltration: bool,
    dynamic_sql: bool,
    whole_row: bool,
    tables: Vec<String>,
    sensitive_columns: Vec<String>,
}

/// A rule as an operator would set it: what it needs to know, and whether the right
/// answer and the one found deny the statement.
struct Rule<'c> {
    name: &'static str,
    needs: &'c [&'c str],
    gold: bool,
    found: bool,
}

fn rules(gold: &Gold, found: &Labels) -> Vec<Rule<'static>> {
    let has = |list: &[String], name: &str| list.iter().any(|it| it == name);
    let mut rules = vec![
        Rule {
            name: "read-only",
            needs: &["read_only"],
            gold: !gold.read_only,
            found: !found.read_only,
        },
        Rule {
            name: "single statement",
            needs: &["multi"],
            gold: gold.multi,
            found: found.multi,
        },
    ];
    if gold.dynamic_sql {
        return rules;
    }
    let mut deny = |name, needs, gold, found| {
        rules.push(Rule {
            name,
            needs,
            gold,
            found,
        });
    };
    deny("no DDL", &["ddl"], gold.ddl, found.ddl);
    deny(
        "no change without WHERE",
        &["dml_without_where"],
        gold.dml_without_where,
        found.dml_without_where,
    );
    deny(
        "no change without filter",
        &["dml_without_where", "dml_tautology"],
        gold.dml_without_where || gold.dml_tautology,
        found.dml_without_where || found.dml_tautology,
    );
    deny(
        "no exfiltration or side effect",
        &["exfiltration", "side_effect_function"],
        gold.exfiltration || gold.side_effect_function,
        found.exfiltration || found.side_effect_function,
    );
    deny(
        "no privileges",
        &["privilege"],
        gold.privilege,
        found.privilege,
    );
    let names_users = has(&gold.tables, "users");
    deny(
        "not users",
        &["tables"],
        names_users,
        found.tables.contains("users"),
    );
    if !(names_users && gold.whole_row) {
        deny(
            "not ssn",
            &["sensitive_columns"],
            has(&gold.sensitive_columns, "ssn"),
            found.sensitive_columns.contains("ssn"),
        );
    }
    rules
}

#[test]
fn no_rule_is_bypassed_and_few_statements_are_refused() {
    let corpus = include_str!("../corpus/statements.jsonl");
    let mut allowed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut refused: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut bypasses = Vec::new();
    for line in corpus.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let found = labels(&case.sql, case.dialect, case.client.as_deref(), None);
        // A text that is not understood is refused by every rule.
        let understood = found.is_ok();
        for rule in rules(&case.labels, &found.unwrap_or_default()) {
            if rule
                .needs
                .iter()
                .any(|name| case.skip.iter().any(|it| it == name))
            {
                continue;
            }
            let is_denied = rule.found || !understood;
            if !rule.gold {
                *allowed.entry(rule.name).or_default() += 1;
            }
            match (rule.gold, is_denied) {
                (true, false) => bypasses.push(format!("{}: {} {}", rule.name, case.id, case.sql)),
                (false, true) => {
                    let refused = refused.entry(rule.name).or_default();
                    refused.push(format!("{} {}", case.id, case.sql));
                }
                _ => {}
            }
        }
    }
    assert!(bypasses.is_empty(), "{}", bypasses.join("\n"));
    assert_eq!(allowed.len(), 9, "{allowed:?}");
    for (rule, count) in allowed {
        let refused = refused.get(rule).map_or(&[][..], Vec::as_slice);
        assert!(
            refused.len() * 100 <= count,
            "{rule} refuses {} of {count}:\n{}",
            refused.len(),
            refused.join("\n")
        );
    }
}
