//! A fresh store on each engine.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use model::{Clock, ExposeSecret as _, ManualClock, OrgId, SecretString, Timestamp};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};
use store::{Config, Keyset, MasterKey, OrgStore, Store, StoreUrl, TokenHash};
use tempfile::TempDir;
use testkit::servers::{Postgres, S3};

/// Both engines.
pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// An engine to test on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Each engine with each place for recordings.
pub const HOMES: [(Engine, Shelf); 4] = [
    (Engine::Sqlite, Shelf::Folder),
    (Engine::Sqlite, Shelf::Bucket),
    (Engine::Postgres, Shelf::Folder),
    (Engine::Postgres, Shelf::Bucket),
];

/// A kind of place for recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    Folder,
    Bucket,
}

/// A place for a store, and the stores that were opened there.
pub struct House {
    pub engine: Engine,
    pub clock: Arc<ManualClock>,
    pub folder: TempDir,
    pub url: StoreUrl,
    pub recordings: String,
    pub options: BTreeMap<String, SecretString>,
    _server: Option<Arc<Postgres>>,
    _bucket: Option<Arc<S3>>,
}

impl House {
    /// An empty place, with recordings in its folder.
    pub fn empty(engine: Engine) -> Self {
        Self::with(engine, Shelf::Folder)
    }

    /// An empty place.
    pub fn with(engine: Engine, shelf: Shelf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (url, server) = match engine {
            Engine::Sqlite => (StoreUrl::Sqlite(folder.path().join("drawgate.db")), None),
            Engine::Postgres => {
                let server = Postgres::shared();
                let url = postgres_url(&server);
                (StoreUrl::Postgres(SecretString::from(url)), Some(server))
            }
        };
        let mut house = Self {
            engine,
            clock: Arc::new(ManualClock::new(Timestamp::from_micros(
                1_790_000_000_000_000,
            ))),
            recordings: format!("file:{}", folder.path().join("recordings").display()),
            options: BTreeMap::new(),
            folder,
            url,
            _server: server,
            _bucket: None,
        };
        if shelf == Shelf::Bucket {
            let server = S3::shared();
            house.recordings = server.place();
            house.options = options(&server);
            house._bucket = Some(server);
        }
        house
    }

    /// How to open the store with the key that every test uses.
    pub fn config(&self) -> Config {
        Config {
            recordings: self.recordings.clone(),
            recording_options: self.options.clone(),
            ..config(self.url.clone(), self.folder.path())
        }
    }

    /// Runs a statement behind the store's back.
    pub async fn put(&self, statement: &str) {
        match &self.url {
            StoreUrl::Sqlite(path) => {
                let raw = rusqlite::Connection::open(path).unwrap();
                raw.execute_batch(statement).unwrap();
            }
            StoreUrl::Postgres(url) => {
                let statement = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()));
                statement.execute(&mut connected(url).await).await.unwrap();
            }
        }
    }

    /// The texts of the one column of a query, read behind the store's back.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        match &self.url {
            StoreUrl::Sqlite(path) => {
                let raw = rusqlite::Connection::open(path).unwrap();
                let mut statement = raw.prepare(query).unwrap();
                let rows = statement.query_map([], |row| row.get(0)).unwrap();
                rows.map(Result::unwrap).collect()
            }
            StoreUrl::Postgres(url) => {
                let query = sqlx::raw_sql(AssertSqlSafe(query.to_owned()));
                let rows = query.fetch_all(&mut connected(url).await).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Opens the store.
    pub async fn open(&self) -> Store {
        let clock: Arc<dyn Clock> = self.clock.clone();
        Store::open(self.config(), clock).await.unwrap()
    }
}

/// A connection of its own to the server of a store.
async fn connected(url: &SecretString) -> sqlx::PgConnection {
    let options: sqlx::postgres::PgConnectOptions = url.expose_secret().parse().unwrap();
    options.connect().await.unwrap()
}

/// A store with one organization.
pub struct Home {
    pub house: House,
    pub store: Store,
    pub org: OrgStore,
}

impl Home {
    /// A fresh one, with recordings in its folder.
    pub async fn new(engine: Engine) -> Self {
        Self::in_house(House::empty(engine)).await
    }

    /// A fresh one in an empty place.
    pub async fn in_house(house: House) -> Self {
        let store = house.open().await;
        let org = store.create_organization("acme").await.unwrap();
        Self {
            org: store.org(org.id),
            store,
            house,
        }
    }

    /// Id of the organization.
    pub fn id(&self) -> OrgId {
        self.org.id()
    }

    /// Another gateway on the same store, where the engine allows one.
    pub async fn twin(&self) -> Option<Store> {
        match self.house.engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(self.house.open().await),
        }
    }
}

/// How to open the store at `url` with recordings under `folder`.
pub fn config(url: StoreUrl, folder: &Path) -> Config {
    Config {
        url,
        recordings: format!("file:{}", folder.join("recordings").display()),
        recording_options: BTreeMap::new(),
        key: MasterKey::from_bytes([7; 32]),
    }
}

/// The options of a bucket of `server`.
pub fn options(server: &S3) -> BTreeMap<String, SecretString> {
    [
        ("endpoint", &*server.endpoint()),
        ("access_key_id", server.key_id()),
        ("secret_access_key", server.secret()),
        ("region", "us-east-1"),
        ("allow_http", "true"),
    ]
    .map(|(name, value)| (name.to_owned(), SecretString::from(value)))
    .into()
}

/// The URL of a fresh database.
fn postgres_url(server: &Postgres) -> String {
    let database = server.database();
    let password: String = database
        .password
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    format!(
        "postgres://{}:{password}@{}:{}/{}",
        database.user, database.host, database.port, database.name
    )
}

/// The first page of everything.
pub fn everything() -> Keyset {
    Keyset {
        limit: 200,
        after: None,
    }
}

/// The hash of a token that is named for a test.
pub fn token(name: &str) -> TokenHash {
    TokenHash::of(name)
}
