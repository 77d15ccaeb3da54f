//! The store: opening, closing, and what is not limited to one organization.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::{Clock, Id as _, OrgId, RunId};
use parking_lot::{Mutex, RwLock};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::callers::Callers;
use crate::db::Db;
use crate::generation::Generations;
use crate::migrate::{MIGRATIONS, migrate};
use crate::objects::Objects;
use crate::org::OrgState;
use crate::sql::sql;
use crate::writer::Writer;
use crate::{Bus, Config, Error, MasterKey, OrgStore, StoreUrl, wire};

/// For how long it counts that this gateway heard itself.
const RECENT: Duration = Duration::from_secs(5);

/// How long a wake-up over the store may take at most.
const PATIENCE: Duration = Duration::from_secs(2);

/// The state of a gateway. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

/// What every handle shares.
pub(crate) struct Inner {
    pub(crate) db: Arc<Db>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) key: RwLock<MasterKey>,
    pub(crate) bus: Bus,
    /// This process among the gateways of a store; new at every start.
    pub(crate) replica: Uuid,
    pub(crate) orgs: RwLock<HashMap<OrgId, Arc<OrgState>>>,
    pub(crate) callers: Callers,
    pub(crate) generations: Generations,
    pub(crate) writer: Writer,
    pub(crate) objects: Objects,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    /// Held as long as the store is open.
    lock: Mutex<Option<File>>,
}

impl Store {
    /// Opens the store: takes the lock of a SQLite file, applies migrations,
    /// checks the master key, and counts this process among the gateways.
    ///
    /// # Errors
    /// [`Error::Config`] when another process has the file, the key is not the
    /// one that sealed the store, or its migrations differ from this binary's;
    /// [`Error::Unavailable`] when the engine cannot be reached.
    pub async fn open(config: Config, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let lock = match &config.url {
            StoreUrl::Sqlite(path) => Some(lock_beside(path)?),
            StoreUrl::Postgres(_) => None,
        };
        let objects = Objects::open(&config.recordings, &config.recording_options)?;
        let db = Arc::new(Db::connect(&config.url).await?);
        migrate(&db, MIGRATIONS, clock.now().micros()).await?;
        db.open_journal().await?;
        let replica = RunId::new(&*clock).uuid();
        let (bus, tasks) = if db.is_shared() {
            let (bus, news) = Bus::shared();
            let tasks = wire::connect(&db, &bus, news, replica).into();
            (bus, tasks)
        } else {
            (Bus::local(), Vec::new())
        };
        let store = Self {
            inner: Arc::new(Inner {
                clock,
                key: RwLock::new(config.key),
                bus,
                replica,
                orgs: RwLock::default(),
                callers: Callers::default(),
                generations: Generations::start(Arc::clone(&db)),
                writer: Writer::start(&db),
                objects,
                tasks: Mutex::new(tasks),
                lock: Mutex::new(lock),
                db,
            }),
        };
        // In this order: a change of the key looks for gateways, then seals.
        let entered = match store.enter().await {
            Ok(()) => store.check_key().await,
            Err(error) => Err(error),
        };
        if let Err(error) = entered {
            store.close().await;
            return Err(error);
        }
        Ok(store)
    }

    /// Whether the store answers, its tables take what is on file, and other
    /// gateways are heard.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when one of these fails.
    pub async fn ready(&self) -> Result<(), Error> {
        let inner = &self.inner;
        let query = sql("SELECT name FROM migration LIMIT 1");
        inner.db.first(query).await?;
        if inner.db.lags() {
            return Err(Error::unavailable("the tables lag behind the journal"));
        }
        if !inner.bus.hears(RECENT, PATIENCE).await {
            return Err(Error::unavailable("other gateways are not heard"));
        }
        Ok(())
    }

    /// Writes what waits to be written, leaves the gateways and closes all
    /// connections. Calls that come later fail with [`Error::Unavailable`].
    pub async fn close(&self) {
        self.inner.writer.close().await;
        let leave = sql("DELETE FROM replica WHERE id = $1").id(self.inner.replica);
        if let Err(error) = self.inner.db.run(leave).await {
            tracing::warn!(%error, "cannot leave the store; its lease will lapse");
        }
        for task in self.inner.tasks.lock().drain(..) {
            task.abort();
        }
        self.inner.db.close().await;
        drop(self.inner.lock.lock().take());
    }

    /// Wake-ups by id.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.inner.bus
    }

    /// The store as organization `id` sees it.
    #[must_use]
    pub fn org(&self, id: OrgId) -> OrgStore {
        OrgStore::new(&self.inner, id)
    }
}

/// Takes the lock file beside a SQLite database for this process.
fn lock_beside(database: &Path) -> Result<File, Error> {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let refused = |what: &str| Error::Config(format!("store: {}: {what}", path.display()));
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| refused(&error.to_string()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(refused(
            "another gateway uses this data directory; stop it first or choose another one",
        )),
        Err(std::fs::TryLockError::Error(error)) => Err(refused(&error.to_string())),
    }
}
