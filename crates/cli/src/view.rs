//! How answers are shown: lists as tables, objects as lines, or as they came.

use serde_json::Value;

use crate::answer::Answer;
use crate::failure::Failure;
use crate::globals::OutputFormat;
use crate::output::{Output, harmless};
use crate::table::Rows;

/// Shows a list: `columns` are headings and the keys of the items.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) fn list(out: Output, answer: &Answer, columns: &[&'static str]) -> Result<(), Failure> {
    let rows = rows(&answer.value["items"], columns);
    match out.format {
        OutputFormat::Json => out.line(&answer.text)?,
        OutputFormat::Csv => out.said(&rows.csv())?,
        OutputFormat::Text => out.line(&rows.text(out.is_terminal()))?,
    }
    if out.format != OutputFormat::Json
        && let Some(cursor) = answer.value["next_cursor"].as_str()
    {
        out.note(&format!("more: --cursor {cursor}"));
    }
    Ok(())
}

/// Shows one object: its `keys` first, in this order, then the others.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) fn object(out: Output, answer: &Answer, keys: &[&'static str]) -> Result<(), Failure> {
    match out.format {
        OutputFormat::Json => out.line(&answer.text),
        OutputFormat::Csv => out.said(&rows(&Value::Array(vec![answer.value.clone()]), keys).csv()),
        OutputFormat::Text => out.line(&lines(&answer.value, keys)),
    }
}

/// Shows one fact: alone for people, else as an object of one key.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) fn fact(out: Output, key: &'static str, value: &str) -> Result<(), Failure> {
    match out.format {
        OutputFormat::Text => out.line(value),
        OutputFormat::Json | OutputFormat::Csv => {
            let mut object = serde_json::Map::new();
            object.insert(key.to_owned(), value.into());
            self::object(out, &Answer::of(Value::Object(object)), &[key])
        }
    }
}

/// The items of a list as a table of these keys.
pub(crate) fn rows(items: &Value, columns: &[&'static str]) -> Rows {
    let cells = items
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| columns.iter().map(|key| cell(&item[key])).collect())
        .collect();
    Rows {
        headings: columns.to_vec(),
        cells,
    }
}

fn lines(object: &Value, keys: &[&'static str]) -> String {
    let Some(map) = object.as_object() else {
        return cell(object);
    };
    let others = map
        .keys()
        .map(String::as_str)
        .filter(|key| !keys.contains(key));
    let shown: Vec<(&str, String)> = keys
        .iter()
        .copied()
        .chain(others)
        .filter_map(|key| map.get(key).map(|value| (key, cell(value))))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    let width = shown
        .iter()
        .map(|(key, _)| key.len())
        .max()
        .unwrap_or_default();
    shown
        .iter()
        .map(|(key, text)| {
            format!(
                "{:width$}  {}\n",
                format!("{key}:"),
                harmless(text),
                width = width + 1
            )
        })
        .collect()
}

/// A value in one cell.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| format!("{key}={}", cell(value)))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_shows_its_important_keys_first_and_no_empty_ones() {
        let value =
            json!({"a": 1, "name": "pg", "empty": null, "tags": {"k": "v"}, "list": ["x", "y"]});
        assert_eq!(
            lines(&value, &["name"]),
            "name:  pg\na:     1\nlist:  x, y\ntags:  k=v\n"
        );
    }
}
