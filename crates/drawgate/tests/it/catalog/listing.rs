//! `connections_list`: filters, order and pages.

use serde_json::{Value, json};

use super::{each, invalid, refused};
use crate::gateway::{Client, ENGINES, Engine, Gateway};
use crate::roles::callers::person;

async fn list(client: &Client, arguments: Value) -> Value {
    client.call("connections_list", arguments).await.unwrap()
}

async fn names(client: &Client, arguments: Value) -> Vec<String> {
    each(&list(client, arguments).await, "name")
        .into_iter()
        .map(str::to_owned)
        .collect()
}

async fn fill(client: &Client) {
    for (name, subtype, tags) in [
        ("web_prod", "bash", json!({"env": "prod", "team": "web"})),
        ("web_test", "bash", json!({"env": "test", "team": "web"})),
        ("jobs_prod", "python", json!({"env": "prod"})),
        ("Upper", "python", json!({})),
    ] {
        let arguments = json!({"name": name, "type": "custom", "subtype": subtype, "command": ["true"], "tags": tags});
        client.call("connections_create", arguments).await.unwrap();
    }
    let arguments =
        json!({"name": "app", "type": "application", "subtype": "", "command": ["true"]});
    client.call("connections_create", arguments).await.unwrap();
}

#[tokio::test]
async fn filters_combine() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        fill(&admin).await;
        let all = ["Upper", "app", "jobs_prod", "web_prod", "web_test"];
        for (arguments, expected) in [
            (json!({}), &all[..]),
            (json!({"name": null, "search": null, "tags": null}), &all),
            (json!({"name": "web_prod"}), &["web_prod"]),
            (json!({"name": "web"}), &[]),
            (json!({"name": "web*"}), &["web_prod", "web_test"]),
            (json!({"name": "%prod"}), &["jobs_prod", "web_prod"]),
            (json!({"type": "application"}), &["app"]),
            (json!({"type": "app*"}), &["app"]),
            (json!({"subtype": "python"}), &["Upper", "jobs_prod"]),
            (json!({"subtype": "p%", "name": "*prod"}), &["jobs_prod"]),
            (json!({"agent_id": "none"}), &[]),
            (json!({"search": "UPP"}), &["Upper"]),
            (json!({"search": "python"}), &["Upper", "jobs_prod"]),
            (json!({"search": "onlin"}), &all),
            (json!({"search": "offline"}), &[]),
            (
                json!({"search": "_"}),
                &["jobs_prod", "web_prod", "web_test"],
            ),
            (
                json!({"tag_selector": "env=prod"}),
                &["jobs_prod", "web_prod"],
            ),
            (
                json!({"tag_selector": " env = prod , team=web "}),
                &["web_prod"],
            ),
            (
                json!({"tag_selector": "team!=jobs"}),
                &["web_prod", "web_test"],
            ),
            (json!({"tag_selector": "env!=prod"}), &["web_test"]),
            (json!({"tags": ["team"]}), &["web_prod", "web_test"]),
            (json!({"tags": ["team", "env=prod"]}), &["web_prod"]),
            (json!({"tags": []}), &all),
        ] {
            assert_eq!(
                names(&admin, arguments.clone()).await,
                expected,
                "{arguments}"
            );
        }
        for bad in [
            "env",
            "=prod",
            "env=prod,",
            ",",
            "!=x",
            "env=prod,,team=web",
        ] {
            let answer = admin
                .call("connections_list", json!({"tag_selector": bad}))
                .await;
            assert_eq!(refused(answer), invalid("/tag_selector"), "{bad:?}");
        }
    }
}

#[tokio::test]
async fn pages_hold_every_connection_once_and_keep_their_filters() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        for n in 0..7 {
            admin.connect_bash(&format!("c_{n}")).await;
        }
        admin.connect_bash("other").await;
        let (mut seen, mut cursor) = (Vec::new(), Value::Null);
        for page in 1.. {
            let arguments = match page {
                1 => json!({"name": "c_*", "limit": 3}),
                _ => json!({"limit": 3, "cursor": cursor}),
            };
            let answer = list(&admin, arguments).await;
            seen.extend(each(&answer, "name").into_iter().map(str::to_owned));
            if page == 1 {
                // What comes and goes between pages moves nothing else.
                admin
                    .call("connections_delete", json!({"name": "c_2"}))
                    .await
                    .unwrap();
                admin.connect_bash("c_00").await;
            }
            cursor = match answer.get("next_cursor") {
                Some(cursor) => cursor.clone(),
                None => break,
            };
        }
        assert_eq!(seen, ["c_0", "c_1", "c_2", "c_3", "c_4", "c_5", "c_6"]);
        let exact = list(&admin, json!({"name": "c_*", "limit": 7})).await;
        assert!(
            exact.get("next_cursor").is_none(),
            "the last page has no next: {exact}"
        );
    }
}

#[tokio::test]
async fn a_cursor_of_long_filters_can_be_handed_back() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let tags = json!({"k": "ä".repeat(250), "l": "x".repeat(256)});
    for name in ["one", "two"] {
        let arguments = json!({"name": name, "type": "custom", "command": ["true"], "tags": tags});
        admin.call("connections_create", arguments).await.unwrap();
    }
    let selector = format!("k={},l={}", "ä".repeat(250), "x".repeat(256));
    let first = list(&admin, json!({"tag_selector": selector, "limit": 1})).await;
    let second = list(&admin, json!({"cursor": first["next_cursor"], "limit": 1})).await;
    assert_eq!(
        (each(&first, "name"), each(&second, "name")),
        (vec!["one"], vec!["two"])
    );
}

#[tokio::test]
async fn a_cursor_is_no_way_around_what_the_caller_may_see() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    for name in ["a_open", "b_closed", "c_open"] {
        admin.connect_bash(name).await;
    }
    admin
        .call(
            "usergroups_create",
            json!({"name": "team", "connections": ["b_closed"]}),
        )
        .await
        .unwrap();
    let cursor = list(&admin, json!({"limit": 1})).await["next_cursor"].clone();
    let kim = person(&admin, "kim", &[]).await;
    assert_eq!(names(&kim, json!({"cursor": cursor})).await, ["c_open"]);
    let page = list(&kim, json!({"limit": 2})).await;
    assert_eq!(each(&page, "name"), ["a_open", "c_open"]);
    assert!(page.get("next_cursor").is_none());
    for bad in [
        "",
        "zzz",
        "e30",
        "bnVsbA",
        "W10",
        "eyJmIjp7fX0",
        "eyJmIjp7fSwiayI6N30",
    ] {
        let answer = admin.call("connections_list", json!({"cursor": bad})).await;
        assert_eq!(refused(answer), invalid("/cursor"), "{bad:?}");
    }
}
