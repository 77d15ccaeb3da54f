//! `connections_create`: what it refuses, and by which name.

use serde_json::{Value, json};

use super::connections::{create, encoded};
use super::{invalid, refused};
use crate::gateway::{Engine, Gateway};

#[tokio::test]
async fn names_and_types_follow_their_rules() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    for name in [
        "ab",
        "-abc",
        "abc-",
        "a--b",
        "a b",
        "a/b",
        "a'b",
        "äöü",
        "",
        "019a7c1e-0000-7000-8000-000000000000",
    ] {
        assert_eq!(
            refused(create(&admin, json!({"name": name})).await),
            invalid("/name"),
            "{name:?}"
        );
    }
    let longest = "x".repeat(254);
    for name in ["a_b", "a.b-c", "A1_", "___", &longest] {
        let made = create(&admin, json!({"name": name})).await.unwrap();
        assert_eq!(
            admin
                .call("connections_get", json!({"name": name}))
                .await
                .unwrap()["id"],
            made["id"]
        );
    }
    let taken = create(&admin, json!({"name": "a.b-c"})).await.unwrap_err();
    let owner = admin
        .call("connections_get", json!({"name": "a.b-c"}))
        .await
        .unwrap();
    assert_eq!(
        (&taken["code"], &taken["details"]["id"]),
        (&json!("already_exists"), &owner["id"])
    );
    assert!(
        create(&admin, json!({"name": "A.b-c"})).await.is_ok(),
        "names differ by case"
    );
}

#[tokio::test]
async fn every_field_has_its_limits() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    for (bad, path) in [
        (json!({"type": "webserver"}), "/type"),
        (
            json!({"type": "database", "subtype": "db2", "command": null}),
            "/subtype",
        ),
        (
            json!({"type": "database", "subtype": "postgres"}),
            "/command",
        ),
        (json!({"command": []}), "/command"),
        (json!({"command": [""]}), "/command/0"),
        (json!({"command": vec!["x"; 65]}), "/command"),
        (json!({"command": ["x".repeat(4097)]}), "/command/0"),
        (json!({"access_mode_exec": "on"}), "/access_mode_exec"),
        (json!({"access_max_duration": 59}), "/access_max_duration"),
        (
            json!({"access_max_duration": 172_801}),
            "/access_max_duration",
        ),
        (json!({"tags": {"": "x"}}), "/tags"),
        (json!({"tags": {"k": ""}}), "/tags/k"),
        (json!({"tags": {"k": "x".repeat(257)}}), "/tags/k"),
        (json!({"tags": {"k".repeat(65): "x"}}), "/tags"),
        (
            json!({"allowed_env_vars": ["OK", "1NO"]}),
            "/allowed_env_vars/1",
        ),
        (json!({"redact_types": ["NOT_ONE"]}), "/redact_types/0"),
        (json!({"secrets": {"A": encoded("x")}}), "/secrets/A"),
        (
            json!({"secrets": {"envvar:A": "no base64"}}),
            "/secrets/envvar:A",
        ),
        (
            json!({"limits": {"timeout_seconds": 0}}),
            "/limits/timeout_seconds",
        ),
        (json!({"limits": {"memory_mb": -1}}), "/limits/memory_mb"),
        (json!({"limits": {"seconds": 5}}), "/limits/seconds"),
    ] {
        assert_eq!(
            refused(create(&admin, bad.clone()).await),
            invalid(path),
            "{bad}"
        );
    }
    let eleven: Value = (0..11)
        .map(|n| (format!("k{n}"), json!("v")))
        .collect::<serde_json::Map<_, _>>()
        .into();
    assert_eq!(
        refused(create(&admin, json!({"tags": eleven})).await),
        invalid("/tags")
    );
}

#[tokio::test]
async fn every_unknown_link_is_named_and_nothing_is_written() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let links = json!({"attributes": ["pii"], "guardrail_rules": ["strict"], "reviewers": ["ghosts", "ghosts"]});
    let error = create(&admin, links).await.unwrap_err();
    assert_eq!(error["code"], "not_found", "{error}");
    let mut kinds: Vec<_> = error["details"]["missing"].as_array().unwrap().clone();
    kinds.sort_by_key(ToString::to_string);
    assert_eq!(kinds.len(), 3, "every unknown one is named: {error}");
    let agent = create(&admin, json!({"agent_id": "far"}))
        .await
        .unwrap_err();
    assert_eq!(
        (&agent["code"], &agent["details"]["missing"][0]["kind"]),
        (&json!("not_found"), &json!("agent"))
    );
    assert!(
        admin
            .call("connections_get", json!({"name": "made"}))
            .await
            .is_err(),
        "nothing was written"
    );
}

#[tokio::test]
async fn missing_variables_are_named() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    for (subtype, needed) in [
        ("postgres", &["HOST", "USER", "PASS", "DB"][..]),
        ("mysql", &["HOST", "USER", "PASS", "DB"]),
        ("mssql", &["HOST", "USER", "PASS", "DB"]),
        ("oracledb", &["HOST", "USER", "PASS", "SID"]),
    ] {
        let arguments = json!({"name": "x_y", "type": "database", "subtype": subtype, "secrets": {"envvar:HOST": encoded("h")}});
        let error = admin
            .call("connections_create", arguments)
            .await
            .unwrap_err();
        assert_eq!(
            (&error["code"], &error["details"]["path"]),
            (&json!("invalid_argument"), &json!("/secrets"))
        );
        for name in &needed[1..] {
            assert!(
                error["details"]["expected"]
                    .as_str()
                    .unwrap()
                    .contains(name),
                "{subtype} {name}: {error}"
            );
        }
        assert!(
            !error["details"]["missing"].to_string().contains("HOST"),
            "{error}"
        );
    }
    for kind in ["mongodb", "sqlite"] {
        let arguments = json!({"name": "x_y", "type": "database", "subtype": kind});
        assert_eq!(
            refused(admin.call("connections_create", arguments).await),
            invalid("/secrets"),
            "{kind}"
        );
    }
}
