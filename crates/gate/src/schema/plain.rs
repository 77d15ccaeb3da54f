//! What a schema cannot say about values.

use model::Refusal;
use serde_json::Value;

/// Refuses text that neither a store nor a variable of a process can keep.
///
/// # Errors
/// `invalid_argument` at its place.
pub(super) fn check(value: &Value) -> Result<(), Refusal> {
    match nul(value) {
        None => Ok(()),
        Some(path) => Err(Refusal::invalid(&path, "text without NUL characters")),
    }
}

/// Path of the first text that holds a NUL character, which neither a store nor
/// a variable of a process can keep. A key that holds one is named by its object.
fn nul(value: &Value) -> Option<String> {
    at("", value).map(|path| {
        if path.is_empty() {
            "/".to_owned()
        } else {
            path
        }
    })
}

fn at(path: &str, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(|| path.to_owned()),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| at(&format!("{path}/{index}"), item)),
        Value::Object(fields) => fields.iter().find_map(|(key, value)| {
            if key.contains('\0') {
                return Some(path.to_owned());
            }
            at(&format!("{path}/{key}"), value)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Writes whole numbers as integers: JSON does not tell `5.0` from `5`
/// (RFC 8259 section 6), and JSON Schema takes both for an integer.
pub(crate) fn whole_numbers(value: &mut Value) {
    /// Integers up to here are exact in every reader of JSON.
    const EXACT: f64 = 9_007_199_254_740_991.0;
    match value {
        Value::Number(number) => {
            let float = number.as_f64().filter(|_| number.is_f64());
            if let Some(whole) = float.filter(|one| one.fract() == 0.0 && one.abs() <= EXACT) {
                let whole = whole as i64;
                *value = whole.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_nul_is_named_by_its_path() {
        for (value, path) in [
            (json!({"a": "x\0"}), Some("/a")),
            (json!({"a": [{"b": "x"}, {"b": "\0"}]}), Some("/a/1/b")),
            (json!({"a": {"k\0": "x"}}), Some("/a")),
            (json!({"k\0": 1}), Some("/")),
            (json!({"a": ["x", 1, null, true]}), None),
        ] {
            assert_eq!(nul(&value).as_deref(), path, "{value}");
        }
    }

    #[test]
    fn whole_numbers_become_integers_and_others_stay() {
        let mut value = json!({"a": 5.0, "b": [-1.0, 0.5], "c": 1e300, "d": u64::MAX});
        whole_numbers(&mut value);
        let expected = r#"{"a":5,"b":[-1,0.5],"c":1e+300,"d":18446744073709551615}"#;
        assert_eq!(value.to_string(), expected);
    }
}
