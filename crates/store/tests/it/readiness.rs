//! Whether a store says that it is ready.

use std::time::{Duration, Instant};

use store::Error;

use crate::harness::{ENGINES, Engine, Home};
use crate::sessions::session;

#[tokio::test]
async fn a_store_that_takes_and_hears_is_ready() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        // The ear for other gateways opens beside the store.
        let end = Instant::now() + Duration::from_secs(10);
        while let Err(error) = home.store.ready().await {
            assert!(Instant::now() < end, "{engine:?}: {error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        home.store.ready().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_the_tables_do_not_take_is_told() {
    let home = Home::new(Engine::Sqlite).await;
    let file = home.house.folder.path().join("drawgate.db");
    let other = rusqlite::Connection::open(file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let new = session(home.now());
    home.org.open_session(&new, "select 1").await.unwrap();
    let ready = home.store.ready().await;
    assert!(matches!(ready, Err(Error::Unavailable(_))), "{ready:?}");
    other.execute_batch("COMMIT").unwrap();
    home.store.ready().await.unwrap();
    assert!(home.org.session(new.id).await.unwrap().is_some());
}
