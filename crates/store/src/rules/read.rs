//! Rules as they are shown, and those that reach a connection.

use model::{ConnectionId, Page, RuleId};

use super::{Reach, Rule, RuleKind};
use crate::db::Row;
use crate::links;
use crate::page::Keyset;
use crate::sql::{Sql, assembled, placeholders};
use crate::{Error, OrgStore};

const COLUMNS: &str = "r.id, r.name, r.detail, r.managed_by, r.version, r.created_at, r.updated_at";

impl OrgStore {
    /// Rules by name.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn rules(&self, kind: RuleKind, page: Keyset) -> Result<Page<Rule>, Error> {
        let table = kind.kind().table();
        let query = assembled(format!(
            "SELECT {COLUMNS} FROM {table} r WHERE r.org_id = $1 AND r.name > $2 \
             ORDER BY r.name LIMIT $3"
        ));
        let query = query
            .id(self.org)
            .text(page.after.clone().unwrap_or_default())
            .int(page.rows());
        let rows = self.inner.db.all(query).await?;
        let mut found = page.page(rows, read, |rule| rule.name.clone())?;
        self.add_reach(kind, &mut found.items).await?;
        Ok(found)
    }

    /// One rule by id or name.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn rule(&self, kind: RuleKind, reference: &str) -> Result<Option<Rule>, Error> {
        let (column, value) = links::id_or_name(reference);
        let table = kind.kind().table();
        let query = assembled(format!(
            "SELECT {COLUMNS} FROM {table} r WHERE r.org_id = $1 AND r.{column} = $2"
        ));
        let Some(row) = self.first(query.id(self.org).text(value)).await? else {
            return Ok(None);
        };
        let mut found = [read(row)?];
        self.add_reach(kind, &mut found).await?;
        let [rule] = found;
        Ok(Some(rule))
    }

    /// The rules that reach a connection, directly or through its attributes.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn reach(&self, connection: ConnectionId) -> Result<Reach, Error> {
        Ok(Reach {
            guardrails: self.reaching(RuleKind::Guardrail, connection).await?,
            masking: self.reaching(RuleKind::Masking, connection).await?,
        })
    }

    async fn reaching(&self, kind: RuleKind, connection: ConnectionId) -> Result<Vec<Rule>, Error> {
        let (table, word) = (kind.kind().table(), kind.kind().word());
        let (links, column) = kind.links();
        let query = assembled(format!(
            "SELECT {COLUMNS} FROM {table} r WHERE r.org_id = $1 AND (r.id IN \
             (SELECT {column} FROM {links} WHERE connection_id = $2) OR r.id IN \
             (SELECT l.target_id FROM attribute_link l JOIN attribute_link c \
             ON c.attribute_id = l.attribute_id AND c.kind = 'connection' \
             WHERE l.kind = '{word}' AND c.target_id = $3)) ORDER BY r.name"
        ));
        let query = query.id(self.org).id(connection).id(connection);
        let rows = self.inner.db.all(query).await?;
        rows.into_iter().map(read).collect()
    }

    /// Fills in what rules are linked to.
    async fn add_reach(&self, kind: RuleKind, rules: &mut [Rule]) -> Result<(), Error> {
        if rules.is_empty() {
            return Ok(());
        }
        let ids = placeholders(1, rules.len());
        let of = |rules: &[Rule], text: String| {
            let ids = rules.iter().map(|rule| rule.id);
            ids.fold(assembled(text), Sql::id)
        };
        let (links, column) = kind.links();
        let connections = of(
            rules,
            format!(
                "SELECT l.{column}, l.connection_id FROM {links} l \
                 JOIN connection c ON c.id = l.connection_id \
                 WHERE l.{column} IN {ids} ORDER BY c.name"
            ),
        );
        for mut row in self.inner.db.all(connections).await? {
            let (id, connection) = (row.id()?, row.id()?);
            if let Some(rule) = with_id(rules, id) {
                rule.connection_ids.push(connection);
            }
        }
        let word = kind.kind().word();
        let attributes = of(
            rules,
            format!(
                "SELECT l.target_id, a.name FROM attribute_link l \
                 JOIN attribute a ON a.id = l.attribute_id \
                 WHERE l.target_id IN {ids} AND l.kind = '{word}' ORDER BY a.name"
            ),
        );
        for mut row in self.inner.db.all(attributes).await? {
            let (id, name) = (row.id()?, row.text()?);
            if let Some(rule) = with_id(rules, id) {
                rule.attributes.push(name);
            }
        }
        Ok(())
    }
}

fn with_id(rules: &mut [Rule], id: RuleId) -> Option<&mut Rule> {
    rules.iter_mut().find(|rule| rule.id == id)
}

fn read(mut row: Row) -> Result<Rule, Error> {
    Ok(Rule {
        id: row.id()?,
        name: row.text()?,
        detail: row.text()?,
        connection_ids: Vec::new(),
        attributes: Vec::new(),
        managed_by: row.opt_text()?,
        version: row.int()?,
        created_at: row.time()?,
        updated_at: row.time()?,
    })
}
