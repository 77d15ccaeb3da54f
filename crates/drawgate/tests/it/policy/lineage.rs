//! Column rules follow values from the column of the table to wherever they are answered.

use serde_json::{Value, json};
use testkit::servers::{MariaDb, Postgres};

use crate::gateway::{Client, Engine, Gateway};
use crate::targets::{Place, connect_sqlite, exec_with, read_to_end};

/// The value that must not leave; no detector knows it.
const SECRET: &str = "quokka";

const TABLES: &str = "create table people (id int, pet text);
    insert into people values (1, 'quokka'), (2, 'quokka');
    create table goods (id int, pet text);
    insert into goods values (1, 'cat food');
    create view holders as select id, upper(pet) as animal from people;";

/// Queries of all dialects that answer what `people.pet` holds.
const READS: &[&str] = &[
    "select pet from people",
    "select pet as x from people p",
    "select * from people",
    "select lower(p.pet) as x from people p",
    "select x from (select concat(pet, '!') as x from people) s",
    "with w as (select pet as y from people) select y as z from w",
    "select case when id = 1 then pet else 'none' end as x from people",
    "select max(pet) as x from people",
    "select (select min(pet) from people) as x",
    "select pet from goods union all select pet from people",
    "select g.pet as a, p.pet as b from goods g join people p on p.id = g.id",
    "select animal from holders",
    "select substr(animal, 1, 20) as x from holders",
    "select 1 as a; select lower(pet) as b from people",
];

/// Queries that answer nothing of it, and what they answer.
const HARMLESS: &[(&str, &str)] = &[
    ("select pet from goods", "cat food"),
    ("select concat(pet, '') as x from goods", "cat food"),
    (
        "select count(*) + 40 as n from goods, people where people.id < 3",
        "42",
    ),
    ("select id from people where id = 2", "2"),
];

async fn cover(admin: &Client, connection: &str) -> Value {
    let rule = json!({"name": connection, "connection_ids": [connection],
        "column_rules": [{"table": "people", "column": "pet", "strategy": "mask"}]});
    admin.call("datamasking_rules_create", rule).await.unwrap()
}

/// Asks in both formats: neither the answers nor the recordings hold the value.
async fn never_leaves(admin: &Client, connection: &str, query: &str) -> Value {
    let mut last = Value::Null;
    for format in ["text", "rows"] {
        let envelope = exec_with(admin, connection, query, json!({"format": format})).await;
        let recorded = read_to_end(admin, &envelope["session_id"], None).await;
        let told = format!("{envelope}{recorded}").to_lowercase();
        assert!(!told.contains(SECRET), "{connection}: {query}: {told}");
        assert_eq!(envelope["output_status"], "success", "{query}: {envelope}");
        assert!(
            envelope["masking"]["total"].as_u64() > Some(0),
            "{query}: {envelope}"
        );
        last = envelope;
    }
    last
}

async fn follows(admin: &Client, connection: &str) {
    for query in READS {
        never_leaves(admin, connection, query).await;
    }
    for (query, shown) in HARMLESS {
        let envelope = admin.exec(connection, query).await;
        let output = envelope["output"].as_str().unwrap();
        assert!(output.contains(shown), "{connection}: {query}: {envelope}");
        assert_eq!(envelope["masking"]["total"], 0, "{query}: {envelope}");
    }
    let rows = exec_with(
        admin,
        connection,
        "select id, upper(pet) as x from people",
        json!({"format": "rows"}),
    );
    let columns = rows.await["columns"].clone();
    let masked = json!([columns[0]["masked"], columns[1]["masked"]]);
    assert_eq!(masked, json!([false, true]), "{connection}: {columns}");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_columns_are_followed() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let place = Place::<Postgres>::postgres(&admin, "main").await;
    place.sql(&format!(
        "{TABLES} create table kids () inherits (people); insert into kids values (3, '{SECRET}');
        create function pets() returns setof text language sql as 'select pet from people';
        create view veiled as select 'x ' || pets.pets as v from pets();
        grant all on all tables in schema public to public; grant all on schema public to public"
    ));
    cover(&admin, "main").await;
    follows(&admin, "main").await;
    for query in [
        "select pet as x from kids",
        "select p::text from people p",
        "select to_json(p) as x from people p",
        "select array_agg(pet) as x from people",
        "select string_agg(pet, ',') over () as x from people",
        // Its definition reads a function, so that it may be anything.
        "select v as x from veiled",
        "select query_to_xml('select pet from people', true, false, '') as x",
        "set search_path = public; select lower(pet) as x from people",
        "update people set id = id where id = 1 returning pet as x",
        "insert into goods select id + 10, pet from people where id = 1 returning pet",
        "with w as (insert into goods select id + 10, pet from people returning pet as z) select z from w",
        "update goods set pet = p.pet from people p where p.id = goods.id returning goods.pet",
        "create temp table t as select pet as z from people; select z from t",
        "select (p).pet as x from people p",
        "select y as x from people p, lateral (select lower(p.pet) as y) l",
        "select unnest(array[pet]) as x from people",
        "values ((select pet from people limit 1))",
        "select b as x from people as t(a, b)",
        "select x from people natural join (select id, lower(pet) as x from people) p",
        "begin; declare c cursor for select lower(pet) as x from people; fetch all from c; commit",
        "prepare q as select lower(pet) as x from people; execute q",
        "select (select string_agg(pet, '') from people) || '' as x from goods limit 1",
        "select x from (select pet as x from goods union all select pet from people) u",
        "select coalesce(nullif(g.pet, 'cat food'), p.pet) as x from goods g, people p",
        "select row_to_json(p) as x from people p",
        "select x.value as v from people p, json_each_text(to_json(p)) x where x.key = 'pet'",
        "table people",
        "with recursive w(x, n) as (select pet, 1 from people union select lower(x), n + 1 from w where n < 3) select x as y from w",
        "select p.* from goods g left join people p using (id)",
        "select distinct on (pet) pet as x from people",
        "select first_value(pet) over (order by id) as x from people",
        "select format('%s', pet) as x from people",
        "select regexp_split_to_table(pet, 'z') as x from people",
        "do $$ begin perform 1; end $$; select lower(pet) as x from people",
    ] {
        never_leaves(&admin, "main", query).await;
    }
    let plan = admin
        .exec("main", "explain select lower(pet) from people")
        .await;
    let told = plan["output"].as_str().unwrap();
    assert!(
        told.contains("Scan on people"),
        "a plan is no value: {plan}"
    );
    // What a run makes is known to the next.
    admin
        .exec("main", "create view later as select pet as z from people")
        .await;
    never_leaves(&admin, "main", "select reverse(reverse(z)) as x from later").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_columns_are_followed() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let place = Place::<MariaDb>::mariadb(&admin, "main").await;
    let name = &place.database.name;
    place.server.mariadb(&format!("use {name}; {TABLES}"));
    cover(&admin, "main").await;
    follows(&admin, "main").await;
    for query in [
        "select UPPER(`PET`) as x from people",
        &format!("select lower(pet) as x from {name}.people"),
        &format!("use {name}; select lower(pet) as x from people"),
        "select json_object('a', pet) as x from people",
        "select group_concat(pet) as x from people",
    ] {
        never_leaves(&admin, "main", query).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_columns_are_followed() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let _file = connect_sqlite(&admin, "main").await;
    admin.exec("main", TABLES).await;
    cover(&admin, "main").await;
    follows(&admin, "main").await;
    never_leaves(
        &admin,
        "main",
        "select json_group_array(pet) as x from people",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_chosen_by_masked_columns_as_the_rule_says() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let _file = connect_sqlite(&admin, "main").await;
    admin.exec("main", TABLES).await;
    let rule = cover(&admin, "main").await;
    let column = &rule["column_rules"][0];
    assert!(column.get("predicates").is_none(), "{rule}");
    let query = "select id from people where pet like 'q%'";
    assert_eq!(admin.exec("main", query).await["output_status"], "success");
    let column_rules = json!([{"table": "people", "column": "pet", "predicates": "refuse"}]);
    let change = json!({"id": "main", "column_rules": column_rules});
    let kept = admin
        .call("datamasking_rules_update", change)
        .await
        .unwrap();
    assert_eq!(kept["column_rules"], column_rules);
    for query in [
        query,
        "select id from people order by pet",
        "select count(*) from people group by pet",
        "select g.id from goods g join people p on p.pet = g.pet",
        "select id from holders where animal > 'a'",
        "select id from people where exists (select 1 from people p where p.pet = 'x')",
        "select id from people where pet = = 1",
    ] {
        let envelope = admin.exec("main", query).await;
        assert_eq!(envelope["output_status"], "blocked", "{query}: {envelope}");
        assert_eq!(envelope["failure"]["code"], "guardrail_blocked");
        let told = envelope["output"].as_str().unwrap();
        assert!(told.contains("Masking rule \"main\""), "{query}: {told}");
    }
    let allowed = admin
        .exec("main", "select id from people where id = 1")
        .await;
    assert_eq!(allowed["output_status"], "success", "{allowed}");
    let asked = json!({"connection_name": "main", "input": query});
    let preview = admin.call("policy_preview", asked).await.unwrap();
    assert_eq!(preview["decision"], "blocked", "{preview}");
    assert_eq!(preview["guardrails"][0]["rule_name"], "main", "{preview}");
}
