//! What is expected of policies: an ask or an answer, and what should become of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One expectation: what is asked or answered, for whom and where, and what should
/// come of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct PolicyExpectation {
    /// What is expected, in words.
    #[schemars(length(min = 1, max = 254))]
    pub name: String,
    /// What is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1_048_576))]
    pub input: Option<String>,
    /// Name of the connection; the policies that reach it apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 254))]
    pub connection: Option<String>,
    /// What the connection speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<ExpectedDialect>,
    /// Names of the groups of the person who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200), inner(length(min = 1, max = 254)))]
    pub user_groups: Option<Vec<String>>,
    /// What the target answers, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1_048_576))]
    pub output: Option<String>,
    /// What the target answers, as rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<ExpectedRows>,
    /// What should come of it.
    pub expect: Expected,
}

/// What a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ExpectedDialect {
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    /// Microsoft SQL Server.
    Mssql,
    /// SQLite.
    Sqlite,
    /// Oracle.
    Oracle,
    /// No SQL: a command.
    None,
}

/// Rows that a target answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct ExpectedRows {
    /// Names of the columns, as `table.column` or `column`.
    #[schemars(length(max = 1000))]
    pub columns: Vec<String>,
    /// The rows; every one has as many values as there are columns.
    #[schemars(length(max = 1000), inner(length(max = 1000)))]
    pub rows: Vec<Vec<Option<String>>>,
}

/// What should come of an ask or an answer. What is left out is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline)]
pub struct Expected {
    /// What is decided about `input`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// Names of exactly the guardrails that match.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 500), inner(length(min = 1, max = 128)))]
    pub guardrails: Option<Vec<String>>,
    /// What is shown for `output`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1_048_576))]
    pub output: Option<String>,
    /// What is shown for the rows of `rows`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000), inner(length(max = 1000)))]
    pub rows: Option<Vec<Vec<Option<String>>>>,
    /// Exactly the columns that are masked, as `table.column` or `column`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000), inner(length(min = 1, max = 512)))]
    pub masked_columns: Option<Vec<String>>,
}

/// What is decided about an ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Decision {
    /// It runs.
    Allowed,
    /// It is refused.
    Blocked,
    /// Somebody must agree first.
    NeedsApproval,
}

impl Decision {
    /// The word in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Blocked => "blocked",
            Self::NeedsApproval => "needs_approval",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_expectation_is_read_and_written_as_it_is() {
        let written = json!({
            "name": "names are masked", "input": "select * from staff", "connection": "hr-db",
            "dialect": "postgres", "user_groups": ["dba"], "output": "Jane",
            "rows": {"columns": ["staff.name"], "rows": [["Jane"], [null]]},
            "expect": {"decision": "needs_approval", "guardrails": ["g"], "output": "<PERSON>",
                "rows": [["<PERSON>"], [null]], "masked_columns": ["staff.name"]},
        });
        let read: PolicyExpectation = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), written);
    }

    #[test]
    fn an_expectation_without_a_name_or_of_nothing_known_is_refused() {
        for bad in [
            json!({"expect": {}}),
            json!({"name": "n"}),
            json!({"name": "n", "expect": {"decision": "maybe"}}),
            json!({"name": "n", "dialect": "db2", "expect": {}}),
            json!({"name": "n", "rows": {"columns": []}, "expect": {}}),
        ] {
            assert!(
                serde_json::from_value::<PolicyExpectation>(bad.clone()).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_word_of_a_decision_is_that_of_the_file() {
        for decision in [
            Decision::Allowed,
            Decision::Blocked,
            Decision::NeedsApproval,
        ] {
            assert_eq!(serde_json::to_value(decision).unwrap(), decision.as_str());
        }
    }
}
