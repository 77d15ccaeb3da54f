//! The shortest form of a generated schema that says the same.

use serde_json::{Map, Value, json};

/// Formats that JSON Schema does not define; the bounds beside them say more.
const OWN_FORMATS: [&str; 7] = [
    "int32", "int64", "uint", "uint8", "uint32", "uint64", "double",
];

/// Joins lists of words to `enum`, folds `null` into the type, and drops
/// defaults of null and formats of Rust's own.
pub(super) fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(fields) => {
            fields.values_mut().for_each(tidy);
            if fields.get("default") == Some(&Value::Null) {
                fields.remove("default");
            }
            let own = |format: &Value| {
                format
                    .as_str()
                    .is_some_and(|name| OWN_FORMATS.contains(&name))
            };
            if fields.get("format").is_some_and(own) {
                fields.remove("format");
            }
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = text.replace('\n', " ");
            }
            join_words(fields);
            fold_null(fields);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Drops every description, except where it is the name of a property.
pub(super) fn drop_descriptions(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(drop_descriptions),
        Value::Object(fields) => {
            if fields.get("description").is_some_and(Value::is_string) {
                fields.remove("description");
            }
            fields.values_mut().for_each(drop_descriptions);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `oneOf` of constant words, or of lists of them, becomes `enum`.
fn join_words(fields: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = fields.get("oneOf") else {
        return;
    };
    let mut words = Vec::new();
    for choice in choices {
        match (choice.get("const"), choice.get("enum")) {
            (Some(word @ Value::String(_)), _) => words.push(word.clone()),
            (None, Some(Value::Array(more))) => words.extend(more.iter().cloned()),
            _ => return,
        }
    }
    fields.remove("oneOf");
    fields.insert("type".into(), json!("string"));
    fields.insert("enum".into(), Value::Array(words));
}

/// `anyOf` of a schema and null becomes that schema with null in its type.
fn fold_null(fields: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = fields.get("anyOf") else {
        return;
    };
    let [Value::Object(one), null] = choices.as_slice() else {
        return;
    };
    let Some(Value::String(kind)) = one.get("type").filter(|_| *null == json!({"type": "null"}))
    else {
        return;
    };
    let mut one = one.clone();
    one.insert("type".into(), json!([kind, "null"]));
    if let Some(Value::Array(words)) = one.get_mut("enum") {
        words.push(Value::Null);
    }
    fields.remove("anyOf");
    for (key, value) in one {
        fields.entry(key).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_optional_word_is_one_short_schema() {
        let mut schema = json!({
            "description": "How it\nis answered.",
            "default": null,
            "anyOf": [
                {"description": "Inner.", "oneOf": [
                    {"const": "text", "type": "string", "description": "Text."},
                    {"const": "rows", "type": "string", "description": "Rows."},
                ]},
                {"type": "null"},
            ],
        });
        tidy(&mut schema);
        assert_eq!(
            schema,
            json!({
                "description": "How it is answered.",
                "type": ["string", "null"],
                "enum": ["text", "rows", null],
            })
        );
    }

    #[test]
    fn a_property_called_description_stays() {
        let mut schema =
            json!({"properties": {"description": {"type": "string", "description": "x"}}});
        drop_descriptions(&mut schema);
        assert_eq!(
            schema,
            json!({"properties": {"description": {"type": "string"}}})
        );
    }
}
