//! What is different between two objects, place by place.

use serde_json::{Map, Value};

use super::Difference;

/// The places at which two objects differ, by their keys.
pub(super) fn differences(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Vec<Difference> {
    let mut found = Vec::new();
    objects("", before, after, &mut found);
    found
}

fn objects(
    path: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    for (key, old) in before {
        values(&format!("{path}/{key}"), Some(old), after.get(key), found);
    }
    for (key, new) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        values(&format!("{path}/{key}"), None, Some(new), found);
    }
}

fn values(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    match (before, after) {
        (old, new) if old == new => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => objects(path, old, new, found),
        (Some(Value::Array(old)), Some(Value::Array(new)))
            if of_objects(old) && of_objects(new) =>
        {
            entries(path, old, new, found);
        }
        (old, new) => found.push(Difference {
            path: path.to_owned(),
            before: old.cloned(),
            after: new.cloned(),
        }),
    }
}

/// Whether a list holds objects, which are told apart by their place; a list of words
/// is told as a whole.
fn of_objects(list: &[Value]) -> bool {
    list.iter().all(Value::is_object)
}

/// Entries of lists: what is equal at both ends stays, what lies between is compared
/// place by place. Takes time linear in the lists.
fn entries(path: &str, before: &[Value], after: &[Value], found: &mut Vec<Difference>) {
    let same = |(old, new): &(&Value, &Value)| old == new;
    let head = before.iter().zip(after).take_while(same).count();
    let (old, new) = (before.get(head..), after.get(head..));
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    let tail = old.iter().rev().zip(new.iter().rev());
    let tail = tail.take_while(same).count();
    let old = old.get(..old.len() - tail).unwrap_or_default();
    let new = new.get(..new.len() - tail).unwrap_or_default();
    for index in 0..old.len().max(new.len()) {
        let place = format!("{path}/{}", head + index);
        values(&place, old.get(index), new.get(index), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(before: Value, after: Value) -> Value {
        let (before, after) = (before.as_object().unwrap(), after.as_object().unwrap());
        serde_json::to_value(differences(before, after)).unwrap()
    }

    #[test]
    fn nothing_differs_between_equals() {
        let one = json!({"a": {"b": [1, {"c": 2}]}});
        assert_eq!(told(one.clone(), one), json!([]));
    }

    #[test]
    fn a_difference_is_told_at_its_place() {
        let before = json!({"a": 1, "b": {"c": "x", "d": "y"}, "gone": [1], "names": ["p", "q"]});
        let after = json!({"a": 1, "b": {"c": "z", "d": "y"}, "names": ["q"], "new": true});
        assert_eq!(
            told(before, after),
            json!([
                {"path": "/b/c", "before": "x", "after": "z"},
                {"path": "/gone", "before": [1], "after": null},
                {"path": "/names", "before": ["p", "q"], "after": ["q"]},
                {"path": "/new", "before": null, "after": true},
            ])
        );
    }

    #[test]
    fn an_entry_that_comes_or_goes_does_not_shift_the_others() {
        let rule = |name: &str| json!({"name": name, "words": ["x"]});
        let list = |names: &[&str]| {
            let rules: Vec<_> = names.iter().map(|name| rule(name)).collect();
            json!({"rules": rules})
        };
        assert_eq!(
            told(list(&["a", "b", "c"]), list(&["a", "new", "b", "c"])),
            json!([{"path": "/rules/1", "before": null, "after": rule("new")}])
        );
        assert_eq!(
            told(list(&["a", "b", "c"]), list(&["b", "c"])),
            json!([{"path": "/rules/0", "before": rule("a"), "after": null}])
        );
        assert_eq!(
            told(list(&["a", "b", "c"]), list(&["a", "d", "c"])),
            json!([{"path": "/rules/1/name", "before": "b", "after": "d"}])
        );
        assert_eq!(
            told(list(&["a", "a"]), list(&["a"])),
            json!([{"path": "/rules/1", "before": rule("a"), "after": null}])
        );
    }
}
