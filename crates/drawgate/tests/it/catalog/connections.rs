//! `connections_*`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{invalid, refused};
use crate::gateway::{Client, ENGINES, Gateway};
use crate::roles::callers::person;

pub async fn create(client: &Client, extra: Value) -> Result<Value, Value> {
    let mut arguments = json!({"name": "made", "type": "custom", "command": ["bash"]});
    arguments
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    client.call("connections_create", arguments).await
}

pub async fn update(client: &Client, name: &str, change: Value) -> Result<Value, Value> {
    let mut arguments = json!({"name": name});
    arguments
        .as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    client.call("connections_update", arguments).await
}

pub fn encoded(text: &str) -> Value {
    json!(STANDARD.encode(text))
}

#[tokio::test]
async fn a_connection_is_shown_with_every_key_and_documented_defaults() {
    for engine in ENGINES {
        let admin = Gateway::start(engine);
        let (gateway, admin) = (&admin, admin.admin());
        let made = create(
            &admin,
            json!({"subtype": "bash", "secrets": {"envvar:A": encoded("x")}}),
        )
        .await
        .unwrap();
        let mut shown = made.clone();
        for key in ["id", "created_at", "updated_at"] {
            assert!(
                shown
                    .as_object_mut()
                    .unwrap()
                    .remove(key)
                    .is_some_and(|value| value.is_string()),
                "{key}"
            );
        }
        assert_eq!(made["created_at"], made["updated_at"]);
        assert_eq!(
            shown,
            json!({
                "name": "made", "type": "custom", "subtype": "bash", "agent_id": "", "agent_name": "",
                "status": "online", "command": ["bash"], "tags": {}, "access_mode_runbooks": "enabled",
                "access_mode_exec": "enabled", "access_mode_connect": "enabled", "access_schema": "disabled",
                "guardrail_rules": [], "reviewers": [], "redact_types": [], "redact_enabled": false,
                "attributes": [], "mandatory_metadata_fields": [], "allowed_env_vars": [],
                "access_max_duration": null, "managed_by": null, "restricted": false, "tls": null, "version": 1,
                "limits": {"timeout_seconds": 3600, "memory_mb": 512, "output_bytes": 115_343_360},
                "secret_keys": [{"key": "envvar:A", "source": "inline"}],
            })
        );
        for reference in [
            json!("made"),
            made["id"].clone(),
            json!(made["id"].as_str().unwrap().to_uppercase()),
        ] {
            assert_eq!(
                admin
                    .call("connections_get", json!({"name": reference}))
                    .await
                    .unwrap(),
                made
            );
        }
        let list = admin.call("connections_list", json!({})).await.unwrap();
        assert_eq!(list["items"][0], made, "list and detail show the same");
        let kim = person(&admin, "kim", &["auditor"]).await;
        let mut without = made.clone();
        without.as_object_mut().unwrap().remove("secret_keys");
        assert_eq!(
            kim.call("connections_get", json!({"name": "made"}))
                .await
                .unwrap(),
            without
        );
        drop(gateway.url.clone());
    }
}

#[tokio::test]
async fn an_update_keeps_what_is_left_out_clears_null_and_replaces_the_rest() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let full = json!({
            "tags": {"a": "1"}, "access_mode_exec": "disabled", "access_schema": "enabled", "access_max_duration": 600,
            "mandatory_metadata_fields": ["ticket"], "allowed_env_vars": ["LANG"], "reviewers": ["admin"],
            "limits": {"timeout_seconds": 5}, "secrets": {"envvar:A": encoded("1"), "envvar:B": encoded("2")},
        });
        let made = create(&admin, full).await.unwrap();
        assert_eq!(made["limits"]["timeout_seconds"], 5);
        assert_eq!(made["limits"]["memory_mb"], 512, "the rest is the default");

        let kept = update(&admin, "made", json!({"tags": {"b": "2"}}))
            .await
            .unwrap();
        let mut expected = made.clone();
        expected["tags"] = json!({"b": "2"});
        expected["version"] = json!(2);
        expected["updated_at"] = kept["updated_at"].clone();
        assert_eq!(kept, expected);
        assert!(kept["updated_at"].as_str() > made["updated_at"].as_str());

        let cleared = json!({
            "tags": null, "access_mode_exec": null, "access_schema": null, "access_max_duration": null,
            "mandatory_metadata_fields": null, "allowed_env_vars": [], "reviewers": [], "limits": null, "secrets": {},
        });
        let cleared = update(&admin, made["id"].as_str().unwrap(), cleared)
            .await
            .unwrap();
        assert_eq!(cleared["tags"], json!({}));
        assert_eq!(
            (&cleared["access_mode_exec"], &cleared["access_schema"]),
            (&json!("enabled"), &json!("disabled"))
        );
        assert_eq!(cleared["access_max_duration"], Value::Null);
        for key in [
            "mandatory_metadata_fields",
            "allowed_env_vars",
            "reviewers",
            "secret_keys",
        ] {
            assert_eq!(cleared[key], json!([]), "{key}");
        }
        assert_eq!(cleared["limits"]["timeout_seconds"], 3600);
        assert_eq!(cleared["version"], 3);
        assert_eq!(
            refused(update(&admin, "made", json!({"command": null})).await),
            invalid("/command")
        );
        assert_eq!(
            refused(update(&admin, "made", json!({"type": "database"})).await),
            invalid("/type")
        );

        let stale = update(&admin, "made", json!({"version": 2, "tags": {"x": "y"}}))
            .await
            .unwrap_err();
        assert_eq!(
            (&stale["code"], &stale["details"]["current_version"]),
            (&json!("conflict"), &json!(3))
        );
        let right = update(&admin, "made", json!({"version": 3, "tags": {"x": "y"}}))
            .await
            .unwrap();
        assert_eq!(
            (&right["version"], &right["tags"]),
            (&json!(4), &json!({"x": "y"}))
        );
        let unknown = update(&admin, "other", json!({"tags": {}}))
            .await
            .unwrap_err();
        assert_eq!(unknown["code"], "connection_not_found");
        assert_eq!(
            unknown["message"],
            "connection \"other\" not found or not accessible"
        );
    }
}

#[tokio::test]
async fn of_updates_with_one_version_exactly_one_wins() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        create(&admin, json!({})).await.unwrap();
        let change = |n: u32| {
            update(
                &admin,
                "made",
                json!({"version": 1, "tags": {"n": n.to_string()}}),
            )
        };
        let (a, b, c, d) = tokio::join!(change(1), change(2), change(3), change(4));
        let won = [a, b, c, d].into_iter().filter(Result::is_ok).count();
        assert_eq!(won, 1);
        let unversioned = |n: u32| update(&admin, "made", json!({"tags": {"n": n.to_string()}}));
        let (a, b, c) = tokio::join!(unversioned(1), unversioned(2), unversioned(3));
        for answer in [a, b, c] {
            answer.unwrap();
        }
        assert_eq!(
            admin
                .call("connections_get", json!({"name": "made"}))
                .await
                .unwrap()["version"],
            5
        );
    }
}

#[tokio::test]
async fn an_idempotency_key_makes_one_connection() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let with = |tags: Value| create(&admin, json!({"idempotency_key": "k-1", "tags": tags}));
        let (a, b, c) = tokio::join!(with(json!({})), with(json!({})), with(json!({})));
        let (a, b, c) = (a.unwrap(), b.unwrap(), c.unwrap());
        let replays = [&a, &b, &c]
            .into_iter()
            .filter(|answer| answer["idempotent_replay"] == true)
            .count();
        assert_eq!(replays, 2, "{a} {b} {c}");
        assert!(a["id"] == b["id"] && b["id"] == c["id"]);
        let other = with(json!({"x": "y"})).await.unwrap_err();
        assert_eq!(other["code"], "conflict", "{other}");
        let kim = person(&admin, "kim", &["admin"]).await;
        let another = create(&kim, json!({"idempotency_key": "k-1"}))
            .await
            .unwrap_err();
        assert_eq!(
            another["code"], "already_exists",
            "a key is its caller's own"
        );
        let failed = create(
            &admin,
            json!({"name": "second", "idempotency_key": "k-2", "agent_id": "far"}),
        )
        .await;
        assert_eq!(failed.unwrap_err()["code"], "not_found");
        assert_eq!(
            refused(create(&admin, json!({"idempotency_key": "ä"})).await),
            invalid("/idempotency_key")
        );
        assert_eq!(
            refused(create(&admin, json!({"idempotency_key": ""})).await),
            invalid("/idempotency_key")
        );
        assert_eq!(
            refused(create(&admin, json!({"idempotency_key": "x".repeat(129)})).await),
            invalid("/idempotency_key")
        );
    }
}

#[tokio::test]
async fn deleting_a_connection_kills_its_open_sessions_and_keeps_its_record() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let made = create(&admin, json!({})).await.unwrap();
        let done = admin.exec("made", "echo kept").await;
        let run =
            json!({"connection_name": "made", "input": "echo begun; sleep 100", "wait_seconds": 0});
        let open = admin.call("exec", run).await.unwrap();
        let stale = admin
            .call("connections_delete", json!({"name": "made", "version": 7}))
            .await
            .unwrap_err();
        assert_eq!(
            (&stale["code"], &stale["details"]["current_version"]),
            (&json!("conflict"), &json!(1))
        );
        let deleted = admin
            .call(
                "connections_delete",
                json!({"name": made["id"], "version": 1}),
            )
            .await
            .unwrap();
        assert_eq!(
            deleted,
            json!({"deleted": true, "id": made["id"], "name": "made"})
        );
        let wait = json!({"id": open["session_id"], "timeout_seconds": 20});
        let ended = admin.call("sessions_wait", wait).await.unwrap();
        assert_eq!(
            (&ended["status"], &ended["outcome"]),
            (&json!("done"), &json!("killed")),
            "{ended}"
        );
        assert_eq!(
            (&ended["connection"], &ended["connection_id"]),
            (&json!("made"), &made["id"])
        );
        let kept = admin
            .call("sessions_get_content", json!({"id": done["session_id"]}))
            .await
            .unwrap();
        assert_eq!(kept["output"], "kept\n");
        let gone = admin
            .call("connections_delete", json!({"name": "made"}))
            .await
            .unwrap_err();
        assert_eq!(gone["code"], "connection_not_found");
        let again = create(&admin, json!({})).await.unwrap();
        assert_ne!(again["id"], made["id"]);
        let by_name = admin
            .call("sessions_list", json!({"connection": again["id"]}))
            .await
            .unwrap();
        assert_eq!(by_name["total"], 0, "a namesake has no sessions");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_of_different_fields_at_the_same_time_all_stay() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        create(&admin, json!({})).await.unwrap();
        for round in 1..=5 {
            let text = round.to_string();
            let modes = ["enabled", "disabled"];
            let changes = [
                json!({"tags": {"round": text}}),
                json!({"limits": {"timeout_seconds": 100 + round}}),
                json!({"access_mode_runbooks": modes[round % 2]}),
                json!({"access_mode_connect": modes[round % 2]}),
                json!({"mandatory_metadata_fields": [text]}),
                json!({"command": ["bash", text]}),
                json!({"secrets_patch": {format!("envvar:R{round}"): encoded("x")}}),
            ];
            let changes = changes.into_iter().map(|change| {
                let admin = admin.clone();
                tokio::spawn(async move { update(&admin, "made", change).await })
            });
            for change in changes.collect::<Vec<_>>() {
                change.await.unwrap().unwrap();
            }
            let now = admin
                .call("connections_get", json!({"name": "made"}))
                .await
                .unwrap();
            let told = [
                &now["tags"]["round"],
                &now["limits"]["timeout_seconds"],
                &now["access_mode_runbooks"],
                &now["access_mode_connect"],
                &now["mandatory_metadata_fields"],
                &now["command"],
            ];
            let mode = modes[round % 2];
            assert_eq!(
                json!(told),
                json!([text, 100 + round, mode, mode, [text], ["bash", text]]),
                "{engine:?}"
            );
            assert_eq!(now["secret_keys"].as_array().unwrap().len(), round);
            assert_eq!(now["version"], 1 + 7 * round);
        }
    }
}

#[tokio::test]
async fn an_empty_word_clears_a_mode() {
    let gateway = Gateway::start(ENGINES[0]);
    let admin = gateway.admin();
    create(&admin, json!({})).await.unwrap();
    for mode in [
        "access_mode_exec",
        "access_mode_runbooks",
        "access_mode_connect",
    ] {
        let off = update(&admin, "made", json!({mode: "disabled"}))
            .await
            .unwrap();
        assert_eq!(off[mode], "disabled");
        let cleared = update(&admin, "made", json!({mode: ""})).await.unwrap();
        assert_eq!(cleared[mode], "enabled");
    }
    let on = update(&admin, "made", json!({"access_schema": "enabled"}))
        .await
        .unwrap();
    assert_eq!(on["access_schema"], "enabled");
    let cleared = update(&admin, "made", json!({"access_schema": ""}))
        .await
        .unwrap();
    assert_eq!(cleared["access_schema"], "disabled");
}

#[tokio::test]
async fn lists_of_names_hold_each_once() {
    let gateway = Gateway::start(ENGINES[0]);
    let admin = gateway.admin();
    let twice =
        json!({"allowed_env_vars": ["B", "A", "B"], "mandatory_metadata_fields": ["t", "t"]});
    let made = create(&admin, twice.clone()).await.unwrap();
    let once = (json!(["B", "A"]), json!(["t"]));
    let lists = |shown: &Value| {
        let list = |key: &str| shown[key].clone();
        (list("allowed_env_vars"), list("mandatory_metadata_fields"))
    };
    assert_eq!(lists(&made), once);
    assert_eq!(lists(&update(&admin, "made", twice).await.unwrap()), once);
    for key in ["allowed_env_vars", "mandatory_metadata_fields"] {
        let answer = update(&admin, "made", json!({key: [""]})).await;
        assert_eq!(refused(answer), invalid(&format!("/{key}/0")));
    }
}
