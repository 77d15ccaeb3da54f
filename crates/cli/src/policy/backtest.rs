//! `drawgate policy backtest`: what policies would have done to recorded runs.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use crate::api::Api;
use crate::apply::explained;
use crate::failure::Failure;
use crate::globals::OutputFormat;
use crate::output::Output;
use crate::policy_file::Source;
use crate::request::Request;
use crate::table::Rows;
use crate::view::{self, cell};

/// Tell what a file of policies would have done to recorded runs; nothing is changed.
#[derive(Args, Debug)]
pub struct Backtest {
    /// The file, in YAML or JSON; `-` is standard input.
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// From when on: an RFC 3339 time, or how long ago, for instance 12h or 30d.
    #[arg(long, value_name = "TIME", default_value = "30d")]
    since: String,
    /// Until when, in the same forms; now when left out.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Connection; `*` stands for any text.
    #[arg(long)]
    connection: Option<String>,
    /// User id, e-mail or subject.
    #[arg(long)]
    user: Option<String>,
    /// Most sessions to judge, the newest first, up to 100000 [default: 10000].
    #[arg(long)]
    limit: Option<u32>,
    /// Most sessions to show one by one, up to 100 [default: 20].
    #[arg(long, value_name = "COUNT")]
    examples: Option<u32>,
}

/// The figures that are shown first: heading and key.
const TOTALS: [(&str, &str); 8] = [
    ("sessions", "sessions"),
    ("blocked", "blocked"),
    ("need approval", "needs_approval"),
    ("warned", "warned"),
    ("masked", "masked"),
    ("newly blocked", "newly_blocked"),
    ("newly allowed", "newly_allowed"),
    ("unreadable", "unreadable"),
];

const ROWS: [&str; 7] = [
    "user_email",
    "connection",
    "sessions",
    "blocked",
    "needs_approval",
    "warned",
    "masked",
];

const RULES: [&str; 3] = ["rule_name", "kind", "hits"];

const EXAMPLES: [&str; 7] = [
    "created_at",
    "user_email",
    "connection",
    "action",
    "change",
    "rule_names",
    "input",
];

/// Longest time for the answer: a long history takes minutes.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Most characters of an input in a table.
const MOST_INPUT: usize = 60;

impl Backtest {
    /// Asks and shows the answer. The exit code says only whether there was one.
    pub(super) async fn run(self, api: &Api, out: Output) -> Result<i32, Failure> {
        let source = Source::read(&self.file)?;
        let request = Request::post(&["policies", "backtest"])
            .field("file", Some(source.policies()?))
            .field("since", Some(self.since))
            .field("until", self.until)
            .field("connection", self.connection)
            .field("user", self.user)
            .field("limit", self.limit)
            .field("examples", self.examples)
            .patience(PATIENCE);
        let backtest = api.send(request).await;
        let backtest = backtest.map_err(|failure| explained(out, &source, failure))?;
        match out.format {
            OutputFormat::Json => out.line(&backtest.text)?,
            OutputFormat::Csv => out.said(&view::rows(&backtest.value["rows"], &ROWS).csv())?,
            OutputFormat::Text => out.said(&told(&backtest.value, out.is_terminal()))?,
        }
        Ok(0)
    }
}

/// A backtest as tables.
fn told(backtest: &Value, fit: bool) -> String {
    let mut parts = vec![totals(backtest)];
    for (key, columns) in [("rules", &RULES[..]), ("rows", &ROWS)] {
        parts.extend(table(backtest, key, columns).map(|rows| rows.text(fit)));
    }
    parts.extend(table(backtest, "examples", &EXAMPLES).map(|mut rows| {
        rows.cells
            .iter_mut()
            .filter_map(|row| row.last_mut())
            .for_each(shorten);
        rows.text(fit)
    }));
    let mut notes: Vec<String> = list(&backtest["notes"]).map(cell).collect();
    if backtest["truncated"] == true {
        let more = "There are more sessions in the period: raise --limit to judge them.";
        notes.insert(0, more.to_owned());
    }
    parts.push(notes.join("\n"));
    parts.join("\n\n") + "\n"
}

fn totals(backtest: &Value) -> String {
    let [since, until] = ["since", "until"].map(|key| cell(&backtest[key]));
    let figures = TOTALS.map(|(heading, key)| {
        let figure = cell(&backtest["totals"][key]);
        format!("\n  {heading:<14} {figure:>7}")
    });
    format!("{since} to {until}{}", figures.concat())
}

fn table(backtest: &Value, key: &str, columns: &[&'static str]) -> Option<Rows> {
    list(&backtest[key]).next()?;
    Some(view::rows(&backtest[key], columns))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(MOST_INPUT) {
        text.truncate(end);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn figures_come_first_and_long_inputs_are_shortened() {
        let backtest = json!({"since": "a", "until": "b", "truncated": true,
            "totals": {"sessions": 12, "blocked": 3, "newly_blocked": 2},
            "rules": [{"rule_name": "no-ddl", "kind": "guardrail", "hits": 3}], "rows": [],
            "examples": [{"action": "blocked", "input": "x".repeat(200)}], "notes": ["n"]});
        let told = told(&backtest, false);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[..2], ["a to b", "  sessions            12"]);
        assert!(told.contains("\n\nRULE_NAME  KIND       HITS\nno-ddl     guardrail  3\n\n"));
        assert!(told.contains(&format!(" {}…", "x".repeat(60))), "{told}");
        assert!(!told.contains("USER_EMAIL  CONNECTION  SESSIONS"));
        assert!(told.ends_with("raise --limit to judge them.\nn\n"));
    }
}
