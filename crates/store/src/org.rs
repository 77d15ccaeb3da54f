//! The store as one organization sees it.

use std::sync::Arc;

use model::{OrgId, Organization, OrganizationSettings};
use parking_lot::RwLock;
use secrecy::SecretSlice;

use crate::Error;
use crate::connections::ConnectionSet;
use crate::db::Tx;
use crate::generation::Mirror;
use crate::seal::Place;
use crate::sql::{Sql, sql};
use crate::store::Inner;
use crate::users::check_version;

/// What this process knows about one organization.
#[derive(Default)]
pub(crate) struct OrgState {
    pub(crate) mirror: Mirror,
    pub(crate) connections: RwLock<Option<Arc<ConnectionSet>>>,
}

/// The store as one organization sees it. Cheap to clone.
#[derive(Clone)]
pub struct OrgStore {
    pub(crate) inner: Arc<Inner>,
    pub(crate) org: OrgId,
    pub(crate) state: Arc<OrgState>,
}

/// A transaction that changes what is cached: it grows the generation.
pub(crate) struct Change {
    state: Arc<OrgState>,
    generation: i64,
    pub(crate) tx: Tx,
}

impl OrgStore {
    /// The store as organization `org` sees it.
    pub(crate) fn new(inner: &Arc<Inner>, org: OrgId) -> Self {
        let known = inner.orgs.read().get(&org).cloned();
        let state = known.unwrap_or_else(|| Arc::clone(inner.orgs.write().entry(org).or_default()));
        Self {
            inner: Arc::clone(inner),
            org,
            state,
        }
    }

    /// The organization.
    #[must_use]
    pub const fn id(&self) -> OrgId {
        self.org
    }

    /// Grows with every write to identity, groups, credentials, connections,
    /// bindings and attributes. Never older than the call.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn generation(&self) -> Result<i64, Error> {
        if self.inner.db.is_shared() {
            return self.inner.generations.read(self.org).await;
        }
        if let Some(known) = self.state.mirror.get() {
            return Ok(known);
        }
        let read = self.inner.generations.read(self.org).await?;
        self.state.mirror.learn(read);
        Ok(read)
    }

    /// The organization itself.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it does not exist.
    pub async fn organization(&self) -> Result<Organization, Error> {
        let query = sql("SELECT name, settings FROM organization WHERE id = $1").id(self.org);
        let mut row = self.inner.db.first(query).await?.ok_or(Error::NotFound)?;
        Ok(Organization {
            id: self.org,
            name: row.text()?,
            settings: row.json()?,
        })
    }

    /// Changes the settings as a whole.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store cannot be written.
    pub async fn update_settings(&self, settings: &OrganizationSettings) -> Result<(), Error> {
        let mut change = self.begin().await?;
        let statement = sql("UPDATE organization SET settings = $1, updated_at = $2 WHERE id = $3");
        let settings = serde_json::to_string(settings)?;
        change
            .tx
            .run(statement.text(settings).time(self.now()).id(self.org))
            .await?;
        change.commit().await
    }

    /// Key of deterministic masking, 32 bytes.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it does not open.
    pub async fn masking_key(&self) -> Result<SecretSlice<u8>, Error> {
        let query = sql("SELECT masking_key FROM organization WHERE id = $1").id(self.org);
        let mut row = self.inner.db.first(query).await?.ok_or(Error::NotFound)?;
        let id = self.org.to_string();
        let place = Place {
            table: "organization",
            row: &id,
            column: "masking_key",
        };
        let key = self.inner.key.read().clone();
        key.open(&place, &row.text()?)
    }

    /// Begins a change of what is cached. Growing the generation comes first:
    /// it locks the organization, so that what a change has looked up stays
    /// true until it commits.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the organization does not exist.
    pub(crate) async fn begin(&self) -> Result<Change, Error> {
        let mut tx = self.inner.db.begin().await?;
        let grow = sql(
            "UPDATE organization SET generation = generation + 1 WHERE id = $1 RETURNING generation",
        );
        let grown = tx.first(grow.id(self.org)).await?;
        Ok(Change {
            state: Arc::clone(&self.state),
            generation: grown.ok_or(Error::NotFound)?.int()?,
            tx,
        })
    }

    /// The current point in time.
    pub(crate) fn now(&self) -> model::Timestamp {
        self.inner.clock.now()
    }

    /// The first row of a query.
    pub(crate) async fn first(&self, query: Sql) -> Result<Option<crate::db::Row>, Error> {
        self.inner.db.first(query).await
    }
}

impl Change {
    /// Fails unless this is the next change after `generation`.
    ///
    /// # Errors
    /// [`Error::Version`] with the generation that it follows.
    pub(crate) fn follows(&self, generation: i64) -> Result<(), Error> {
        check_version(self.generation - 1, Some(generation))
    }

    /// Makes everything stay. Goes on when its caller has given up, because a
    /// commit that nobody heard of would leave caches stale.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        tokio::spawn(self.finish())
            .await
            .unwrap_or_else(|_| Err(Error::closed()))
    }

    async fn finish(self) -> Result<(), Error> {
        match self.tx.commit().await {
            Ok(()) => {
                self.state.mirror.advance(self.generation);
                Ok(())
            }
            Err(error) => {
                // It may have happened all the same: nothing known is true any more.
                self.state.mirror.forget();
                Err(error)
            }
        }
    }
}
