//! Guardrails: rules about what may be asked and what may be answered, and what is
//! told about a rule that matched.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a guardrail says, without its identity and its links.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Guardrail {
    /// Unique name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Rules about what is asked.
    #[serde(default)]
    pub input: Option<GuardrailRules>,
    /// Rules about what is answered, after masking.
    #[serde(default)]
    pub output: Option<GuardrailRules>,
}

/// The rules of one direction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct GuardrailRules {
    /// The rules; all of them apply.
    #[schemars(length(max = 100))]
    pub rules: Vec<GuardrailRule>,
}

/// One rule. Which of `words`, `pattern_regex` and `sql` it needs is told by `type`;
/// the others are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct GuardrailRule {
    /// What is matched.
    #[serde(rename = "type")]
    pub kind: RuleKind,
    /// Name of the rule within its guardrail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub name: Option<String>,
    /// Said instead of the standard sentence when the rule matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 500))]
    pub message: Option<String>,
    /// What happens on a match. `require_approval` is for input, `redact` for output.
    #[serde(default)]
    pub action: Action,
    /// Id or name of the access request rule that `require_approval` uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 254))]
    pub require_rule: Option<String>,
    /// Words that must not occur anywhere in the text, 1 to 512 characters each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), inner(length(min = 1, max = 512)))]
    pub words: Vec<String>,
    /// Whether `words` match in the given case only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_sensitive: Option<bool>,
    /// A regular expression without look-around and back-references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub pattern_regex: Option<String>,
    /// What the statements may do; for input only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<SqlRule>,
}

/// What a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum RuleKind {
    /// Words in the text.
    DenyWordsList,
    /// A regular expression in the text.
    PatternMatch,
    /// Facts about the statements.
    Sql,
}

/// What happens when a rule matches. The order is that of strictness: of several, the
/// greatest wins.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Action {
    /// The match is recorded and shown.
    Warn,
    /// The match is replaced.
    Redact,
    /// Somebody must agree first.
    RequireApproval,
    /// Nothing runs, or nothing more is answered.
    #[default]
    Block,
}

/// Which way a text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Direction {
    /// To the target.
    Input,
    /// From the target.
    Output,
}

impl Direction {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
        }
    }
}

/// What statements may do; at least one key says something. In globs `*` stands for any
/// run of characters, and a name without a dot matches under any qualifier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline)]
pub struct SqlRule {
    /// Kinds of statement that are not allowed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub deny_statements: Vec<StatementKind>,
    /// The only kinds of statement that are allowed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub allow_statements: Vec<StatementKind>,
    /// Kinds of statement that need a WHERE.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub require_where: Vec<StatementKind>,
    /// Kinds of statement that need a row limit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub require_limit: Vec<StatementKind>,
    /// Globs on `schema.table` that may not be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), inner(length(min = 1, max = 512)))]
    pub deny_tables: Vec<String>,
    /// Globs on `schema.table`: the only tables that may be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), inner(length(min = 1, max = 512)))]
    pub allow_tables: Vec<String>,
    /// Globs on `table.column` that may not be read or named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), inner(length(min = 1, max = 512)))]
    pub deny_columns: Vec<String>,
    /// Globs on names of functions that may not be called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), inner(length(min = 1, max = 512)))]
    pub deny_functions: Vec<String>,
    /// Which use of tables counts for `deny_tables` and `allow_tables`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table_access: Option<TableAccess>,
    /// Whether more than one statement is refused.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deny_multi_statement: bool,
}

/// A kind of statement, and of an effect.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum StatementKind {
    /// Reads rows.
    Select,
    /// Adds rows.
    Insert,
    /// Changes rows.
    Update,
    /// Removes rows.
    Delete,
    /// Adds, changes and removes rows.
    Merge,
    /// Removes all rows.
    Truncate,
    /// Makes an object.
    Create,
    /// Changes an object.
    Alter,
    /// Removes an object.
    Drop,
    /// Gives a privilege or a role.
    Grant,
    /// Takes a privilege or a role.
    Revoke,
    /// Changes a setting.
    Set,
    /// Begins, ends or marks a transaction.
    Transaction,
    /// Moves rows in or out in bulk.
    Copy,
    /// Calls a procedure.
    Call,
    /// Runs a block of code.
    Do,
    /// Tells how a statement would be run.
    Explain,
    /// Tells about settings or objects.
    Show,
    /// Chooses a database.
    Use,
    /// Locks tables.
    Lock,
    /// Cleans, analyzes, reindexes or flushes.
    Maintenance,
    /// Describes an object.
    Comment,
    /// Anything else.
    Other,
}

/// Which use of a table counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum TableAccess {
    /// Its rows are read.
    Read,
    /// Its rows or its definition are changed.
    Write,
    /// Both.
    #[default]
    Any,
}

/// A rule that matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Hit {
    /// The guardrail.
    pub rule_name: String,
    /// The rule within it.
    pub name: Option<String>,
    /// What the rule matches.
    #[serde(rename = "type")]
    pub kind: RuleKind,
    /// Where it matched.
    pub direction: Direction,
    /// What follows.
    pub action: Action,
    /// What it matched; for `sql` the violated facts.
    pub matched_words: Vec<String>,
    /// The pattern of the rule.
    pub pattern_regex: Option<String>,
    /// What the rule says instead of the standard sentence.
    pub message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_json_of_rules_is_read_and_written_as_it_is() {
        let written = json!({"rules": [
            {"type": "deny_words_list", "name": "no drop", "words": ["drop table"],
             "case_sensitive": false, "action": "block", "message": "Ask first."},
            {"type": "pattern_match", "pattern_regex": "(?i)\\bpg_sleep\\b", "action": "warn"},
            {"type": "sql", "action": "require_approval", "require_rule": "dba", "sql": {
                "require_where": ["update", "delete"], "deny_statements": ["drop", "truncate"],
                "table_access": "write", "deny_multi_statement": true}},
        ]});
        let rules: GuardrailRules = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(rules).unwrap(), written);
    }

    #[test]
    fn an_omitted_action_blocks() {
        let rule: GuardrailRule =
            serde_json::from_value(json!({"type": "deny_words_list", "words": ["x"]})).unwrap();
        assert_eq!(rule.action, Action::Block);
    }

    #[test]
    fn unknown_keys_and_words_are_refused() {
        for bad in [
            json!({"type": "deny_words_list", "words": ["x"], "severity": 1}),
            json!({"type": "words"}),
            json!({"type": "sql", "sql": {"deny_table": ["x"]}}),
            json!({"type": "sql", "sql": {"deny_statements": ["upsert"]}}),
            json!({"type": "pattern_match", "pattern_regex": "x", "action": "allow"}),
        ] {
            assert!(
                serde_json::from_value::<GuardrailRule>(bad.clone()).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_strictest_action_is_the_greatest() {
        let strictest_first = [
            Action::Block,
            Action::RequireApproval,
            Action::Redact,
            Action::Warn,
        ];
        assert!(strictest_first.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn a_hit_has_the_keys_of_the_wire() {
        let hit = Hit {
            rule_name: "ddl".into(),
            name: None,
            kind: RuleKind::Sql,
            direction: Direction::Input,
            action: Action::RequireApproval,
            matched_words: vec!["drop statement".into()],
            pattern_regex: None,
            message: None,
        };
        assert_eq!(
            serde_json::to_value(hit).unwrap(),
            json!({"rule_name": "ddl", "name": null, "type": "sql", "direction": "input",
                "action": "require_approval", "matched_words": ["drop statement"],
                "pattern_regex": null, "message": null})
        );
    }
}
