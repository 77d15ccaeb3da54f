//! Making, changing and deleting rules.

use model::{Id as _, RuleId};

use super::{Rule, RuleChange, RuleKind};
use crate::db::Tx;
use crate::links::{self, Kind, Links};
use crate::row::parse_id;
use crate::sql::{assembled, sql};
use crate::users::check_version;
use crate::{Error, OrgStore};

impl OrgStore {
    /// Makes a rule and its links, all or nothing.
    ///
    /// # Errors
    /// [`Error::Taken`], [`Error::Missing`] for unknown links.
    pub async fn create_rule(
        &self,
        kind: RuleKind,
        name: &str,
        change: RuleChange,
    ) -> Result<Rule, Error> {
        let mut begun = self.begin().await?;
        let id = self.insert_rule(&mut begun.tx, kind, name, &change).await?;
        begun.commit().await?;
        self.made_rule(kind, id).await
    }

    /// Writes a new rule and its links.
    pub(crate) async fn insert_rule(
        &self,
        tx: &mut Tx,
        kind: RuleKind,
        name: &str,
        change: &RuleChange,
    ) -> Result<RuleId, Error> {
        let (id, now) = (RuleId::new(&*self.inner.clock), self.now());
        self.check_name(tx, kind, name, None).await?;
        let table = kind.kind().table();
        let new = assembled(format!(
            "INSERT INTO {table} (id, org_id, name, detail, version, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, 1, $5, $6)"
        ));
        let new = new.id(id).id(self.org).text(name);
        let new = new.text(change.detail.as_deref().unwrap_or("{}"));
        tx.run(new.time(now).time(now)).await?;
        self.link_rule(tx, kind, &id.to_string(), change).await?;
        Ok(id)
    }

    /// Changes a rule.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Managed`], [`Error::Version`],
    /// [`Error::Taken`] for a new name, [`Error::Missing`] for unknown links.
    pub async fn update_rule(
        &self,
        kind: RuleKind,
        id: RuleId,
        version: Option<i64>,
        change: RuleChange,
    ) -> Result<Rule, Error> {
        let mut begun = self.begin().await?;
        let tx = &mut begun.tx;
        let text = id.to_string();
        self.changeable_rule(tx, kind, &text, version).await?;
        self.write_rule(tx, kind, &text, &change).await?;
        begun.commit().await?;
        self.made_rule(kind, id).await
    }

    /// Writes what changes of a rule that may be changed.
    pub(crate) async fn write_rule(
        &self,
        tx: &mut Tx,
        kind: RuleKind,
        id: &str,
        change: &RuleChange,
    ) -> Result<(), Error> {
        let table = kind.kind().table();
        if let Some(name) = &change.name {
            self.check_name(tx, kind, name, Some(id)).await?;
        }
        let write = assembled(format!(
            "UPDATE {table} SET name = COALESCE($1, name), detail = COALESCE($2, detail), \
             version = version + 1, updated_at = $3 WHERE id = $4"
        ));
        let write = write
            .opt_text(change.name.as_deref())
            .opt_text(change.detail.as_deref());
        tx.run(write.time(self.now()).text(id)).await?;
        self.link_rule(tx, kind, id, change).await
    }

    /// Deletes a rule with its links; answers its id and name.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Managed`], [`Error::Version`].
    pub async fn delete_rule(
        &self,
        kind: RuleKind,
        reference: &str,
        version: Option<i64>,
    ) -> Result<(RuleId, String), Error> {
        let mut begun = self.begin().await?;
        let tx = &mut begun.tx;
        let found = links::find(tx, self.org, kind.kind(), reference).await?;
        let id = found.ok_or(Error::NotFound)?;
        let name = self.changeable_rule(tx, kind, &id, version).await?;
        self.remove_rule(tx, kind, &id).await?;
        begun.commit().await?;
        Ok((parse_id(&id)?, name))
    }

    /// Removes a rule that may be changed, with its links.
    pub(crate) async fn remove_rule(
        &self,
        tx: &mut Tx,
        kind: RuleKind,
        id: &str,
    ) -> Result<(), Error> {
        self.grow_linked(tx, kind, id).await?;
        let (table, word) = (kind.kind().table(), kind.kind().word());
        let (links, column) = kind.links();
        for clear in [
            format!("DELETE FROM {links} WHERE {column} = $1"),
            format!("DELETE FROM attribute_link WHERE kind = '{word}' AND target_id = $1"),
            format!("DELETE FROM {table} WHERE id = $1"),
        ] {
            tx.run(assembled(clear).text(id)).await?;
        }
        Ok(())
    }

    async fn made_rule(&self, kind: RuleKind, id: RuleId) -> Result<Rule, Error> {
        let made = self.rule(kind, &id.to_string()).await?;
        made.ok_or(Error::NotFound)
    }

    /// Fails when another rule has the name.
    async fn check_name(
        &self,
        tx: &mut Tx,
        kind: RuleKind,
        name: &str,
        own: Option<&str>,
    ) -> Result<(), Error> {
        match links::find(tx, self.org, kind.kind(), name).await? {
            Some(taken) if Some(taken.as_str()) != own => Err(Error::Taken {
                id: parse_id::<RuleId>(&taken)?.uuid(),
            }),
            _ => Ok(()),
        }
    }

    /// The name of a rule that may be changed.
    pub(crate) async fn changeable_rule(
        &self,
        tx: &mut Tx,
        kind: RuleKind,
        id: &str,
        version: Option<i64>,
    ) -> Result<String, Error> {
        let table = kind.kind().table();
        let query = assembled(format!(
            "SELECT name, managed_by, version FROM {table} WHERE org_id = $1 AND id = $2"
        ));
        let row = tx.first(query.id(self.org).text(id)).await?;
        let mut row = row.ok_or(Error::NotFound)?;
        let name = row.text()?;
        if let Some(owner) = row.opt_text()? {
            return Err(Error::Managed(owner));
        }
        check_version(row.int()?, version)?;
        Ok(name)
    }

    /// Writes the lists that are given as a whole.
    async fn link_rule(
        &self,
        tx: &mut Tx,
        kind: RuleKind,
        id: &str,
        change: &RuleChange,
    ) -> Result<(), Error> {
        let mut found = Links::new(self.org);
        let mut resolved = [None, None];
        for (list, kind, names) in [
            (0, Kind::Connection, &change.connections),
            (1, Kind::Attribute, &change.attributes),
        ] {
            if let Some(names) = names {
                resolved[list] = Some(found.resolve(tx, kind, names).await?);
            }
        }
        found.check()?;
        let [connections, attributes] = resolved;
        if let Some(connections) = connections {
            let (links, column) = kind.links();
            self.grow_linked(tx, kind, id).await?;
            let clear = assembled(format!("DELETE FROM {links} WHERE {column} = $1"));
            tx.run(clear.text(id)).await?;
            for connection in connections {
                let add = assembled(format!(
                    "INSERT INTO {links} ({column}, connection_id, org_id) VALUES ($1, $2, $3)"
                ));
                tx.run(add.text(id).text(connection).id(self.org)).await?;
            }
            self.grow_linked(tx, kind, id).await?;
        }
        if let Some(attributes) = attributes {
            let word = kind.kind().word();
            let clear = sql("DELETE FROM attribute_link WHERE kind = $1 AND target_id = $2");
            tx.run(clear.text(word).text(id)).await?;
            for attribute in attributes {
                let add = sql(
                    "INSERT INTO attribute_link (attribute_id, kind, target_id, org_id) \
                     VALUES ($1, $2, $3, $4)",
                );
                let add = add.text(attribute).text(word).text(id);
                tx.run(add.id(self.org)).await?;
            }
        }
        Ok(())
    }

    /// A connection tells its guardrails, and a change of it writes them as a
    /// whole: it must notice when they changed.
    async fn grow_linked(&self, tx: &mut Tx, kind: RuleKind, id: &str) -> Result<(), Error> {
        if kind != RuleKind::Guardrail {
            return Ok(());
        }
        let grow = sql(
            "UPDATE connection SET version = version + 1, updated_at = $1 WHERE id IN \
             (SELECT connection_id FROM connection_guardrail WHERE guardrail_id = $2)",
        );
        tx.run(grow.time(self.now()).text(id)).await.map(drop)
    }
}
