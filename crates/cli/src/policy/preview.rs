//! `drawgate policy preview`: what would happen to an input.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::api::Api;
use crate::failure::Failure;
use crate::globals::OutputFormat;
use crate::input;
use crate::output::Output;
use crate::request::Request;
use crate::view::{self, cell};

/// Tell what would happen to an input, without running it.
#[derive(Args, Debug)]
pub struct Preview {
    /// Name or id of the connection.
    connection: String,
    /// What would be run.
    #[arg(short, long, value_name = "TEXT", conflicts_with = "file")]
    input: Option<String>,
    /// File that holds what would be run; `-` is standard input, also used when neither is given.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// User in whose place to ask, by e-mail or id; for administrators and auditors.
    #[arg(long = "as", value_name = "USER")]
    as_user: Option<String>,
    /// The kind of access.
    #[arg(long, value_enum, default_value_t)]
    verb: Verb,
    /// Database to run in.
    #[arg(short, long)]
    database: Option<String>,
}

/// A kind of access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Verb {
    /// One run.
    #[default]
    Exec,
    /// A session of one's own.
    Connect,
}

impl Preview {
    /// Asks and shows the answer. The exit code says only whether there was one.
    pub(super) async fn run(self, api: &Api, out: Output) -> Result<i32, Failure> {
        let (text, verb) = match self.verb {
            Verb::Exec => (
                Some(input::script(self.input, self.file.as_deref())?),
                "exec",
            ),
            Verb::Connect => (self.input, "connect"),
        };
        let request = Request::post(&["policy", "preview"])
            .field("connection_name", Some(self.connection))
            .field("input", text)
            .field("as_user", self.as_user)
            .field("verb", Some(verb))
            .field("database", self.database);
        let preview = api.send(request).await?;
        match out.format {
            OutputFormat::Text => out.said(&told(&preview.value))?,
            OutputFormat::Json | OutputFormat::Csv => view::object(out, &preview, &KEYS)?,
        }
        Ok(0)
    }
}

const KEYS: [&str; 4] = ["connection_name", "visible", "decision", "access_mode"];

/// A preview as lines, what decides first.
fn told(preview: &Value) -> String {
    let mut lines = vec![format!("decision: {}", cell(&preview["decision"]))];
    if preview["visible"] == false {
        lines.push("the connection is not visible to the user".to_owned());
    }
    if preview["access_mode"] == "disabled" {
        lines.push("the kind of access is disabled on the connection".to_owned());
    }
    for problem in list(&preview["problems"]) {
        lines.push(format!("problem: {}", cell(&problem["message"])));
    }
    for hit in list(&preview["guardrails"]) {
        let name = [&hit["rule_name"], &hit["name"]].map(cell);
        let name = name.iter().filter(|name| !name.is_empty());
        let name: Vec<&str> = name.map(String::as_str).collect();
        let (action, matched) = (cell(&hit["action"]), cell(&hit["matched_words"]));
        lines.push(format!(
            "guardrail {}: {action} ({matched})",
            name.join(" / ")
        ));
    }
    if preview["review"]["required"] == true {
        let groups = cell(&preview["review"]["reviewers_groups"]);
        lines.push(match groups.is_empty() {
            true => "approval: needed".to_owned(),
            false => format!("approval: needed of {groups}"),
        });
    }
    let masking = &preview["masking"];
    if masking["applies"] == true {
        lines.push(format!("masking: {}", cell(&masking["rules"])));
        for column in list(&masking["columns"]) {
            let [table, name, strategy] =
                ["table", "column", "strategy"].map(|key| cell(&column[key]));
            lines.push(format!("  {table}.{name}: {strategy}"));
        }
        let types = cell(&masking["entity_types"]);
        if !types.is_empty() {
            lines.push(format!("  types: {types}"));
        }
    }
    lines.push(format!(
        "risk: {}",
        cell(&preview["analyzer"]["builtin_risk"])
    ));
    lines.push(String::new());
    lines.join("\n")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_decides_is_told_first() {
        let preview = json!({"decision": "blocked", "visible": true, "access_mode": "enabled",
            "problems": [], "guardrails": [
                {"rule_name": "no-ddl", "name": null, "action": "block",
                 "matched_words": ["drop statement"]}],
            "review": {"required": true, "reviewers_groups": ["dba"]},
            "masking": {"applies": true, "rules": ["pii"], "entity_types": ["PERSON"],
                "columns": [{"table": "staff", "column": "pay", "strategy": "nullify"}]},
            "analyzer": {"builtin_risk": "high"}});
        assert_eq!(
            told(&preview),
            "decision: blocked\nguardrail no-ddl: block (drop statement)\n\
             approval: needed of dba\nmasking: pii\n  staff.pay: nullify\n  types: PERSON\n\
             risk: high\n"
        );
    }

    #[test]
    fn a_connection_that_is_not_seen_is_told_so() {
        let preview = json!({"decision": "blocked", "visible": false, "access_mode": "disabled",
            "analyzer": {"builtin_risk": "low"}});
        assert_eq!(
            told(&preview),
            "decision: blocked\nthe connection is not visible to the user\n\
             the kind of access is disabled on the connection\nrisk: low\n"
        );
    }
}
