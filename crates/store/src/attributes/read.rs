//! Attributes as they are shown.

use model::{Attribute, AttributeId, Page};

use super::LINKED;
use crate::db::Row;
use crate::links::{self, Kind};
use crate::page::Keyset;
use crate::sql::{assembled, like_of_part, placeholders, sql};
use crate::{Error, OrgStore};

const COLUMNS: &str =
    "a.id, a.name, a.description, a.managed_by, a.version, a.created_at, a.updated_at";

impl OrgStore {
    /// Attributes by name, those whose name contains `search`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn attributes(
        &self,
        search: Option<&str>,
        page: Keyset,
    ) -> Result<Page<Attribute>, Error> {
        let query = assembled(format!(
            "SELECT {COLUMNS} FROM attribute a WHERE a.org_id = $1 AND a.name > $2 \
             AND LOWER(a.name) LIKE $3 ESCAPE '!' ORDER BY a.name LIMIT $4"
        ));
        let query = query
            .id(self.org)
            .text(page.after.clone().unwrap_or_default())
            .text(like_of_part(search.unwrap_or_default()))
            .int(page.rows());
        let rows = self.inner.db.all(query).await?;
        let mut found = page.page(rows, read, |attribute| attribute.name.clone())?;
        self.add_links(&mut found.items).await?;
        Ok(found)
    }

    /// The attributes of a numbered page, from 1, and how many there are in all.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn attributes_page(
        &self,
        search: Option<&str>,
        number: u32,
        size: u32,
    ) -> Result<(Vec<Attribute>, i64), Error> {
        let part = like_of_part(search.unwrap_or_default());
        let count = sql("SELECT COUNT(*) FROM attribute a WHERE a.org_id = $1 \
             AND LOWER(a.name) LIKE $2 ESCAPE '!'");
        let counted = self.first(count.id(self.org).text(part.as_str())).await?;
        let total = counted.ok_or(Error::NotFound)?.int()?;
        let query = assembled(format!(
            "SELECT {COLUMNS} FROM attribute a WHERE a.org_id = $1 \
             AND LOWER(a.name) LIKE $2 ESCAPE '!' ORDER BY a.name LIMIT $3 OFFSET $4"
        ));
        let before = i64::from(number.saturating_sub(1)) * i64::from(size);
        let query = query.id(self.org).text(part).int(size.into()).int(before);
        let rows = self.inner.db.all(query).await?;
        let mut items = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        self.add_links(&mut items).await?;
        Ok((items, total))
    }

    /// One attribute by id or name.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn attribute(&self, reference: &str) -> Result<Option<Attribute>, Error> {
        let (column, value) = links::id_or_name(reference);
        let query = assembled(format!(
            "SELECT {COLUMNS} FROM attribute a WHERE a.org_id = $1 AND a.{column} = $2"
        ));
        let Some(row) = self.first(query.id(self.org).text(value)).await? else {
            return Ok(None);
        };
        let mut found = [read(row)?];
        self.add_links(&mut found).await?;
        let [attribute] = found;
        Ok(Some(attribute))
    }

    /// Fills in the names of what is linked.
    async fn add_links(&self, attributes: &mut [Attribute]) -> Result<(), Error> {
        if attributes.is_empty() {
            return Ok(());
        }
        let ids = placeholders(1, attributes.len());
        for kind in LINKED {
            let (table, word) = (kind.table(), kind.word());
            let query = attributes.iter().fold(
                assembled(format!(
                    "SELECT l.attribute_id, t.name FROM attribute_link l \
                     JOIN {table} t ON t.id = l.target_id \
                     WHERE l.attribute_id IN {ids} AND l.kind = '{word}' ORDER BY t.name"
                )),
                |query, attribute| query.id(attribute.id),
            );
            for mut row in self.inner.db.all(query).await? {
                let (id, name): (AttributeId, String) = (row.id()?, row.text()?);
                if let Some(attribute) = attributes.iter_mut().find(|found| found.id == id) {
                    list(attribute, kind).push(name);
                }
            }
        }
        Ok(())
    }
}

/// Where the names of a kind are shown.
const fn list(attribute: &mut Attribute, kind: Kind) -> &mut Vec<String> {
    match kind {
        Kind::AccessRequestRule => &mut attribute.access_request_rule_names,
        Kind::Guardrail => &mut attribute.guardrail_rule_names,
        Kind::MaskingRule => &mut attribute.datamasking_rule_names,
        Kind::Group => &mut attribute.access_control_group_names,
        Kind::Connection | Kind::Agent | Kind::Attribute => &mut attribute.connection_names,
    }
}

fn read(mut row: Row) -> Result<Attribute, Error> {
    Ok(Attribute {
        id: row.id()?,
        name: row.text()?,
        description: row.opt_text()?,
        connection_names: Vec::new(),
        access_request_rule_names: Vec::new(),
        guardrail_rule_names: Vec::new(),
        datamasking_rule_names: Vec::new(),
        access_control_group_names: Vec::new(),
        managed_by: row.opt_text()?,
        version: row.int()?,
        created_at: row.time()?,
        updated_at: row.time()?,
    })
}
