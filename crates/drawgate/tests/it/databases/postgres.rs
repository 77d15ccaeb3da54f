//! PostgreSQL.

use serde_json::{Value, json};

use super::{fails, gateways, says};
use crate::gateway::Client;
use crate::targets::{Place, exec_with, recorded};

#[tokio::test]
async fn text_is_as_promised() {
    for (_, _gateway, admin) in gateways() {
        let _place = Place::postgres(&admin, "pgsql").await;
        rows_and_tags(&admin).await;
        escapes_and_unicode(&admin).await;
        many_statements(&admin).await;
        notices_in_order(&admin).await;
        errors(&admin).await;
    }
}

async fn rows_and_tags(admin: &Client) {
    says(
        admin,
        "pgsql",
        "select 1 as one, null as nothing, '' as empty",
        "one\tnothing\tempty\n1\t\t\n(1 row)\n",
    )
    .await;
    says(
        admin,
        "pgsql",
        "create table t (id int primary key, name text)",
        "CREATE TABLE\n",
    )
    .await;
    let inserted = says(
        admin,
        "pgsql",
        "insert into t values (1, 'a'), (2, null)",
        "INSERT 0 2\n",
    )
    .await;
    assert_eq!(
        (&inserted["row_count"], &inserted["affected_rows"]),
        (&json!(0), &json!(2))
    );
    let read = says(
        admin,
        "pgsql",
        "select * from t order by id",
        "id\tname\n1\ta\n2\t\n(2 rows)\n",
    )
    .await;
    assert_eq!(
        (&read["row_count"], &read["affected_rows"]),
        (&json!(2), &json!(0))
    );
    says(
        admin,
        "pgsql",
        "select * from t where false",
        "id\tname\n(0 rows)\n",
    )
    .await;
    let changed = says(
        admin,
        "pgsql",
        "update t set name = 'b' returning id",
        "id\n1\n2\n(2 rows)\nUPDATE 2\n",
    )
    .await;
    assert_eq!(
        (&changed["row_count"], &changed["affected_rows"]),
        (&json!(2), &json!(2))
    );
    says(admin, "pgsql", "delete from t where id > 1", "DELETE 1\n").await;
    says(admin, "pgsql", "select true as yes, 1.50 as price, '{}'::jsonb as doc, '\\x00ff'::bytea as raw, array[1,2] as list, 'NaN'::float8 as nan",
        "yes\tprice\tdoc\traw\tlist\tnan\nt\t1.50\t{}\t\\\\x00ff\t{1,2}\tNaN\n(1 row)\n").await;
}

async fn escapes_and_unicode(admin: &Client) {
    says(
        admin,
        "pgsql",
        r"select E'a\tb\nc\rd\\e' as v",
        "v\na\\tb\\nc\\rd\\\\e\n(1 row)\n",
    )
    .await;
    says(
        admin,
        "pgsql",
        "select 'Zoë 🦀 日本 \u{202e}' as \"näme\"",
        "näme\nZoë 🦀 日本 \u{202e}\n(1 row)\n",
    )
    .await;
    says(
        admin,
        "pgsql",
        "select 1 as \"two\twords\"",
        "two\\twords\n1\n(1 row)\n",
    )
    .await;
}

async fn many_statements(admin: &Client) {
    says(
        admin,
        "pgsql",
        "begin; insert into t values (10, 'x'); select count(*) as n from t; rollback; -- the end",
        "BEGIN\nINSERT 0 1\nn\n2\n(1 row)\nROLLBACK\n",
    )
    .await;
    says(
        admin,
        "pgsql",
        "select count(*) as n from t",
        "n\n1\n(1 row)\n",
    )
    .await;
    says(admin, "pgsql", "-- nothing to do\n;", "").await;
}

async fn notices_in_order(admin: &Client) {
    let script = "do $$ begin raise notice 'one'; raise warning 'two'; end $$; select 3 as three; drop table if exists none";
    says(admin, "pgsql", script,
        "NOTICE:  one\nWARNING:  two\nDO\nthree\n3\n(1 row)\nNOTICE:  table \"none\" does not exist, skipping\nDROP TABLE\n").await;
}

async fn errors(admin: &Client) {
    let answer = fails(admin, "pgsql", "select 1 as one;\nselect nope\nfrom t",
        "one\n1\n(1 row)\nERROR:  42703: column \"nope\" does not exist\nLINE 2: select nope\n               ^\nHINT:  Perhaps you meant to reference the column \"t.name\".\n").await;
    assert_eq!(answer["row_count"], 1);
    fails(admin, "pgsql", "insert into t values (1, 'again')",
        "ERROR:  23505: duplicate key value violates unique constraint \"t_pkey\"\nDETAIL:  Key (id)=(1) already exists.\n").await;
    fails(
        admin,
        "pgsql",
        "selct 1",
        "ERROR:  42601: syntax error at or near \"selct\"\nLINE 1: selct 1\n        ^\n",
    )
    .await;
    // A failed script leaves nothing behind, neither rows nor a transaction.
    says(
        admin,
        "pgsql",
        "select count(*) as n from t",
        "n\n1\n(1 row)\n",
    )
    .await;
}

#[tokio::test]
async fn rows_are_typed() {
    for (_, _gateway, admin) in gateways() {
        let _place = Place::postgres(&admin, "pgsql").await;
        let script = "select 7::int2 as s, 9007199254740993 as big, -5 as small, 1.5::float8 as f, 1.10::numeric as d, \
                      true as b, null::int as n, '\\xdead'::bytea as raw, '{\"a\": 1}'::json as doc, 'x\ty' as t, \
                      'infinity'::float8 as inf, date '2026-02-03' as day";
        let answer = exec_with(&admin, "pgsql", script, json!({"format": "rows"})).await;
        assert_eq!(
            answer["rows"],
            json!([[
                7,
                "9007199254740993",
                -5,
                1.5,
                "1.10",
                true,
                null,
                "\\xdead",
                "{\"a\": 1}",
                "x\ty",
                "Infinity",
                "2026-02-03"
            ]])
        );
        let types: Vec<&Value> = answer["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| &column["type"])
            .collect();
        assert_eq!(
            types,
            [
                "int2", "int8", "int4", "float8", "numeric", "bool", "int4", "bytea", "json",
                "text", "float8", "date"
            ]
        );
        assert_eq!(
            answer["columns"][0],
            json!({"name": "s", "type": "int2", "masked": false})
        );
        assert_eq!(answer["output"], "", "{answer}");
        assert!(answer.get("result_sets").is_none());
        assert_eq!(answer["row_count"], 1);
        let text = recorded(&admin, &answer).await;
        assert!(text.ends_with("(1 row)\n"), "{text}");

        let script = "create table t (id int); select 1 as a; insert into t values (1); select 2 as b, 3 as c union all select 4, 5";
        let answer = exec_with(&admin, "pgsql", script, json!({"format": "rows"})).await;
        assert_eq!(answer["output"], "CREATE TABLE\nINSERT 0 1\n");
        assert_eq!(answer["rows"], json!([[2, 3], [4, 5]]));
        assert_eq!(answer["result_sets"][0]["rows"], json!([[1]]));
        assert_eq!(answer["result_sets"][1]["row_count"], 2);
        assert_eq!(
            (&answer["row_count"], &answer["affected_rows"]),
            (&json!(3), &json!(1))
        );

        let none = exec_with(&admin, "pgsql", "delete from t", json!({"format": "rows"})).await;
        assert_eq!((&none["columns"], &none["rows"]), (&json!([]), &json!([])));
        assert_eq!(none["output"], "DELETE 1\n");
    }
}

#[tokio::test]
async fn another_database_of_the_server_can_be_named() {
    for (_, _gateway, admin) in gateways() {
        let place = Place::postgres(&admin, "pgsql").await;
        let other = place.server.database();
        let here = admin.exec("pgsql", "select current_database() as d").await;
        assert_eq!(
            here["output"],
            format!("d\n{}\n(1 row)\n", place.database.name)
        );
        let there = exec_with(
            &admin,
            "pgsql",
            "select current_database() as d",
            json!({"database": other.name}),
        )
        .await;
        assert_eq!(there["output"], format!("d\n{}\n(1 row)\n", other.name));
        let session = admin
            .call("sessions_get", json!({"id": there["session_id"]}))
            .await
            .unwrap();
        assert_eq!(session["database"], other.name);
        let nowhere = exec_with(&admin, "pgsql", "select 1", json!({"database": "nowhere"})).await;
        assert_eq!(
            (&nowhere["status"], &nowhere["exit_code"]),
            (&json!("failed"), &json!(-2)),
            "{nowhere}"
        );
        assert_eq!(nowhere["failure"]["code"], "unavailable");
        recorded(&admin, &nowhere).await;
    }
}

#[tokio::test]
async fn nothing_of_one_run_reaches_the_next() {
    let gateway = crate::gateway::Gateway::start(crate::gateway::Engine::Sqlite);
    let admin = gateway.admin();
    let _place = Place::postgres(&admin, "pgsql").await;
    let dirt = "create temp table left_over (x int); set search_path = nowhere; set lock_timeout = 7; begin; create table open_transaction (x int)";
    admin.exec("pgsql", dirt).await;
    for _ in 0..5 {
        says(
            &admin,
            "pgsql",
            "select count(*) as n from pg_class where relname in ('left_over', 'open_transaction')",
            "n\n0\n(1 row)\n",
        )
        .await;
        says(
            &admin,
            "pgsql",
            "show lock_timeout",
            "lock_timeout\n0\n(1 row)\n",
        )
        .await;
        says(
            &admin,
            "pgsql",
            "show search_path",
            "search_path\n\"$user\", public\n(1 row)\n",
        )
        .await;
    }
}

#[tokio::test]
async fn arguments_that_fit_no_database_are_refused() {
    let gateway = crate::gateway::Gateway::start(crate::gateway::Engine::Sqlite);
    let admin = gateway.admin();
    let _place = Place::postgres(&admin, "pgsql").await;
    for (more, path) in [
        (json!({"args": ["x"]}), "/args"),
        (json!({"env_vars": {"HOST": "elsewhere"}}), "/env_vars/HOST"),
        (json!({"env_vars": {"X": "1"}}), "/env_vars/X"),
        (json!({"format": "xml"}), "/format"),
        (json!({"wait_seconds": 51}), "/wait_seconds"),
        (json!({"max_output_bytes": 1023}), "/max_output_bytes"),
        (json!({"inputs": ""}), "/inputs"),
        (json!({"input": " \n\t"}), "/input"),
    ] {
        let mut arguments = json!({"connection_name": "pgsql", "input": "select 1"});
        arguments
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let error = admin.call("exec", arguments).await.unwrap_err();
        assert_eq!(
            (&error["code"], &error["details"]["path"]),
            (&json!("invalid_argument"), &json!(path)),
            "{error}"
        );
    }
    let error = admin
        .call("exec", json!({"connection_name": "none", "input": "x"}))
        .await
        .unwrap_err();
    assert_eq!(error["code"], "connection_not_found");
    assert_eq!(
        error["message"],
        "connection \"none\" not found or not accessible"
    );
    let list = admin.call("sessions_list", json!({})).await.unwrap();
    assert_eq!(list["total"], 0, "a refused ask leaves no session: {list}");
}
