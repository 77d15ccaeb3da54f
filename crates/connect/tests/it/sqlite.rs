//! SQLite.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect::{Stage, Target};
use model::ConnectionType;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::recorder::{Ask, make, run, say, spec};

pub fn file(folder: &TempDir, name: &str) -> Arc<dyn Target> {
    let path = folder.path().join(name);
    let path = path.to_str().unwrap();
    make(&spec(ConnectionType::Database, "sqlite", &[("PATH", path)]))
}

pub fn fresh() -> (TempDir, Arc<dyn Target>) {
    let folder = tempfile::tempdir().unwrap();
    // A file of no bytes is an empty database.
    std::fs::write(folder.path().join("db"), "").unwrap();
    let target = file(&folder, "db");
    (folder, target)
}

#[tokio::test]
async fn results_and_tags_come_in_order() {
    let (_folder, target) = fresh();
    let script = "create table t (a integer primary key, b varchar(9), c blob);
        insert into t values (1, 'ö', x'00ff'), (2, null, 1.0);
        select *, a || '' as d from t; select a from t where 0;
        update t set b = 'x' where a = 1; begin; delete from t returning a; rollback";
    let (said, code) = say(&*target, script).await;
    assert_eq!(
        said,
        "done \"CREATE TABLE\" None
done \"INSERT 2\" Some(2)
# a:INTEGER:Dynamic|b:varchar(9):Dynamic|c:BLOB:Dynamic|d::Dynamic
=1|ö|\\x00ff|1
=2|NULL|=1.0|2
done \"\" None
# a:INTEGER:Dynamic
done \"\" None
done \"UPDATE 1\" Some(1)
done \"BEGIN\" None
# a:INTEGER:Dynamic
=1
=2
done \"DELETE 2\" Some(2)
done \"ROLLBACK\" None
"
    );
    assert_eq!(code, 0);
}

#[tokio::test]
async fn errors_point_at_their_place() {
    let (_folder, target) = fresh();
    let ask = |input| Ask {
        input,
        ..Ask::default()
    };
    let (recorder, finish) = run(&*target, ask("select 1;\nselect ö from nowhere; select 2")).await;
    assert!(
        recorder
            .text
            .ends_with("ERROR:  SQLITE_ERROR: no such table: nowhere\n"),
        "{}",
        recorder.text
    );
    assert_eq!(recorder.code.as_deref(), Some("SQLITE_ERROR"));
    assert_eq!(finish.unwrap().exit_code, 1);
    let (recorder, _) = run(&*target, ask("select 1;\nselec 2")).await;
    let end = "ERROR:  SQLITE_ERROR: near \"selec\": syntax error\nLINE 2: selec 2\n        ^\n";
    assert!(recorder.text.ends_with(end), "{}", recorder.text);
    let twice = "create table u (a unique); insert into u values (1), (1)";
    let (recorder, _) = run(&*target, ask(twice)).await;
    assert_eq!(recorder.code.as_deref(), Some("SQLITE_CONSTRAINT_UNIQUE"));
}

#[tokio::test]
async fn a_run_that_is_stopped_ends_soon() {
    let (_folder, target) = fresh();
    let endless = "with recursive n(i) as (select 1 union all select i + 1 from n)
        select count(*) from n";
    let stop = CancellationToken::new();
    let ask = Ask {
        input: endless,
        stop: stop.clone(),
        ..Ask::default()
    };
    let begun = Instant::now();
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stop.cancel();
    };
    let ((recorder, finish), ()) = tokio::join!(run(&*target, ask), stopping);
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(recorder.code.as_deref(), Some("SQLITE_INTERRUPT"));
    assert_eq!(finish.unwrap().exit_code, 1);
}

#[tokio::test]
async fn nothing_but_the_file_is_reached_and_nothing_is_left() {
    let (folder, target) = fresh();
    let other = format!(
        "attach '{}' as other",
        folder.path().join("other").display()
    );
    assert_eq!(say(&*target, &other).await.1, 1);
    assert!(!folder.path().join("other").exists());
    say(
        &*target,
        "create temp table x (a); pragma foreign_keys = on; begin",
    )
    .await;
    let (said, _) = say(&*target, "select count(*) from temp.sqlite_master").await;
    assert_eq!(said.lines().nth(1), Some("=0"));
    let missing = file(&folder, "missing").probe(Duration::from_secs(5)).await;
    assert!(missing.fault.is_some());
    assert!(!folder.path().join("missing").exists());
    std::fs::write(
        folder.path().join("text"),
        "no database at all, far from it".repeat(99),
    )
    .unwrap();
    assert!(
        file(&folder, "text")
            .probe(Duration::from_secs(5))
            .await
            .fault
            .is_some()
    );
    assert_eq!(
        target.probe(Duration::from_secs(5)).await.stage,
        Stage::Ready
    );
}

#[tokio::test]
async fn a_read_only_run_cannot_write() {
    let (_folder, target) = fresh();
    say(&*target, "create table w (a)").await;
    for input in [
        "insert into w values (1)",
        "pragma query_only = 0; insert into w values (1)",
        "pragma user_version = 3",
        "pragma journal_mode = wal",
    ] {
        let ask = Ask {
            input,
            read_only: true,
            ..Ask::default()
        };
        let (recorder, finish) = run(&*target, ask).await;
        assert_eq!(finish.unwrap().exit_code, 1, "{input}: {}", recorder.text);
    }
    let (said, _) = say(&*target, "select count(*) from w").await;
    assert_eq!(said.lines().nth(1), Some("=0"));
}

#[tokio::test]
async fn no_script_changes_the_library_or_the_schema_by_hand() {
    let (_folder, target) = fresh();
    let (text, code) = say(
        target.as_ref(),
        "create table t (a); insert into t values (1)",
    )
    .await;
    assert_eq!(code, 0, "{text}");
    for script in [
        // These hold for every connection of the process, the store's too.
        "pragma hard_heap_limit = 1000",
        "pragma soft_heap_limit = 1000",
        "pragma temp_store_directory = '/nowhere'",
        "pragma writable_schema = on",
        "pragma trusted_schema = on",
        "attach 'other.db' as other",
        "attach 'oth' || 'er.db' as other",
        "attach (select 'other.db') as other",
        "detach main",
        "vacuum into 'copy.db'",
        "vacuum into 'copy' || '.db'",
        "pragma busy_timeout = 100000000",
        "select load_extension('x')",
    ] {
        let (text, code) = say(target.as_ref(), script).await;
        assert!(code == 1 && text.contains("ERROR:  "), "{script}: {text}");
    }
    // Without the pragma's change the table of tables is closed.
    let script = "pragma writable_schema = 1; update sqlite_schema set sql = 'x'";
    assert_eq!(say(target.as_ref(), script).await.1, 1);
    let big = "select length(hex(zeroblob(60000000)))";
    let (text, code) = say(target.as_ref(), big).await;
    assert!(code == 1 && text.contains("too big"), "{text}");
    let fine = "pragma user_version; pragma table_info(t); select a from t; vacuum";
    let (text, code) = say(target.as_ref(), fine).await;
    assert_eq!(code, 0, "{text}");
}

#[tokio::test]
async fn values_keep_their_kind_and_every_byte() {
    let (_folder, target) = fresh();
    let script = "create table v (i integer, r real, t text, b blob);
        insert into v values ('text', 9007199254740993, 12, x'');
        insert into v values (9223372036854775807, 0.1, x'ff', 'plain');
        insert into v values (-9223372036854775808, -0.0, '', null);
        insert into v values (null, 1e300 * 1e300, cast(x'c3' as text), -1e300 * 1e300);
        select i, r, t, b from v order by rowid;
        select 5e-324, 1.7976931348623157e308, cast(x'00' as text), cast(x'c3b6' as text)";
    let (said, code) = say(&*target, script).await;
    let rows: Vec<_> = said
        .lines()
        .filter(|line| !line.starts_with("done ") && !line.starts_with("# "))
        .collect();
    assert_eq!(
        rows,
        [
            "text|=9007199254740992.0|12|\\x",
            "=9223372036854775807|=0.1|\\xff|plain",
            "=-9223372036854775808|=0.0||NULL",
            "NULL|Inf|\\xc3|-Inf",
            "=5e-324|=1.7976931348623157e308|\0|ö",
        ]
    );
    assert_eq!(code, 0);
}
