//! The journal of a SQLite store after the end of its process.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::{Clock, Session, SessionStatus, Stream};
use store::{Config, OrgStore, SessionFilter, SessionPage, Store, StoreUrl, Viewer};

use crate::harness::{Engine, Home};
use crate::recordings::{NO_LIMIT, read_all};
use crate::sessions::{audit, ended, session};

const ALL: SessionPage = SessionPage {
    limit: 1000,
    offset: 0,
    after: None,
};

/// The segments of the journal in a folder.
fn segments(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let is_segment = |path: &PathBuf| path.to_string_lossy().contains(".pending-");
    paths.filter(is_segment).collect()
}

/// What a process that ends now leaves: the files as they are. The tables are
/// copied first, so that the journal is never behind them.
fn leave(home: &Home) -> tempfile::TempDir {
    let left = tempfile::tempdir().unwrap();
    let folder = home.house.folder.path();
    for name in ["drawgate.db", "drawgate.db-wal"] {
        std::fs::copy(folder.join(name), left.path().join(name)).unwrap();
    }
    for path in segments(folder) {
        let name = path.file_name().unwrap();
        // A segment that was brought in meanwhile is gone, and not needed.
        let _ = std::fs::copy(&path, left.path().join(name));
    }
    left
}

async fn open(home: &Home, folder: &Path) -> Store {
    let config = Config {
        url: StoreUrl::Sqlite(folder.join("drawgate.db")),
        ..home.house.config()
    };
    let clock: Arc<dyn Clock> = home.house.clock.clone();
    Store::open(config, clock).await.unwrap()
}

async fn count(org: &OrgStore) -> u64 {
    let filter = SessionFilter::default();
    let list = org.sessions(&filter, &Viewer::All, ALL).await;
    list.unwrap().total
}

/// Opens sessions and ends every other one.
async fn write(home: &Home, count: usize) -> Vec<Session> {
    let mut written = Vec::new();
    for n in 0..count {
        let new = session(home.now());
        home.org.open_session(&new, "select 1").await.unwrap();
        if n % 2 == 0 {
            let row = audit(home.now());
            let done = ended(&new);
            let recorder = home.org.recorder(new.id, NO_LIMIT);
            recorder.append(1, Stream::Output, &new.id.to_string());
            let tail = recorder.finish().await.unwrap();
            home.org
                .close_session(&done, Some(tail), Some(&row))
                .await
                .unwrap();
            written.push(done);
        } else {
            written.push(new);
        }
    }
    written
}

async fn check(home: &Home, store: &Store, written: &[Session]) {
    let org = store.org(home.org.id());
    assert_eq!(count(&org).await, written.len() as u64);
    for one in written {
        let read = org.session(one.id).await.unwrap().unwrap();
        assert_eq!((read.status, read.version), (one.status, one.version));
        let said = match one.status {
            SessionStatus::Done => one.id.to_string(),
            _ => String::new(),
        };
        assert_eq!(read_all(&org, one.id, 20).await, said);
    }
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_crash() {
    let home = Home::new(Engine::Sqlite).await;
    let mut written = write(&home, 40).await;
    let left = leave(&home);
    assert!(!segments(left.path()).is_empty());
    let store = open(&home, left.path()).await;
    check(&home, &store, &written).await;
    store.close().await;
    assert_eq!(segments(left.path()), Vec::<PathBuf>::new());
    let again = open(&home, left.path()).await;
    check(&home, &again, &written).await;

    // The same while the tables hold a part of it.
    tokio::time::sleep(Duration::from_millis(300)).await;
    written.extend(write(&home, 41).await);
    let left = leave(&home);
    let store = open(&home, left.path()).await;
    check(&home, &store, &written).await;
}

#[tokio::test]
async fn files_of_the_journal_are_used_again() {
    let home = Home::new(Engine::Sqlite).await;
    let folder = home.house.folder.path();
    let mut written = Vec::new();
    for _ in 0..6 {
        written.extend(write(&home, 200).await);
        // Looking brings everything into the tables.
        assert_eq!(count(&home.org).await, written.len() as u64);
        assert!(segments(folder).len() <= 3, "{:?}", segments(folder));
    }
    written.extend(write(&home, 20).await);
    let left = leave(&home);
    let store = open(&home, left.path()).await;
    check(&home, &store, &written).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_that_are_faster_than_the_tables_wait_for_them() {
    let home = Home::new(Engine::Sqlite).await;
    let input = "x".repeat(500_000);
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let (org, input, now) = (home.org.clone(), input.clone(), home.now());
            tokio::spawn(async move {
                for _ in 0..40 {
                    org.open_session(&session(now), &input).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(count(&home.org).await, 320);
}

#[tokio::test]
async fn a_frame_without_its_end_was_never_answered() {
    let home = Home::new(Engine::Sqlite).await;
    let written = write(&home, 10).await;
    let left = leave(&home);
    for path in segments(left.path()) {
        let mut file = std::fs::File::options().append(true).open(path).unwrap();
        file.write_all(&[200, 0, 0, 0, 1, 2, 3, 4, 0, 1]).unwrap();
    }
    let store = open(&home, left.path()).await;
    check(&home, &store, &written).await;
}

#[tokio::test]
async fn an_end_that_was_brought_in_with_its_beginning_is_one_row() {
    let home = Home::new(Engine::Sqlite).await;
    let new = session(home.now());
    home.org.open_session(&new, "select 1").await.unwrap();
    let done = ended(&new);
    home.org.close_session(&done, None, None).await.unwrap();
    let mut late = new.clone();
    late.version = 9;
    home.org.close_session(&late, None, None).await.unwrap();
    let read = home.org.session(new.id).await.unwrap().unwrap();
    assert_eq!((read.status, read.version), (SessionStatus::Done, 2));
    assert_eq!(read.outcome, done.outcome);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn long_journals_are_given_up_segment_by_segment() {
    let home = Home::new(Engine::Sqlite).await;
    let input = "x".repeat(500_000);
    for _ in 0..60 {
        let new = session(home.now());
        home.org.open_session(&new, &input).await.unwrap();
        assert!(segments(home.house.folder.path()).len() <= 8);
    }
    home.store.close().await;
    assert!(segments(home.house.folder.path()).is_empty());
    let store = home.house.open().await;
    assert_eq!(count(&store.org(home.org.id())).await, 60);
}
