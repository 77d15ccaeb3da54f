//! API keys.

use serde_json::{Value, json};
use testkit::servers::Postgres;

use super::me;
use crate::gateway::{Client, ENGINES, Engine, Gateway, Setup};
use crate::roles::callers::{key, person, user};

async fn refused(admin: &Client, arguments: Value) -> (u16, Value) {
    let (status, body) = admin.rest("POST", "/api/keys", Some(arguments)).await;
    assert!(status >= 400, "{body}");
    (status, body["error"].clone())
}

#[tokio::test]
async fn a_key_is_shown_once_listed_without_its_token_and_revoked_at_once() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let kim = user(&admin, "kim", &[]).await;
        let (client, made) = key(&admin, json!({"name": "kims", "user": kim["id"]})).await;
        assert!(client.token.starts_with("dgk_"));
        assert_eq!(
            (&made["user_id"], &made["status"]),
            (&kim["id"], &json!("active"))
        );
        assert_eq!(me(&client).await["id"], kim["id"]);

        let (_, list) = admin.rest("GET", "/api/keys", None).await;
        let items = list["items"].as_array().unwrap();
        assert_eq!(items[0]["id"], made["id"], "newest first");
        assert!(items.iter().all(|key| key.get("token").is_none()), "{list}");
        assert!(!list.to_string().contains(&client.token));

        let path = format!("/api/keys/{}", made["id"].as_str().unwrap());
        let (status, deleted) = admin.rest("DELETE", &path, None).await;
        assert_eq!(
            (status, &deleted["deleted"]),
            (200, &json!(true)),
            "{deleted}"
        );
        assert_eq!(client.rest("GET", "/api/me", None).await.0, 401);
        assert_eq!(client.rpc("tools/list", json!({})).await.unwrap().0, 401);
        let (status, body) = admin.rest("DELETE", &path, None).await;
        assert_eq!((status, &body["error"]["code"]), (404, &json!("not_found")));
        let (_, list) = admin.rest("GET", "/api/keys", None).await;
        let revoked = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|key| key["id"] == made["id"])
            .unwrap()
            .clone();
        assert_eq!(revoked["status"], "revoked");
    }
}

#[tokio::test]
async fn a_key_is_made_for_exactly_one_known_owner() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        user(&admin, "kim", &[]).await;
        let both = refused(
            &admin,
            json!({"name": "k", "user": "kim@example.com", "groups": ["admin"]}),
        )
        .await;
        assert_eq!((both.0, &both.1["code"]), (400, &json!("invalid_argument")));
        let neither = refused(&admin, json!({"name": "k"})).await;
        assert_eq!(
            (neither.0, &neither.1["details"]["path"]),
            (400, &json!("/user"))
        );
        let unknown = refused(&admin, json!({"name": "k", "user": "who@example.com"})).await;
        assert_eq!((unknown.0, &unknown.1["code"]), (404, &json!("not_found")));
        let missing = refused(&admin, json!({"name": "k", "groups": ["admin", "ghosts"]})).await;
        assert_eq!(missing.0, 404, "{}", missing.1);
        assert_eq!(
            missing.1["details"]["missing"],
            json!([{"kind": "group", "ref": "ghosts"}])
        );
        let scope = refused(
            &admin,
            json!({"name": "k", "groups": [], "scopes": ["drawgate:all"]}),
        )
        .await;
        assert_eq!(
            (scope.0, &scope.1["details"]["path"]),
            (400, &json!("/scopes/0")),
            "{}",
            scope.1
        );
        let none = refused(&admin, json!({"name": "k", "groups": [], "scopes": []})).await;
        assert_eq!(
            (none.0, &none.1["details"]["path"]),
            (400, &json!("/scopes")),
            "{}",
            none.1
        );
        let (_, list) = admin.rest("GET", "/api/keys", None).await;
        assert_eq!(
            list["items"].as_array().unwrap().len(),
            1,
            "nothing was made: {list}"
        );
    }
}

#[tokio::test]
async fn a_scope_never_widens_a_role_and_the_lack_of_one_is_challenged() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    user(&admin, "kim", &[]).await;
    admin.connect_bash("bash").await;
    let (reader, _) = key(
        &admin,
        json!({"name": "r", "user": "kim@example.com", "scopes": ["drawgate:read"]}),
    )
    .await;
    let response = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("{}/api/mcp", gateway.url))
        .bearer_auth(&reader.token)
        .json(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "exec", "arguments": {"connection_name": "bash", "input": "true"}}}))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 403);
    let challenge = response.headers()["www-authenticate"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        challenge.contains("error=\"insufficient_scope\""),
        "{challenge}"
    );
    assert!(
        challenge.contains("scope=\"drawgate:read drawgate:exec\""),
        "{challenge}"
    );
    assert_eq!(
        response.json::<Value>().await.unwrap(),
        json!({"message": "insufficient scope"})
    );
    let sessions = admin.call("sessions_list", json!({})).await.unwrap();
    assert_eq!(sessions["total"], 0, "nothing ran");
}

#[tokio::test]
async fn a_machine_has_groups_of_its_own() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        admin.connect_bash("bash").await;
        let group = json!({"name": "robots", "connections": ["bash"]});
        admin.call("usergroups_create", group).await.unwrap();
        let (inside, made) = key(
            &admin,
            json!({"name": "nightly", "groups": ["robots", "robots"]}),
        )
        .await;
        let (outside, _) = key(&admin, json!({"name": "other", "groups": []})).await;
        assert_eq!(made["groups"], json!(["robots"]));
        assert_eq!(made["user_id"], Value::Null);
        let ran = inside.exec("bash", "echo hi").await;
        assert_eq!(ran["output"], "hi\n");
        let session = inside
            .call("sessions_get", json!({"id": ran["session_id"]}))
            .await
            .unwrap();
        assert_eq!(
            (&session["identity_type"], &session["user_id"]),
            (&json!("machine"), &made["id"])
        );
        assert_eq!(session["user_name"], "nightly");
        let refused = outside
            .call("exec", json!({"connection_name": "bash", "input": "true"}))
            .await
            .unwrap_err();
        assert_eq!(refused["code"], "connection_not_found");
        let users = admin.call("users_list", json!({})).await.unwrap();
        assert!(
            !users.to_string().contains("nightly"),
            "a machine is no user"
        );
        let (chief, _) = key(&admin, json!({"name": "chief", "groups": ["admin"]})).await;
        assert!(chief.call("users_list", json!({})).await.is_ok());
    }
}

/// The end of a key is moved in the store itself, because no key lives shorter
/// than a minute.
#[tokio::test]
async fn an_expired_key_opens_nothing() {
    let server = Postgres::shared();
    let d = server.database();
    let url = format!(
        "postgres://{}:{}@{}:{}/{}",
        d.user, "correct%20horse%27s%20battery", d.host, d.port, d.name
    );
    let mut gateway = Setup::new(Engine::Sqlite).with(&["--store", &url]).start();
    let admin = gateway.admin();
    user(&admin, "kim", &[]).await;
    let (client, made) = key(
        &admin,
        json!({"name": "k", "user": "kim@example.com", "expires_in_seconds": 60}),
    )
    .await;
    assert_eq!(
        me(&client).await["credential"]["expires_at"],
        made["expires_at"]
    );
    assert!(gateway.stop());
    let id = made["id"].as_str().unwrap();
    server.psql(
        &d.name,
        &format!("UPDATE credential SET expires_at = expires_at - 61000000 WHERE id = '{id}'"),
    );
    gateway.start_again();
    let client = gateway.client(&client.token);
    assert_eq!(client.rest("GET", "/api/me", None).await.0, 401);
    let short = refused(
        &gateway.admin(),
        json!({"name": "k", "groups": [], "expires_in_seconds": 59}),
    )
    .await;
    assert_eq!(short.1["details"]["path"], "/expires_in_seconds");
}

#[tokio::test]
async fn a_key_grants_no_more_than_the_credential_that_makes_it() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let new = |more: Value| {
        let mut body = json!({"name": "k", "groups": ["admin"]});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let (narrow, _) = key(&admin, new(json!({"scopes": ["drawgate:admin"]}))).await;
    for scopes in [
        json!(["drawgate:exec"]),
        json!(["drawgate:admin", "drawgate:review"]),
    ] {
        let (status, error) = refused(&narrow, new(json!({"scopes": scopes}))).await;
        assert_eq!(
            (status, &error["code"]),
            (403, &json!("forbidden")),
            "{error}"
        );
    }
    for given in [
        json!({}),
        json!({"scopes": null}),
        json!({"scopes": ["drawgate:admin"]}),
    ] {
        let (_, made) = key(&narrow, new(given)).await;
        assert_eq!(made["scopes"], json!(["drawgate:read", "drawgate:admin"]));
        assert_eq!(made["agent"], false);
    }
    let (agent, _) = key(&admin, new(json!({"agent": true}))).await;
    for given in [json!({}), json!({"agent": false})] {
        let (_, made) = key(&agent, new(given)).await;
        assert_eq!(made["agent"], true, "{made}");
        assert_eq!(made["scopes"].as_array().unwrap().len(), 4);
    }
}

#[tokio::test]
async fn only_keys_are_revoked_as_keys() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let kim = person(&admin, "kim", &[]).await;
    let login = me(&kim).await["credential"]["id"].clone();
    let path = format!("/api/keys/{}", login.as_str().unwrap());
    let (status, body) = admin.rest("DELETE", &path, None).await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("not_found")));
    assert_eq!(
        me(&kim).await["user_email"],
        "kim@example.com",
        "it goes on"
    );
    let (_, made) = key(&admin, json!({"name": "nightly", "groups": []})).await;
    let path = format!("/api/keys/{}", made["id"].as_str().unwrap());
    let (_, deleted) = admin.rest("DELETE", &path, None).await;
    let expected = json!({"deleted": true, "id": made["id"], "name": "nightly"});
    assert_eq!(deleted, expected);
}
