//! `access_control_*` and `attributes_*`.

use serde_json::{Value, json};

use super::{each, invalid, refused};
use crate::gateway::{Client, ENGINES, Gateway};
use crate::roles::callers::person;

/// Names of the connections that a caller lists.
async fn listed(client: &Client) -> Vec<String> {
    let list = client.call("connections_list", json!({})).await.unwrap();
    each(&list, "name").into_iter().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allow_list_decides_who_sees_a_connection() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        for name in ["one", "two"] {
            admin.connect_bash(name).await;
        }
        for group in ["blue", "red"] {
            let new = json!({"name": group});
            admin.call("usergroups_create", new).await.unwrap();
        }
        let kim = person(&admin, "kim", &["blue"]).await;
        let of = async |name: &str| {
            let ask = json!({"connection_name": name});
            admin.call("access_control_get", ask).await.unwrap()
        };
        let open = of("one").await;
        assert_eq!(
            (&open["id"], &open["version"]),
            (&Value::Null, &json!(0)),
            "{engine:?}"
        );
        assert_eq!(
            (&open["restricted"], &open["allowed_groups"]),
            (&json!(false), &json!([]))
        );
        assert_eq!(
            open["note"],
            "every member of the organization sees this connection"
        );

        let set = async |groups: Value, version: Value| {
            let ask = json!({"connection_name": "one", "groups": groups, "version": version});
            admin.call("access_control_set", ask).await
        };
        let bound = set(json!(["red", "red"]), json!(0)).await.unwrap();
        assert_eq!(
            (&bound["allowed_groups"], &bound["version"]),
            (&json!(["red"]), &json!(1))
        );
        assert!(bound.get("note").is_none());
        assert_eq!(listed(&kim).await, ["two"]);
        let stale = set(json!(["blue"]), json!(0)).await;
        assert_eq!(refused(stale).0, "conflict");
        set(json!(["blue"]), json!(1)).await.unwrap();
        assert_eq!(listed(&kim).await, ["one", "two"]);
        assert_eq!(
            refused(set(json!([]), Value::Null).await),
            invalid("/groups")
        );
        let missing = set(json!(["green"]), Value::Null).await.unwrap_err();
        assert_eq!(missing["code"], "not_found");
        assert_eq!(
            missing["details"]["missing"],
            json!([{"kind": "group", "ref": "green"}])
        );
        let unknown = json!({"connection_name": "three", "groups": ["blue"]});
        let unknown = admin.call("access_control_set", unknown).await;
        assert_eq!(refused(unknown).0, "connection_not_found");

        let list = admin.call("access_control_list", json!({})).await.unwrap();
        assert_eq!(each(&list, "connection_name"), ["one"]);
        assert_eq!(
            list["items"][0],
            of("one").await,
            "list and detail are alike"
        );

        let unset = json!({"connection_name": "one"});
        let gone = admin
            .call("access_control_unset", unset.clone())
            .await
            .unwrap();
        assert_eq!(
            (&gone["deleted"], &gone["name"]),
            (&json!(true), &json!("one"))
        );
        let again = admin.call("access_control_unset", unset).await;
        assert_eq!(refused(again).0, "not_found");
        assert_eq!(listed(&kim).await, ["one", "two"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attribute_restricts_its_connections_to_its_groups() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        for name in ["one", "two"] {
            admin.connect_bash(name).await;
        }
        for group in ["blue", "red"] {
            let new = json!({"name": group});
            admin.call("usergroups_create", new).await.unwrap();
        }
        let kim = person(&admin, "kim", &["blue"]).await;
        let new = json!({
            "name": "pii", "description": "Personal data", "connection_names": ["two", "two"],
            "access_control_group_names": ["red"], "idempotency_key": "once",
        });
        let made = admin.call("attributes_create", new.clone()).await.unwrap();
        assert_eq!(made["connection_names"], json!(["two"]), "{engine:?}");
        assert_eq!(made["access_control_group_names"], json!(["red"]));
        let replayed = admin.call("attributes_create", new).await.unwrap();
        assert_eq!(replayed["idempotent_replay"], true);
        assert_eq!(listed(&kim).await, ["one"]);
        let told = json!({"connection_name": "two"});
        let told = admin.call("access_control_get", told).await.unwrap();
        assert_eq!(
            (&told["id"], &told["restricted"]),
            (&Value::Null, &json!(true))
        );
        assert_eq!(
            told["note"],
            "through its attributes only these groups see this connection: red"
        );
        let red = admin
            .call("usergroups_list", json!({"search": "red"}))
            .await
            .unwrap();
        assert_eq!(red["items"][0]["attributes"], json!(["pii"]));

        let change = async |change: Value| {
            let mut ask = json!({"name": "pii"});
            ask.as_object_mut()
                .unwrap()
                .extend(change.as_object().unwrap().clone());
            admin.call("attributes_update", ask).await
        };
        let kept = change(json!({"description": "Data", "version": 1}))
            .await
            .unwrap();
        assert_eq!(
            (&kept["version"], &kept["connection_names"]),
            (&json!(2), &json!(["two"]))
        );
        assert_eq!(refused(change(json!({"version": 1})).await).0, "conflict");
        let unknown =
            change(json!({"guardrail_rule_names": ["x"], "datamasking_rule_names": ["y"]}));
        let unknown = unknown.await.unwrap_err();
        assert_eq!(
            unknown["details"]["missing"].as_array().unwrap().len(),
            2,
            "{unknown}"
        );
        let open = change(json!({"access_control_group_names": null, "description": ""})).await;
        assert_eq!(open.unwrap()["description"], Value::Null);
        assert_eq!(listed(&kim).await, ["one", "two"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_are_shown_listed_and_deleted() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let new = json!({"name": "pii"});
        let made = admin.call("attributes_create", new).await.unwrap();
        let shown = admin
            .call("attributes_get", json!({"name": made["id"]}))
            .await
            .unwrap();
        let list = admin
            .call("attributes_list", json!({"search": "PI"}))
            .await
            .unwrap();
        assert_eq!(list["items"], json!([shown]));
        assert!(list.get("pages").is_none());
        let paged = json!({"page": 2, "page_size": 1});
        let paged = admin.call("attributes_list", paged).await.unwrap();
        assert_eq!(paged["items"], json!([]));
        assert_eq!(paged["pages"], json!({"total": 1, "page": 2, "size": 1}));

        let named = json!({"name": "p"});
        assert_eq!(
            refused(admin.call("attributes_create", named).await),
            invalid("/name")
        );
        let taken = json!({"name": "pii"});
        let taken = admin.call("attributes_create", taken).await.unwrap_err();
        assert_eq!(
            (&taken["code"], &taken["details"]["id"]),
            (&json!("already_exists"), &made["id"])
        );
        let gone = admin
            .call("attributes_delete", json!({"name": "pii"}))
            .await
            .unwrap();
        assert_eq!(gone["id"], made["id"]);
        let again = admin.call("attributes_get", json!({"name": "pii"})).await;
        assert_eq!(refused(again).0, "not_found");
    }
}
