//! SQLite.

use serde_json::json;

use super::{fails, gateways, says};
use crate::gateway::Client;
use crate::targets::{connect_sqlite, exec_with};

#[tokio::test]
async fn text_is_as_promised() {
    for (_, _gateway, admin) in gateways() {
        let _file = connect_sqlite(&admin, "lite").await;
        says(
            &admin,
            "lite",
            "select 1 as one, null as missing, '' as empty",
            "one\tmissing\tempty\n1\t\t\n(1 row)\n",
        )
        .await;
        says(
            &admin,
            "lite",
            "create table t (id integer primary key, name text)",
            "CREATE TABLE\n",
        )
        .await;
        let inserted = says(
            &admin,
            "lite",
            "insert into t (name) values ('a'), (null)",
            "INSERT 2\n",
        )
        .await;
        assert_eq!(
            (&inserted["row_count"], &inserted["affected_rows"]),
            (&json!(0), &json!(2))
        );
        says(
            &admin,
            "lite",
            "select * from t order by id",
            "id\tname\n1\ta\n2\t\n(2 rows)\n",
        )
        .await;
        says(
            &admin,
            "lite",
            "select * from t where false",
            "id\tname\n(0 rows)\n",
        )
        .await;
        says(
            &admin,
            "lite",
            "select 'a' || char(9, 10, 13, 92) || 'e' as v",
            "v\na\\t\\n\\r\\\\e\n(1 row)\n",
        )
        .await;
        says(
            &admin,
            "lite",
            "select 'Zoë 🦀 日本' as \"näme\"",
            "näme\nZoë 🦀 日本\n(1 row)\n",
        )
        .await;
        statements_and_errors(&admin).await;
    }
}

async fn statements_and_errors(admin: &Client) {
    let many = says(
        admin,
        "lite",
        "update t set name = 'b'; select count(*) as n from t; delete from t where id = 2",
        "UPDATE 2\nn\n2\n(1 row)\nDELETE 1\n",
    )
    .await;
    assert_eq!(
        (&many["row_count"], &many["affected_rows"]),
        (&json!(1), &json!(3))
    );
    let answer = admin
        .exec("lite", "select 1 as one; select nope from t")
        .await;
    let output = answer["output"].as_str().unwrap();
    assert!(
        output.starts_with("one\n1\n(1 row)\n")
            && output.contains("no such column: nope")
            && output.contains('^'),
        "{answer}"
    );
    assert_eq!(
        (&answer["status"], &answer["exit_code"]),
        (&json!("failed"), &json!(1))
    );
    fails(
        admin,
        "lite",
        "insert into t values (1, 'again')",
        "ERROR:  SQLITE_CONSTRAINT_PRIMARYKEY: UNIQUE constraint failed: t.id\n",
    )
    .await;
}

#[tokio::test]
async fn rows_are_typed() {
    for (_, _gateway, admin) in gateways() {
        let _file = connect_sqlite(&admin, "lite").await;
        let script = "select 7 as i, 9223372036854775807 as big, 1.5 as f, null as n, x'dead' as raw, 'x' as t union all select 'a', 'b', 'c', 'd', 'e', '7'";
        let answer = exec_with(&admin, "lite", script, json!({"format": "rows"})).await;
        assert_eq!(
            answer["rows"],
            json!([
                [7, "9223372036854775807", 1.5, null, "\\xdead", "x"],
                ["a", "b", "c", "d", "e", "7"]
            ]),
            "{answer}"
        );
        assert_eq!(answer["row_count"], 2);
    }
}
