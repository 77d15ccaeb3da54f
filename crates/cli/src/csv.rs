//! Comma-separated values by RFC 4180, with line feeds.

use serde_json::Value;

/// One line of `cells`.
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(quoted).collect();
    // A single empty cell would be an empty line, which readers skip.
    if let [only] = cells.as_slice()
        && only.is_empty()
    {
        return "\"\"\n".to_owned();
    }
    let mut line = cells.join(",");
    line.push('\n');
    line
}

fn quoted(cell: &str) -> String {
    let is_plain = !cell.contains(['"', ',', '\n', '\r']) && cell.trim() == cell;
    if is_plain {
        cell.to_owned()
    } else {
        format!("\"{}\"", cell.replace('"', "\"\""))
    }
}

/// The rows of an answer with `columns` and `rows`; null is an empty cell.
pub(crate) fn rows(columns: &Value, rows: &Value) -> String {
    let names = columns
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|column| column["name"].as_str());
    let mut text = line(names);
    for row in rows.as_array().into_iter().flatten() {
        let cells: Vec<String> = row.as_array().into_iter().flatten().map(cell).collect();
        text.push_str(&line(cells.iter().map(String::as_str)));
    }
    text
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// A reader written from RFC 4180 section 2.
    fn read(text: &str) -> Vec<Vec<String>> {
        let (mut lines, mut cells, mut cell) = (Vec::new(), Vec::new(), String::new());
        let mut chars = text.chars().peekable();
        let mut in_quotes = false;
        while let Some(c) = chars.next() {
            match c {
                '"' if in_quotes && chars.peek() == Some(&'"') => {
                    chars.next();
                    cell.push('"');
                }
                '"' => in_quotes = !in_quotes,
                ',' if !in_quotes => cells.push(std::mem::take(&mut cell)),
                '\n' if !in_quotes => {
                    cells.push(std::mem::take(&mut cell));
                    lines.push(std::mem::take(&mut cells));
                }
                c => cell.push(c),
            }
        }
        assert!(!in_quotes && cell.is_empty());
        lines
    }

    #[test]
    fn null_is_empty_and_numbers_are_plain() {
        let columns = json!([{"name": "id"}, {"name": "a,b"}]);
        let text = rows(&columns, &json!([[1, null], [true, "x\"y"]]));
        assert_eq!(text, "id,\"a,b\"\n1,\ntrue,\"x\"\"y\"\n");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(rows in prop::collection::vec(prop::collection::vec("[a-z\",\n\r ]{0,6}|\\PC{0,4}", 1..4), 1..5)) {
            let text: String = rows.iter().map(|row| line(row.iter().map(String::as_str))).collect();
            prop_assert_eq!(read(&text), rows);
        }
    }
}
