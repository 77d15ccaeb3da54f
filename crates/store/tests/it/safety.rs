//! Keys, locks, migrations and full disks: what must be refused, and how.

use std::sync::Arc;

use model::{Clock, ExposeSecret as _, SystemClock};
use sqlx::ConnectOptions as _;
use store::{Error, MasterKey, Store, StoreUrl};
use testkit::servers::SmallDisk;

use crate::basics::person;
use crate::harness::{ENGINES, Engine, Home, House, config};
use crate::links::connection;
use crate::sessions::{ended, session};

impl House {
    /// Opens the store with another key.
    async fn open_with(&self, key: u8) -> Result<Store, Error> {
        let mut config = self.config();
        config.key = MasterKey::from_bytes([key; 32]);
        let clock: Arc<dyn Clock> = self.clock.clone();
        Store::open(config, clock).await
    }

    /// Runs a statement behind the store's back.
    async fn tamper(&self, statement: &'static str) {
        match &self.url {
            StoreUrl::Sqlite(path) => {
                let raw = rusqlite::Connection::open(path).unwrap();
                raw.execute_batch(statement).unwrap();
            }
            StoreUrl::Postgres(url) => {
                let url = url.expose_secret().parse();
                let options: sqlx::postgres::PgConnectOptions = url.unwrap();
                let mut raw = options.connect().await.unwrap();
                sqlx::raw_sql(statement).execute(&mut raw).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_changed_key_opens_the_store_and_the_old_one_does_not() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let new = connection("shop", &[("A", "1"), ("B", "2")]);
        let id = home.org.create_connection(new).await.unwrap().id;
        let masking = home.org.masking_key().await.unwrap();
        let changed = home.store.rotate_key(MasterKey::from_bytes([8; 32])).await;
        assert_eq!(changed.unwrap(), 4, "canary, masking key, two secrets");
        assert_eq!(home.org.connection_secrets(id).await.unwrap().0.len(), 2);
        home.store.close().await;
        let Err(Error::Config(told)) = home.house.open_with(7).await else {
            panic!("{engine:?}: the old key opens the store");
        };
        assert!(
            told.contains("master key") && told.contains("key file"),
            "{told}"
        );
        let store = home.house.open_with(8).await.unwrap();
        let org = store.org(home.id());
        let secrets = org.connection_secrets(id).await.unwrap();
        assert_eq!(secrets.0["A"].expose_secret(), "1");
        let after = org.masking_key().await.unwrap();
        assert_eq!(masking.expose_secret(), after.expose_secret());
    }
}

#[tokio::test]
async fn a_secret_that_was_moved_does_not_open() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let new = connection("shop", &[("A", "cheap"), ("B", "dear")]);
        let id = home.org.create_connection(new).await.unwrap().id;
        home.house
            .tamper(
                "UPDATE connection_secret SET value = (SELECT value FROM connection_secret \
                 WHERE key = 'B') WHERE key = 'A'",
            )
            .await;
        let read = home.org.connection_secrets(id).await;
        assert!(matches!(read, Err(Error::Corrupt(_))), "{engine:?}");
        let rotated = home.store.rotate_key(MasterKey::from_bytes([8; 32])).await;
        assert!(rotated.is_err());
        home.org.masking_key().await.unwrap();
    }
}

#[tokio::test]
async fn no_secret_lies_open_in_the_file() {
    let home = Home::new(Engine::Sqlite).await;
    let new = connection("shop", &[("A", "correct-horse-battery")]);
    home.org.create_connection(new).await.unwrap();
    home.store.close().await;
    let bytes = std::fs::read(home.house.folder.path().join("drawgate.db")).unwrap();
    let find = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    assert!(find(b"shop") && !find(b"correct-horse-battery"));
}

#[tokio::test]
async fn one_gateway_has_a_sqlite_file() {
    let home = Home::new(Engine::Sqlite).await;
    let Err(Error::Config(told)) = home.house.open_with(7).await else {
        panic!("two gateways on one file");
    };
    assert!(told.contains("another gateway"), "{told}");
    home.store.close().await;
    home.house.open_with(7).await.unwrap();
}

#[tokio::test]
async fn a_schema_of_another_version_is_refused() {
    for engine in ENGINES {
        for (tamper, word) in [
            ("UPDATE migration SET checksum = 'x'", "changed"),
            (
                "INSERT INTO migration (name, checksum, applied_at) VALUES ('9999_x', 'x', 0)",
                "newer",
            ),
        ] {
            let home = Home::new(engine).await;
            home.store.close().await;
            home.house.tamper(tamper).await;
            let Err(Error::Config(told)) = home.house.open_with(7).await else {
                panic!("{engine:?}: {tamper}");
            };
            assert!(told.contains(word), "{told}");
        }
    }
}

#[tokio::test]
async fn an_engine_that_cannot_be_reached_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let port = testkit::servers::free_port();
    let url = StoreUrl::parse(&format!("postgres://a:b@127.0.0.1:{port}/d")).unwrap();
    let opened = Store::open(config(url, folder.path()), Arc::new(SystemClock)).await;
    assert!(matches!(opened, Err(Error::Unavailable(_))));
    let url = StoreUrl::Sqlite(folder.path().join("no/such/folder/d.db"));
    let opened = Store::open(config(url, folder.path()), Arc::new(SystemClock)).await;
    assert!(matches!(opened, Err(Error::Config(_))));
}

#[tokio::test]
async fn a_full_disk_is_told_and_survived() {
    let folder = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(&folder.path().join("disk"), "12m");
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![1; 9 * 1024 * 1024]).unwrap();
    let url = StoreUrl::Sqlite(disk.path().join("drawgate.db"));
    let clock = Arc::new(SystemClock);
    let store = Store::open(config(url, disk.path()), clock).await.unwrap();
    let org = store.create_organization("acme").await.unwrap();
    let org = store.org(org.id);
    let input = "x".repeat(50_000);
    let mut written = Vec::new();
    let refused = loop {
        let new = session(SystemClock.now());
        match org.open_session(&new, &input).await {
            Ok(()) => written.push(new),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
    assert!(!written.is_empty());
    let full = std::fs::write(disk.path().join("rest"), vec![1; 13 * 1024 * 1024]);
    assert!(full.is_err(), "nothing is left");
    for kept in &written {
        let read = org.session(kept.id).await;
        assert!(
            matches!(read, Ok(Some(_)) | Err(Error::Unavailable(_))),
            "what was answered is never called missing: {read:?}"
        );
    }
    std::fs::remove_file(&ballast).unwrap();
    std::fs::remove_file(disk.path().join("rest")).unwrap();
    org.create_user(person("a@b.c", &[])).await.unwrap();
    let new = session(SystemClock.now());
    org.open_session(&new, &input).await.unwrap();
    for kept in &written {
        let read = org.session(kept.id).await.unwrap();
        assert!(read.is_some(), "what was answered was stored");
        org.close_session(&ended(kept), None, None).await.unwrap();
    }
    store.close().await;
}
