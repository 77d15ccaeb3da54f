//! Access bindings: which groups see a connection.

use model::{BindingId, ConnectionId, Id as _, Page, Timestamp};

use crate::db::{Row, Tx};
use crate::links::{self, Kind, Links};
use crate::page::Keyset;
use crate::sql::{Sql, assembled, placeholders, sql};
use crate::users::check_version;
use crate::{Error, OrgStore};

/// Which groups see a connection.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Identifier; `None` when there is no binding.
    pub id: Option<BindingId>,
    /// The connection.
    pub connection_id: ConnectionId,
    /// Its name.
    pub connection_name: String,
    /// Names of the groups, sorted.
    pub allowed_groups: Vec<String>,
    /// Whether only some groups see it.
    pub restricted: bool,
    /// Grows by one with every change; 0 without a binding.
    pub version: i64,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
}

impl OrgStore {
    /// Makes these groups the allow-list of a connection.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown connection, [`Error::Missing`] for
    /// unknown groups, [`Error::Version`].
    pub async fn bind_groups(
        &self,
        connection: ConnectionId,
        groups: &[String],
        version: Option<i64>,
    ) -> Result<Binding, Error> {
        let mut change = self.begin().await?;
        let tx = &mut change.tx;
        let connection = connection.to_string();
        let found = links::find(tx, self.org, Kind::Connection, &connection).await?;
        if found.is_none() {
            return Err(Error::NotFound);
        }
        if version.is_some() {
            let current = bound(tx, &connection).await?;
            check_version(current.map_or(0, |(_, version)| version), version)?;
        }
        self.bind(tx, &connection, groups).await?;
        let bound = self.binding(tx, &connection).await?;
        change.commit().await?;
        Ok(bound)
    }

    /// Writes the allow-list of a connection; answers the id of the binding, and
    /// whether it was made.
    pub(crate) async fn bind(
        &self,
        tx: &mut Tx,
        connection: &str,
        groups: &[String],
    ) -> Result<(String, bool), Error> {
        let mut links = Links::new(self.org);
        let groups = links.resolve(tx, Kind::Group, groups).await?;
        links.check()?;
        let (binding, is_new) = self.ensure_binding(tx, connection).await?;
        let clear = sql("DELETE FROM access_binding_group WHERE binding_id = $1");
        tx.run(clear.text(&binding)).await?;
        for group in groups {
            self.admit(tx, &binding, &group).await?;
        }
        Ok((binding, is_new))
    }

    /// Removes the allow-list of a connection; answers the id of the binding and
    /// the name of the connection.
    ///
    /// # Errors
    /// [`Error::NotFound`] without a binding, [`Error::Version`].
    pub async fn unbind(
        &self,
        connection: ConnectionId,
        version: Option<i64>,
    ) -> Result<(BindingId, String), Error> {
        let mut change = self.begin().await?;
        let tx = &mut change.tx;
        let connection = connection.to_string();
        let binding = self.binding(tx, &connection).await?;
        check_version(binding.version, version)?;
        let id = binding.id.ok_or(Error::NotFound)?;
        clear(tx, id).await?;
        change.commit().await?;
        Ok((id, binding.connection_name))
    }

    /// Removes the allow-list of a connection; answers the id of the binding.
    pub(crate) async fn remove_binding(
        &self,
        tx: &mut Tx,
        connection: &str,
    ) -> Result<BindingId, Error> {
        let binding = self.binding(tx, connection).await?;
        let id = binding.id.ok_or(Error::NotFound)?;
        clear(tx, id).await?;
        Ok(id)
    }

    /// The binding of a connection, when there is one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn binding_of(&self, connection: ConnectionId) -> Result<Option<Binding>, Error> {
        let query = assembled(format!("{FROM} WHERE c.org_id = $1 AND c.id = $2"));
        let Some(row) = self.first(query.id(self.org).id(connection)).await? else {
            return Ok(None);
        };
        let mut found = [read(row)?];
        self.add_bound_groups(&mut found).await?;
        let [binding] = found;
        Ok(Some(binding))
    }

    /// Bindings by the name of their connection.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn bindings(&self, page: Keyset) -> Result<Page<Binding>, Error> {
        let query = assembled(format!(
            "{FROM} WHERE c.org_id = $1 AND c.name > $2 ORDER BY c.name LIMIT $3"
        ));
        let query = query
            .id(self.org)
            .text(page.after.clone().unwrap_or_default())
            .int(page.rows());
        let rows = self.inner.db.all(query).await?;
        let mut found = page.page(rows, read, |binding| binding.connection_name.clone())?;
        self.add_bound_groups(&mut found.items).await?;
        Ok(found)
    }

    /// Fills in the groups of bindings.
    async fn add_bound_groups(&self, bindings: &mut [Binding]) -> Result<(), Error> {
        if bindings.is_empty() {
            return Ok(());
        }
        let ids = placeholders(1, bindings.len());
        let query = assembled(format!(
            "SELECT b.binding_id, g.name FROM access_binding_group b \
             JOIN user_group g ON g.id = b.group_id WHERE b.binding_id IN {ids} ORDER BY g.name"
        ));
        let query = bindings
            .iter()
            .filter_map(|binding| binding.id)
            .fold(query, Sql::id);
        for mut row in self.inner.db.all(query).await? {
            let id = Some(row.id()?);
            let name = row.text()?;
            if let Some(binding) = bindings.iter_mut().find(|binding| binding.id == id) {
                binding.allowed_groups.push(name);
            }
        }
        Ok(())
    }

    /// The binding of a connection, made when there is none, and whether it was.
    pub(crate) async fn ensure_binding(
        &self,
        tx: &mut Tx,
        connection: &str,
    ) -> Result<(String, bool), Error> {
        let now = self.now();
        if let Some((id, _)) = bound(tx, connection).await? {
            let grow = sql(
                "UPDATE access_binding SET version = version + 1, updated_at = $1 WHERE id = $2",
            );
            tx.run(grow.time(now).text(&id)).await?;
            return Ok((id, false));
        }
        let id = BindingId::new(&*self.inner.clock).to_string();
        let new = sql(
            "INSERT INTO access_binding (id, org_id, connection_id, version, created_at, \
             updated_at) VALUES ($1, $2, $3, 1, $4, $5)",
        );
        let new = new.text(&id).id(self.org).text(connection);
        tx.run(new.time(now).time(now)).await?;
        Ok((id, true))
    }

    /// Adds a group to a binding.
    pub(crate) async fn admit(&self, tx: &mut Tx, binding: &str, group: &str) -> Result<(), Error> {
        let admit = sql(
            "INSERT INTO access_binding_group (binding_id, group_id, org_id) VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING",
        );
        tx.run(admit.text(binding).text(group).id(self.org))
            .await
            .map(drop)
    }

    /// The binding of a connection as tools show it.
    pub(crate) async fn binding(&self, tx: &mut Tx, connection: &str) -> Result<Binding, Error> {
        let query = assembled(format!("{FROM} WHERE c.org_id = $1 AND c.id = $2"));
        let row = tx.first(query.id(self.org).text(connection)).await?;
        let mut binding = read(row.ok_or(Error::NotFound)?)?;
        let query = sql(
            "SELECT g.name FROM access_binding_group b JOIN user_group g ON g.id = b.group_id \
             WHERE b.binding_id = $1 ORDER BY g.name",
        );
        let Some(id) = binding.id else {
            return Ok(binding);
        };
        for mut row in tx.all(query.id(id)).await? {
            binding.allowed_groups.push(row.text()?);
        }
        Ok(binding)
    }
}

/// What [`read`] reads.
const FROM: &str = "SELECT b.id, c.id, c.name, b.version, b.created_at, b.updated_at \
    FROM access_binding b JOIN connection c ON c.id = b.connection_id";

/// A binding without its groups.
fn read(mut row: Row) -> Result<Binding, Error> {
    Ok(Binding {
        id: Some(row.id()?),
        connection_id: row.id()?,
        connection_name: row.text()?,
        allowed_groups: Vec::new(),
        restricted: true,
        version: row.int()?,
        created_at: Some(row.time()?),
        updated_at: Some(row.time()?),
    })
}

/// Removes a binding and its groups.
async fn clear(tx: &mut Tx, id: BindingId) -> Result<(), Error> {
    for clear in [
        "DELETE FROM access_binding_group WHERE binding_id = $1",
        "DELETE FROM access_binding WHERE id = $1",
    ] {
        tx.run(sql(clear).id(id)).await?;
    }
    Ok(())
}

/// Id and version of the binding of a connection.
async fn bound(tx: &mut Tx, connection: &str) -> Result<Option<(String, i64)>, Error> {
    let query = sql("SELECT id, version FROM access_binding WHERE connection_id = $1");
    match tx.first(query.text(connection)).await? {
        Some(mut row) => Ok(Some((row.text()?, row.int()?))),
        None => Ok(None),
    }
}
