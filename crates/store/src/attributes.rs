//! Attributes and what they tie together.

mod read;

use model::{Attribute, AttributeId, Id as _};

use crate::db::Tx;
use crate::links::{self, Kind, Links};
use crate::sql::sql;
use crate::users::check_version;
use crate::{Error, OrgStore};

/// The lists of an attribute, by names or ids; `None` leaves one as it is.
#[derive(Clone, Debug, Default)]
pub struct AttributeLinks {
    /// Connections that bear it.
    pub connections: Option<Vec<String>>,
    /// Access request rules that reach those connections.
    pub access_request_rules: Option<Vec<String>>,
    /// Guardrails that reach those connections.
    pub guardrails: Option<Vec<String>>,
    /// Masking rules that reach those connections.
    pub masking_rules: Option<Vec<String>>,
    /// Groups that see those connections.
    pub groups: Option<Vec<String>>,
}

impl AttributeLinks {
    /// What is linked, in the order of [`LINKED`].
    const fn lists(&self) -> [&Option<Vec<String>>; 5] {
        [
            &self.connections,
            &self.access_request_rules,
            &self.guardrails,
            &self.masking_rules,
            &self.groups,
        ]
    }
}

/// What can be linked to an attribute.
const LINKED: [Kind; 5] = [
    Kind::Connection,
    Kind::AccessRequestRule,
    Kind::Guardrail,
    Kind::MaskingRule,
    Kind::Group,
];

impl OrgStore {
    /// Makes an attribute and its links, all or nothing.
    ///
    /// # Errors
    /// [`Error::Taken`], [`Error::Missing`] for unknown links.
    pub async fn create_attribute(
        &self,
        name: &str,
        description: Option<&str>,
        links: AttributeLinks,
    ) -> Result<Attribute, Error> {
        let mut change = self.begin().await?;
        let id = self
            .insert_attribute(&mut change.tx, name, description, &links)
            .await?;
        change.commit().await?;
        self.made_attribute(id).await
    }

    /// Writes a new attribute and its links.
    pub(crate) async fn insert_attribute(
        &self,
        tx: &mut Tx,
        name: &str,
        description: Option<&str>,
        links: &AttributeLinks,
    ) -> Result<AttributeId, Error> {
        let (id, now) = (AttributeId::new(&*self.inner.clock), self.now());
        if let Some(taken) = links::find(tx, self.org, Kind::Attribute, name).await? {
            return Err(Error::Taken {
                id: crate::row::parse_id::<AttributeId>(&taken)?.uuid(),
            });
        }
        let new = sql(
            "INSERT INTO attribute (id, org_id, name, description, version, created_at, \
             updated_at) VALUES ($1, $2, $3, $4, 1, $5, $6)",
        );
        let new = new.id(id).id(self.org).text(name).opt_text(description);
        tx.run(new.time(now).time(now)).await?;
        self.link(tx, &id.to_string(), links).await?;
        Ok(id)
    }

    /// Changes an attribute; `description` is written when it is given.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Managed`], [`Error::Version`],
    /// [`Error::Missing`] for unknown links.
    pub async fn update_attribute(
        &self,
        reference: &str,
        version: Option<i64>,
        description: Option<Option<&str>>,
        links: AttributeLinks,
    ) -> Result<Attribute, Error> {
        let mut change = self.begin().await?;
        let tx = &mut change.tx;
        let (id, _) = self.changeable_attribute(tx, reference, version).await?;
        self.write_attribute(tx, &id, description, &links).await?;
        change.commit().await?;
        self.made_attribute(crate::row::parse_id(&id)?).await
    }

    /// Writes what changes of an attribute that may be changed.
    pub(crate) async fn write_attribute(
        &self,
        tx: &mut Tx,
        id: &str,
        description: Option<Option<&str>>,
        links: &AttributeLinks,
    ) -> Result<(), Error> {
        if let Some(description) = description {
            let write = sql("UPDATE attribute SET description = $1 WHERE id = $2");
            tx.run(write.opt_text(description).text(id)).await?;
        }
        let grow = sql("UPDATE attribute SET version = version + 1, updated_at = $1 WHERE id = $2");
        tx.run(grow.time(self.now()).text(id)).await?;
        self.link(tx, id, links).await
    }

    /// Deletes an attribute with all its links; answers its id and name.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Managed`], [`Error::Version`].
    pub async fn delete_attribute(
        &self,
        reference: &str,
        version: Option<i64>,
    ) -> Result<(AttributeId, String), Error> {
        let mut change = self.begin().await?;
        let tx = &mut change.tx;
        let (id, name) = self.changeable_attribute(tx, reference, version).await?;
        self.remove_attribute(tx, &id).await?;
        change.commit().await?;
        Ok((crate::row::parse_id(&id)?, name))
    }

    /// Removes an attribute that may be changed, with its links.
    pub(crate) async fn remove_attribute(&self, tx: &mut Tx, id: &str) -> Result<(), Error> {
        self.grow_connections(tx, id).await?;
        for clear in [
            "DELETE FROM attribute_link WHERE attribute_id = $1",
            "DELETE FROM attribute WHERE id = $1",
        ] {
            tx.run(sql(clear).text(id)).await?;
        }
        Ok(())
    }

    async fn made_attribute(&self, id: AttributeId) -> Result<Attribute, Error> {
        self.attribute(&id.to_string())
            .await?
            .ok_or(Error::NotFound)
    }

    /// Id and name of an attribute that may be changed.
    pub(crate) async fn changeable_attribute(
        &self,
        tx: &mut Tx,
        reference: &str,
        version: Option<i64>,
    ) -> Result<(String, String), Error> {
        let found = links::find(tx, self.org, Kind::Attribute, reference).await?;
        let id = found.ok_or(Error::NotFound)?;
        let query = sql("SELECT name, managed_by, version FROM attribute WHERE id = $1");
        let mut row = tx.first(query.text(&id)).await?.ok_or(Error::NotFound)?;
        let name = row.text()?;
        if let Some(owner) = row.opt_text()? {
            return Err(Error::Managed(owner));
        }
        check_version(row.int()?, version)?;
        Ok((id, name))
    }

    /// Writes the lists that are given as a whole.
    async fn link(&self, tx: &mut Tx, id: &str, links: &AttributeLinks) -> Result<(), Error> {
        let mut found = Links::new(self.org);
        let mut resolved = Vec::new();
        for (kind, names) in LINKED.into_iter().zip(links.lists()) {
            if let Some(names) = names {
                resolved.push((kind, found.resolve(tx, kind, names).await?));
            }
        }
        found.check()?;
        for (kind, targets) in resolved {
            if matches!(kind, Kind::Connection) {
                self.grow_connections(tx, id).await?;
            }
            let clear = sql("DELETE FROM attribute_link WHERE attribute_id = $1 AND kind = $2");
            tx.run(clear.text(id).text(kind.word())).await?;
            for target in targets {
                let add = sql(
                    "INSERT INTO attribute_link (attribute_id, kind, target_id, org_id) \
                     VALUES ($1, $2, $3, $4)",
                );
                let add = add.text(id).text(kind.word()).text(target);
                tx.run(add.id(self.org)).await?;
            }
            if matches!(kind, Kind::Connection) {
                self.grow_connections(tx, id).await?;
            }
        }
        Ok(())
    }

    /// A connection tells its attributes, and a change of it writes them as a
    /// whole: it must notice when they changed.
    async fn grow_connections(&self, tx: &mut Tx, id: &str) -> Result<(), Error> {
        let grow = sql(
            "UPDATE connection SET version = version + 1, updated_at = $1 WHERE id IN \
             (SELECT target_id FROM attribute_link WHERE attribute_id = $2 \
             AND kind = 'connection')",
        );
        tx.run(grow.time(self.now()).text(id)).await.map(drop)
    }
}
