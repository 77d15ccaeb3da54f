//! Secrets of connections: how they change, and when a change counts.

use serde_json::{Value, json};
use testkit::servers::Postgres;

use super::connections::{create, encoded, update};
use super::{invalid, refused};
use crate::gateway::{ENGINES, Engine, Gateway};
use crate::roles::callers::person;

#[tokio::test]
async fn secrets_are_changed_one_by_one_or_as_a_whole() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let secrets = json!({"envvar:A": encoded("1"), "filesystem:B": encoded("2")});
        create(&admin, json!({"secrets": secrets})).await.unwrap();
        let read = || async {
            let shown = admin
                .call(
                    "connections_get",
                    json!({"name": "made", "include_secrets": true}),
                )
                .await;
            shown.unwrap()["secrets"].clone()
        };
        assert_eq!(read().await, secrets);
        let patch = json!({"envvar:A": null, "envvar:C": encoded("3"), "envvar:D": "_envjson:NOT_SET:key", "envvar:E": null});
        let patched = update(&admin, "made", json!({"secrets_patch": patch}))
            .await
            .unwrap();
        assert_eq!(
            patched["secret_keys"],
            json!([{"key": "envvar:C", "source": "inline"}, {"key": "envvar:D", "source": "env"},
                {"key": "filesystem:B", "source": "inline"}])
        );
        let after = json!({"envvar:C": encoded("3"), "envvar:D": "_envjson:NOT_SET:key", "filesystem:B": encoded("2")});
        assert_eq!(read().await, after);
        assert_eq!(
            admin.exec("made", "echo $C").await["status"],
            "failed",
            "a reference to nothing is no secret"
        );
        let both = json!({"secrets": {}, "secrets_patch": {}});
        assert_eq!(
            refused(update(&admin, "made", both).await),
            invalid("/secrets_patch")
        );
        let bad = json!({"secrets_patch": {"A": encoded("1")}});
        assert_eq!(
            refused(update(&admin, "made", bad).await),
            invalid("/secrets_patch/A")
        );
        assert_eq!(read().await, after, "a refused change changes nothing");
        update(
            &admin,
            "made",
            json!({"secrets": {"envvar:Z": encoded("zz")}}),
        )
        .await
        .unwrap();
        assert_eq!(read().await, json!({"envvar:Z": encoded("zz")}));
        assert_eq!(
            admin.exec("made", "echo $Z").await["output"],
            "zz\n",
            "the next run has the new ones"
        );
        let kim = person(&admin, "kim", &["auditor"]).await;
        let asked = kim
            .call(
                "connections_get",
                json!({"name": "made", "include_secrets": true}),
            )
            .await
            .unwrap_err();
        assert_eq!(asked["code"], "forbidden");
    }
}

#[tokio::test]
async fn a_new_password_counts_for_the_next_run() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let _server = admin.connect_postgres("pg_one").await;
    assert_eq!(
        admin.exec("pg_one", "select 1").await["status"],
        "completed"
    );
    let tested = admin
        .call("connections_test", json!({"name": "pg_one"}))
        .await
        .unwrap();
    assert_eq!(
        (&tested["ok"], &tested["stage"], &tested["failure"]),
        (&json!(true), &json!("ready"), &Value::Null)
    );
    assert!(
        tested["server_version"]
            .as_str()
            .unwrap()
            .chars()
            .next()
            .unwrap()
            .is_ascii_digit(),
        "{tested}"
    );

    update(
        &admin,
        "pg_one",
        json!({"secrets_patch": {"envvar:PASS": encoded("wrong")}}),
    )
    .await
    .unwrap();
    let tested = admin
        .call("connections_test", json!({"name": "pg_one"}))
        .await
        .unwrap();
    assert_eq!(
        (&tested["ok"], &tested["stage"]),
        (&json!(false), &json!("auth")),
        "{tested}"
    );
    assert!(
        tested["failure"]["message"]
            .as_str()
            .unwrap()
            .contains("password"),
        "{tested}"
    );
    let ran = admin.exec("pg_one", "select 1").await;
    assert_eq!(
        (&ran["status"], &ran["exit_code"]),
        (&json!("failed"), &json!(-2)),
        "{ran}"
    );
}

#[tokio::test]
async fn a_test_tells_how_far_a_login_came() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let server = admin.connect_postgres("pg_one").await;
    let closed = testkit::servers::free_port().to_string();
    update(
        &admin,
        "pg_one",
        json!({"secrets_patch": {"envvar:PORT": encoded(&closed)}}),
    )
    .await
    .unwrap();
    let tested = admin
        .call("connections_test", json!({"name": "pg_one"}))
        .await
        .unwrap();
    assert_eq!(
        (&tested["ok"], &tested["stage"]),
        (&json!(false), &json!("tcp")),
        "{tested}"
    );
    assert_eq!(tested["failure"]["code"], "unavailable");
    update(
        &admin,
        "pg_one",
        json!({"secrets_patch": {"envvar:HOST": encoded("no-such-host.invalid")}}),
    )
    .await
    .unwrap();
    let tested = admin
        .call("connections_test", json!({"name": "pg_one"}))
        .await
        .unwrap();
    assert_eq!(
        (&tested["ok"], &tested["stage"]),
        (&json!(false), &json!("resolve")),
        "{tested}"
    );
    let needed = update(
        &admin,
        "pg_one",
        json!({"secrets_patch": {"envvar:HOST": null}}),
    )
    .await;
    assert_eq!(refused(needed), invalid("/secrets"));
    let port = server.port().to_string();
    let back = json!({"envvar:PASS": encoded(Postgres::PASSWORD), "envvar:HOST": encoded("127.0.0.1"), "envvar:PORT": encoded(&port)});
    update(&admin, "pg_one", json!({"secrets_patch": back}))
        .await
        .unwrap();
    assert_eq!(
        admin.exec("pg_one", "select 1").await["status"],
        "completed"
    );
}
