//! One object of arguments from path, query and body.

use model::Refusal;
use serde_json::{Map, Value};

use crate::query;

/// Merges what path, query and body give into the arguments of an operation
/// with this input schema. Values and missing arguments are checked by the gate.
///
/// # Errors
/// `invalid_argument` for an argument that the operation does not have, that
/// does not read as its type, or that is given in two places.
pub(crate) fn merge(
    schema: &Value,
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    body: Map<String, Value>,
) -> Result<Value, Refusal> {
    let known = |name: &str| {
        schema["properties"]
            .get(name)
            .ok_or_else(|| Refusal::invalid(&format!("/{name}"), "no such argument"))
    };
    let texts = path.into_iter().chain(query).collect::<Vec<_>>();
    for name in body.keys().chain(texts.iter().map(|(name, _)| name)) {
        known(name)?;
    }
    let mut arguments = body;
    for (name, texts) in grouped(texts) {
        let value = query::convert(&name, known(&name)?, &texts)?;
        if arguments.contains_key(&name) {
            return Err(Refusal::invalid(
                &format!("/{name}"),
                "the argument in one place only",
            ));
        }
        arguments.insert(name, value);
    }
    Ok(Value::Object(arguments))
}

/// The texts of each name, in the order in which the names first appear.
fn grouped(pairs: Vec<(String, String)>) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (name, text) in pairs {
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, texts)) => texts.push(text),
            None => groups.push((name, vec![text])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Code;
    use proptest::prelude::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({"type": "object", "properties": {
            "name": {"type": "string"},
            "limit": {"type": ["integer", "null"]},
            "tags": {"type": "array", "items": {"type": "string"}},
            "force": {"type": "boolean"},
        }})
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn all_places_make_one_object() {
        let Value::Object(body) = json!({"force": true}) else {
            unreachable!()
        };
        let merged = merge(
            &schema(),
            pairs(&[("name", "pg")]),
            pairs(&[("tags", "a"), ("limit", "5"), ("tags", "b")]),
            body,
        );
        assert_eq!(
            merged.unwrap(),
            json!({"name": "pg", "limit": 5, "tags": ["a", "b"], "force": true})
        );
    }

    #[test]
    fn unknown_and_doubled_arguments_are_refused() {
        let body = |value: Value| value.as_object().cloned().unwrap_or_default();
        let cases = [
            (pairs(&[("nmae", "x")]), body(json!({}))),
            (pairs(&[]), body(json!({"nmae": 1}))),
            (pairs(&[("name", "x")]), body(json!({}))),
            (pairs(&[]), body(json!({"name": "x"}))),
            (pairs(&[("limit", "1"), ("limit", "2")]), body(json!({}))),
            (pairs(&[("limit", "1")]), body(json!({"limit": 1}))),
        ];
        for (query, body) in cases {
            let refusal = merge(&schema(), pairs(&[("name", "pg")]), query, body).unwrap_err();
            assert_eq!(refusal.code, Code::InvalidArgument);
            assert!(refusal.details.unwrap().contains_key("path"));
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_nothing_is_lost(
            query in prop::collection::vec(("(name|limit|tags|force|[a-z]{1,3})", ".{0,12}"), 0..6),
        ) {
            let names: std::collections::BTreeSet<_> = query.iter().map(|(name, _)| name.clone()).collect();
            if let Ok(Value::Object(merged)) = merge(&schema(), Vec::new(), query, Map::new()) {
                let kept: std::collections::BTreeSet<_> = merged.keys().cloned().collect();
                prop_assert_eq!(names, kept);
            }
        }
    }
}
