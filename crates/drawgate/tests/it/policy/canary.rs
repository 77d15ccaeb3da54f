//! A value that rules cover is found nowhere outside of its target: random statements
//! and commands read it in every way and over every channel.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use testkit::servers::Postgres;

use crate::gateway::{Client, Engine, Gateway};
use crate::secrets::canary::{Canary, none_in, none_in_files};
use crate::targets::{Place, connect_sqlite, connect_to, exec_with, read_to_end};

/// Runs of one target.
const CASES: usize = 60;

/// One run: where, what, and in which format its answer is asked for.
#[derive(Clone, Debug)]
struct Case {
    input: String,
    format: &'static str,
}

/// An expression on the covered column of `v`, of functions that both databases have.
fn expression() -> impl Strategy<Value = String> {
    let leaf = Just("v.secret".to_owned());
    leaf.prop_recursive(4, 12, 1, |inner| {
        prop_oneof![
            inner.clone().prop_map(|x| format!("lower({x})")),
            inner.clone().prop_map(|x| format!("upper({x})")),
            inner.clone().prop_map(|x| format!("({x} || ' and more')")),
            inner.clone().prop_map(|x| format!("coalesce({x}, '-')")),
            inner
                .clone()
                .prop_map(|x| format!("replace({x}, 'zz', '')")),
            inner
                .clone()
                .prop_map(|x| format!("cast({x} as varchar(400))")),
            inner
                .clone()
                .prop_map(|x| format!("case when v.n > 0 then {x} else 'none' end")),
            inner.prop_map(|x| format!("max({x}) over ()")),
        ]
    })
    // Window functions do not nest.
    .prop_filter("one window", |x| x.matches("over ()").count() < 2)
}

/// A query that answers an expression, in every place that it can come from.
fn query() -> impl Strategy<Value = String> {
    let shape = prop_oneof![
        Just("select EXPR as a from vault v"),
        Just("select v.n, EXPR, v.* from vault v order by v.n"),
        Just("with w as (select EXPR as x from vault v) select x as a, w.* from w"),
        Just("select 1 as n, 'x' as a union all select v.n, EXPR from vault v"),
        Just("select (select EXPR from vault v limit 1) as a"),
        Just("select EXPR as \"two words\" from shown v join vault o on o.n = v.n"),
        Just("select s.q from (select EXPR as q from shown v) s group by s.q"),
        Just("select 'first' as a; select EXPR as a from vault v"),
        Just("update vault as v set n = n returning (select v.secret) as a"),
    ];
    (shape, expression()).prop_map(|(shape, expression)| shape.replace("EXPR", &expression))
}

/// What PostgreSQL says beside rows: notices, errors, details, encodings.
fn saying() -> impl Strategy<Value = String> {
    let shape = prop_oneof![
        Just(
            "do $$ declare t text; begin select EXPR into t from vault v; raise notice 'it is %', t; end $$"
        ),
        Just(
            "do $$ declare t text; begin select EXPR into t from vault v; raise exception 'not %', t; end $$"
        ),
        Just("select cast(EXPR as int) from vault v"),
        Just("insert into vault select v.n, v.secret from vault v where EXPR <> ''"),
        Just("select encode(convert_to(EXPR, 'UTF8'), 'hex') as a from vault v"),
        Just("select encode(convert_to(EXPR, 'UTF8'), 'base64') as a from vault v"),
        Just("select json_build_object('deep', array[EXPR]) as a from vault v"),
        Just("select array_agg(v) as a, row(EXPR) from vault v group by v.n, v.secret"),
        Just("select to_jsonb(v) -> 'secret' as a, EXPR from vault v"),
        Just("explain (analyze, costs off) select EXPR from vault v where v.secret <> 'x'"),
        Just("copy (select EXPR from vault v) to stdout"),
        Just("select query_to_xml('select * from vault', true, true, '') as a"),
        Just("select xmlforest(EXPR as a) from vault v"),
    ];
    let plain = expression().prop_filter("no window", |x| !x.contains("over ()"));
    (shape, plain).prop_map(|(shape, expression)| shape.replace("EXPR", &expression))
}

/// A command that writes the value in pieces, to both streams.
fn command() -> impl Strategy<Value = String> {
    let cut = 0..30_usize;
    let to = prop_oneof![Just(""), Just(" >&2")];
    (cut, to.clone(), to, any::<bool>()).prop_map(|(cut, first, second, is_named)| {
        let name = if is_named { "printf 'token: ';" } else { "" };
        let rest = cut + 1;
        format!(
            "{name} head -c {cut} \"$FILE\"{first}; sleep 0.02; tail -c +{rest} \"$FILE\"{first}; \
             echo; cat \"$FILE\"{second}; cat \"$FILE\" \"$FILE\""
        )
    })
}

fn cases(inputs: impl Strategy<Value = String>, formats: &'static [&'static str]) -> Vec<Case> {
    let mut runner = TestRunner::new(Config::default());
    let case = (inputs, proptest::sample::select(formats))
        .prop_map(|(input, format)| Case { input, format });
    let drawn = (0..CASES).map(|_| case.new_tree(&mut runner).unwrap().current());
    drawn.collect()
}

/// Covers the column by where it is on two connections, and by its form on two others.
async fn cover(admin: &Client) {
    let places = json!({"name": "places", "connection_ids": ["rows", "lite"],
        "column_rules": [{"table": "vault", "column": "secret"}]});
    let forms = json!({"name": "forms", "connection_ids": ["main", "bash"],
        "custom_entity_types": [{"name": "CANARY", "regex": "(?i)c[0-9a-f]{24}"}]});
    for rule in [places, forms] {
        admin.call("datamasking_rules_create", rule).await.unwrap();
    }
}

/// Runs the cases and looks at everything that is told of them.
async fn confined(admin: &Client, connection: &str, canary: &Canary, cases: &[Case]) {
    let mut succeeded = 0;
    for Case { input, format } in cases {
        let envelope = exec_with(admin, connection, input, json!({"format": format})).await;
        let place = format!("{connection}: {input}");
        let mut told = envelope.to_string();
        told.push_str(&read_to_end(admin, &envelope["session_id"], None).await);
        let id = json!({"id": envelope["session_id"]});
        told.push_str(&admin.call("sessions_get", id).await.unwrap().to_string());
        none_in([canary], &place, told.as_bytes());
        none_in([canary], &place, told.to_lowercase().as_bytes());
        succeeded += usize::from(envelope["output_status"] == "success");
    }
    // Statements that are wrong would prove nothing.
    assert!(
        succeeded * 2 > cases.len(),
        "{succeeded} of {}",
        cases.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_covered_value_is_found_nowhere() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let canary = Canary::plain("the covered value");
    let value = &canary.value;
    let tables = format!(
        "create table vault (n int primary key, secret text default '{value}' unique);
        insert into vault (n) values (1); create view shown as select n, secret from vault;"
    );
    let place = Place::<Postgres>::postgres(&admin, "main").await;
    place.sql(&format!("{tables} grant all on vault, shown to public"));
    let _file = connect_sqlite(&admin, "lite").await;
    // What is asked is on record as it is: the value is never asked in one piece.
    let (start, end) = value.split_at(9);
    let filling = format!(
        "create table vault (n int primary key, secret text unique);
        insert into vault values (1, '{start}' || '{end}');
        create view shown as select n, secret from vault"
    );
    admin.exec("lite", &filling).await;
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), value).unwrap();
    let path = secret.path().to_str().unwrap();
    let new = json!({"name": "bash", "type": "custom", "command": ["bash"],
        "secrets": {"envvar:FILE": STANDARD.encode(path)}});
    admin.call("connections_create", new).await.unwrap();
    connect_to(&admin, "rows", "postgres", &place.database).await;
    cover(&admin).await;

    let both = &["text", "rows"];
    confined(&admin, "main", &canary, &cases(query(), both)).await;
    confined(&admin, "rows", &canary, &cases(query(), both)).await;
    confined(&admin, "lite", &canary, &cases(query(), both)).await;
    confined(&admin, "bash", &canary, &cases(command(), &["text"])).await;
    for Case { input, format } in cases(saying(), both) {
        let envelope = exec_with(&admin, "main", &input, json!({"format": format})).await;
        let recorded = read_to_end(&admin, &envelope["session_id"], None).await;
        none_in(
            [&canary],
            &input,
            format!("{envelope}{recorded}").as_bytes(),
        );
    }
    let columns = json!({"connection_name": "main", "table": "vault"});
    let columns = admin.call("connection_columns", columns).await.unwrap();
    assert!(columns.to_string().contains("<CANARY>"), "{columns}");
    none_in([&canary], "the schema", columns.to_string().as_bytes());
    let sessions = json!({"limit": 200});
    let sessions = admin.call("sessions_list", sessions).await.unwrap();
    none_in([&canary], "the sessions", sessions.to_string().as_bytes());
    none_in([&canary], "the log", gateway.said.lock().as_bytes());
    let files = none_in_files(&[canary], &gateway.data);
    assert!(files > 1, "{files} files were looked into");
}
