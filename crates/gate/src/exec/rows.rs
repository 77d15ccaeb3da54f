//! Typed JSON rows.

use model::{Column, RowBatch, ValueKind};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Largest integer that every JSON reader keeps exact (RFC 8259 section 6).
const LARGEST_EXACT: u64 = 1 << 53;

/// A column of a result set.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct RowColumn {
    /// Name.
    pub(crate) name: String,
    /// The target's name of its type.
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    /// Whether a masking rule applies to it.
    pub(crate) masked: bool,
    #[serde(skip)]
    kind: Option<ValueKind>,
}

/// One result set.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct RowSet {
    /// Its columns.
    pub(crate) columns: Vec<RowColumn>,
    /// Its rows: JSON scalars; integers beyond 2^53 and decimals as strings.
    pub(crate) rows: Vec<Vec<Value>>,
    /// Number of rows that the statement returned, answered here or not.
    pub(crate) row_count: u64,
}

impl RowSet {
    /// An empty result set.
    pub(super) fn new(columns: &[Column]) -> Self {
        let columns = columns
            .iter()
            .map(|column| RowColumn {
                name: column.name.clone(),
                type_name: column.type_name.clone(),
                masked: false,
                kind: Some(column.kind),
            })
            .collect();
        Self {
            columns,
            rows: Vec::new(),
            row_count: 0,
        }
    }

    /// Says which columns are masked.
    pub(super) fn mark(&mut self, is_masked: impl Fn(usize) -> bool) {
        for (place, column) in self.columns.iter_mut().enumerate() {
            column.masked = is_masked(place);
        }
    }

    /// Adds one row of a batch and says how large it is in JSON bytes, roughly.
    pub(super) fn push(&mut self, batch: &RowBatch, row: usize) -> usize {
        let mut bytes = 2;
        let cells = (0..batch.width())
            .map(|index| {
                let kind = self.columns.get(index).and_then(|column| column.kind);
                match batch.value(row, index) {
                    None => {
                        bytes += 5;
                        Value::Null
                    }
                    Some((text, is_number)) => {
                        bytes += text.len() + 3;
                        json_of(text, is_number, kind.unwrap_or(ValueKind::Text))
                    }
                }
            })
            .collect();
        self.rows.push(cells);
        bytes
    }
}

fn json_of(text: &[u8], is_number: bool, kind: ValueKind) -> Value {
    let text = String::from_utf8_lossy(text);
    let value = match kind {
        ValueKind::Bool => match text.as_ref() {
            "t" | "true" | "1" => Some(Value::Bool(true)),
            "f" | "false" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        ValueKind::Integer => integer(&text),
        ValueKind::Float => float(&text),
        ValueKind::Dynamic if is_number && is_whole(&text) => integer(&text),
        ValueKind::Dynamic if is_number => float(&text),
        ValueKind::Dynamic
        | ValueKind::Decimal
        | ValueKind::Json
        | ValueKind::Binary
        | ValueKind::Text => None,
    };
    value.unwrap_or_else(|| Value::String(text.into_owned()))
}

fn is_whole(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte == b'-' || byte.is_ascii_digit())
}

fn integer(text: &str) -> Option<Value> {
    let number: i64 = text.parse().ok()?;
    (number.unsigned_abs() <= LARGEST_EXACT).then(|| Value::from(number))
}

fn float(text: &str) -> Option<Value> {
    let number: f64 = text.parse().ok()?;
    serde_json::Number::from_f64(number).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_keep_their_exact_meaning() {
        let read = |text: &str, kind| json_of(text.as_bytes(), true, kind);
        assert_eq!(read("t", ValueKind::Bool), json!(true));
        assert_eq!(
            read("9007199254740992", ValueKind::Integer),
            json!(9_007_199_254_740_992_i64)
        );
        assert_eq!(
            read("9007199254740993", ValueKind::Integer),
            json!("9007199254740993")
        );
        assert_eq!(
            read("18446744073709551615", ValueKind::Integer),
            json!("18446744073709551615")
        );
        assert_eq!(read("1.10", ValueKind::Decimal), json!("1.10"));
        assert_eq!(read("1.5", ValueKind::Float), json!(1.5));
        assert_eq!(read("NaN", ValueKind::Float), json!("NaN"));
        assert_eq!(read("7", ValueKind::Dynamic), json!(7));
        assert_eq!(
            read("-9223372036854775807", ValueKind::Dynamic),
            json!("-9223372036854775807")
        );
        assert_eq!(read("1.5e300", ValueKind::Dynamic), json!(1.5e300));
        assert_eq!(read(r#"{"a":1}"#, ValueKind::Json), json!(r#"{"a":1}"#));
    }
}
