//! Who sees a connection. What is not visible looks exactly like unknown.

use serde_json::{Value, json};

use super::change;
use crate::gateway::{Client, ENGINES, Gateway};
use crate::roles::callers::{key, person};
use crate::roles::documents::Documents;

/// Names of the connections that a caller lists.
async fn listed(client: &Client) -> Vec<String> {
    let list = client.call("connections_list", json!({})).await.unwrap();
    let names = list["items"].as_array().unwrap().iter();
    names
        .map(|connection| connection["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Asks for a connection in every way, and answers the errors with its name taken out.
async fn asked(documents: &Documents, client: &Client, reference: &str) -> Vec<Value> {
    let calls = [
        ("connections_get", json!({"name": reference})),
        (
            "connections_get",
            json!({"name": reference, "include_secrets": true}),
        ),
        (
            "exec",
            json!({"connection_name": reference, "input": "select 1"}),
        ),
        (
            "connection_databases",
            json!({"connection_name": reference}),
        ),
        (
            "connection_tables",
            json!({"connection_name": reference, "database": "d"}),
        ),
        (
            "connection_columns",
            json!({"connection_name": reference, "table": "t"}),
        ),
    ];
    let mut answers = Vec::new();
    for (tool, arguments) in calls {
        let operation = documents.find(tool);
        let by_mcp = operation.by_mcp(client, &arguments).await.unwrap_err();
        let (status, body) = operation.by_rest(client, &arguments).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (404, &by_mcp["code"]),
            "{tool} {reference}: {body}"
        );
        assert_eq!(by_mcp["code"], "connection_not_found", "{tool} {reference}");
        let text = by_mcp.to_string();
        assert!(text.contains(reference), "{text}");
        answers.push(Value::String(text.replace(reference, "…")));
    }
    answers
}

#[tokio::test]
async fn a_hidden_connection_looks_like_an_unknown_one_everywhere() {
    let documents = Documents::generate();
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let _server = admin.connect_postgres("open").await;
        let _other = admin.connect_postgres("closed").await;
        let closed = admin
            .call("connections_get", json!({"name": "closed"}))
            .await
            .unwrap();
        assert_eq!(closed["restricted"], false);
        let kim = person(&admin, "kim", &[]).await;
        assert_eq!(listed(&kim).await, ["closed", "open"]);
        let group = json!({"name": "team", "connections": ["closed", closed["id"]]});
        let made = admin.call("usergroups_create", group).await.unwrap();
        assert_eq!(made["newly_restricted"], json!(["closed"]));
        assert_eq!(
            made["bound_connections"].as_array().unwrap().len(),
            1,
            "{made}"
        );
        assert_eq!(
            made["bound_connections"][0]["allowed_groups"],
            json!(["team"])
        );
        assert_eq!(made["connections"], json!(["closed"]));

        assert_eq!(listed(&kim).await, ["open"]);
        let unknown = asked(&documents, &kim, "no_such_thing").await;
        assert_eq!(asked(&documents, &kim, "closed").await, unknown);
        assert_eq!(
            asked(&documents, &kim, closed["id"].as_str().unwrap()).await,
            unknown
        );
        let hidden = kim
            .call("connections_list", json!({"name": "clo*"}))
            .await
            .unwrap();
        assert_eq!(hidden["items"], json!([]));

        let auditor = person(&admin, "eve", &["auditor"]).await;
        for client in [&admin, &auditor] {
            assert_eq!(listed(client).await, ["closed", "open"]);
            assert_eq!(
                client.exec("closed", "select 1").await["status"],
                "completed"
            );
        }
        change(&admin, "kim@example.com", json!({"groups": ["team"]})).await;
        assert_eq!(listed(&kim).await, ["closed", "open"]);
        assert_eq!(
            kim.exec("closed", "select 1 as one").await["output"],
            "one\n1\n(1 row)\n"
        );
        let shown = kim
            .call("connections_get", json!({"name": "closed"}))
            .await
            .unwrap();
        assert_eq!(shown["restricted"], true);
        assert!(shown.get("secret_keys").is_none(), "{shown}");
        change(&admin, "kim@example.com", json!({"groups": []})).await;
        assert_eq!(asked(&documents, &kim, "closed").await, unknown);
    }
}

#[tokio::test]
async fn a_second_group_widens_the_list_and_keeps_the_first() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        admin.connect_bash("shared").await;
        admin
            .call(
                "usergroups_create",
                json!({"name": "one", "connections": ["shared"]}),
            )
            .await
            .unwrap();
        let two = json!({"name": "two", "connections": ["shared"]});
        let made = admin.call("usergroups_create", two).await.unwrap();
        assert_eq!(made["newly_restricted"], json!([]));
        assert_eq!(
            made["bound_connections"][0]["allowed_groups"],
            json!(["one", "two"])
        );
        for groups in [["one"], ["two"]] {
            let (client, _) = key(&admin, json!({"name": "k", "groups": groups})).await;
            assert_eq!(listed(&client).await, ["shared"]);
        }
        let missing = json!({"name": "three", "connections": ["shared", "ghost"]});
        let refused = admin.call("usergroups_create", missing).await.unwrap_err();
        assert_eq!(refused["code"], "not_found");
        assert_eq!(
            refused["details"]["missing"],
            json!([{"kind": "connection", "ref": "ghost"}])
        );
        let groups = admin
            .call("usergroups_list", json!({"search": "THREE"}))
            .await
            .unwrap();
        assert_eq!(groups["items"], json!([]), "nothing was written");
    }
}

#[tokio::test]
async fn a_group_in_use_is_deleted_with_force_only_and_its_connection_stays_closed() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        admin.connect_bash("closed").await;
        let made = admin
            .call(
                "usergroups_create",
                json!({"name": "team", "connections": ["closed"]}),
            )
            .await
            .unwrap();
        let kim = person(&admin, "kim", &["team"]).await;
        let auditor = person(&admin, "eve", &["auditor"]).await;
        assert_eq!(listed(&kim).await, ["closed"]);

        let used = admin
            .call("usergroups_delete", json!({"name": "team"}))
            .await
            .unwrap_err();
        assert_eq!(used["code"], "conflict", "{used}");
        assert!(
            used["details"]["uses"].to_string().contains("closed"),
            "{used}"
        );
        let stale = json!({"name": "team", "force": true, "version": 99});
        let stale = admin.call("usergroups_delete", stale).await.unwrap_err();
        assert_eq!(
            (&stale["code"], &stale["details"]["current_version"]),
            (&json!("conflict"), &made["version"])
        );
        let deleted = admin
            .call(
                "usergroups_delete",
                json!({"name": made["id"], "force": true}),
            )
            .await
            .unwrap();
        assert_eq!(
            deleted,
            json!({"deleted": true, "id": made["id"], "name": "team"})
        );

        assert_eq!(listed(&kim).await, Vec::<String>::new(), "it stays closed");
        assert_eq!(super::me(&kim).await["groups"], json!([]));
        assert_eq!(listed(&auditor).await, ["closed"]);
        assert_eq!(listed(&admin).await, ["closed"]);
        let again = admin
            .call("usergroups_delete", json!({"name": "team", "force": true}))
            .await
            .unwrap_err();
        assert_eq!(again["code"], "not_found");
        for name in ["admin", "auditor"] {
            let refused = admin
                .call("usergroups_delete", json!({"name": name, "force": true}))
                .await
                .unwrap_err();
            assert_eq!(refused["code"], "protected", "{name}");
        }
    }
}
