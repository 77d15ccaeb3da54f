//! The operations in detail: what they take, keep, refuse and answer.

mod access;
mod connection_secrets;
mod connections;
mod creation;
mod directory;
mod listing;
mod on_file;
mod refusals;
mod runs;
mod sessions;

use serde_json::Value;

/// The texts of one key of all items.
fn each<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    let items = list["items"]
        .as_array()
        .unwrap_or_else(|| panic!("no list: {list}"));
    items
        .iter()
        .map(|item| item[key].as_str().unwrap())
        .collect()
}

/// Code and `details.path` of a refusal.
#[track_caller]
fn refused(answer: Result<Value, Value>) -> (String, String) {
    let error = answer.unwrap_err();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&error["code"]), text(&error["details"]["path"]))
}

/// An `invalid_argument` at a path.
fn invalid(path: &str) -> (String, String) {
    ("invalid_argument".to_owned(), path.to_owned())
}
