//! A fresh store on each engine.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use model::{Clock, ManualClock, OrgId, SecretString, Timestamp};
use store::{Config, Keyset, MasterKey, OrgStore, Store, StoreUrl, TokenHash};
use tempfile::TempDir;
use testkit::servers::Postgres;

/// Both engines.
pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// An engine to test on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A place for a store, and the stores that were opened there.
pub struct House {
    pub engine: Engine,
    pub clock: Arc<ManualClock>,
    pub folder: TempDir,
    pub url: StoreUrl,
    _server: Option<Arc<Postgres>>,
}

impl House {
    /// An empty place.
    pub fn empty(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (url, server) = match engine {
            Engine::Sqlite => (StoreUrl::Sqlite(folder.path().join("drawgate.db")), None),
            Engine::Postgres => {
                let server = Postgres::shared();
                let url = postgres_url(&server);
                (StoreUrl::Postgres(SecretString::from(url)), Some(server))
            }
        };
        Self {
            engine,
            clock: Arc::new(ManualClock::new(Timestamp::from_micros(
                1_790_000_000_000_000,
            ))),
            folder,
            url,
            _server: server,
        }
    }

    /// How to open the store with the key that every test uses.
    pub fn config(&self) -> Config {
        config(self.url.clone(), self.folder.path())
    }

    /// Opens the store.
    pub async fn open(&self) -> Store {
        let clock: Arc<dyn Clock> = self.clock.clone();
        Store::open(self.config(), clock).await.unwrap()
    }
}

/// A store with one organization.
pub struct Home {
    pub house: House,
    pub store: Store,
    pub org: OrgStore,
}

impl Home {
    /// A fresh one.
    pub async fn new(engine: Engine) -> Self {
        let house = House::empty(engine);
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
