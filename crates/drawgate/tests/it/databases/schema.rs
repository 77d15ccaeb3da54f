//! Schema tools on three databases.

use serde_json::{Value, json};

use super::gateways;
use crate::gateway::{Client, Engine, Gateway};
use crate::targets::{Place, connect_sqlite, recorded};

fn names(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

/// Checks the columns `id`, `name`, `price` of table `goods`.
async fn check_columns(client: &Client, ask: Value) -> Value {
    let answer = client.call("connection_columns", ask).await.unwrap();
    let columns = answer["columns"].as_array().unwrap();
    assert_eq!(
        names(&answer["columns"]),
        ["id", "name", "price"],
        "{answer}"
    );
    let facts: Vec<(&Value, &Value, &Value)> = columns
        .iter()
        .map(|column| {
            (
                &column["position"],
                &column["nullable"],
                &column["primary_key"],
            )
        })
        .collect();
    assert_eq!(
        facts[0],
        (&json!(1), &json!(false), &json!(true)),
        "{answer}"
    );
    assert_eq!(
        facts[1],
        (&json!(2), &json!(false), &json!(false)),
        "{answer}"
    );
    assert_eq!(
        facts[2],
        (&json!(3), &json!(true), &json!(false)),
        "{answer}"
    );
    assert!(columns[0]["default"].is_null() || columns[0]["default"].is_string());
    assert!(
        columns[2]["default"].as_str().unwrap().contains("9.5"),
        "{answer}"
    );
    let output = answer["output"].as_str().unwrap();
    assert_eq!(output.lines().count(), 4, "{output}");
    assert!(
        output.lines().all(|line| line.split('\t').count() == 6),
        "{output}"
    );
    answer
}

/// Reads a list page by page and checks that the pages are the whole.
async fn check_pages(client: &Client, tool: &str, list: &str, ask: Value) {
    let whole = client.call(tool, ask.clone()).await.unwrap();
    let mut pages = Vec::new();
    let mut page_ask = ask;
    page_ask["limit"] = json!(2);
    loop {
        let page = client.call(tool, page_ask.clone()).await.unwrap();
        let items = page[list].as_array().unwrap();
        assert!(items.len() <= 2);
        assert_eq!(
            page["output"].as_str().unwrap().lines().count(),
            items.len() + 1
        );
        pages.extend(items.clone());
        match page.get("next_cursor") {
            Some(cursor) => page_ask["cursor"] = cursor.clone(),
            None => break,
        }
    }
    assert_eq!(json!(pages), whole[list]);
    assert!(whole.get("next_cursor").is_none());
}

#[tokio::test]
async fn the_schema_of_postgres_is_read() {
    for (_, _gateway, admin) in gateways() {
        let place = Place::postgres(&admin, "pgsql").await;
        let (name, other) = (place.database.name.clone(), place.server.database().name);
        place.sql("create table goods (id int primary key, name text not null, price numeric default 9.5); create view cheap as select * from goods; \
                   create materialized view counted as select count(*) from goods; create schema \"od'd\"; create table \"od'd\".\"ta\"\"ble\" (x int)");
        let databases = admin
            .call("connection_databases", json!({"connection_name": "pgsql"}))
            .await
            .unwrap();
        let found = names(&databases["databases"]);
        assert!(
            found.contains(&name.as_str()) && found.contains(&other.as_str()),
            "{databases}"
        );
        assert!(
            !found.contains(&"template0") && !found.contains(&"template1"),
            "{databases}"
        );
        assert_eq!(databases["connection_subtype"], "postgres");
        let tables = admin
            .call(
                "connection_tables",
                json!({"connection_name": "pgsql", "database": name}),
            )
            .await
            .unwrap();
        assert_eq!(
            tables["output"],
            "schema\tname\ttype\nod'd\tta\"ble\ttable\npublic\tcheap\tview\npublic\tcounted\tmaterialized_view\npublic\tgoods\ttable\n"
        );
        assert_eq!(
            tables["tables"][0],
            json!({"schema": "od'd", "name": "ta\"ble", "type": "table"})
        );
        let columns = check_columns(
            &admin,
            json!({"connection_name": "pgsql", "table": "goods"}),
        )
        .await;
        assert_eq!(columns["schema"], "public");
        let odd = admin.call("connection_columns", json!({"connection_name": "pgsql", "database": name, "schema": "od'd", "table": "ta\"ble"})).await.unwrap();
        assert_eq!(names(&odd["columns"]), ["x"]);
        let elsewhere = admin
            .call(
                "connection_tables",
                json!({"connection_name": "pgsql", "database": other}),
            )
            .await
            .unwrap();
        assert_eq!(elsewhere["tables"], json!([]));
        check_pages(
            &admin,
            "connection_tables",
            "tables",
            json!({"connection_name": "pgsql", "database": name}),
        )
        .await;
        let session = admin
            .call("sessions_get", json!({"id": tables["session_id"]}))
            .await
            .unwrap();
        assert_eq!(
            (&session["verb"], &session["outcome"]),
            (&json!("introspect"), &json!("success"))
        );
        let record = recorded(
            &admin,
            &json!({"session_id": tables["session_id"], "status": "completed", "exit_code": 0}),
        )
        .await;
        assert!(record.contains("materialized_view"), "{record}");
        let nowhere = admin
            .call(
                "connection_tables",
                json!({"connection_name": "pgsql", "database": "nowhere"}),
            )
            .await
            .unwrap_err();
        assert_eq!(nowhere["code"], "unavailable", "{nowhere}");
    }
}

#[tokio::test]
async fn the_schema_of_mariadb_is_read() {
    for (_, _gateway, admin) in gateways() {
        let place = Place::mariadb(&admin, "maria").await;
        let name = place.database.name.clone();
        place.server.mariadb(&format!("use {name}; create table goods (id int primary key, name varchar(9) not null, price decimal(9,2) default 9.5); \
                                       create view cheap as select * from goods; create table `ta'``ble` (x int)"));
        let databases = admin
            .call("connection_databases", json!({"connection_name": "maria"}))
            .await
            .unwrap();
        assert_eq!(
            names(&databases["databases"]),
            [name.as_str()],
            "{databases}"
        );
        let tables = admin
            .call(
                "connection_tables",
                json!({"connection_name": "maria", "database": name}),
            )
            .await
            .unwrap();
        assert_eq!(
            tables["output"],
            format!(
                "schema\tname\ttype\n{name}\tcheap\tview\n{name}\tgoods\ttable\n{name}\tta'`ble\ttable\n"
            )
        );
        check_columns(
            &admin,
            json!({"connection_name": "maria", "database": name, "table": "goods"}),
        )
        .await;
        check_columns(
            &admin,
            json!({"connection_name": "maria", "table": "goods"}),
        )
        .await;
        let odd = admin
            .call(
                "connection_columns",
                json!({"connection_name": "maria", "database": name, "table": "ta'`ble"}),
            )
            .await
            .unwrap();
        assert_eq!(names(&odd["columns"]), ["x"]);
        check_pages(
            &admin,
            "connection_columns",
            "columns",
            json!({"connection_name": "maria", "database": name, "table": "goods"}),
        )
        .await;
    }
}

#[tokio::test]
async fn the_schema_of_sqlite_is_read() {
    for (_, _gateway, admin) in gateways() {
        let _file = connect_sqlite(&admin, "lite").await;
        let made = admin.exec("lite", "create table goods (id integer not null primary key, name text not null, price real default 9.5); \
                                       create view cheap as select * from goods; create table \"ta'\"\"ble\" (x int)").await;
        assert_eq!(made["status"], "completed", "{made}");
        let databases = admin
            .call("connection_databases", json!({"connection_name": "lite"}))
            .await
            .unwrap();
        assert_eq!(names(&databases["databases"]), ["main"], "{databases}");
        let tables = admin
            .call(
                "connection_tables",
                json!({"connection_name": "lite", "database": "main"}),
            )
            .await
            .unwrap();
        assert_eq!(
            names(&tables["tables"]),
            ["cheap", "goods", "ta'\"ble"],
            "{tables}"
        );
        check_columns(
            &admin,
            json!({"connection_name": "lite", "database": "main", "table": "goods"}),
        )
        .await;
        check_columns(&admin, json!({"connection_name": "lite", "table": "goods"})).await;
        check_pages(
            &admin,
            "connection_tables",
            "tables",
            json!({"connection_name": "lite", "database": "main"}),
        )
        .await;
    }
}

#[tokio::test]
async fn who_may_not_read_a_schema_is_told_why() {
    for (_, _gateway, admin) in gateways() {
        let place = Place::postgres(&admin, "pgsql").await;
        admin.connect_bash("bash").await;
        let error = admin
            .call("connection_databases", json!({"connection_name": "bash"}))
            .await
            .unwrap_err();
        assert_eq!(error["code"], "not_a_database");
        let error = admin
            .call("connection_databases", json!({"connection_name": "none"}))
            .await
            .unwrap_err();
        assert_eq!(error["code"], "connection_not_found");
        for change in [
            json!({"name": "pgsql", "access_schema": "disabled"}),
            json!({"name": "pgsql", "access_schema": "enabled", "access_mode_exec": "disabled"}),
        ] {
            admin.call("connections_update", change).await.unwrap();
            let ask = json!({"connection_name": "pgsql", "database": place.database.name});
            let error = admin.call("connection_tables", ask).await.unwrap_err();
            assert_eq!(error["code"], "forbidden");
        }
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let files = [
        connect_sqlite(&admin, "one").await,
        connect_sqlite(&admin, "other").await,
    ];
    for name in ["one", "other"] {
        let tables = "create table a (x int, y int, z int); create table b (x int, y int, z int)";
        admin.exec(name, tables).await;
    }
    let columns = |connection: &str, table: &str, cursor: Value| {
        let ask =
            json!({"connection_name": connection, "table": table, "limit": 1, "cursor": cursor});
        admin.call("connection_columns", ask)
    };
    let first = columns("one", "a", Value::Null).await.unwrap();
    let cursor = &first["next_cursor"];
    let next = columns("one", "a", cursor.clone()).await.unwrap();
    assert_eq!(names(&next["columns"]), ["y"]);
    let tables = json!({"connection_name": "one", "database": "main", "cursor": cursor});
    for refused in [
        columns("one", "b", cursor.clone()).await,
        columns("other", "a", cursor.clone()).await,
        admin.call("connection_tables", tables).await,
    ] {
        let refused = refused.unwrap_err();
        assert_eq!(refused["code"], "invalid_argument", "{refused}");
        assert_eq!(refused["details"]["path"], "/cursor", "{refused}");
    }
    drop(files);
}

#[tokio::test]
async fn a_list_that_is_too_large_is_not_told_in_part() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let place = Place::postgres(&admin, "pgsql").await;
    place.sql(
        "do $$ begin execute (select 'create table t (' || string_agg(format( \
         'c%s text default %L', i, repeat('x', 900000)), ',') || ')' \
         from generate_series(1, 20) i); end $$",
    );
    let ask = json!({"connection_name": "pgsql", "table": "t", "limit": 1});
    let refused = admin.call("connection_columns", ask).await.unwrap_err();
    assert_eq!(refused["code"], "unsupported", "{refused}");
    assert!(refused["details"]["session_id"].is_string(), "{refused}");
}
