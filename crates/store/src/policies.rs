//! Policies that are written together: all of them, or none.

use std::collections::HashSet;

use model::{AttributeId, AuditRow, ConnectionId, RuleId};

use crate::db::Tx;
use crate::links::Kind;
use crate::rules::{RuleChange, RuleKind};
use crate::sql::assembled;
use crate::{AttributeLinks, Error, OrgStore};

/// One change, and the operation that does the same alone: the audit tells it so.
#[derive(Clone, Debug)]
pub struct PolicyWrite {
    /// Name of the operation, for instance `guardrails_create`.
    pub operation: &'static str,
    /// What changes.
    pub change: PolicyChange,
}

/// One change of a policy. What is made is marked as made by a file.
#[derive(Clone, Debug)]
pub enum PolicyChange {
    /// Makes an attribute.
    CreateAttribute {
        /// Unique name.
        name: String,
        /// What it is for.
        description: Option<String>,
        /// What it ties together.
        links: AttributeLinks,
    },
    /// Changes an attribute.
    UpdateAttribute {
        /// The attribute.
        id: AttributeId,
        /// What it is for, as it is from now on.
        description: Option<String>,
        /// The lists that change.
        links: AttributeLinks,
    },
    /// Deletes an attribute.
    DeleteAttribute(AttributeId),
    /// Makes a rule.
    CreateRule {
        /// Its kind.
        kind: RuleKind,
        /// Unique name.
        name: String,
        /// What it says and what it is linked to.
        change: RuleChange,
    },
    /// Changes a rule.
    UpdateRule {
        /// Its kind.
        kind: RuleKind,
        /// The rule.
        id: RuleId,
        /// What changes.
        change: RuleChange,
    },
    /// Deletes a rule.
    DeleteRule {
        /// Its kind.
        kind: RuleKind,
        /// The rule.
        id: RuleId,
    },
    /// Makes these groups the allow-list of a connection.
    Bind {
        /// The connection.
        connection: ConnectionId,
        /// Names of groups.
        groups: Vec<String>,
    },
    /// Removes the allow-list of a connection.
    Unbind(ConnectionId),
}

/// What files of policies made and nobody deleted.
#[derive(Clone, Debug, Default)]
pub struct ByFile {
    /// Guardrails and masking rules.
    pub rules: HashSet<RuleId>,
    /// Attributes.
    pub attributes: HashSet<AttributeId>,
    /// Connections whose allow-list a file made.
    pub connections: HashSet<ConnectionId>,
}

/// The table of allow-lists.
const BINDINGS: &str = "access_binding";

impl OrgStore {
    /// What files of policies made.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn by_file(&self) -> Result<ByFile, Error> {
        let mut made = ByFile::default();
        for kind in [Kind::Guardrail, Kind::MaskingRule] {
            for id in self.marked(kind.table(), "id").await? {
                made.rules.insert(crate::row::parse_id(&id)?);
            }
        }
        for id in self.marked(Kind::Attribute.table(), "id").await? {
            made.attributes.insert(crate::row::parse_id(&id)?);
        }
        for id in self.marked(BINDINGS, "connection_id").await? {
            made.connections.insert(crate::row::parse_id(&id)?);
        }
        Ok(made)
    }

    /// Makes all changes in one transaction, in their order, each with its row of the
    /// audit: `audit` with the operation and the object of the change. Answers the ids
    /// of the objects, in the same order.
    ///
    /// # Errors
    /// [`Error::Version`] when the organization is not at `generation` any more,
    /// [`Error::Taken`], [`Error::Missing`] for unknown links, [`Error::NotFound`],
    /// [`Error::Managed`]. Nothing has changed then.
    pub async fn write_policies(
        &self,
        generation: i64,
        writes: &[PolicyWrite],
        audit: &AuditRow,
    ) -> Result<Vec<String>, Error> {
        let mut begun = self.begin().await?;
        begun.follows(generation)?;
        let mut ids = Vec::with_capacity(writes.len());
        for write in writes {
            let id = self.write_policy(&mut begun.tx, &write.change).await?;
            let row = AuditRow {
                operation: write.operation.to_owned(),
                objects: vec![id.clone()],
                ..audit.clone()
            };
            self.audit_with(&mut begun.tx, &row).await?;
            ids.push(id);
        }
        begun.commit().await?;
        Ok(ids)
    }

    /// Makes one change; answers the id of its object.
    async fn write_policy(&self, tx: &mut Tx, change: &PolicyChange) -> Result<String, Error> {
        match change {
            PolicyChange::CreateAttribute {
                name,
                description,
                links,
            } => {
                let id = self.insert_attribute(tx, name, description.as_deref(), links);
                let id = id.await?.to_string();
                self.mark(tx, Kind::Attribute.table(), &id).await?;
                Ok(id)
            }
            PolicyChange::UpdateAttribute {
                id,
                description,
                links,
            } => {
                let id = id.to_string();
                self.changeable_attribute(tx, &id, None).await?;
                self.write_attribute(tx, &id, Some(description.as_deref()), links)
                    .await?;
                Ok(id)
            }
            PolicyChange::DeleteAttribute(id) => {
                let id = id.to_string();
                self.changeable_attribute(tx, &id, None).await?;
                self.remove_attribute(tx, &id).await?;
                Ok(id)
            }
            PolicyChange::CreateRule { kind, name, change } => {
                let id = self.insert_rule(tx, *kind, name, change).await?.to_string();
                self.mark(tx, kind.table(), &id).await?;
                Ok(id)
            }
            PolicyChange::UpdateRule { kind, id, change } => {
                let id = id.to_string();
                self.changeable_rule(tx, *kind, &id, None).await?;
                self.write_rule(tx, *kind, &id, change).await?;
                Ok(id)
            }
            PolicyChange::DeleteRule { kind, id } => {
                let id = id.to_string();
                self.changeable_rule(tx, *kind, &id, None).await?;
                self.remove_rule(tx, *kind, &id).await?;
                Ok(id)
            }
            PolicyChange::Bind { connection, groups } => {
                let connection = connection.to_string();
                let (binding, is_new) = self.bind(tx, &connection, groups).await?;
                if is_new {
                    self.mark(tx, BINDINGS, &binding).await?;
                }
                Ok(connection)
            }
            PolicyChange::Unbind(connection) => {
                let connection = connection.to_string();
                self.remove_binding(tx, &connection).await?;
                Ok(connection)
            }
        }
    }

    /// Marks an object as made by a file.
    async fn mark(&self, tx: &mut Tx, table: &'static str, id: &str) -> Result<(), Error> {
        let mark = assembled(format!("UPDATE {table} SET by_file = 1 WHERE id = $1"));
        tx.run(mark.text(id)).await.map(drop)
    }

    /// A column of the marked rows of a table.
    async fn marked(&self, table: &'static str, column: &str) -> Result<Vec<String>, Error> {
        let query = assembled(format!(
            "SELECT {column} FROM {table} WHERE org_id = $1 AND by_file = 1"
        ));
        let rows = self.inner.db.all(query.id(self.org)).await?;
        rows.into_iter().map(|mut row| row.text()).collect()
    }
}
