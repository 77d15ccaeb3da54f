//! `users_*` and `usergroups_*`.

use serde_json::{Value, json};

use super::{each, invalid, refused};
use crate::gateway::{Client, ENGINES, Engine, Gateway};
use crate::roles::callers::{key, user};

async fn list(client: &Client, tool: &str, arguments: Value) -> Vec<String> {
    let key = if tool == "users_list" {
        "email"
    } else {
        "name"
    };
    let answer = client.call(tool, arguments).await.unwrap();
    each(&answer, key).into_iter().map(str::to_owned).collect()
}

/// E-mails of users, read in pages of one.
async fn one_by_one(client: &Client, search: &str) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let page = json!({"search": search, "limit": 1, "cursor": cursor});
        let answer = client.call("users_list", page).await.unwrap();
        seen.extend(each(&answer, "email").into_iter().map(str::to_owned));
        match answer.get("next_cursor") {
            Some(next) => cursor = next.clone(),
            None => return seen,
        }
    }
}

async fn created(client: &Client, body: Value) -> (u16, Value) {
    client.rest("POST", "/api/users", Some(body)).await
}

#[tokio::test]
async fn users_are_listed_by_email_and_found_by_every_reference() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        admin
            .call("usergroups_create", json!({"name": "blue"}))
            .await
            .unwrap();
        let bob = user(&admin, "bob", &["blue", "blue"]).await;
        user(&admin, "Ann", &["auditor"]).await;
        user(&admin, "cid", &[]).await;
        assert_eq!(bob["groups"], json!(["blue"]));
        for key in [
            "id",
            "email",
            "name",
            "subject",
            "status",
            "verified",
            "slack_id",
            "groups",
            "is_admin",
            "is_auditor",
            "last_login_at",
            "version",
            "created_at",
            "updated_at",
        ] {
            assert!(bob.get(key).is_some(), "{key} in {bob}");
        }
        assert_eq!(
            (&bob["status"], &bob["version"], &bob["last_login_at"]),
            (&json!("active"), &json!(1), &Value::Null)
        );
        for reference in [&bob["email"], &bob["id"], &bob["subject"]] {
            assert_eq!(
                admin
                    .call("users_get", json!({"email": reference}))
                    .await
                    .unwrap(),
                bob
            );
        }
        let all = list(&admin, "users_list", json!({})).await;
        let mut sorted = all.clone();
        sorted.sort();
        assert_eq!(all, sorted);
        assert_eq!(
            all.len(),
            4,
            "the first administrator is a user too: {all:?}"
        );
        for (arguments, expected) in [
            (json!({"search": "BO"}), &["bob@example.com"][..]),
            (json!({"search": "%"}), &[]),
            (json!({"search": "_"}), &[]),
            (json!({"group": "blue"}), &["bob@example.com"]),
            (json!({"group": "auditor"}), &["Ann@example.com"]),
            (json!({"group": "none"}), &[]),
            (json!({"status": "inactive"}), &[]),
        ] {
            assert_eq!(
                list(&admin, "users_list", arguments.clone()).await,
                expected,
                "{arguments}"
            );
        }
        let seen = one_by_one(&admin, "example.com").await;
        assert_eq!(
            seen,
            ["Ann@example.com", "bob@example.com", "cid@example.com"]
        );
        assert_eq!(
            refused(admin.call("users_get", json!({"email": "who"})).await).0,
            "not_found"
        );
    }
}

#[tokio::test]
async fn a_user_is_made_once_and_changed_by_version() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let body = json!({"email": "kim@example.com", "idempotency_key": "k"});
        let (status, made) = created(&admin, body.clone()).await;
        assert_eq!(
            (status, &made["name"]),
            (201, &json!("kim@example.com")),
            "{made}"
        );
        let (status, again) = created(&admin, body).await;
        assert_eq!(
            (status, &again["id"], &again["idempotent_replay"]),
            (201, &made["id"], &json!(true))
        );
        let (status, taken) = created(&admin, json!({"email": "kim@example.com"})).await;
        assert_eq!(
            (status, &taken["error"]["code"]),
            (409, &json!("already_exists"))
        );
        assert_eq!(taken["error"]["details"]["id"], made["id"]);
        let (status, missing) = created(
            &admin,
            json!({"email": "lou@example.com", "groups": ["ghosts", "admin"]}),
        )
        .await;
        assert_eq!(
            (status, &missing["error"]["details"]["missing"]),
            (404, &json!([{"kind": "group", "ref": "ghosts"}]))
        );
        assert_eq!(
            refused(
                admin
                    .call("users_get", json!({"email": "lou@example.com"}))
                    .await
            )
            .0,
            "not_found"
        );
        for bad in ["no", "@", "a@", "@b", "a b@c", "a@b@c", ""] {
            let (status, body) = created(&admin, json!({"email": bad})).await;
            assert_eq!(
                (status, &body["error"]["details"]["path"]),
                (400, &json!("/email")),
                "{bad:?}"
            );
        }
        let path = "/api/users/kim@example.com";
        let (status, stale) = admin
            .rest("PATCH", path, Some(json!({"version": 9, "name": "Kim"})))
            .await;
        assert_eq!(
            (status, &stale["error"]["details"]["current_version"]),
            (409, &json!(1))
        );
        let (_, named) = admin
            .rest("PATCH", path, Some(json!({"version": 1, "name": "Kim"})))
            .await;
        assert_eq!(
            (&named["name"], &named["version"]),
            (&json!("Kim"), &json!(2)),
            "{named}"
        );
        let (_, cleared) = admin.rest("PATCH", path, Some(json!({"name": null}))).await;
        assert_eq!(cleared["name"], "kim@example.com");
        let (_, kept) = admin
            .rest("PATCH", path, Some(json!({"groups": ["auditor"]})))
            .await;
        assert_eq!(
            (&kept["name"], &kept["is_auditor"]),
            (&json!("kim@example.com"), &json!(true))
        );
    }
}

#[tokio::test]
async fn groups_are_listed_with_what_they_hold() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        admin.connect_bash("bash").await;
        let new = json!({"name": "Blue team", "description": "The ones in blue", "connections": ["bash"], "idempotency_key": "g"});
        let made = admin.call("usergroups_create", new.clone()).await.unwrap();
        assert_eq!(
            admin.call("usergroups_create", new).await.unwrap()["id"],
            made["id"]
        );
        assert_eq!(
            (&made["group"], &made["name"]),
            (&json!("Blue team"), &json!("Blue team"))
        );
        assert_eq!(
            (&made["source"], &made["version"], &made["members_count"]),
            (&json!("local"), &json!(1), &json!(0))
        );
        let binding = &made["bound_connections"][0];
        assert_eq!(
            (&binding["connection_name"], &binding["restricted"]),
            (&json!("bash"), &json!(true)),
            "{binding}"
        );
        user(&admin, "kim", &["Blue team"]).await;
        let names = list(&admin, "usergroups_list", json!({})).await;
        let mut sorted = names.clone();
        sorted.sort();
        assert_eq!(names, sorted);
        for name in ["Blue team", "admin", "auditor"] {
            assert!(names.contains(&name.to_owned()), "{names:?}");
        }
        let found = admin
            .call("usergroups_list", json!({"search": "blue"}))
            .await
            .unwrap();
        let group = &found["items"][0];
        assert_eq!(
            (&group["id"], &group["members_count"]),
            (&made["id"], &json!(1))
        );
        assert_eq!(
            (&group["connections"], &group["attributes"]),
            (&json!(["bash"]), &json!([]))
        );
        assert_eq!(group["description"], "The ones in blue");
        assert_eq!(
            list(&admin, "usergroups_list", json!({"search": "%"})).await,
            Vec::<String>::new()
        );
        let taken = admin
            .call("usergroups_create", json!({"name": "Blue team"}))
            .await
            .unwrap_err();
        assert_eq!(
            (&taken["code"], &taken["details"]["id"]),
            (&json!("already_exists"), &made["id"])
        );
        for bad in [
            json!(""),
            json!("  "),
            json!("a\nb"),
            json!("x".repeat(181)),
            made["id"].clone(),
        ] {
            let answer = admin.call("usergroups_create", json!({"name": bad})).await;
            assert_eq!(refused(answer), invalid("/name"), "{bad}");
        }
        let missing =
            json!({"name": "red", "attributes": ["pii"], "connections": ["bash", "ghost"]});
        let missing = admin.call("usergroups_create", missing).await.unwrap_err();
        assert_eq!(
            missing["details"]["missing"].as_array().unwrap().len(),
            2,
            "{missing}"
        );
    }
}

#[tokio::test]
async fn a_group_that_nothing_names_is_deleted_without_force() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let made = admin
        .call("usergroups_create", json!({"name": "blue"}))
        .await
        .unwrap();
    let kim = user(&admin, "kim", &["blue"]).await;
    let deleted = admin
        .call("usergroups_delete", json!({"name": "blue", "version": 1}))
        .await
        .unwrap();
    assert_eq!(
        deleted,
        json!({"deleted": true, "id": made["id"], "name": "blue"})
    );
    let after = admin
        .call("users_get", json!({"email": kim["id"]}))
        .await
        .unwrap();
    assert_eq!(after["groups"], json!([]));
}

#[tokio::test]
async fn references_are_read_in_every_form() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let group = admin
            .call("usergroups_create", json!({"name": "blue"}))
            .await
            .unwrap();
        let kim = crate::roles::callers::person(&admin, "Kim", &["blue"]).await;
        let forms = |id: &Value| {
            let id = id.as_str().unwrap();
            [id.to_uppercase(), id.replace('-', "")]
        };
        let kims = admin
            .call("users_get", json!({"email": "kIM@EXAMPLE.com"}))
            .await
            .unwrap();
        assert_eq!(kims["email"], "Kim@example.com", "as it was given");
        for form in forms(&kims["id"]) {
            let found = admin.call("users_get", json!({"email": form})).await;
            assert_eq!(found.unwrap()["id"], kims["id"], "{form}");
        }
        for form in forms(&group["id"]) {
            let found = list(&admin, "users_list", json!({"group": form})).await;
            assert_eq!(found, ["Kim@example.com"]);
        }
        let again = json!({"email": "KIM@example.com"});
        let (status, taken) = created(&admin, again).await;
        assert_eq!(
            (status, &taken["error"]["details"]["id"]),
            (409, &kims["id"]),
            "{taken}"
        );
        let login = json!({"email": "kim@EXAMPLE.com", "password": "a long enough password"});
        let anybody = crate::gateway::Client::new(&gateway.url, "");
        assert_eq!(anybody.rest("POST", "/api/login", Some(login)).await.0, 200);

        admin.connect_bash("bash").await;
        let bash = admin
            .call("connections_get", json!({"name": "bash"}))
            .await
            .unwrap();
        let (bot, made) = key(&admin, json!({"name": "nightly", "groups": []})).await;
        kim.exec("bash", "echo").await;
        bot.exec("bash", "echo").await;
        bot.exec("bash", "echo").await;
        let total = async |filter: Value| {
            let found = admin.call("sessions_list", filter.clone()).await.unwrap();
            found["total"].as_u64().unwrap()
        };
        for form in forms(&bash["id"]) {
            assert_eq!(total(json!({"connection": form})).await, 3);
        }
        for form in forms(&made["id"]) {
            assert_eq!(total(json!({"user": form})).await, 2);
        }
        for (user, expected) in [("nightly", 2), ("KIM@example.com", 1), ("bash", 0)] {
            assert_eq!(total(json!({"user": user})).await, expected, "{user}");
        }
    }
}
