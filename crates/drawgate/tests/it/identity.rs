//! Who asks: logins, keys, groups and what they show.

mod keys;
mod logins;
mod visibility;

use serde_json::{Value, json};

use crate::gateway::{Client, ENGINES, Gateway};
use crate::roles::callers::{key, person, user};

/// Changes a user.
async fn change(admin: &Client, email: &str, change: Value) -> Value {
    let (status, user) = admin
        .rest("PATCH", &format!("/api/users/{email}"), Some(change))
        .await;
    assert_eq!(status, 200, "{user}");
    user
}

async fn me(client: &Client) -> Value {
    client.call("me_get", json!({})).await.unwrap()
}

#[tokio::test]
async fn a_deactivated_user_is_refused_on_the_next_request_everywhere() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let login = person(&admin, "kim", &[]).await;
        let (token, _) = key(&admin, json!({"name": "kims", "user": "kim@example.com"})).await;
        for status in ["inactive", "invited", "reviewing"] {
            assert_eq!(me(&token).await["user_status"], "active");
            change(&admin, "kim@example.com", json!({"status": status})).await;
            let refused = json!({"message": "account is not active"});
            assert_eq!(
                token.rpc("tools/list", json!({})).await.unwrap(),
                (403, refused.clone())
            );
            let (code, body) = token.rest("GET", "/api/me", None).await;
            assert_eq!(
                (code, &body["error"]["message"]),
                (403, &refused["message"]),
                "{body}"
            );
            let (code, _) = login.rest("GET", "/api/me", None).await;
            assert!([401, 403].contains(&code), "{code}");
            let body = json!({"email": "kim@example.com", "password": "a long enough password"});
            assert_eq!(
                Client::new(&gateway.url, "")
                    .rest("POST", "/api/login", Some(body))
                    .await
                    .0,
                401
            );
            change(&admin, "kim@example.com", json!({"status": "active"})).await;
        }
        assert_eq!(
            login.rest("GET", "/api/me", None).await.0,
            401,
            "deactivation ended the login for good"
        );
        assert_eq!(me(&token).await["user_email"], "kim@example.com");
    }
}

#[tokio::test]
async fn an_administrator_does_not_deactivate_itself() {
    let gateway = Gateway::start(crate::gateway::Engine::Sqlite);
    let chief = person(&gateway.admin(), "chief", &["admin"]).await;
    let (status, body) = chief
        .rest(
            "PATCH",
            "/api/users/chief@example.com",
            Some(json!({"status": "inactive"})),
        )
        .await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (403, &json!("forbidden")),
        "{body}"
    );
}

#[tokio::test]
async fn groups_count_on_the_next_request() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        admin
            .call("usergroups_create", json!({"name": "blue"}))
            .await
            .unwrap();
        let kim = person(&admin, "kim", &[]).await;
        for (groups, is_admin, is_auditor) in [
            (json!(["blue"]), false, false),
            (json!(["auditor", "blue"]), false, true),
            (json!(["admin"]), true, false),
            (json!([]), false, false),
        ] {
            change(&admin, "kim@example.com", json!({"groups": groups})).await;
            let now = me(&kim).await;
            assert_eq!(now["groups"], groups);
            assert_eq!(
                (&now["is_admin"], &now["is_auditor"]),
                (&json!(is_admin), &json!(is_auditor))
            );
            assert_eq!(
                kim.call("users_list", json!({})).await.is_ok(),
                is_admin || is_auditor
            );
            let made = kim.call("usergroups_create", json!({"name": "red"})).await;
            assert_eq!(made.is_ok(), is_admin, "{made:?}");
        }
        let unknown = json!({"groups": ["blue", "green", "green"]});
        let (status, body) = admin
            .rest("PATCH", "/api/users/kim@example.com", Some(unknown))
            .await;
        assert_eq!(status, 404, "{body}");
        assert_eq!(
            body["error"]["details"]["missing"],
            json!([{"kind": "group", "ref": "green"}])
        );
        assert_eq!(me(&kim).await["groups"], json!([]), "nothing was written");
    }
}

#[tokio::test]
async fn me_tells_who_asks_in_every_form() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let kim = user(&admin, "kim", &["auditor"]).await;
        let signed_in = person(&admin, "lou", &[]).await;
        let login = me(&signed_in).await;
        assert_eq!(login["id"], login["user_id"]);
        assert_eq!(login["user_email"], "lou@example.com");
        assert_eq!(login["user_name"], "lou");
        assert_eq!(login["user_status"], "active");
        assert_eq!(login["groups"], json!([]));
        assert_eq!(login["credential"]["kind"], "login_token");
        assert_eq!(login["credential"]["scopes"].as_array().unwrap().len(), 4);
        assert!(
            login["credential"]["expires_at"]
                .as_str()
                .unwrap()
                .ends_with('Z')
        );
        assert!(login["credential"].get("name").is_none(), "{login}");
        assert!(!login["org_name"].as_str().unwrap().is_empty());

        let (agent, made) =
            key(&admin, json!({"name": "bot", "user": "kim@example.com", "agent": true, "scopes": ["drawgate:exec"]}))
                .await;
        let told = me(&agent).await;
        assert_eq!(
            (&told["id"], &told["user_email"]),
            (&kim["id"], &json!("kim@example.com"))
        );
        assert_eq!(
            (&told["is_agent"], &told["is_auditor"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(told["credential"]["id"], made["id"]);
        assert_eq!(told["credential"]["name"], "bot");
        assert_eq!(told["credential"]["kind"], "api_key");
        assert_eq!(
            told["credential"]["scopes"],
            json!(["drawgate:read", "drawgate:exec"])
        );
        assert_eq!(told["credential"]["expires_at"], Value::Null);

        let (machine, made) = key(&admin, json!({"name": "nightly", "groups": ["auditor"]})).await;
        let told = me(&machine).await;
        assert_eq!((&told["id"], &told["user_id"]), (&made["id"], &made["id"]));
        assert_eq!(
            (&told["user_email"], &told["user_name"]),
            (&json!("nightly"), &json!("nightly"))
        );
        assert_eq!(told["groups"], json!(["auditor"]));
        assert_eq!(
            (&told["is_auditor"], &told["is_admin"]),
            (&json!(true), &json!(false))
        );
        let (status, by_rest) = machine.rest("GET", "/api/me", None).await;
        assert_eq!(status, 200);
        assert_eq!(by_rest, told, "both doors tell the same");
    }
}

#[tokio::test]
async fn only_a_bearer_header_proves_anybody() {
    let gateway = Gateway::start(crate::gateway::Engine::Sqlite);
    let token = gateway.token("admin.token");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = |name: &'static str, value: String| {
        let request = http.get(format!(
            "{}/api/me?access_token={token}&token={token}",
            gateway.url
        ));
        async move {
            request
                .header(name, value)
                .send()
                .await
                .unwrap()
                .status()
                .as_u16()
        }
    };
    assert_eq!(
        ask("authorization", format!("bEaReR {token}")).await,
        400,
        "the query is no argument of me_get"
    );
    for (name, value) in [
        ("authorization", format!("Basic {token}")),
        ("authorization", token.clone()),
        ("x-api-key", token.clone()),
        ("cookie", format!("token={token}")),
        ("authorization", format!("Bearer {token}x")),
        ("authorization", format!("Bearer {}", token.to_uppercase())),
        (
            "authorization",
            "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.".to_owned(),
        ),
        ("authorization", "Bearer ".to_owned()),
    ] {
        assert_eq!(ask(name, value.clone()).await, 401, "{name}: {value}");
    }
}
