//! `connections_*`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit::servers::Postgres;

use super::{invalid, refused};
use crate::gateway::{Client, ENGINES, Engine, Gateway};
use crate::roles::callers::person;

async fn create(client: &Client, extra: Value) -> Result<Value, Value> {
    let mut arguments = json!({"name": "made", "type": "custom", "command": ["bash"]});
    arguments.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    client.call("connections_create", arguments).await
}

async fn update(client: &Client, name: &str, change: Value) -> Result<Value, Value> {
    let mut arguments = json!({"name": name});
    arguments.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    client.call("connections_update", arguments).await
}

fn encoded(text: &str) -> Value {
    json!(STANDARD.encode(text))
}

#[tokio::test]
async fn a_connection_is_shown_with_every_key_and_documented_defaults() {
    for engine in ENGINES {
        let admin = Gateway::start(engine);
        let (gateway, admin) = (&admin, admin.admin());
        let made = create(&admin, json!({"subtype": "bash", "secrets": {"envvar:A": encoded("x")}})).await.unwrap();
        let mut shown = made.clone();
        for key in ["id", "created_at", "updated_at"] {
            assert!(shown.as_object_mut().unwrap().remove(key).is_some_and(|value| value.is_string()), "{key}");
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
        for reference in [json!("made"), made["id"].clone(), json!(made["id"].as_str().unwrap().to_uppercase())] {
            assert_eq!(admin.call("connections_get", json!({"name": reference})).await.unwrap(), made);
        }
        let list = admin.call("connections_list", json!({})).await.unwrap();
        assert_eq!(list["items"][0], made, "list and detail show the same");
        let kim = person(&admin, "kim", &["auditor"]).await;
        let mut without = made.clone();
        without.as_object_mut().unwrap().remove("secret_keys");
        assert_eq!(kim.call("connections_get", json!({"name": "made"})).await.unwrap(), without);
        drop(gateway.url.clone());
    }
}

#[tokio::test]
async fn names_and_types_follow_their_rules() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    for name in ["ab", "-abc", "abc-", "a--b", "a b", "a/b", "a'b", "äöü", "", "019a7c1e-0000-7000-8000-000000000000"] {
        assert_eq!(refused(create(&admin, json!({"name": name})).await), invalid("/name"), "{name:?}");
    }
    let longest = "x".repeat(254);
    for name in ["a_b", "a.b-c", "A1_", "___", &longest] {
        let made = create(&admin, json!({"name": name})).await.unwrap();
        assert_eq!(admin.call("connections_get", json!({"name": name})).await.unwrap()["id"], made["id"]);
    }
    let taken = create(&admin, json!({"name": "a.b-c"})).await.unwrap_err();
    let owner = admin.call("connections_get", json!({"name": "a.b-c"})).await.unwrap();
    assert_eq!((&taken["code"], &taken["details"]["id"]), (&json!("already_exists"), &owner["id"]));
    assert!(create(&admin, json!({"name": "A.b-c"})).await.is_ok(), "names differ by case");

    for (bad, path) in [
        (json!({"type": "webserver"}), "/type"),
        (json!({"type": "database", "subtype": "db2", "command": null}), "/subtype"),
        (json!({"type": "database", "subtype": "postgres"}), "/command"),
        (json!({"command": []}), "/command"),
        (json!({"command": [""]}), "/command/0"),
        (json!({"command": vec!["x"; 65]}), "/command"),
        (json!({"command": ["x".repeat(4097)]}), "/command/0"),
        (json!({"access_mode_exec": "on"}), "/access_mode_exec"),
        (json!({"access_max_duration": 59}), "/access_max_duration"),
        (json!({"access_max_duration": 172_801}), "/access_max_duration"),
        (json!({"tags": {"": "x"}}), "/tags"),
        (json!({"tags": {"k": ""}}), "/tags/k"),
        (json!({"tags": {"k": "x".repeat(257)}}), "/tags/k"),
        (json!({"tags": {"k".repeat(65): "x"}}), "/tags"),
        (json!({"allowed_env_vars": ["OK", "1NO"]}), "/allowed_env_vars/1"),
        (json!({"redact_types": ["NOT_ONE"]}), "/redact_types/0"),
        (json!({"secrets": {"A": encoded("x")}}), "/secrets/A"),
        (json!({"secrets": {"envvar:A": "no base64"}}), "/secrets/envvar:A"),
        (json!({"limits": {"timeout_seconds": 0}}), "/limits/timeout_seconds"),
        (json!({"limits": {"memory_mb": -1}}), "/limits/memory_mb"),
        (json!({"limits": {"seconds": 5}}), "/limits/seconds"),
    ] {
        assert_eq!(refused(create(&admin, bad.clone()).await), invalid(path), "{bad}");
    }
    let eleven: Value = (0..11).map(|n| (format!("k{n}"), json!("v"))).collect::<serde_json::Map<_, _>>().into();
    assert_eq!(refused(create(&admin, json!({"tags": eleven})).await), invalid("/tags"));
    let links = json!({"attributes": ["pii"], "guardrail_rules": ["strict"], "reviewers": ["ghosts", "ghosts"]});
    let error = create(&admin, links).await.unwrap_err();
    assert_eq!(error["code"], "not_found", "{error}");
    let mut kinds: Vec<_> = error["details"]["missing"].as_array().unwrap().clone();
    kinds.sort_by_key(ToString::to_string);
    assert_eq!(kinds.len(), 3, "every unknown one is named: {error}");
    let agent = create(&admin, json!({"agent_id": "far"})).await.unwrap_err();
    assert_eq!((&agent["code"], &agent["details"]["missing"][0]["kind"]), (&json!("not_found"), &json!("agent")));
    assert!(admin.call("connections_get", json!({"name": "made"})).await.is_err(), "nothing was written");
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
        let error = admin.call("connections_create", arguments).await.unwrap_err();
        assert_eq!((&error["code"], &error["details"]["path"]), (&json!("invalid_argument"), &json!("/secrets")));
        for name in &needed[1..] {
            assert!(error["details"]["expected"].as_str().unwrap().contains(name), "{subtype} {name}: {error}");
        }
        assert!(!error["details"]["missing"].to_string().contains("HOST"), "{error}");
    }
    for kind in ["mongodb", "sqlite"] {
        let arguments = json!({"name": "x_y", "type": "database", "subtype": kind});
        assert_eq!(refused(admin.call("connections_create", arguments).await), invalid("/secrets"), "{kind}");
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

        let kept = update(&admin, "made", json!({"tags": {"b": "2"}})).await.unwrap();
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
        let cleared = update(&admin, made["id"].as_str().unwrap(), cleared).await.unwrap();
        assert_eq!(cleared["tags"], json!({}));
        assert_eq!((&cleared["access_mode_exec"], &cleared["access_schema"]), (&json!("enabled"), &json!("disabled")));
        assert_eq!(cleared["access_max_duration"], Value::Null);
        for key in ["mandatory_metadata_fields", "allowed_env_vars", "reviewers", "secret_keys"] {
            assert_eq!(cleared[key], json!([]), "{key}");
        }
        assert_eq!(cleared["limits"]["timeout_seconds"], 3600);
        assert_eq!(cleared["version"], 3);
        assert_eq!(refused(update(&admin, "made", json!({"command": null})).await), invalid("/command"));
        assert_eq!(refused(update(&admin, "made", json!({"type": "database"})).await), invalid("/type"));

        let stale = update(&admin, "made", json!({"version": 2, "tags": {"x": "y"}})).await.unwrap_err();
        assert_eq!((&stale["code"], &stale["details"]["current_version"]), (&json!("conflict"), &json!(3)));
        let right = update(&admin, "made", json!({"version": 3, "tags": {"x": "y"}})).await.unwrap();
        assert_eq!((&right["version"], &right["tags"]), (&json!(4), &json!({"x": "y"})));
        let unknown = update(&admin, "other", json!({"tags": {}})).await.unwrap_err();
        assert_eq!(unknown["code"], "connection_not_found");
        assert_eq!(unknown["message"], "connection \"other\" not found or not accessible");
    }
}

#[tokio::test]
async fn of_updates_with_one_version_exactly_one_wins() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        create(&admin, json!({})).await.unwrap();
        let change = |n: u32| update(&admin, "made", json!({"version": 1, "tags": {"n": n.to_string()}}));
        let (a, b, c, d) = tokio::join!(change(1), change(2), change(3), change(4));
        let won = [a, b, c, d].into_iter().filter(Result::is_ok).count();
        assert_eq!(won, 1);
        let unversioned = |n: u32| update(&admin, "made", json!({"tags": {"n": n.to_string()}}));
        let (a, b, c) = tokio::join!(unversioned(1), unversioned(2), unversioned(3));
        for answer in [a, b, c] {
            answer.unwrap();
        }
        assert_eq!(admin.call("connections_get", json!({"name": "made"})).await.unwrap()["version"], 5);
    }
}

#[tokio::test]
async fn secrets_are_changed_one_by_one_or_as_a_whole() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let secrets = json!({"envvar:A": encoded("1"), "filesystem:B": encoded("2")});
        create(&admin, json!({"secrets": secrets})).await.unwrap();
        let read = || async {
            let shown = admin.call("connections_get", json!({"name": "made", "include_secrets": true})).await;
            shown.unwrap()["secrets"].clone()
        };
        assert_eq!(read().await, secrets);
        let patch = json!({"envvar:A": null, "envvar:C": encoded("3"), "envvar:D": "_envjson:NOT_SET:key", "envvar:E": null});
        let patched = update(&admin, "made", json!({"secrets_patch": patch})).await.unwrap();
        assert_eq!(
            patched["secret_keys"],
            json!([{"key": "envvar:C", "source": "inline"}, {"key": "envvar:D", "source": "env"},
                {"key": "filesystem:B", "source": "inline"}])
        );
        let after = json!({"envvar:C": encoded("3"), "envvar:D": "_envjson:NOT_SET:key", "filesystem:B": encoded("2")});
        assert_eq!(read().await, after);
        assert_eq!(admin.exec("made", "echo $C").await["status"], "failed", "a reference to nothing is no secret");
        let both = json!({"secrets": {}, "secrets_patch": {}});
        assert_eq!(refused(update(&admin, "made", both).await), invalid("/secrets_patch"));
        let bad = json!({"secrets_patch": {"A": encoded("1")}});
        assert_eq!(refused(update(&admin, "made", bad).await), invalid("/secrets_patch/A"));
        assert_eq!(read().await, after, "a refused change changes nothing");
        update(&admin, "made", json!({"secrets": {"envvar:Z": encoded("zz")}})).await.unwrap();
        assert_eq!(read().await, json!({"envvar:Z": encoded("zz")}));
        assert_eq!(admin.exec("made", "echo $Z").await["output"], "zz\n", "the next run has the new ones");
        let kim = person(&admin, "kim", &["auditor"]).await;
        let asked = kim.call("connections_get", json!({"name": "made", "include_secrets": true})).await.unwrap_err();
        assert_eq!(asked["code"], "admin_required");
    }
}

#[tokio::test]
async fn a_new_password_counts_for_the_next_run() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let server = admin.connect_postgres("pg_one").await;
    assert_eq!(admin.exec("pg_one", "select 1").await["status"], "completed");
    let tested = admin.call("connections_test", json!({"name": "pg_one"})).await.unwrap();
    assert_eq!((&tested["ok"], &tested["stage"], &tested["failure"]), (&json!(true), &json!("ready"), &Value::Null));
    assert!(tested["server_version"].as_str().unwrap().chars().next().unwrap().is_ascii_digit(), "{tested}");

    update(&admin, "pg_one", json!({"secrets_patch": {"envvar:PASS": encoded("wrong")}})).await.unwrap();
    let tested = admin.call("connections_test", json!({"name": "pg_one"})).await.unwrap();
    assert_eq!((&tested["ok"], &tested["stage"]), (&json!(false), &json!("auth")), "{tested}");
    assert!(tested["failure"]["message"].as_str().unwrap().contains("password"), "{tested}");
    let ran = admin.exec("pg_one", "select 1").await;
    assert_eq!((&ran["status"], &ran["exit_code"]), (&json!("failed"), &json!(-2)), "{ran}");
    let closed = testkit::servers::free_port().to_string();
    update(&admin, "pg_one", json!({"secrets_patch": {"envvar:PORT": encoded(&closed)}})).await.unwrap();
    let tested = admin.call("connections_test", json!({"name": "pg_one"})).await.unwrap();
    assert_eq!((&tested["ok"], &tested["stage"]), (&json!(false), &json!("tcp")), "{tested}");
    assert_eq!(tested["failure"]["code"], "unavailable");
    update(&admin, "pg_one", json!({"secrets_patch": {"envvar:HOST": encoded("no-such-host.invalid")}})).await.unwrap();
    let tested = admin.call("connections_test", json!({"name": "pg_one"})).await.unwrap();
    assert_eq!((&tested["ok"], &tested["stage"]), (&json!(false), &json!("resolve")), "{tested}");
    let needed = update(&admin, "pg_one", json!({"secrets_patch": {"envvar:HOST": null}})).await;
    assert_eq!(refused(needed), invalid("/secrets"));
    let port = server.port().to_string();
    let back = json!({"envvar:PASS": encoded(Postgres::PASSWORD), "envvar:HOST": encoded("127.0.0.1"), "envvar:PORT": encoded(&port)});
    update(&admin, "pg_one", json!({"secrets_patch": back})).await.unwrap();
    assert_eq!(admin.exec("pg_one", "select 1").await["status"], "completed");
}

#[tokio::test]
async fn an_idempotency_key_makes_one_connection() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let with = |tags: Value| create(&admin, json!({"idempotency_key": "k-1", "tags": tags}));
        let (a, b, c) = tokio::join!(with(json!({})), with(json!({})), with(json!({})));
        let (a, b, c) = (a.unwrap(), b.unwrap(), c.unwrap());
        let replays = [&a, &b, &c].into_iter().filter(|answer| answer["idempotent_replay"] == true).count();
        assert_eq!(replays, 2, "{a} {b} {c}");
        assert!(a["id"] == b["id"] && b["id"] == c["id"]);
        let other = with(json!({"x": "y"})).await.unwrap_err();
        assert_eq!(other["code"], "conflict", "{other}");
        let kim = person(&admin, "kim", &["admin"]).await;
        let another = create(&kim, json!({"idempotency_key": "k-1"})).await.unwrap_err();
        assert_eq!(another["code"], "already_exists", "a key is its caller's own");
        let failed = create(&admin, json!({"name": "second", "idempotency_key": "k-2", "agent_id": "far"})).await;
        assert_eq!(failed.unwrap_err()["code"], "not_found");
        assert_eq!(refused(create(&admin, json!({"idempotency_key": "ä"})).await), invalid("/idempotency_key"));
        assert_eq!(refused(create(&admin, json!({"idempotency_key": ""})).await), invalid("/idempotency_key"));
        assert_eq!(refused(create(&admin, json!({"idempotency_key": "x".repeat(129)})).await), invalid("/idempotency_key"));
    }
}

#[tokio::test]
async fn deleting_a_connection_kills_its_open_sessions_and_keeps_its_record() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let made = create(&admin, json!({})).await.unwrap();
        let done = admin.exec("made", "echo kept").await;
        let run = json!({"connection_name": "made", "input": "echo begun; sleep 100", "wait_seconds": 0});
        let open = admin.call("exec", run).await.unwrap();
        let stale = admin.call("connections_delete", json!({"name": "made", "version": 7})).await.unwrap_err();
        assert_eq!((&stale["code"], &stale["details"]["current_version"]), (&json!("conflict"), &json!(1)));
        let deleted = admin.call("connections_delete", json!({"name": made["id"], "version": 1})).await.unwrap();
        assert_eq!(deleted, json!({"deleted": true, "id": made["id"], "name": "made"}));
        let wait = json!({"id": open["session_id"], "timeout_seconds": 20});
        let ended = admin.call("sessions_wait", wait).await.unwrap();
        assert_eq!((&ended["status"], &ended["outcome"]), (&json!("done"), &json!("killed")), "{ended}");
        assert_eq!((&ended["connection"], &ended["connection_id"]), (&json!("made"), &made["id"]));
        let kept = admin.call("sessions_get_content", json!({"id": done["session_id"]})).await.unwrap();
        assert_eq!(kept["output"], "kept\n");
        let gone = admin.call("connections_delete", json!({"name": "made"})).await.unwrap_err();
        assert_eq!(gone["code"], "connection_not_found");
        let again = create(&admin, json!({})).await.unwrap();
        assert_ne!(again["id"], made["id"]);
        let by_name = admin.call("sessions_list", json!({"connection": again["id"]})).await.unwrap();
        assert_eq!(by_name["total"], 0, "a namesake has no sessions");
    }
}
