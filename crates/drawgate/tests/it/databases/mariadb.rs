//! MariaDB.

use serde_json::{Value, json};

use super::{fails, gateways, says};
use crate::gateway::Client;
use crate::targets::{Place, exec_with, recorded};

#[tokio::test]
async fn text_is_as_promised() {
    for (_, _gateway, admin) in gateways() {
        let _place = Place::mariadb(&admin, "maria").await;
        says(
            &admin,
            "maria",
            "select 1 as one, null as nothing, '' as empty",
            "one\tnothing\tempty\n1\t\t\n(1 row)\n",
        )
        .await;
        let made = says(
            &admin,
            "maria",
            "create table t (id int primary key auto_increment, name varchar(20))",
            "CREATE TABLE\n",
        )
        .await;
        assert_eq!(made["affected_rows"], 0);
        let inserted = says(
            &admin,
            "maria",
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
            "maria",
            "select * from t order by id",
            "id\tname\n1\ta\n2\t\n(2 rows)\n",
        )
        .await;
        says(
            &admin,
            "maria",
            "select * from t where false",
            "id\tname\n(0 rows)\n",
        )
        .await;
        says(
            &admin,
            "maria",
            r"select 'a\tb\nc\rd\\e' as v",
            "v\na\\tb\\nc\\rd\\\\e\n(1 row)\n",
        )
        .await;
        says(
            &admin,
            "maria",
            "select 'Zoë 🦀 日本' as `näme`",
            "näme\nZoë 🦀 日本\n(1 row)\n",
        )
        .await;
        statements_and_errors(&admin).await;
    }
}

async fn statements_and_errors(admin: &Client) {
    let many = says(
        admin,
        "maria",
        "update t set name = 'b'; select count(*) as n from t; delete from t where id = 2",
        "UPDATE 2\nn\n2\n(1 row)\nDELETE 1\n",
    )
    .await;
    assert_eq!(
        (&many["row_count"], &many["affected_rows"]),
        (&json!(1), &json!(3))
    );
    let failed = fails(
        admin,
        "maria",
        "select 1 as one; select nope from t",
        "one\n1\n(1 row)\nERROR 1054 (42S22): Unknown column 'nope' in 'SELECT'\n",
    )
    .await;
    assert_eq!(failed["row_count"], 1);
    fails(
        admin,
        "maria",
        "insert into t values (1, 'again')",
        "ERROR 1062 (23000): Duplicate entry '1' for key 'PRIMARY'\n",
    )
    .await;
    let dropped = admin.exec("maria", "drop table if exists none").await;
    let said = dropped["output"].as_str().unwrap();
    assert!(
        said.starts_with("DROP TABLE\nNote (Code 1051): Unknown table '"),
        "{said}"
    );
}

#[tokio::test]
async fn rows_are_typed() {
    for (_, _gateway, admin) in gateways() {
        let _place = Place::mariadb(&admin, "maria").await;
        let script = "select cast(7 as int) as i, 18446744073709551615 as big, 1.5e0 as f, 1.10 as d, null as n, x'dead' as raw, 'x\ty' as t, date '2026-02-03' as day";
        let answer = exec_with(&admin, "maria", script, json!({"format": "rows"})).await;
        assert_eq!(
            answer["rows"],
            json!([[
                7,
                "18446744073709551615",
                1.5,
                "1.10",
                null,
                "\\xdead",
                "x\ty",
                "2026-02-03"
            ]]),
            "{answer}"
        );
        let names: Vec<&Value> = answer["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| &column["name"])
            .collect();
        assert_eq!(names, ["i", "big", "f", "d", "n", "raw", "t", "day"]);
        let answer = exec_with(
            &admin,
            "maria",
            "select 1 as a; create table t (id int); select 2 as b",
            json!({"format": "rows"}),
        )
        .await;
        assert_eq!(answer["result_sets"].as_array().unwrap().len(), 2);
        assert_eq!(answer["rows"], json!([[2]]));
        assert_eq!(answer["output"], "CREATE TABLE\n");
        recorded(&admin, &answer).await;
    }
}

#[tokio::test]
async fn another_database_of_the_server_can_be_named() {
    for (_, _gateway, admin) in gateways() {
        let place = Place::mariadb(&admin, "maria").await;
        let other = place.server.database();
        place.server.mariadb(&format!(
            "grant all on {}.* to {}@'%'",
            other.name, place.database.user
        ));
        let there = exec_with(
            &admin,
            "maria",
            "select database() as d",
            json!({"database": other.name}),
        )
        .await;
        assert_eq!(
            there["output"],
            format!("d\n{}\n(1 row)\n", other.name),
            "{there}"
        );
        let here = admin.exec("maria", "select database() as d").await;
        assert_eq!(
            here["output"],
            format!("d\n{}\n(1 row)\n", place.database.name)
        );
    }
}
