//! What was expected, beside what came.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

/// Something that is not as expected.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Mismatch {
    /// The key below `expect`.
    what: &'static str,
    expected: Value,
    got: Value,
    /// Why nothing can be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            expected,
            got,
            reason,
        } = self;
        match reason {
            Some(reason) => write!(f, "{what}: {reason}"),
            None => write!(f, "{what}: expected {expected}, got {got}"),
        }
    }
}

impl Mismatch {
    /// An expectation that nothing can be compared with.
    pub(super) fn senseless(what: &'static str, reason: &'static str) -> Self {
        Self {
            what,
            expected: Value::Null,
            got: Value::Null,
            reason: Some(reason),
        }
    }
}

/// Compares values as they are; `None` when there is nothing to tell.
pub(super) fn equal<T: PartialEq + Serialize>(
    what: &'static str,
    expected: &T,
    got: &T,
) -> Option<Mismatch> {
    (expected != got).then(|| mismatch(what, expected, got))
}

/// Compares lists of names, in which neither order nor repetition counts.
pub(super) fn same_names(
    what: &'static str,
    expected: &[String],
    got: &BTreeSet<String>,
) -> Option<Mismatch> {
    let wanted: BTreeSet<&String> = expected.iter().collect();
    (!wanted.into_iter().eq(got)).then(|| mismatch(what, expected, got))
}

/// Compares lists of columns: a name without a table is meant under any.
pub(super) fn same_columns(
    what: &'static str,
    expected: &[String],
    got: &BTreeSet<String>,
) -> Option<Mismatch> {
    let means = |short: &str, long: &str| {
        long.strip_suffix(short)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let all_came = expected
        .iter()
        .all(|wanted| got.iter().any(|column| means(wanted, column)));
    let all_wanted = got
        .iter()
        .all(|column| expected.iter().any(|wanted| means(wanted, column)));
    (!all_came || !all_wanted).then(|| mismatch(what, expected, got))
}

fn mismatch(
    what: &'static str,
    expected: &(impl Serialize + ?Sized),
    got: &(impl Serialize + ?Sized),
) -> Mismatch {
    Mismatch {
        what,
        expected: json!(expected),
        got: json!(got),
        reason: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> (Vec<String>, BTreeSet<String>) {
        let owned = || names.iter().map(|name| (*name).to_owned());
        (owned().collect(), owned().collect())
    }

    #[test]
    fn a_difference_is_told_with_both_sides() {
        assert_eq!(equal("output", &"a", &"a"), None);
        let told = equal("output", &"a", &"b").unwrap().to_string();
        assert_eq!(told, "output: expected \"a\", got \"b\"");
    }

    #[test]
    fn names_are_compared_without_order() {
        let same = |expected, got| {
            let ((expected, _), (_, got)) = (names(expected), names(got));
            same_names("guardrails", &expected, &got).is_none()
        };
        assert!(same(&["b", "a", "b"], &["a", "b"]));
        assert!(!same(&["a"], &["a", "b"]) && !same(&["a", "b"], &["a"]));
    }

    #[test]
    fn a_column_without_a_table_is_meant_under_any() {
        let same = |expected, got| {
            let ((expected, _), (_, got)) = (names(expected), names(got));
            same_columns("masked_columns", &expected, &got).is_none()
        };
        assert!(same(&["email"], &["users.email", "people.email"]));
        assert!(same(&["users.email"], &["app.users.email"]));
        assert!(!same(&["mail"], &["users.email"]));
        assert!(!same(&["email"], &["users.email", "users.name"]));
        assert!(!same(&["email", "name"], &["users.email"]));
        assert!(same(&[], &[]));
    }
}
