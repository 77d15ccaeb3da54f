//! Bad arguments of every kind for every operation: each is an
//! `invalid_argument` that names the argument, and nothing panics.

use serde_json::{Value, json};

use crate::gateway::{Client, ENGINES, Gateway};
use crate::roles::calls::World;
use crate::roles::documents::{Documents, Operation};

/// One bad argument.
struct Bad {
    argument: String,
    value: Value,
    why: &'static str,
}

/// The words of `type` of a schema, `null` left out.
fn types(schema: &Value) -> Vec<String> {
    let mut words: Vec<String> = match &schema["type"] {
        Value::String(word) => vec![word.clone()],
        Value::Array(several) => several
            .iter()
            .map(|word| word.as_str().unwrap().to_owned())
            .collect(),
        _ => Vec::new(),
    };
    for alternative in ["anyOf", "oneOf"]
        .iter()
        .filter_map(|key| schema[key].as_array())
        .flatten()
    {
        words.extend(types(alternative));
    }
    for value in schema["enum"].as_array().into_iter().flatten() {
        words.push(if value.is_null() { "null" } else { "string" }.to_owned());
    }
    words.retain(|word| word != "null");
    words
}

/// A keyword, wherever an alternative has it.
fn keyword(schema: &Value, key: &str) -> Option<i64> {
    let alternatives = ["anyOf", "oneOf"]
        .iter()
        .filter_map(|key| schema[key].as_array())
        .flatten();
    schema[key]
        .as_i64()
        .or_else(|| alternatives.filter_map(|one| keyword(one, key)).next())
}

/// Values of every type that the schema does not name.
fn of_other_types(schema: &Value) -> Vec<Value> {
    let types = types(schema);
    assert!(!types.is_empty(), "no type: {schema}");
    let samples = [
        ("string", json!("x y")),
        ("integer", json!(7)),
        ("boolean", json!(true)),
        ("array", json!([[]])),
        ("object", json!({"a": {"b": []}})),
        ("number", json!(1.5)),
    ];
    let fits = |word: &str| {
        types
            .iter()
            .any(|one| one == word || (one == "number" && word == "integer"))
    };
    samples
        .into_iter()
        .filter(|(word, _)| !fits(word))
        .map(|(_, value)| value)
        .collect()
}

fn bad_values(operation: &Operation) -> Vec<Bad> {
    let mut bad = Vec::new();
    for (argument, schema) in &operation.arguments {
        let mut add = |why: &'static str, value: Value| {
            bad.push(Bad {
                argument: argument.clone(),
                value,
                why,
            })
        };
        let types = types(schema);
        for value in of_other_types(schema) {
            add("another type", value);
        }
        if types == ["integer"] {
            if let Some(least) = keyword(schema, "minimum") {
                add("too small", json!(least - 1));
            }
            if let Some(most) = keyword(schema, "maximum") {
                add("too large", json!(most + 1));
            }
            add("beyond every integer", json!(1e300));
            add("beyond every integer", json!(-1e300));
            add("beyond 64 bits", json!(u64::MAX));
        }
        if types == ["string"] {
            add("a NUL character", json!("a\u{0}b"));
            if let Some(most) = keyword(schema, "maxLength").filter(|most| *most <= 1_048_576) {
                add(
                    "too long",
                    json!("x".repeat(usize::try_from(most).unwrap() + 1)),
                );
            }
        }
        if argument == "cursor" {
            for value in ["", "!", "abc", "bnVsbA", "e30", "WzEsMl0"] {
                add("no cursor", json!(value));
            }
        }
        if types == ["array"] {
            add("an item of another type", json!([{"a": 1}]));
            add("a NUL character in an item", json!(["a\u{0}b"]));
        }
        if types == ["object"] {
            add(
                "a NUL character in a value",
                json!({"envvar:KEY": "a\u{0}b"}),
            );
            add("a NUL character in a key", json!({"a\u{0}b": "x"}));
        }
    }
    bad
}

/// Fails unless an answer is an `invalid_argument` at a path that begins so.
#[track_caller]
fn names(operation: &Operation, why: &str, argument: &str, error: &Value) {
    let shown: String = error.to_string().chars().take(600).collect();
    let what = format!("{} {argument}, {why}: {shown}", operation.name);
    assert_eq!(error["code"], "invalid_argument", "{what}");
    let path = error["details"]["path"]
        .as_str()
        .unwrap_or_else(|| panic!("no path: {what}"));
    assert!(
        path == format!("/{argument}") || path.starts_with(&format!("/{argument}/")),
        "{path}: {what}"
    );
    assert!(
        error["details"]["expected"]
            .as_str()
            .is_some_and(|text| !text.is_empty()),
        "{what}"
    );
}

async fn by_mcp(operation: &Operation, client: &Client, arguments: &Value) -> Value {
    match operation.by_mcp(client, arguments).await {
        Err(error) => error,
        Ok(answer) => panic!("{} took {arguments}: {answer}", operation.name),
    }
}

async fn by_rest(operation: &Operation, client: &Client, arguments: &Value) -> Value {
    let (status, body) = operation.by_rest(client, arguments).await;
    assert!(
        status == 400 || status == 404,
        "{} {status} {body}",
        operation.name
    );
    body["error"].clone()
}

async fn refuse_all(operation: &Operation, world: &World) {
    let variant = if operation.name.starts_with("sessions_") {
        "own"
    } else {
        ""
    };
    let valid = world
        .arguments(&operation.name, variant, &world.admin)
        .await;
    let admin = &world.admin;
    for bad in bad_values(operation) {
        let mut arguments = valid.clone();
        arguments[&bad.argument] = bad.value;
        if operation.is_tool {
            names(
                operation,
                bad.why,
                &bad.argument,
                &by_mcp(operation, admin, &arguments).await,
            );
        } else if !operation.in_path(&bad.argument) {
            names(
                operation,
                bad.why,
                &bad.argument,
                &by_rest(operation, admin, &arguments).await,
            );
        }
    }
    let mut arguments = valid.clone();
    arguments["no_such_key"] = json!(1);
    let error = match operation.is_tool {
        true => by_mcp(operation, admin, &arguments).await,
        false => by_rest(operation, admin, &arguments).await,
    };
    names(operation, "unknown", "no_such_key", &error);
    for required in &operation.required {
        let mut arguments = valid.clone();
        arguments.as_object_mut().unwrap().remove(required);
        if operation.is_tool {
            names(
                operation,
                "missing",
                required,
                &by_mcp(operation, admin, &arguments).await,
            );
            arguments[required] = Value::Null;
            names(
                operation,
                "null",
                required,
                &by_mcp(operation, admin, &arguments).await,
            );
        } else if !operation.in_path(required) {
            names(
                operation,
                "missing",
                required,
                &by_rest(operation, admin, &arguments).await,
            );
        }
    }
    world.clean_up(&operation.name, &valid).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_argument_is_refused_by_name() {
    let documents = Documents::generate();
    for engine in ENGINES {
        let world = World::new(Gateway::start(engine)).await;
        crate::roles::callers::user(&world.admin, "member", &["team"]).await;
        for operation in documents
            .operations
            .iter()
            .filter(|operation| operation.name != "sign_out")
        {
            refuse_all(operation, &world).await;
        }
        let log = world.gateway.said.lock().clone();
        assert!(
            !log.contains("panicked") && !log.contains("incident_id"),
            "{log}"
        );
    }
}

#[tokio::test]
async fn integers_may_be_written_as_json_allows() {
    let world = World::new(Gateway::start(crate::gateway::Engine::Sqlite)).await;
    let list = world
        .admin
        .call("connections_list", json!({"limit": 1.0}))
        .await
        .unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let half = world
        .admin
        .call("connections_list", json!({"limit": 1.5}))
        .await
        .unwrap_err();
    assert_eq!(
        (&half["code"], &half["details"]["path"]),
        (&json!("invalid_argument"), &json!("/limit"))
    );
}

#[tokio::test]
async fn references_of_every_shape_are_unknown_and_nothing_worse() {
    for engine in ENGINES {
        let world = World::new(Gateway::start(engine)).await;
        for reference in [
            "x",
            "*",
            "%",
            "' OR '1'='1",
            "\"",
            "../../etc/passwd",
            "00000000-0000-0000-0000-000000000000",
            "\u{202e}",
            "\u{feff}",
            "😀",
            "a\nb",
            "-",
            "null",
            "team_pg ",
            " team_pg",
            "TEAM_PG",
        ] {
            for (tool, key, code) in [
                ("connections_get", "name", "connection_not_found"),
                ("connections_update", "name", "connection_not_found"),
                ("connections_delete", "name", "connection_not_found"),
                ("connections_test", "name", "connection_not_found"),
                (
                    "connection_databases",
                    "connection_name",
                    "connection_not_found",
                ),
                ("sessions_get", "id", "not_found"),
                ("sessions_get_content", "id", "not_found"),
                ("sessions_wait", "id", "not_found"),
                ("sessions_kill", "id", "not_found"),
                ("usergroups_delete", "name", "not_found"),
                ("users_get", "email", "not_found"),
            ] {
                let error = world
                    .admin
                    .call(tool, json!({key: reference}))
                    .await
                    .unwrap_err();
                assert_eq!(error["code"], code, "{tool} {reference:?}: {error}");
            }
        }
    }
}

/// A cursor is opaque to its reader but not secret: whatever is made up must be
/// refused or answered, never a failure of the gateway.
#[tokio::test]
async fn made_up_cursors_are_no_failure() {
    use base64::Engine as _;
    let cursor =
        |value: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    for engine in ENGINES {
        let world = World::new(Gateway::start(engine)).await;
        let session = world.admin.exec("bash", "echo hi").await["session_id"].clone();
        let mut cursors = Vec::new();
        for place in [
            json!(0),
            json!(2),
            json!(3),
            json!(i64::MAX),
            json!(u64::MAX),
            json!(-1),
            json!("\u{0}"),
            json!("x".repeat(5000)),
        ] {
            for at in [
                json!({"at": place}),
                json!({"s": session, "o": place}),
                json!({"session": session, "offset": place}),
                json!({"f": {}, "k": place}),
                json!({"f": null, "k": place}),
                json!({"f": {}, "t": place, "s": session}),
            ] {
                cursors.push(cursor(&at));
            }
        }
        for cursor in cursors {
            for (tool, mut arguments) in [
                ("connections_list", json!({})),
                ("sessions_list", json!({})),
                ("users_list", json!({})),
                ("usergroups_list", json!({})),
                ("sessions_get_content", json!({"id": session})),
                (
                    "connection_databases",
                    json!({"connection_name": "team_pg"}),
                ),
            ] {
                arguments["cursor"] = json!(cursor);
                if let Err(error) = world.admin.call(tool, arguments).await {
                    assert_eq!(
                        (&error["code"], &error["details"]["path"]),
                        (&json!("invalid_argument"), &json!("/cursor")),
                        "{tool} {cursor}: {error}"
                    );
                }
            }
        }
    }
}
