//! Rules from files.

use serde_json::json;

use super::Desk;

#[test]
fn a_guardrail_is_made_from_a_file_and_changed_by_what_was_shown() {
    let desk = Desk::open();
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let rule = json!({"name": "calm", "connection_ids": ["demo"],
        "input": {"rules": [{"type": "deny_words_list", "words": ["pragma"]}]}});
    std::fs::write(path, rule.to_string()).unwrap();
    let made = desk.json(&["admin", "guardrails", "create", "-f", path, "-o", "json"]);
    assert_eq!(made["version"], 1, "{made}");
    let mut shown = desk.json(&["admin", "guardrails", "show", "calm", "-o", "json"]);
    assert_eq!(shown, made);
    shown["name"] = json!("calmer");
    std::fs::write(path, shown.to_string()).unwrap();
    let update = [
        "admin",
        "guardrails",
        "update",
        "calm",
        "-f",
        path,
        "--if-version",
        "1",
    ];
    assert!(desk.good(&update).contains("calmer"));
    let list = desk.json(&["admin", "guardrails", "list", "-o", "json"]);
    let names: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| &rule["name"])
        .collect();
    assert!(names.contains(&&json!("calmer")), "{list}");
    let blocked = desk.run(&["exec", "demo", "-i", "pragma user_version"]);
    assert_eq!(blocked.status.code(), Some(254));
    desk.good(&["admin", "guardrails", "delete", "calmer", "--yes"]);
    desk.good(&["exec", "demo", "-i", "select 1"]);
    std::fs::write(path, "[]").unwrap();
    let wrong = desk.run(&["admin", "guardrails", "create", "-f", path]);
    assert_eq!(wrong.status.code(), Some(2));
}
