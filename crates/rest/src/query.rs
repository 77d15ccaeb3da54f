//! Text of paths and queries, converted to the type that an argument's schema
//! asks for.

use model::Refusal;
use serde_json::{Map, Value};

/// What a schema asks for, as far as text can be converted to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Array,
    Object,
    Integer,
    Number,
    Boolean,
    Text,
}

/// The value of the argument `name` from every text it was given as.
///
/// A list may be repeated or separated by commas, or be one JSON array when
/// items hold commas; an object is JSON; everything else is given once.
///
/// # Errors
/// `invalid_argument` when a text does not read as the type, or a single value
/// is given twice.
pub(crate) fn convert(name: &str, schema: &Value, texts: &[String]) -> Result<Value, Refusal> {
    let kind = kind(schema);
    if kind == Kind::Array {
        return list(name, items(schema), texts);
    }
    match texts {
        [text] => single(name, kind, text),
        _ => Err(Refusal::invalid(
            &format!("/{name}"),
            "one value, not several",
        )),
    }
}

fn list(name: &str, items: &Value, texts: &[String]) -> Result<Value, Refusal> {
    if let [text] = texts
        && text.starts_with('[')
        && let Ok(Value::Array(list)) = serde_json::from_str(text)
    {
        return Ok(Value::Array(list));
    }
    let kind = kind(items);
    texts
        .iter()
        .flat_map(|text| text.split(','))
        .filter(|text| !text.is_empty())
        .map(|text| single(name, kind, text))
        .collect::<Result<Vec<_>, _>>()
        .map(Value::Array)
}

fn single(name: &str, kind: Kind, text: &str) -> Result<Value, Refusal> {
    let converted = match kind {
        Kind::Text => Some(Value::String(text.to_owned())),
        Kind::Boolean => text.parse().ok().map(Value::Bool),
        Kind::Integer => text
            .parse::<i64>()
            .map(Value::from)
            .or_else(|_| text.parse::<u64>().map(Value::from))
            .ok(),
        Kind::Number => number(text),
        Kind::Object | Kind::Array => serde_json::from_str::<Map<String, Value>>(text)
            .ok()
            .map(Value::Object),
    };
    converted.ok_or_else(|| Refusal::invalid(&format!("/{name}"), kind.expected()))
}

fn number(text: &str) -> Option<Value> {
    let number: f64 = text.parse().ok()?;
    serde_json::Number::from_f64(number).map(Value::Number)
}

impl Kind {
    const fn expected(self) -> &'static str {
        match self {
            Self::Array | Self::Object => "a JSON object",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Text => "text",
        }
    }
}

/// The first type that is not `null`, of the schema itself or of its
/// alternatives. Where text is allowed too, it is taken as it stands.
fn kind(schema: &Value) -> Kind {
    let mut names = Vec::new();
    type_names(schema, 0, &mut names);
    let of = |name: &str| match name {
        "array" => Kind::Array,
        "object" => Kind::Object,
        "integer" => Kind::Integer,
        "number" => Kind::Number,
        "boolean" => Kind::Boolean,
        _ => Kind::Text,
    };
    if names.contains(&"string") {
        return Kind::Text;
    }
    names
        .into_iter()
        .find(|name| *name != "null")
        .map_or(Kind::Text, of)
}

fn type_names<'a>(schema: &'a Value, depth: usize, names: &mut Vec<&'a str>) {
    match &schema["type"] {
        Value::String(name) => names.push(name),
        Value::Array(several) => names.extend(several.iter().filter_map(Value::as_str)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
    }
    for alternative in alternatives(schema).take(if depth < 8 { usize::MAX } else { 0 }) {
        type_names(alternative, depth + 1, names);
    }
}

fn alternatives(schema: &Value) -> impl Iterator<Item = &Value> {
    ["anyOf", "oneOf", "allOf"]
        .into_iter()
        .filter_map(|key| schema[key].as_array())
        .flatten()
}

fn items(schema: &Value) -> &Value {
    if schema["items"].is_object() {
        return &schema["items"];
    }
    alternatives(schema)
        .map(|alternative| &alternative["items"])
        .find(|items| items.is_object())
        .unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn one(schema: &Value, text: &str) -> Result<Value, Refusal> {
        convert("x", schema, &[text.to_owned()])
    }

    #[test]
    fn text_becomes_the_type_of_the_schema() {
        assert_eq!(one(&json!({"type": "integer"}), "7").unwrap(), 7);
        assert_eq!(
            one(&json!({"type": ["integer", "null"]}), "-7").unwrap(),
            -7
        );
        assert_eq!(
            one(&json!({"type": "integer"}), "18446744073709551615").unwrap(),
            u64::MAX
        );
        assert_eq!(one(&json!({"type": "boolean"}), "true").unwrap(), true);
        assert_eq!(one(&json!({"type": "number"}), "0.5").unwrap(), 0.5);
        assert_eq!(one(&json!({"type": "string"}), "7").unwrap(), "7");
        assert_eq!(one(&json!({"enum": ["a"]}), "a").unwrap(), "a");
        assert_eq!(
            one(
                &json!({"anyOf": [{"type": "object"}, {"type": "null"}]}),
                r#"{"a":1}"#
            )
            .unwrap(),
            json!({"a": 1})
        );
    }

    #[test]
    fn a_list_is_repeated_or_separated_by_commas() {
        let schema = json!({"type": ["array", "null"], "items": {"type": "integer"}});
        let texts = ["1,2".to_owned(), "3".to_owned()];
        assert_eq!(convert("x", &schema, &texts).unwrap(), json!([1, 2, 3]));
        assert_eq!(one(&schema, "").unwrap(), json!([]));
        let words = json!({"type": "array", "items": {"type": "string"}});
        assert_eq!(one(&words, r#"["a,b","c"]"#).unwrap(), json!(["a,b", "c"]));
        assert_eq!(one(&words, "[a").unwrap(), json!(["[a"]));
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        for (schema, text) in [
            ("integer", "1.5"),
            ("boolean", "yes"),
            ("number", "inf"),
            ("object", "[]"),
        ] {
            let refusal = one(&json!({"type": schema}), text).unwrap_err();
            assert!(
                refusal.message.starts_with("/x: expected"),
                "{}",
                refusal.message
            );
        }
        let twice = ["a".to_owned(), "b".to_owned()];
        assert!(convert("x", &json!({"type": "string"}), &twice).is_err());
    }

    proptest! {
        #[test]
        fn integers_and_words_round_trip(number in any::<i64>(), words in prop::collection::vec("[a-z ]{1,8}", 1..5)) {
            prop_assert_eq!(one(&json!({"type": "integer"}), &number.to_string()).unwrap(), number);
            let schema = json!({"type": "array", "items": {"type": "string"}});
            prop_assert_eq!(convert("x", &schema, &words).unwrap(), json!(words));
        }

        #[test]
        fn no_text_is_a_panic(text in ".{0,40}", kind in "(integer|number|boolean|array|object|string|odd)") {
            let _ = one(&json!({"type": kind}), &text);
            let _ = one(&json!({"type": "array", "items": {"type": kind}}), &text);
        }
    }
}
