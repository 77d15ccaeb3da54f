//! SQLite scripts that take all they can get: stack, memory, time.

use std::fmt::Write;
use std::time::{Duration, Instant};

use connect::{Config, Runner, Target};
use model::{Code, ConnectionType};
use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use crate::recorder::{Ask, is_alone, run, say, spec};
use crate::sqlite::fresh;

/// Most bytes of a script, as the gateway takes it.
const LONGEST: usize = 1024 * 1024;

/// `open` many times, `middle`, and `close` as many times.
fn nested(open: &str, middle: &str, close: &str, most: usize) -> String {
    let times = most.min((LONGEST - middle.len()) / (open.len() + close.len()));
    open.repeat(times) + middle + &close.repeat(times)
}

/// Tables of which each reads the one before, and a look at the last.
fn chained(first: &str, link: impl Fn(usize) -> String, last: &str, most: usize) -> String {
    let mut script = first.to_owned();
    let mut length = 0;
    while length < most && script.len() + 64 < LONGEST {
        length += 1;
        script.push_str(&link(length));
    }
    let _ = write!(script, "{last}{length}");
    script
}

/// Scripts that go deep, `most` levels or as many as fit.
fn deep(most: usize) -> Vec<String> {
    let common = |i: usize| format!(",a{i} as(select*from a{})", i - 1);
    let view = |i: usize| format!("create view v{i} as select*from v{};", i - 1);
    let trigger = |i: usize| {
        let before = i - 1;
        format!(
            "create table t{i}(a);create trigger r{i} after insert on t{i} begin \
             insert into t{before} values(1);end;"
        )
    };
    let key = |i: usize| {
        let before = i - 1;
        format!("create table k{i}(a primary key references k{before} on delete cascade);")
    };
    vec![
        nested("select*from(", "select 1", ")", most),
        nested("values(1)union select*from(", "select 1", ")", most),
        nested("select max(1)from(", "select 1", ")", most),
        nested("select(", "select 1", ")", most),
        nested("select ", "1", "", most).replace("select", "-"),
        chained("with a0 as(select 1)", common, "select*from a", most),
        chained("create view v0 as select 1;", view, "select*from v", most),
        chained(
            "create table t0(a);",
            trigger,
            "insert into t0 values(1);explain delete from t",
            most,
        ),
        chained(
            "create table k0(a primary key);",
            key,
            "delete from k0;select*from k",
            most,
        ),
    ]
}

/// Runs a script for a while; what matters is that this process goes on.
async fn withstand(target: &dyn Target, script: &str) {
    let ask = Ask {
        input: script,
        timeout: Some(Duration::from_secs(1)),
        ..Ask::default()
    };
    let (recorder, finish) = run(target, ask).await;
    let start = &script[..script.len().min(60)];
    match finish {
        Ok(finish) => assert!(finish.exit_code < 2, "{start}: {}", recorder.text),
        // Reading the schema may take all the time there is.
        Err(fault) => assert_eq!(fault.code, Code::Timeout, "{start}: {fault}"),
    }
}

#[tokio::test]
async fn no_script_fills_the_stack() {
    // What fails here ends its whole process.
    if !is_alone("sqlite_limits::no_script_fills_the_stack", &[]) {
        return;
    }
    let wild = "select printf('%.25000c', 'a') like replace(printf('%.25000c', 'a'), 'a', '%a')";
    let (_folder, target) = fresh();
    let (said, code) = say(&*target, wild).await;
    assert!(code == 1 && said.contains("pattern too complex"), "{said}");
    let scripts = [deep(6000), deep(usize::MAX)].concat();
    let running = scripts.iter().map(|script| async {
        let (_folder, target) = fresh();
        withstand(&*target, script).await;
    });
    futures::future::join_all(running).await;
}

#[tokio::test]
async fn no_file_is_deeper_than_the_stack() {
    if !is_alone("sqlite_limits::no_file_is_deeper_than_the_stack", &[]) {
        return;
    }
    let (folder, target) = fresh();
    let file = Connection::open(folder.path().join("db")).unwrap();
    // Faster than to create them, each of which reads all of them.
    file.execute_batch(
        "create view v0 as select 1;
        pragma writable_schema = on;
        insert into sqlite_schema (type, name, tbl_name, rootpage, sql)
            with recursive n(i) as (values (1) union all select i + 1 from n where i < 20000)
            select 'view', 'v' || i, 'v' || i, 0,
                'create view v' || i || ' as select*from v' || (i - 1) from n",
    )
    .unwrap();
    withstand(&*target, "select * from v20000").await;
    file.execute_batch("delete from sqlite_schema").unwrap();
    drop(file);
    let (_folder, target) = fresh();
    for name in ["a", "b", "c"] {
        let script = format!("create view {name} as select '{}'", "x".repeat(900_000));
        say(&*target, &script).await;
    }
    for read_only in [true, false] {
        let ask = Ask {
            input: "select 1",
            read_only,
            ..Ask::default()
        };
        let (recorder, _) = run(&*target, ask).await;
        assert!(recorder.text.contains("too much text"), "{}", recorder.text);
    }
}

#[tokio::test]
async fn no_row_takes_all_memory() {
    // The tests of a process share its memory.
    if !is_alone("sqlite_limits::no_row_takes_all_memory", &[]) {
        return;
    }
    let (_folder, target) = fresh();
    for (times, value, reason) in [
        (300, "zeroblob(60000000)", "string or blob too big"),
        (5, "zeroblob(16000000)", "the row is too long"),
        (300, "printf('%16000000s', random())", "out of memory"),
    ] {
        let script = format!("select {}1", format!("{value},").repeat(times));
        let (said, code) = say(&*target, &script).await;
        let end = said.lines().last().unwrap();
        assert!(code == 1 && end.contains(reason), "{value}: {end}");
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM:"));
    let peak = peak.unwrap().split_whitespace().nth(1).unwrap();
    assert!(peak.parse::<u64>().unwrap() < 1536 * 1024, "{peak} KiB");
}

#[tokio::test]
async fn a_stop_reaches_a_run_before_it_begins_and_while_it_waits() {
    let (folder, target) = fresh();
    let stop = CancellationToken::new();
    stop.cancel();
    let ask = Ask {
        input: "create table never (a)",
        stop,
        ..Ask::default()
    };
    assert!(run(&*target, ask).await.1.is_err());
    let file = Connection::open(folder.path().join("db")).unwrap();
    let tables = "select count(*) from sqlite_schema";
    let tables: i64 = file.query_row(tables, [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 0);

    file.execute_batch("begin exclusive").unwrap();
    let stop = CancellationToken::new();
    let ask = Ask {
        input: "create table waits (a)",
        stop: stop.clone(),
        ..Ask::default()
    };
    let begun = Instant::now();
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stop.cancel();
    };
    let ((_, finish), ()) = tokio::join!(run(&*target, ask), stopping);
    assert!(finish.is_err());
    // Without the stop the lock is waited for longer.
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_run_that_was_given_up_keeps_its_handle() {
    let (folder, _) = fresh();
    let path = folder.path().join("db");
    let config = Config {
        file_handles: 1,
        ..Config::default()
    };
    let variables = [("PATH", path.to_str().unwrap())];
    let spec = spec(ConnectionType::Database, "sqlite", &variables);
    let target = Runner::new(config).target(&spec).unwrap();
    // One call of one function, which looks at nothing else.
    let ask = |input| Ask {
        input,
        timeout: Some(Duration::from_millis(300)),
        ..Ask::default()
    };
    let endless = "select printf('%.16000000c', 'a')
        like '%' || printf('%.998c', 'a') || 'b'";
    let failure = run(&*target, ask(endless)).await.1.unwrap().failure;
    assert_eq!(failure.unwrap().code, Code::Timeout);
    let fault = run(&*target, ask("select 1")).await.1.unwrap_err();
    assert_eq!(fault.code, Code::Busy);
}

#[tokio::test]
async fn long_values_are_searched_in_no_time() {
    let (_folder, target) = fresh();
    let script = "with t(long, short, other) as (
            select hex(zeroblob(4000000)), hex(zeroblob(2000000)) || '1', hex(zeroblob(200000)))
        select instr(long, short), length(replace(long, short, '')),
            length(trim(1.5 || other, replace(other, '0', 'x') || '0')) from t";
    let (said, code) = say(&*target, script).await;
    assert_eq!(code, 0, "{said}");
    assert_eq!(said.lines().nth(1), Some("=0|=8000000|=3"));
}

#[tokio::test]
async fn rows_are_seen_while_the_next_is_sought() {
    let (_folder, target) = fresh();
    let ask = Ask {
        input: "select 1 union all select * from (
            with recursive n(i) as (select 1 union all select i + 1 from n)
            select count(*) from n)",
        most_rows: Some(1),
        ..Ask::default()
    };
    let (recorder, finish) = run(&*target, ask).await;
    assert_eq!((recorder.rows, finish.unwrap().failure), (1, None));
}
