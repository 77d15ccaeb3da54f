//! Who may do what: every operation against everybody, through both doors.

pub mod callers;
pub mod calls;
pub mod documents;
pub mod organization;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::gateway::{Client, ENGINES, Engine, Gateway};
use callers::Caller;
use calls::{CALLS, World};
use documents::{Documents, mcp_code, rest_code};

/// What one call comes to; both doors must agree.
async fn outcome(
    world: &World,
    documents: &Documents,
    caller: &mut Caller,
    call: (&str, &str),
) -> String {
    let (name, variant) = call;
    let operation = documents.find(name);
    let arguments = world.arguments(name, variant, &caller.own).await;
    let by_rest = rest_code(&operation.by_rest(&caller.client, &arguments).await);
    world.clean_up(name, &arguments).await;
    if name == "sign_out" {
        let again = variant == "again";
        let answer = operation.by_rest(&caller.client, &arguments).await;
        caller.renew().await;
        return if again { rest_code(&answer) } else { by_rest };
    }
    let arguments = world.arguments(name, variant, &caller.own).await;
    let by_mcp = mcp_code(&operation.by_mcp(&caller.client, &arguments).await);
    world.clean_up(name, &arguments).await;
    if operation.is_tool {
        assert_eq!(by_mcp, by_rest, "{name} {variant} by {}", caller.name);
    } else if !by_rest.starts_with("http 40") {
        assert_eq!(by_mcp, "rpc -32602", "{name} is no tool");
    }
    by_rest
}

/// The callers of each outcome, call by call.
async fn matrix(engine: Engine) -> String {
    let documents = Documents::generate();
    let world = World::new(Gateway::start(engine)).await;
    let mut callers = callers::callers(&world.gateway, &world.elsewhere).await;
    let mut text = String::new();
    for call in CALLS {
        let mut outcomes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for caller in &mut callers {
            let code = outcome(&world, &documents, caller, call).await;
            outcomes.entry(code).or_default().push(caller.name);
        }
        writeln!(text, "{} {}", call.0, call.1).unwrap();
        for (code, names) in outcomes {
            writeln!(text, "  {code}: {}", names.join(" ")).unwrap();
        }
    }
    text
}

#[test]
fn every_operation_has_a_row() {
    let documents = Documents::generate();
    let listed: BTreeSet<&str> = documents
        .operations
        .iter()
        .map(|operation| &*operation.name)
        .collect();
    let rows: BTreeSet<&str> = CALLS.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, rows);
    assert!(documents.tools.iter().all(|tool| rows.contains(&**tool)));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_answers_everybody_by_role_and_scope() {
    let mut last = None;
    for engine in ENGINES {
        let text = matrix(engine).await;
        if let Some(last) = last.replace(text.clone()) {
            assert_eq!(last, text, "both stores decide alike");
        }
    }
    insta::assert_snapshot!("matrix", last.unwrap());
}

/// Names and ids of whatever an organization has, by kind.
async fn possessions(client: &Client) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for kind in [
        "connections",
        "sessions",
        "attributes",
        "datamasking-rules",
        "guardrails",
        "usergroups",
        "users",
        "keys",
    ] {
        let (status, list) = client.rest("GET", &format!("/api/{kind}"), None).await;
        assert_eq!(status, 200, "{list}");
        let ids = list["items"].as_array().unwrap().iter();
        found.insert(
            kind,
            ids.map(|item| item["id"].as_str().unwrap().to_owned())
                .collect(),
        );
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_organization_reaches_anything_of_another_by_id_either() {
    let documents = Documents::generate();
    for engine in ENGINES {
        let world = World::new(Gateway::start(engine)).await;
        let (here, there) = (&world.admin, &world.elsewhere);
        callers::user(here, "member", &["team"]).await;
        callers::key(here, json!({"name": "key", "user": "member@example.com"})).await;
        let run = here.exec("bash", "echo here").await["session_id"].clone();
        let attribute = json!({"name": "pii", "connection_names": ["bash"]});
        here.call("attributes_create", attribute).await.unwrap();
        let words = json!([{"type": "deny_words_list", "words": ["drop"]}]);
        let guardrail = json!({"name": "strict", "input": {"rules": words}});
        here.call("guardrails_create", guardrail).await.unwrap();
        let rule = json!({"name": "pii", "column_rules": [{"column": "secret"}]});
        here.call("datamasking_rules_create", rule).await.unwrap();
        let before = possessions(here).await;
        let theirs = possessions(there).await;
        for (kind, ids) in &before {
            assert!(!ids.is_empty(), "{kind}");
            assert!(ids.is_disjoint(&theirs[kind]), "{engine:?}: {kind}");
        }
        for (operation, argument, kind) in BY_ID {
            let operation = documents.find(operation);
            for id in &before[kind] {
                let mut arguments = json!({argument: id});
                match &*operation.name {
                    "exec" => arguments["input"] = json!("true"),
                    "connection_tables" => arguments["database"] = json!("postgres"),
                    "connection_columns" => arguments["table"] = json!("items"),
                    "keys_create" => arguments["name"] = json!("stolen"),
                    "access_control_set" => arguments["groups"] = json!(["admin"]),
                    _ => {}
                }
                let code = rest_code(&operation.by_rest(there, &arguments).await);
                assert!(
                    ["not_found", "connection_not_found"].contains(&&*code),
                    "{engine:?}: {} of {kind} {id}: {code}",
                    operation.name
                );
            }
        }
        assert_eq!(possessions(here).await, before, "{engine:?}");
        let content = here.call("sessions_get_content", json!({"id": run})).await;
        assert_eq!(content.unwrap()["output"], "here\n");
    }
}

/// Operations on one object: the argument that names it, and the list of its kind.
const BY_ID: [(&str, &str, &str); 29] = [
    ("connections_get", "name", "connections"),
    ("connections_update", "name", "connections"),
    ("connections_delete", "name", "connections"),
    ("connections_test", "name", "connections"),
    ("exec", "connection_name", "connections"),
    ("connection_databases", "connection_name", "connections"),
    ("connection_tables", "connection_name", "connections"),
    ("connection_columns", "connection_name", "connections"),
    ("sessions_get", "id", "sessions"),
    ("sessions_get_content", "id", "sessions"),
    ("sessions_wait", "id", "sessions"),
    ("sessions_kill", "id", "sessions"),
    ("access_control_get", "connection_name", "connections"),
    ("access_control_set", "connection_name", "connections"),
    ("access_control_unset", "connection_name", "connections"),
    ("attributes_get", "name", "attributes"),
    ("attributes_update", "name", "attributes"),
    ("attributes_delete", "name", "attributes"),
    ("datamasking_rules_get", "id", "datamasking-rules"),
    ("datamasking_rules_update", "id", "datamasking-rules"),
    ("datamasking_rules_delete", "id", "datamasking-rules"),
    ("guardrails_get", "id", "guardrails"),
    ("guardrails_update", "id", "guardrails"),
    ("guardrails_delete", "id", "guardrails"),
    ("usergroups_delete", "name", "usergroups"),
    ("users_get", "email", "users"),
    ("users_update", "email", "users"),
    ("keys_revoke", "id", "keys"),
    ("keys_create", "user", "users"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_tools_is_exactly_what_the_role_may_use() {
    let documents = Documents::generate();
    let world = World::new(Gateway::start(Engine::Sqlite)).await;
    for mut caller in callers::callers(&world.gateway, &world.elsewhere).await {
        let (status, answer) = caller.client.rpc("tools/list", json!({})).await.unwrap();
        if caller.name == "anonymous" || caller.name == "inactive" {
            assert_eq!(
                status,
                if caller.name == "anonymous" { 401 } else { 403 },
                "{answer}"
            );
            continue;
        }
        let tools = answer["result"]["tools"].as_array().unwrap();
        let listed: Vec<&str> = tools
            .iter()
            .map(|tool| tool["name"].as_str().unwrap())
            .collect();
        // Scopes do not shorten the list, so the identity is asked with all of them.
        caller.client = caller.own.clone();
        let mut usable = Vec::new();
        for tool in &documents.tools {
            let variant = if tool.starts_with("sessions_") {
                "own"
            } else {
                ""
            };
            let arguments = world.arguments(tool, variant, &caller.own).await;
            let code = mcp_code(
                &documents
                    .find(tool)
                    .by_mcp(&caller.client, &arguments)
                    .await,
            );
            if !["admin_required", "auditor_required"].contains(&&*code) {
                usable.push(&**tool);
            }
        }
        assert_eq!(listed, usable, "{}", caller.name);
        assert!(answer["result"]["nextCursor"].is_null());
        every_tool_is_described(tools);
    }
}

fn every_tool_is_described(tools: &[Value]) {
    for tool in tools {
        let name = &tool["name"];
        for key in ["title", "description"] {
            assert!(
                tool[key].as_str().is_some_and(|text| !text.is_empty()),
                "{name} {key}"
            );
        }
        for key in [
            "readOnlyHint",
            "destructiveHint",
            "idempotentHint",
            "openWorldHint",
        ] {
            assert!(tool["annotations"][key].is_boolean(), "{name} {key}");
        }
        assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{name}");
        assert_eq!(tool["inputSchema"]["type"], "object", "{name}");
        assert_eq!(tool["outputSchema"]["type"], "object", "{name}");
        assert_eq!(
            tool["outputSchema"]["anyOf"][1],
            json!({"required": ["error"]}),
            "{name}"
        );
    }
}
