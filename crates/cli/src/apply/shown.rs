//! A plan as people read it.

use serde_json::Value;

use crate::answer::Answer;
use crate::failure::Failure;
use crate::globals::OutputFormat;
use crate::output::Output;
use crate::table::Rows;
use crate::view::cell;

/// What happens to an object, and its sign.
const SIGNS: [(&str, &str, &str); 3] = [
    ("create", "+", "to create"),
    ("update", "~", "to change"),
    ("delete", "-", "to delete"),
];

/// The sign of what comes, changes or goes within an object.
const COMES: &str = "+";
const CHANGES: &str = "~";
const GOES: &str = "-";

/// Shows a plan in the form of results.
///
/// # Errors
/// When standard output cannot be written.
pub(super) fn plan(out: Output, plan: &Answer) -> Result<(), Failure> {
    match out.format {
        OutputFormat::Json => out.line(&plan.text),
        OutputFormat::Csv => out.said(&rows(&plan.value).csv()),
        OutputFormat::Text => out.said(&text(&plan.value)),
    }
}

/// Whether a plan changes nothing.
pub(super) fn is_nothing(plan: &Value) -> bool {
    changes(plan).all(|change| change["action"] == "unchanged")
}

/// A plan as lines: each object that changes with its differences, then the numbers.
pub(super) fn text(plan: &Value) -> String {
    let mut text = String::new();
    for change in changes(plan) {
        let action = &change["action"];
        let Some((_, sign, _)) = SIGNS.iter().find(|(word, ..)| action == word) else {
            continue;
        };
        let (kind, name) = (cell(&change["kind"]), cell(&change["name"]));
        let kind = kind.replace('_', " ");
        text.push_str(&format!("{sign} {kind} {name}\n"));
        for difference in change["changes"].as_array().into_iter().flatten() {
            for line in lines(difference) {
                text.push_str(&format!("    {line}\n"));
            }
        }
        if kind == "access control" && action == "delete" {
            text.push_str(
                "    everybody will see the connection, unless an attribute restricts it\n",
            );
        }
    }
    let counts = SIGNS.iter().map(|(word, _, meaning)| (*word, *meaning));
    let counts = counts.chain([("unchanged", "unchanged")]);
    let counts = counts.map(|(word, meaning)| {
        let count = changes(plan).filter(|change| change["action"] == word);
        format!("{} {meaning}", count.count())
    });
    let counts: Vec<String> = counts.collect();
    text.push_str(&format!("{}\n", counts.join(", ")));
    text
}

/// A place in a file as people write it: `guardrails[0].input`.
pub(super) fn dotted(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str(&format!("[{part}]"));
        } else {
            let dot = if path.is_empty() { "" } else { "." };
            path.push_str(&format!("{dot}{part}"));
        }
    }
    if path.is_empty() {
        "the file".to_owned()
    } else {
        path
    }
}

/// One difference as lines: what comes or goes entry by entry, what changes in one.
fn lines(difference: &Value) -> Vec<String> {
    let path = dotted(difference["path"].as_str().unwrap_or_default());
    match (&difference["before"], &difference["after"]) {
        (Value::Null, after) => parts(COMES, &path, after),
        (before, Value::Null) => parts(GOES, &path, before),
        (Value::Array(before), Value::Array(after)) => {
            let new = after.iter().filter(|one| !before.contains(one));
            let new = new.map(|one| format!("{COMES} {}", said(one)));
            let old = before.iter().filter(|one| !after.contains(one));
            let old = old.map(|one| format!("{GOES} {}", said(one)));
            let words: Vec<String> = old.chain(new).collect();
            vec![match words.is_empty() {
                true => format!("{CHANGES} {path}: another order"),
                false => format!("{CHANGES} {path}: {}", words.join(", ")),
            }]
        }
        (before, after) => {
            let (before, after) = (said(before), said(after));
            vec![format!("{CHANGES} {path}: {before} -> {after}")]
        }
    }
}

/// What comes or goes; of lists of objects, entry by entry.
fn parts(sign: &str, path: &str, value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) if !fields.is_empty() && fields.values().all(holds_objects) => fields
            .iter()
            .flat_map(|(key, value)| parts(sign, &format!("{path}.{key}"), value))
            .collect(),
        Value::Array(entries) if holds_objects(value) => entries
            .iter()
            .enumerate()
            .map(|(index, entry)| format!("{sign} {path}[{index}]: {}", said(entry)))
            .collect(),
        value => vec![format!("{sign} {path}: {}", said(value))],
    }
}

/// Whether a value is a list of objects.
fn holds_objects(value: &Value) -> bool {
    let list = value.as_array();
    list.is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_object))
}

/// A value in one line, as YAML has it.
fn said(value: &Value) -> String {
    match value {
        Value::Array(entries) => {
            let entries: Vec<String> = entries.iter().map(said).collect();
            format!("[{}]", entries.join(", "))
        }
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(key, value)| format!("{key}: {}", said(value)));
            let fields: Vec<String> = fields.collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a text needs no quotes: nothing in it could be taken for a sign.
fn is_plain(text: &str) -> bool {
    let is_sign = |letter: char| letter.is_control() || "{}[],:#&*!|>'\"%@`\\".contains(letter);
    !text.is_empty() && !text.contains(is_sign) && text.trim() == text
}

/// A plan as rows: one per difference, and one per object without any.
fn rows(plan: &Value) -> Rows {
    let mut cells = Vec::new();
    for change in changes(plan) {
        let head = ["action", "kind", "name"].map(|key| cell(&change[key]));
        let differences = change["changes"].as_array().map_or(&[][..], Vec::as_slice);
        for difference in differences {
            let tail = ["before", "after"].map(|key| match &difference[key] {
                Value::Null => String::new(),
                value => said(value),
            });
            let mut row = head.to_vec();
            row.push(cell(&difference["path"]));
            row.extend(tail);
            cells.push(row);
        }
        if differences.is_empty() {
            let mut row = head.to_vec();
            row.resize(6, String::new());
            cells.push(row);
        }
    }
    Rows {
        headings: vec!["action", "kind", "name", "path", "before", "after"],
        cells,
    }
}

fn changes(plan: &Value) -> impl Iterator<Item = &Value> {
    plan["changes"].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sample() -> Value {
        json!({"plan_id": "p", "changes": [
            {"action": "create", "kind": "attribute", "name": "production", "changes": [
                {"path": "/groups", "before": null, "after": ["dba", "sre"]}]},
            {"action": "update", "kind": "datamasking_rule", "name": "pii", "changes": [
                {"path": "/strategy", "before": "redact", "after": "mask"},
                {"path": "/connections", "before": ["a", "b"], "after": ["b", "c"]},
                {"path": "/column_rules/1", "before": {"column": "x"}, "after": null}]},
            {"action": "unchanged", "kind": "guardrail", "name": "no-ddl", "changes": []},
            {"action": "delete", "kind": "access_control", "name": "shop", "changes": [
                {"path": "/groups", "before": ["dba"], "after": null}]}]})
    }

    #[test]
    fn a_plan_reads_as_a_difference() {
        assert_eq!(
            text(&sample()),
            "+ attribute production\n    + groups: [dba, sre]\n\
             ~ datamasking rule pii\n    ~ strategy: redact -> mask\n    \
             ~ connections: - a, + c\n    - column_rules[1]: {column: x}\n\
             - access control shop\n    - groups: [dba]\n    \
             everybody will see the connection, unless an attribute restricts it\n\
             1 to create, 1 to change, 1 to delete, 1 unchanged\n"
        );
        assert!(!is_nothing(&sample()));
        assert!(is_nothing(&json!({"changes": [{"action": "unchanged"}]})));
    }

    #[test]
    fn rules_that_come_are_told_one_by_one() {
        let input = json!({"rules": [
            {"type": "sql", "message": "Ask: a DBA.", "sql": {"deny_statements": ["drop"]}},
            {"type": "deny_words_list", "words": ["a b", ""]}]});
        let difference = json!({"path": "/input", "before": null, "after": input});
        assert_eq!(
            lines(&difference),
            [
                "+ input.rules[0]: {message: \"Ask: a DBA.\", sql: {deny_statements: [drop]}, \
                 type: sql}",
                "+ input.rules[1]: {type: deny_words_list, words: [a b, \"\"]}",
            ]
        );
        let options = json!({"keep_last": 2, "scope": "connection"});
        let difference = json!({"path": "/strategy_options", "before": options, "after": null});
        let told = "- strategy_options: {keep_last: 2, scope: connection}";
        assert_eq!(lines(&difference), [told]);
    }

    #[test]
    fn a_plan_has_a_row_for_every_difference() {
        let csv = rows(&sample()).csv();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines[0], "action,kind,name,path,before,after");
        assert_eq!(
            lines[1],
            "create,attribute,production,/groups,,\"[dba, sre]\""
        );
        assert_eq!(lines[5], "unchanged,guardrail,no-ddl,,,");
        assert_eq!(lines.len(), 7);
    }

    #[test]
    fn places_are_told_as_people_write_them() {
        assert_eq!(
            dotted("/guardrails/0/input/rules/2/sql"),
            "guardrails[0].input.rules[2].sql"
        );
        assert_eq!(dotted(""), "the file");
    }
}
