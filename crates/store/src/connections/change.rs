//! Making, changing and deleting connections.

use model::{
    Connection, ConnectionId, ExposeSecret as _, Id as _, SecretSource, SecretString, Secrets,
    SessionId,
};

use super::{ConnectionFields, Detail, NewConnection, SecretsChange};
use crate::db::Tx;
use crate::links::{self, Kind, Links};
use crate::row::parse_id;
use crate::seal::Place;
use crate::sql::sql;
use crate::users::check_version;
use crate::{Error, OrgStore};

impl OrgStore {
    /// Makes a connection.
    ///
    /// # Errors
    /// [`Error::Taken`], [`Error::Missing`] for unknown links.
    pub async fn create_connection(&self, new: NewConnection) -> Result<Connection, Error> {
        let (id, now) = (ConnectionId::new(&*self.inner.clock), self.now());
        let mut change = self.begin().await?;
        let tx = &mut change.tx;
        if let Some(taken) = links::find(tx, self.org, Kind::Connection, &new.name).await? {
            return Err(Error::Taken {
                id: parse_id::<ConnectionId>(&taken)?.uuid(),
            });
        }
        let linked = self.resolve(tx, &new.fields).await?;
        let statement = sql(
            "INSERT INTO connection (id, org_id, name, kind, subtype, agent_id, detail, \
             managed_by, version, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10)",
        );
        let statement = statement
            .id(id)
            .id(self.org)
            .text(&new.name)
            .text(new.fields.kind.as_str());
        let statement = statement
            .text(&new.fields.subtype)
            .opt_text(linked.agent.as_deref());
        let statement = statement.text(serde_json::to_string(&Detail::of(&new.fields))?);
        let managed = new.fields.managed_by.as_deref();
        tx.run(statement.opt_text(managed).time(now).time(now))
            .await?;
        self.write_links(tx, id, &linked).await?;
        self.write_secrets(tx, id, &new.secrets).await?;
        change.commit().await?;
        self.made(id).await
    }

    /// Changes a connection as a whole.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Managed`], [`Error::Version`],
    /// [`Error::Missing`] for unknown links.
    pub async fn update_connection(
        &self,
        id: ConnectionId,
        fields: ConnectionFields,
        secrets: SecretsChange,
        version: Option<i64>,
    ) -> Result<Connection, Error> {
        let mut change = self.begin().await?;
        let tx = &mut change.tx;
        self.check_changeable(tx, id, version).await?;
        let linked = self.resolve(tx, &fields).await?;
        let statement = sql(
            "UPDATE connection SET agent_id = $1, detail = $2, version = version + 1, \
             updated_at = $3 WHERE org_id = $4 AND id = $5",
        );
        let detail = serde_json::to_string(&Detail::of(&fields))?;
        let statement = statement.opt_text(linked.agent.as_deref()).text(detail);
        tx.run(statement.time(self.now()).id(self.org).id(id))
            .await?;
        self.write_links(tx, id, &linked).await?;
        match secrets {
            SecretsChange::Keep => {}
            SecretsChange::Replace(secrets) => {
                let clear = sql("DELETE FROM connection_secret WHERE connection_id = $1");
                tx.run(clear.id(id)).await?;
                self.write_secrets(tx, id, &secrets).await?;
            }
            SecretsChange::Patch(patch) => {
                for (key, value) in patch {
                    let clear =
                        sql("DELETE FROM connection_secret WHERE connection_id = $1 AND key = $2");
                    tx.run(clear.id(id).text(&key)).await?;
                    if let Some(value) = value {
                        self.write_secret(tx, id, &key, &value).await?;
                    }
                }
            }
        }
        change.commit().await?;
        self.made(id).await
    }

    /// Deletes a connection. Its sessions stay; those that have not ended are
    /// asked to end in the same transaction.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Managed`], [`Error::Version`].
    pub async fn delete_connection(
        &self,
        reference: &str,
        version: Option<i64>,
    ) -> Result<Deleted, Error> {
        let mut change = self.begin().await?;
        let tx = &mut change.tx;
        let found = links::find(tx, self.org, Kind::Connection, reference).await?;
        let id: ConnectionId = parse_id(&found.ok_or(Error::NotFound)?)?;
        let name = self.check_changeable(tx, id, version).await?;
        for clear in [
            "DELETE FROM access_binding_group WHERE binding_id IN \
             (SELECT id FROM access_binding WHERE connection_id = $1)",
            "DELETE FROM access_binding WHERE connection_id = $1",
            "DELETE FROM attribute_link WHERE kind = 'connection' AND target_id = $1",
            "DELETE FROM connection_guardrail WHERE connection_id = $1",
            "DELETE FROM connection_datamasking WHERE connection_id = $1",
            "DELETE FROM connection_reviewer WHERE connection_id = $1",
            "DELETE FROM connection_secret WHERE connection_id = $1",
            "DELETE FROM connection WHERE id = $1",
        ] {
            tx.run(sql(clear).id(id)).await?;
        }
        let open = self.cancel_all(tx, id, self.now()).await?;
        change.commit().await?;
        Ok(Deleted { id, name, open })
    }

    /// The secrets of a connection, unsealed.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when one does not open.
    pub async fn connection_secrets(&self, id: ConnectionId) -> Result<Secrets, Error> {
        let query = sql(
            "SELECT key, value FROM connection_secret WHERE org_id = $1 AND connection_id = $2",
        );
        let key = self.inner.key.read().clone();
        let mut secrets = Secrets::default();
        for mut row in self.inner.db.all(query.id(self.org).id(id)).await? {
            let (name, sealed) = (row.text()?, row.text()?);
            let row_id = format!("{id}/{name}");
            let opened = key.open(&place(&row_id), &sealed)?;
            let text = String::from_utf8(opened.expose_secret().to_vec())
                .map_err(|_| Error::Corrupt(format!("the secret {row_id} is no text")))?;
            secrets.0.insert(name, SecretString::from(text));
        }
        Ok(secrets)
    }

    async fn made(&self, id: ConnectionId) -> Result<Connection, Error> {
        let set = self.connections().await?;
        set.by_id(id)
            .map(|connection| (**connection).clone())
            .ok_or(Error::NotFound)
    }

    async fn check_changeable(
        &self,
        tx: &mut Tx,
        id: ConnectionId,
        version: Option<i64>,
    ) -> Result<String, Error> {
        let query =
            sql("SELECT name, managed_by, version FROM connection WHERE org_id = $1 AND id = $2");
        let row = tx.first(query.id(self.org).id(id)).await?;
        let mut row = row.ok_or(Error::NotFound)?;
        let name = row.text()?;
        if let Some(owner) = row.opt_text()? {
            return Err(Error::Managed(owner));
        }
        check_version(row.int()?, version)?;
        Ok(name)
    }

    async fn resolve(&self, tx: &mut Tx, fields: &ConnectionFields) -> Result<Linked, Error> {
        let mut links = Links::new(self.org);
        let agent = fields.agent.as_slice();
        let linked = Linked {
            agent: links
                .resolve(tx, Kind::Agent, agent)
                .await?
                .into_iter()
                .next(),
            guardrails: links
                .resolve(tx, Kind::Guardrail, &fields.guardrail_rules)
                .await?,
            attributes: links
                .resolve(tx, Kind::Attribute, &fields.attributes)
                .await?,
            reviewers: links.resolve(tx, Kind::Group, &fields.reviewers).await?,
        };
        links.check()?;
        Ok(linked)
    }

    async fn write_links(
        &self,
        tx: &mut Tx,
        id: ConnectionId,
        linked: &Linked,
    ) -> Result<(), Error> {
        for clear in [
            "DELETE FROM attribute_link WHERE kind = 'connection' AND target_id = $1",
            "DELETE FROM connection_guardrail WHERE connection_id = $1",
            "DELETE FROM connection_reviewer WHERE connection_id = $1",
        ] {
            tx.run(sql(clear).id(id)).await?;
        }
        for (text, targets) in [
            (
                "INSERT INTO attribute_link (target_id, attribute_id, org_id, kind) \
                 VALUES ($1, $2, $3, 'connection')",
                &linked.attributes,
            ),
            (
                "INSERT INTO connection_guardrail (connection_id, guardrail_id, org_id) \
                 VALUES ($1, $2, $3)",
                &linked.guardrails,
            ),
            (
                "INSERT INTO connection_reviewer (connection_id, group_id, org_id) \
                 VALUES ($1, $2, $3)",
                &linked.reviewers,
            ),
        ] {
            for target in targets {
                tx.run(sql(text).id(id).text(target).id(self.org)).await?;
            }
        }
        Ok(())
    }

    async fn write_secrets(
        &self,
        tx: &mut Tx,
        id: ConnectionId,
        secrets: &Secrets,
    ) -> Result<(), Error> {
        for (key, value) in &secrets.0 {
            self.write_secret(tx, id, key, value).await?;
        }
        Ok(())
    }

    async fn write_secret(
        &self,
        tx: &mut Tx,
        id: ConnectionId,
        key: &str,
        value: &SecretString,
    ) -> Result<(), Error> {
        let row_id = format!("{id}/{key}");
        let sealed = {
            let master = self.inner.key.read();
            master.seal(&place(&row_id), value.expose_secret().as_bytes())?
        };
        let source = match SecretSource::of(value.expose_secret()) {
            SecretSource::Inline => "inline",
            SecretSource::Aws => "aws",
            SecretSource::Vault => "vault",
            SecretSource::Env => "env",
        };
        let statement = sql(
            "INSERT INTO connection_secret (connection_id, key, org_id, source, value) \
             VALUES ($1, $2, $3, $4, $5)",
        );
        let statement = statement.id(id).text(key).id(self.org).text(source);
        tx.run(statement.text(sealed)).await.map(drop)
    }
}

/// A connection that is gone.
#[derive(Clone, Debug)]
pub struct Deleted {
    /// Its id.
    pub id: ConnectionId,
    /// Its name.
    pub name: String,
    /// Sessions that had not ended.
    pub open: Vec<SessionId>,
}

/// Ids of what a connection is linked to.
struct Linked {
    agent: Option<String>,
    guardrails: Vec<String>,
    attributes: Vec<String>,
    reviewers: Vec<String>,
}

const fn place(row: &str) -> Place<'_> {
    Place {
        table: "connection_secret",
        row,
        column: "value",
    }
}
