//! Access bindings: which groups see a connection.

use model::{BindingId, ConnectionId, Id as _, Timestamp};

use crate::db::Tx;
use crate::links::{self, Kind, Links};
use crate::sql::sql;
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
    /// [`Error::Missing`] for an unknown connection or group.
    pub async fn bind_groups(&self, connection: &str, groups: &[String]) -> Result<Binding, Error> {
        let mut change = self.begin().await?;
        let mut links = Links::new(self.org);
        let connections = links
            .resolve(&mut change.tx, Kind::Connection, &[connection.to_owned()])
            .await?;
        let groups = links.resolve(&mut change.tx, Kind::Group, groups).await?;
        links.check()?;
        let connection = connections.into_iter().next().ok_or(Error::NotFound)?;
        let (binding, _) = self.ensure_binding(&mut change.tx, &connection).await?;
        let clear = sql("DELETE FROM access_binding_group WHERE binding_id = $1");
        change.tx.run(clear.text(&binding)).await?;
        for group in groups {
            self.admit(&mut change.tx, &binding, &group).await?;
        }
        let bound = self.binding(&mut change.tx, &connection).await?;
        change.commit().await?;
        Ok(bound)
    }

    /// Whether an attribute with this id or name exists.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn attribute_exists(&self, reference: &str) -> Result<bool, Error> {
        let mut tx = self.inner.db.begin().await?;
        let found = links::find(&mut tx, self.org, Kind::Attribute, reference).await?;
        tx.commit().await?;
        Ok(found.is_some())
    }

    /// The binding of a connection, made when there is none, and whether it was.
    pub(crate) async fn ensure_binding(
        &self,
        tx: &mut Tx,
        connection: &str,
    ) -> Result<(String, bool), Error> {
        let now = self.now();
        let query = sql("SELECT id FROM access_binding WHERE connection_id = $1");
        if let Some(mut row) = tx.first(query.text(connection)).await? {
            let id = row.text()?;
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
        let query = sql(
            "SELECT b.id, c.id, c.name, b.version, b.created_at, b.updated_at \
             FROM access_binding b JOIN connection c ON c.id = b.connection_id \
             WHERE c.org_id = $1 AND c.id = $2",
        );
        let row = tx.first(query.id(self.org).text(connection)).await?;
        let mut row = row.ok_or(Error::NotFound)?;
        let id: BindingId = row.id()?;
        let mut binding = Binding {
            id: Some(id),
            connection_id: row.id()?,
            connection_name: row.text()?,
            allowed_groups: Vec::new(),
            restricted: true,
            version: row.int()?,
            created_at: Some(row.time()?),
            updated_at: Some(row.time()?),
        };
        let query = sql(
            "SELECT g.name FROM access_binding_group b JOIN user_group g ON g.id = b.group_id \
             WHERE b.binding_id = $1 ORDER BY g.name",
        );
        for mut row in tx.all(query.id(id)).await? {
            binding.allowed_groups.push(row.text()?);
        }
        Ok(binding)
    }
}
