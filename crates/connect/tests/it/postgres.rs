//! PostgreSQL.

use std::time::{Duration, Instant};

use connect::Stage;
use model::Code;
use testkit::servers::Postgres;
use tokio_util::sync::CancellationToken;

use crate::recorder::{Ask, run, say, server};

#[tokio::test]
async fn results_tags_and_notices_are_those_of_the_server() {
    let postgres = Postgres::shared();
    let target = server("postgres", &postgres.database(), &[]);
    let script = "create table t (a int primary key, b text, c bool, d jsonb, e numeric);
        insert into t values (1, 'x', true, '{\"k\": 1}', 1.50), (2, null, null, null, null);
        select * from t order by a; select 1 where false; drop table if exists nothing;
        update t set b = 'y'; delete from t where a = 2 returning a";
    let (said, code) = say(&*target, script).await;
    assert_eq!(
        said,
        "done \"CREATE TABLE\" None
done \"INSERT 0 2\" Some(2)
# a:int4:Integer|b:text:Text|c:bool:Bool|d:jsonb:Json|e:numeric:Decimal
1|x|t|{\"k\": 1}|1.50
2|NULL|NULL|NULL|NULL
done \"\" None
# ?column?:int4:Integer
done \"\" None
NOTICE:  table \"nothing\" does not exist, skipping
done \"DROP TABLE\" None
done \"UPDATE 2\" Some(2)
# a:int4:Integer
2
done \"DELETE 1\" Some(1)
"
    );
    assert_eq!(code, 0);
    let ask = Ask {
        input: "select a, b, a + 1 from t",
        ..Ask::default()
    };
    assert_eq!(run(&*target, ask).await.0.sources, 2);
}

#[tokio::test]
async fn copy_gives_bytes_and_takes_none() {
    let postgres = Postgres::shared();
    let target = server("postgres", &postgres.database(), &[]);
    let ask = Ask {
        input: "copy (values (1, 'x')) to stdout",
        ..Ask::default()
    };
    let (recorder, _) = run(&*target, ask).await;
    assert_eq!(recorder.output, b"1\tx\n");
    assert_eq!(recorder.text, "done \"COPY 1\" None\n");
    let ask = Ask {
        input: "copy (select i, 'x' from generate_series(1, 100000) i) to stdout; select 1",
        ..Ask::default()
    };
    let (recorder, _) = run(&*target, ask).await;
    let rows: String = (1..=100_000).map(|row| format!("{row}\tx\n")).collect();
    assert!(recorder.output == rows.as_bytes());
    assert!(recorder.outputs < 20, "{} pieces", recorder.outputs);
    let (said, code) = say(&*target, "create table c (a int); copy c from stdin").await;
    assert!(said.contains("COPY FROM STDIN has no input here"), "{said}");
    assert_eq!(code, 1);
    assert_eq!(say(&*target, "select 1").await.1, 0);
}

#[tokio::test]
async fn errors_read_as_in_psql() {
    let postgres = Postgres::shared();
    let target = server("postgres", &postgres.database(), &[]);
    let ask = Ask {
        input: "select 1;\nselect lenght('x')",
        ..Ask::default()
    };
    let (recorder, finish) = run(&*target, ask).await;
    assert_eq!(
        recorder.text,
        "# ?column?:int4:Integer
1
done \"\" None
ERROR:  42883: function lenght(unknown) does not exist
LINE 2: select lenght('x')
               ^
HINT:  No function matches the given name and argument types. You might need to add explicit type casts.
"
    );
    assert_eq!(recorder.code.as_deref(), Some("42883"));
    let finish = finish.unwrap();
    assert_eq!((finish.exit_code, finish.failure), (1, None));
}

#[tokio::test]
async fn a_run_ends_soon_when_stopped_or_too_slow_or_unwanted() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let target = server("postgres", &database, &[]);
    // A session is kept for each run, so that no login is measured.
    assert_eq!(say(&*target, "select 1").await.1, 0);
    let stop = CancellationToken::new();
    let ask = Ask {
        input: "select pg_sleep(60)",
        stop: stop.clone(),
        ..Ask::default()
    };
    let begun = Instant::now();
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stop.cancel();
    };
    let ((recorder, finish), ()) = tokio::join!(run(&*target, ask), stopping);
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(recorder.code.as_deref(), Some("57014"));
    assert_eq!(finish.unwrap().exit_code, 1);

    assert_eq!(say(&*target, "select 1").await.1, 0);
    let ask = Ask {
        input: "select pg_sleep(60)",
        timeout: Some(Duration::from_millis(300)),
        ..Ask::default()
    };
    let begun = Instant::now();
    let finish = run(&*target, ask).await.1.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(finish.failure.unwrap().code, Code::Timeout);

    let ask = Ask {
        input: "select generate_series(1, 100000000), repeat('x', 100)",
        most_rows: Some(10),
        ..Ask::default()
    };
    let begun = Instant::now();
    run(&*target, ask).await.1.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20));
    let left = "select count(*) from pg_stat_activity where state = 'active' and datname = ";
    let left = postgres.psql("postgres", &format!("{left}'{}'", database.name));
    assert_eq!(left.trim(), "0");
}

#[tokio::test]
async fn nothing_of_a_session_reaches_the_next_run() {
    let postgres = Postgres::shared();
    let target = server("postgres", &postgres.database(), &[]);
    let script = "set search_path to nowhere; create temp table left_over (a int);
        select set_config('my.secret', 'x', false); begin; select 1/0";
    for _ in 0..4 {
        assert_eq!(say(&*target, script).await.1, 1);
        let asked = "select current_setting('search_path'), current_setting('my.secret', true),
            to_regclass('pg_temp.left_over')";
        let (said, code) = say(&*target, asked).await;
        assert_eq!(code, 0);
        let row = said.lines().nth(1).unwrap();
        assert!(row.starts_with("\"$user\", public|"), "{row}");
        assert!(row.ends_with("|NULL") && !row.contains('x'), "{row}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_an_operator_of_a_user_leaves_reaches_no_other_run() {
    let postgres = Postgres::shared();
    let target = server("postgres", &postgres.database(), &[]);
    let script = "create function leave(int, int) returns bool language plpgsql as
            $$ begin perform set_config('my.secret', 'x', false); return true; end $$;
        create operator ~~ (leftarg = int, rightarg = int, function = leave)";
    assert_eq!(say(&*target, script).await.1, 0);
    assert_eq!(say(&*target, "select 1 like 2").await.1, 0);
    let (said, _) = say(&*target, "select current_setting('my.secret', true)").await;
    let row = said.lines().nth(1).unwrap();
    assert!(row.is_empty() || row == "NULL", "{said}");
}

#[tokio::test]
async fn a_read_only_run_cannot_write() {
    let postgres = Postgres::shared();
    let target = server("postgres", &postgres.database(), &[]);
    say(&*target, "create table w (a int)").await;
    for input in [
        "insert into w values (1)",
        "commit; set session characteristics as transaction read write; insert into w values (1)",
        "do $$ begin commit; set transaction read write; insert into w values (1); end $$",
        "do $$ begin perform set_config('transaction_read_only', 'off', false); insert into w values (1); end $$",
    ] {
        let ask = Ask {
            input,
            read_only: true,
            ..Ask::default()
        };
        let (recorder, finish) = run(&*target, ask).await;
        assert_eq!(finish.unwrap().exit_code, 1, "{input}: {}", recorder.text);
    }
    let ask = Ask {
        input: "select count(*) from w;",
        read_only: true,
        ..Ask::default()
    };
    let (recorder, _) = run(&*target, ask).await;
    assert_eq!(recorder.text, "# count:int8:Integer\n0\ndone \"\" None\n");
    assert_eq!(say(&*target, "insert into w values (1)").await.1, 0);
}

#[tokio::test]
async fn logins_and_their_failures_tell_the_stage() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    for user in ["owner", "by_md5", "by_cleartext"] {
        let target = server("postgres", &database, &[("USER", user)]);
        let probe = target.probe(Duration::from_secs(5)).await;
        assert_eq!(probe.stage, Stage::Ready, "{user}: {:?}", probe.fault);
        assert!(probe.server_version.is_some());
    }
    let failing: [(&[(&str, &str)], Stage); 4] = [
        (&[("PASS", "wrong")], Stage::Auth),
        (&[("PORT", "1")], Stage::Tcp),
        (&[("HOST", "no.such.host.invalid")], Stage::Resolve),
        (&[("SSLMODE", "require")], Stage::Tls),
    ];
    for (more, stage) in failing {
        let target = server("postgres", &database, more);
        let fault = target.probe(Duration::from_secs(9)).await.fault.unwrap();
        assert_eq!((fault.stage, fault.code), (stage, Code::Unavailable));
        for sealed in ["wrong", "127.0.0.1", "no.such.host"] {
            assert!(!fault.message.contains(sealed), "{fault}");
        }
        let (_, finish) = run(&*target, Ask::default()).await;
        assert_eq!(finish.unwrap_err().stage, stage);
    }
}

#[tokio::test]
async fn tls_is_verified_except_under_require() {
    let postgres = Postgres::start_tls();
    let mut database = postgres.database();
    database.user = "only_tls".into();
    let roots = postgres.authority().unwrap();
    let ready = [
        vec![("SSLMODE", "require")],
        vec![("SSLMODE", "verify-full"), ("SSLROOTCERT", roots)],
        vec![("SSLROOTCERT", roots), ("HOST", "localhost")],
    ];
    for more in ready {
        let target = server("postgres", &database, &more);
        let (said, _) = say(
            &*target,
            "select ssl from pg_stat_ssl where pid = pg_backend_pid()",
        )
        .await;
        assert_eq!(said.lines().nth(1), Some("t"));
    }
    for (mode, stage) in [
        ("verify-full", Stage::Tls),
        ("prefer", Stage::Tls),
        ("disable", Stage::Auth),
    ] {
        let target = server("postgres", &database, &[("SSLMODE", mode)]);
        let probe = target.probe(Duration::from_secs(5)).await;
        assert_eq!(probe.stage, stage, "{mode}");
    }
}

#[tokio::test]
async fn rows_are_told_while_the_run_goes_on() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let target = server("postgres", &database, &[]);
    // The run ends when the first rows are there: they did not wait for more.
    // The server itself holds back some KiB.
    for input in [
        "select repeat('x', 10000), pg_sleep(case when i > 3 then 600 else 0 end)
            from generate_series(1, 5) i",
        "select repeat('x', 10000) from generate_series(1, 2); select pg_sleep(600)",
    ] {
        let ask = Ask {
            input,
            most_rows: Some(1),
            timeout: Some(Duration::from_secs(60)),
            ..Ask::default()
        };
        let (recorder, finish) = run(&*target, ask).await;
        assert_eq!(finish.unwrap().failure, None, "{input}");
        assert!(recorder.rows < 10, "{} rows: {input}", recorder.rows);
    }
}

#[tokio::test]
async fn an_open_transaction_is_told_of() {
    let postgres = Postgres::shared();
    let target = server("postgres", &postgres.database(), &[]);
    let warning = "WARNING:  the transaction that the script left open is rolled back\n";
    let script = "create table t (a int); begin; insert into t values (1)";
    let (said, code) = say(&*target, script).await;
    assert!(said.ends_with(warning) && code == 0, "{said}");
    let (said, _) = say(&*target, "begin; select 1 / 0").await;
    let end = format!("ERROR:  22012: division by zero\n{warning}");
    assert!(said.ends_with(&end), "{said}");
    let (said, _) = say(&*target, "begin; create table t (a int); commit").await;
    assert!(!said.contains(warning), "{said}");
    let ask = Ask {
        input: "select count(*) from t",
        read_only: true,
        ..Ask::default()
    };
    let said = run(&*target, ask).await.0.text;
    assert_eq!(said, "# count:int8:Integer\n0\ndone \"\" None\n");
}

#[tokio::test]
async fn a_session_that_died_is_replaced() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let target = server("postgres", &database, &[]);
    assert_eq!(say(&*target, "select 1").await.1, 0);
    postgres.psql(
        "postgres",
        &format!(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{}'",
            database.name
        ),
    );
    assert_eq!(say(&*target, "select 1").await.1, 0);
}
