//! MySQL, as MariaDB speaks it.

use std::time::{Duration, Instant};

use connect::Stage;
use model::Code;
use testkit::servers::{MariaDb, Network};
use tokio_util::sync::CancellationToken;

use crate::recorder::{Ask, run, say, server};

#[tokio::test]
async fn results_and_tags_come_in_order() {
    let mariadb = MariaDb::shared();
    let target = server("mysql", &mariadb.database(), &[]);
    let script = "create table t (a bigint unsigned primary key, b varchar(9), c varbinary(4), d decimal(9,2), e double, f datetime(3));
        insert into t values (18446744073709551615, 'ö;', x'00ff', 1.50, 0.1, '2024-01-02 03:04:05.006'), (2, null, null, null, null, null);
        select * from t order by a desc; select 1 as x where false; update t set b = 'y'; delete from t where a = 2";
    let (said, code) = say(&*target, script).await;
    assert_eq!(
        said,
        "done \"CREATE TABLE\" None
done \"INSERT 2\" Some(2)
# a:bigint unsigned:Integer|b:varchar:Text|c:varbinary:Binary|d:decimal:Decimal|e:double:Float|f:datetime:Text
18446744073709551615|ö;|\\x00ff|1.50|0.1|2024-01-02 03:04:05.006
2|NULL|NULL|NULL|NULL|NULL
done \"\" None
# x:int:Integer
done \"\" None
done \"UPDATE 2\" Some(2)
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
async fn values_of_every_type_are_those_of_the_server() {
    let mariadb = MariaDb::shared();
    let target = server("mysql", &mariadb.database(), &[]);
    for (kind, value, expected) in [
        ("time", "'-838:59:59'", "time:Text\n-838:59:59"),
        ("time(3)", "'00:00:00.5'", "time:Text\n00:00:00.500"),
        ("year", "1999", "year:Integer\n1999"),
        ("date", "'0000-00-00'", "date:Text\n0000-00-00"),
        (
            "datetime",
            "'2024-00-00'",
            "datetime:Text\n2024-00-00 00:00:00",
        ),
        (
            "datetime(6)",
            "'9999-12-31 23:59:59.999999'",
            "datetime:Text\n9999-12-31 23:59:59.999999",
        ),
        // MariaDB keeps documents as text.
        ("json", "'{\"a\": [null]}'", "text:Text\n{\"a\": [null]}"),
        ("blob", "'a'", "blob:Binary\n\\x61"),
        ("longblob", "x''", "blob:Binary\n\\x"),
        ("text", "'ö'", "text:Text\nö"),
        ("set('a','b','c')", "'c,a'", "set:Text\na,c"),
        ("enum('a','b')", "'b'", "enum:Text\nb"),
        ("char(3)", "'ab '", "char:Text\nab"),
        ("binary(3)", "'a'", "binary:Binary\n\\x610000"),
        (
            "bigint unsigned",
            "18446744073709551615",
            "bigint unsigned:Integer\n18446744073709551615",
        ),
        (
            "bigint",
            "-9223372036854775808",
            "bigint:Integer\n-9223372036854775808",
        ),
        (
            "decimal(65,30)",
            "-1.5",
            "decimal:Decimal\n-1.500000000000000000000000000000",
        ),
        (
            "double",
            "1.7976931348623157e308",
            "double:Float\n1.7976931348623157e308",
        ),
        // The server itself rounds these to six digits in text.
        ("float", "16777216", "float:Float\n16777200"),
        ("float", "0.1", "float:Float\n0.1"),
        ("bool", "true", "tinyint:Integer\n1"),
        (
            "point",
            "point(1, 2)",
            "geometry:Binary\n\\x000000000101000000000000000000f03f0000000000000040",
        ),
    ] {
        let script = format!(
            "set sql_mode = ''; create or replace table t (v {kind}); insert into t values ({value})"
        );
        assert_eq!(say(&*target, &script).await.1, 0, "{kind}");
        let (said, _) = say(&*target, "select v from t").await;
        assert_eq!(
            said,
            format!("# v:{expected}\ndone \"\" None\n"),
            "{kind} {value}"
        );
    }
}

#[tokio::test]
async fn errors_are_those_of_the_server() {
    let mariadb = MariaDb::shared();
    let target = server("mysql", &mariadb.database(), &[]);
    let ask = Ask {
        input: "select 1; select * from nowhere; select 2",
        ..Ask::default()
    };
    let (recorder, finish) = run(&*target, ask).await;
    let said = recorder.text;
    assert!(
        said.starts_with("# 1:int:Integer\n1\ndone \"\" None\nERROR 1146 (42S02): Table "),
        "{said}"
    );
    assert_eq!(said.lines().count(), 4);
    assert_eq!(recorder.code.as_deref(), Some("42S02"));
    assert_eq!(finish.unwrap().exit_code, 1);
    let (said, code) = say(
        &*target,
        "load data local infile '/etc/passwd' into table x",
    )
    .await;
    assert_eq!(code, 1, "{said}");
}

#[tokio::test]
async fn an_error_keeps_the_line_that_the_server_tells() {
    let mariadb = MariaDb::shared();
    let target = server("mysql", &mariadb.database(), &[]);
    for read_only in [false, true] {
        let ask = Ask {
            input: "select 1\n, 2\n, from t",
            read_only,
            ..Ask::default()
        };
        let (recorder, _) = run(&*target, ask).await;
        let said = recorder.text;
        assert!(said.starts_with("ERROR 1064 (42000): "), "{said}");
        assert!(said.contains("near 'from t' at line 3\n"), "{said}");
        assert_eq!(said.matches("at line").count(), 1, "{said}");
    }
    // The server counts from the statement that fails.
    let (said, _) = say(&*target, "select 1;\n\nselec 2").await;
    assert!(said.ends_with("near 'selec 2' at line 1\n"), "{said}");
}

#[tokio::test]
async fn bits_are_numbers() {
    let mariadb = MariaDb::shared();
    let target = server("mysql", &mariadb.database(), &[]);
    let script = "create table t (a bit, b bit(9), c bit(64));
        insert into t values (1, b'100000001', 18446744073709551615), (0, 0, 1), (null, null, null);
        select * from t; select a + 0, b'101' from t limit 1";
    let (said, code) = say(&*target, script).await;
    let results = said.split_once("Some(3)\n").unwrap().1;
    assert!(
        results.starts_with(
            "# a:bit:Integer|b:bit:Integer|c:bit:Integer\n\
             1|257|18446744073709551615\n0|0|1\nNULL|NULL|NULL\n"
        ),
        "{said}"
    );
    assert_eq!(code, 0);
}

#[tokio::test]
async fn warnings_follow_their_statement() {
    let mariadb = MariaDb::shared();
    let target = server("mysql", &mariadb.database(), &[]);
    let script = "drop table if exists nowhere; select 1 / 0 as x, cast('1x' as int) as y";
    let (said, code) = say(&*target, script).await;
    assert_eq!(code, 0);
    let end = "NULL|1\ndone \"\" None\n\
        Warning (Code 1292): Truncated incorrect INTEGER value: '1x'\n\
        Warning (Code 1365): Division by 0\n";
    let mut ends: Vec<_> = end.lines().collect();
    let mut said: Vec<_> = said.lines().collect();
    let mut said = said.split_off(said.len() - ends.len());
    said.sort_unstable();
    ends.sort_unstable();
    assert_eq!(said, ends);
    let (said, _) = say(&*target, "drop table if exists nowhere").await;
    assert!(said.contains("Note (Code 1051): "), "{said}");
}

#[tokio::test]
async fn warnings_of_any_content_are_told() {
    let mariadb = MariaDb::shared();
    let target = server("mysql", &mariadb.database(), &[]);
    let script = "set sql_mode = ''; create table t (a varbinary(2), b int);
        insert into t values (x'ff', x'ff'), ('abc', 'ab'); select 1; delete from t;
        insert into t values (1, 'z'); delete from t";
    let (said, code) = say(&*target, script).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Some(2)\nWarnings: 3\n# 1:int"), "{said}");
    assert!(said.contains("Some(1)\nWarnings: 1\ndone"), "{said}");
    assert_eq!(said.matches("Warning").count(), 2, "{said}");
    // Its text is no UTF-8.
    let script =
        "set sql_mode = '', character_set_results = latin1; insert into t values ('', 'ö')";
    let (said, code) = say(&*target, script).await;
    assert!(
        said.contains("Warning (Code 1366): ") && code == 0,
        "{said}"
    );
    let script = "set sql_mode = '', max_error_count = 65535;
        insert into t select '', 'z' from seq_1_to_5000";
    let (said, _) = say(&*target, script).await;
    assert_eq!(said.matches("Warning (Code 1366): ").count(), 1000);
}

#[tokio::test]
async fn tags_are_those_of_their_statements() {
    let mariadb = MariaDb::shared();
    let target = server("mysql", &mariadb.database(), &[]);
    say(&*target, "create table t (a int)").await;
    let script =
        "/*!40101 set names utf8mb4 */; insert into t values (1), (2); --\tx;\nselect 1 as x;
        # y;\nupdate t set a = 3 where a = 2";
    let (said, _) = say(&*target, script).await;
    assert_eq!(
        said,
        "done \"SET\" None\ndone \"INSERT 2\" Some(2)\n# x:int:Integer\n1\ndone \"\" None\n\
         done \"UPDATE 1\" Some(1)\n"
    );
    let script =
        "prepare p from 'delete from t where a = 3'; execute p; insert into t values (4), (5)";
    let (said, _) = say(&*target, script).await;
    let expected = "done \"PREPARE\" None\ndone \"OK\" Some(1)\ndone \"OK\" Some(2)\n";
    assert_eq!(said, expected);
}

#[tokio::test]
async fn an_open_transaction_is_told_of() {
    let mariadb = MariaDb::shared();
    let target = server("mysql", &mariadb.database(), &[]);
    let warning = "WARNING:  the transaction that the script left open is rolled back\n";
    let script = "create table t (a int); start transaction; insert into t values (1)";
    let (said, code) = say(&*target, script).await;
    assert!(said.ends_with(warning) && code == 0, "{said}");
    let script = "start transaction; insert into t values (1); commit";
    let (said, _) = say(&*target, script).await;
    assert!(!said.contains(warning), "{said}");
    let ask = Ask {
        input: "select count(*) from t",
        read_only: true,
        ..Ask::default()
    };
    assert!(!run(&*target, ask).await.0.text.contains(warning));
}

#[tokio::test]
async fn passwords_go_to_no_other_host_without_tls() {
    let mariadb = MariaDb::shared();
    let database = mariadb.database();
    // An address of this machine that is not its loopback; nothing is sent.
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect("192.0.2.1:9").unwrap();
    let host = socket.local_addr().unwrap().ip().to_string();
    let network = Network::of(&host, database.port).await;
    let port = network.port().to_string();
    let place = [("HOST", host.as_str()), ("PORT", port.as_str())];
    let target = server("mysql", &database, &place);
    let fault = target.probe(Duration::from_secs(9)).await.fault.unwrap();
    assert_eq!(fault.stage, Stage::Tls);
    assert!(fault.message.contains("`SSLMODE=disable`"), "{fault}");
    let place = [&place[..], &[("SSLMODE", "disable")]].concat();
    let target = server("mysql", &database, &place);
    assert_eq!(say(&*target, "select 1").await.1, 0);
}

#[tokio::test]
async fn rows_are_told_while_the_run_goes_on() {
    let mariadb = MariaDb::shared();
    let target = server("mysql", &mariadb.database(), &[]);
    let ask = Ask {
        // The server itself holds back some KiB.
        input: "select repeat('x', 20000), sleep(if(seq > 3, 600, 0)) from seq_1_to_5",
        most_rows: Some(1),
        timeout: Some(Duration::from_secs(60)),
        ..Ask::default()
    };
    let (recorder, finish) = run(&*target, ask).await;
    assert_eq!(finish.unwrap().failure, None);
    assert!(recorder.rows < 10, "{} rows", recorder.rows);
}

#[tokio::test]
async fn a_login_is_one_connection() {
    let mariadb = MariaDb::start();
    let database = mariadb.database();
    let count = || {
        let asked = "show global status where variable_name in ('Connections', 'Aborted_connects')";
        let told = mariadb.mariadb(asked);
        let number =
            |line: &str| -> u64 { line.split_whitespace().nth(1).unwrap().parse().unwrap() };
        told.lines().map(number).collect::<Vec<_>>()
    };
    let before = count();
    let target = server("mysql", &database, &[("SSLMODE", "disable")]);
    assert_eq!(say(&*target, "select 1").await.1, 0);
    let after = count();
    // One of the two is the question itself.
    assert_eq!(after, [before[0], before[1] + 2]);
}

#[tokio::test]
async fn the_server_limits_the_time_of_statements() {
    let mariadb = MariaDb::shared();
    let target = server("mysql", &mariadb.database(), &[]);
    for _ in 0..2 {
        let (said, _) = say(&*target, "select @@max_statement_time").await;
        assert_eq!(said.lines().nth(1), Some("3605.000000"));
        say(&*target, "set max_statement_time = 0").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_run_ends_soon_when_stopped_or_too_slow_or_unwanted() {
    let mariadb = MariaDb::shared();
    let database = mariadb.database();
    let target = server("mysql", &database, &[]);
    // A session is kept for each run, so that no login is measured.
    assert_eq!(say(&*target, "select 1").await.1, 0);
    let stop = CancellationToken::new();
    let ask = Ask {
        input: "select sleep(60); select sleep(61)",
        stop: stop.clone(),
        ..Ask::default()
    };
    let begun = Instant::now();
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stop.cancel();
    };
    let ((_, finish), ()) = tokio::join!(run(&*target, ask), stopping);
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(finish.unwrap().exit_code, 1);
    assert_eq!(say(&*target, "select 1").await.1, 0);
    let ask = Ask {
        input: "select benchmark(100000000000, md5('x'))",
        timeout: Some(Duration::from_millis(300)),
        ..Ask::default()
    };
    let begun = Instant::now();
    let finish = run(&*target, ask).await.1.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(finish.failure.unwrap().code, Code::Timeout);
    let ask = Ask {
        input: "with recursive n(i) as (select 1 union all select i + 1 from n) select a.seq, repeat('x', 100) from seq_1_to_100000000 a",
        most_rows: Some(10),
        ..Ask::default()
    };
    let begun = Instant::now();
    run(&*target, ask).await.1.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20));
    let left = "select count(*) from information_schema.processlist where info not like 'KILL%'";
    let left = mariadb.mariadb(&format!("{left} and user = '{}'", database.user));
    assert_eq!(left.trim(), "0");
}

#[tokio::test]
async fn nothing_of_a_session_reaches_the_next_run() {
    let mariadb = MariaDb::shared();
    let database = mariadb.database();
    let target = server("mysql", &database, &[]);
    let script = "set @secret = 'x', sql_mode = 'ANSI'; create temporary table left_over (a int);
        start transaction; use information_schema; select * from nowhere";
    for _ in 0..4 {
        assert_eq!(say(&*target, script).await.1, 1);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let asked = "select database(), @secret, @@sql_mode like '%ANSI%', @@in_transaction";
        let (said, code) = say(&*target, asked).await;
        assert_eq!(code, 0);
        assert_eq!(
            said.lines().nth(1),
            Some(format!("{}|NULL|0|0", database.name).as_str())
        );
        assert_eq!(say(&*target, "select * from left_over").await.1, 1);
    }
}

#[tokio::test]
async fn a_read_only_run_cannot_write() {
    let mariadb = MariaDb::shared();
    let target = server("mysql", &mariadb.database(), &[]);
    say(&*target, "create table w (a int)").await;
    for input in [
        "insert into w values (1)",
        "select 1; insert into w values (1)",
        "commit; set session transaction read write; insert into w values (1)",
        "begin not atomic commit; set session transaction read write; insert into w values (1); end",
        "with x as (select 1) insert into w select * from x",
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
    assert_eq!(
        recorder.text,
        "# count(*):bigint:Integer\n0\ndone \"\" None\n"
    );
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(say(&*target, "insert into w values (1)").await.1, 0);
}

#[tokio::test]
async fn failures_of_a_login_tell_the_stage() {
    let mariadb = MariaDb::shared();
    let database = mariadb.database();
    let failing: [(&[(&str, &str)], Stage); 4] = [
        (&[("PASS", "wrong")], Stage::Auth),
        (&[("PORT", "1")], Stage::Tcp),
        (&[("HOST", "no.such.host.invalid")], Stage::Resolve),
        (&[("SSLMODE", "require")], Stage::Tls),
    ];
    for (more, stage) in failing {
        let target = server("mysql", &database, more);
        let fault = target.probe(Duration::from_secs(9)).await.fault.unwrap();
        assert_eq!(
            (fault.stage, fault.code),
            (stage, Code::Unavailable),
            "{fault}"
        );
        for sealed in ["wrong", "no.such.host"] {
            assert!(!fault.message.contains(sealed), "{fault}");
        }
        // The server tells where a login came from.
        let tells_host = stage != Stage::Auth && fault.message.contains("127.0.0.1");
        assert!(!tells_host, "{fault}");
    }
    let ready = server("mysql", &database, &[])
        .probe(Duration::from_secs(5))
        .await;
    assert!(ready.server_version.is_some());
}

#[tokio::test]
async fn tls_is_verified_except_under_require() {
    let mariadb = MariaDb::start_tls();
    let database = mariadb.database();
    let roots = mariadb.authority().unwrap();
    let ready = [
        vec![("SSLMODE", "require")],
        vec![("SSLMODE", "verify-full"), ("SSLROOTCERT", roots)],
        vec![("SSLROOTCERT", roots), ("HOST", "localhost")],
    ];
    for more in ready {
        let target = server("mysql", &database, &more);
        let (said, _) = say(&*target, "show status like 'Ssl_version'").await;
        assert!(said.lines().nth(1).unwrap().contains("TLS"), "{said}");
    }
    for mode in ["verify-full", "prefer"] {
        let target = server("mysql", &database, &[("SSLMODE", mode)]);
        let probe = target.probe(Duration::from_secs(5)).await;
        assert_eq!(probe.stage, Stage::Tls, "{mode}");
    }
}
