//! Scripts that PostgreSQL is asked again and again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect::{BoxFuture, Halt, Sink, Target};
use model::{Code, ColumnSource, Piece};
use testkit::servers::Postgres;

use crate::hostile::pooler;
use crate::recorder::{Ask, run, run_into, say, server};
use crate::tap::Tap;

/// A target behind a tap, and the name of its database.
async fn tapped(postgres: &Postgres) -> (Arc<dyn Target>, Tap, String) {
    let mut database = postgres.database();
    let (tap, port) = Tap::before(database.port).await;
    database.port = port;
    let target = server("postgres", &database, &[("SSLMODE", "disable")]);
    (target, tap, database.name)
}

#[tokio::test]
async fn the_answer_is_the_same_every_time() {
    let postgres = Postgres::shared();
    let (target, tap, _) = tapped(&postgres).await;
    let long = format!("select {}1", "1, ".repeat(1664));
    for (script, is_prepared) in [
        ("select 1", true),
        (
            "SELECT 1 AS a, 1.50, 99999999999999999999, null, true as b;",
            true,
        ),
        (
            "select current_user, session_user as me, current_schema",
            true,
        ),
        ("show server_version", true),
        ("show search_path;", true),
        ("select nothing", false),
        ("select 1,\n  no.such", false),
        (&long, false),
    ] {
        let first = say(&*target, script).await;
        assert_eq!(tap.heard(), "Q", "{script}");
        for time in 1..10 {
            assert_eq!(say(&*target, script).await, first, "{script}");
            let heard = match (is_prepared, time) {
                (false, _) => "Q",
                (true, 1) => "PBDES",
                (true, _) => "BDES",
            };
            assert_eq!(tap.heard(), heard, "{script}");
        }
    }
    let (said, code) = say(&*target, "select 1,\n  no.such").await;
    let place = "LINE 2:   no.such\n          ^\n";
    assert!(said.ends_with(place) && code == 1, "{said}");
}

#[tokio::test]
async fn what_may_change_a_session_is_never_prepared() {
    let postgres = Postgres::shared();
    let (target, tap, _) = tapped(&postgres).await;
    for script in [
        "select",
        "",
        "select where false",
        "select 'x'::text, array[1, null], '{}'::jsonb, 1.5::float8",
        "select g, repeat('x', 9000) from generate_series(1, 50) g",
        "do $$ begin raise notice 'heard'; end $$",
        "select 1; select 2",
        "select 1 / 0",
    ] {
        let first = say(&*target, script).await;
        for _ in 0..3 {
            assert_eq!(say(&*target, script).await, first, "{script}");
        }
        let heard = tap.heard();
        let is_simple = heard.bytes().all(|it| it == b'Q');
        assert!(is_simple, "{script}: {heard}");
    }
}

/// The tables that columns of an answer come from.
#[derive(Default)]
struct Origins(Vec<u32>);

impl Sink for Origins {
    fn push(&mut self, piece: Piece) -> BoxFuture<'_, Result<(), Halt>> {
        if let Piece::Columns(columns) = piece {
            self.0 = columns
                .iter()
                .filter_map(|column| match column.source {
                    Some(ColumnSource::Attribute { table, .. }) => Some(table),
                    _ => None,
                })
                .collect();
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

#[tokio::test]
async fn a_changed_table_is_told_as_it_is() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let target = server("postgres", &database, &[]);
    for (change, columns) in [
        (
            "create table t (a int, b int)",
            "a:int4:Integer|b:int4:Integer",
        ),
        (
            "alter table t alter a type text",
            "a:text:Text|b:int4:Integer",
        ),
        ("alter table t rename a to c", "c:text:Text|b:int4:Integer"),
        ("alter table t drop b", "c:text:Text"),
        ("drop table t; create table t (a bool)", "a:bool:Bool"),
    ] {
        let owned = format!("set role owner; {change}");
        postgres.psql(&database.name, &owned);
        let oid = postgres.psql(&database.name, "select 't'::regclass::oid");
        let oid: u32 = oid.trim().parse().unwrap();
        for _ in 0..3 {
            let (said, _) = say(&*target, "select * from t").await;
            assert_eq!(said, format!("# {columns}\ndone \"\" None\n"), "{change}");
            let mut origins = Origins::default();
            let ask = Ask {
                input: "select * from t",
                ..Ask::default()
            };
            run_into(&*target, ask, &mut origins).await.unwrap();
            assert!(!origins.0.is_empty(), "{change}");
            assert!(origins.0.iter().all(|it| *it == oid), "{change}");
        }
    }
}

#[tokio::test]
async fn no_script_sees_what_others_asked() {
    let postgres = Postgres::shared();
    let (target, tap, _) = tapped(&postgres).await;
    let spy = "select name, statement from pg_prepared_statements";
    for read_only in [false, true, false] {
        for _ in 0..3 {
            assert_eq!(say(&*target, "select 1 as private").await.1, 0);
        }
        assert!(tap.heard().contains("BDES"));
        let ask = Ask {
            input: spy,
            read_only,
            ..Ask::default()
        };
        let (recorder, finish) = run(&*target, ask).await;
        assert_eq!((recorder.rows, finish.unwrap().exit_code), (0, 0));
        let script = if read_only { "QQCPBDES" } else { "CQ" };
        assert!(tap.heard().starts_with(script));
    }
    for script in ["discard all", "deallocate all"] {
        for _ in 0..3 {
            assert_eq!(say(&*target, "select 1 as private").await.1, 0);
        }
        let (said, _) = say(&*target, script).await;
        assert_eq!(said, format!("done \"{}\" None\n", script.to_uppercase()));
    }
    assert_eq!(say(&*target, "select 1 as private").await.1, 0);
}

#[tokio::test]
async fn a_statement_that_the_server_lost_is_asked_simply() {
    let postgres = Postgres::shared();
    for (loss, asked, later) in [
        // As behind a pooler that goes to another server.
        ("deallocate all", "BDESQ", "Q"),
        ("prepare \"{name}\" as select 2", "PBDESQ", "Q"),
        // As after a change of a table.
        (
            "deallocate all; create table t (a int); prepare \"{name}\" as select * from t;
             alter table t add b int",
            "BDESQ",
            "CQ",
        ),
    ] {
        let (target, tap, _) = tapped(&postgres).await;
        let first = say(&*target, "select 1").await;
        if asked.starts_with('B') {
            assert_eq!(say(&*target, "select 1").await, first);
        }
        tap.heard();
        tap.whisper(loss);
        assert_eq!(say(&*target, "select 1").await, first, "{loss}");
        assert_eq!(tap.heard(), asked, "{loss}");
        assert_eq!(say(&*target, "select 1").await, first, "{loss}");
        assert_eq!(tap.heard(), later, "{loss}");
        assert_eq!(say(&*target, "select 1").await, first, "{loss}");
        // Where statements do not last, none is prepared again.
        let again = if later == "Q" { "Q" } else { "PBDES" };
        assert_eq!(tap.heard(), again, "{loss}");
    }
}

#[tokio::test]
async fn a_prepared_run_ends_in_time() {
    let postgres = Postgres::shared();
    let (target, tap, _) = tapped(&postgres).await;
    let slow = "deallocate all; prepare \"{name}\" as select pg_sleep(600)";
    let prepare = || async {
        for _ in 0..2 {
            assert_eq!(say(&*target, "select 1").await.1, 0);
        }
    };
    prepare().await;
    tap.whisper(slow);
    let ask = Ask {
        input: "select 1",
        timeout: Some(Duration::from_millis(300)),
        ..Ask::default()
    };
    let begun = Instant::now();
    let (recorder, finish) = run(&*target, ask).await;
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(recorder.code.as_deref(), Some("57014"));
    assert_eq!(finish.unwrap().failure.unwrap().code, Code::Timeout);

    prepare().await;
    tap.whisper(&format!("set statement_timeout to 50; {slow}"));
    let ask = Ask {
        input: "select 1",
        ..Ask::default()
    };
    let (recorder, finish) = run(&*target, ask).await;
    assert_eq!(recorder.code.as_deref(), Some("57014"));
    let finish = finish.unwrap();
    assert_eq!((finish.exit_code, finish.failure), (1, None));
    tap.heard();
    // What failed is closed before it is asked again.
    assert_eq!(say(&*target, "select 1").await.1, 0);
    assert_eq!(tap.heard(), "CQ");
}

#[tokio::test]
async fn a_session_keeps_few_statements() {
    let postgres = Postgres::shared();
    let (target, tap, database) = tapped(&postgres).await;
    for round in 0..3 {
        for number in 0..40 {
            let script = format!("select {number}");
            for _ in 0..2 {
                let said = format!("# ?column?:int4:Integer\n{number}\ndone \"\" None\n");
                assert_eq!(say(&*target, &script).await, (said, 0), "{round}");
            }
        }
    }
    tap.whisper("create table kept as select count(*) n from pg_prepared_statements");
    assert_eq!(say(&*target, "select 39").await.1, 0);
    assert_eq!(postgres.psql(&database, "select n from kept").trim(), "32");
}

#[tokio::test]
async fn nothing_is_prepared_behind_a_pooler() {
    let postgres = Postgres::shared();
    let mut database = postgres.database();
    let (tap, port) = Tap::before(database.port).await;
    database.port = pooler(port).await;
    let target = server("postgres", &database, &[("SSLMODE", "disable")]);
    for _ in 0..3 {
        assert_eq!(say(&*target, "select 1").await.1, 0);
    }
    let heard = tap.heard();
    assert!(heard.bytes().all(|it| it == b'Q'), "{heard}");
}
