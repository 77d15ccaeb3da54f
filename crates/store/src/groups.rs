//! User groups.

use model::{Group, GroupId, GroupSource, Id as _, Page};

use crate::db::{Row, Tx};
use crate::links::{self, Kind, Links};
use crate::page::Keyset;
use crate::sql::{assembled, like_of_part, placeholders, sql};
use crate::users::check_version;
use crate::{Binding, Error, OrgStore};

/// A group to be made, and what it joins.
#[derive(Clone, Debug, Default)]
pub struct NewGroup {
    /// Unique name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Ids or names of connections whose allow-list it joins.
    pub connections: Vec<String>,
    /// Ids or names of attributes it joins.
    pub attributes: Vec<String>,
}

/// A new group and what it was added to.
#[derive(Clone, Debug)]
pub struct GroupCreated {
    /// The group.
    pub group: Group,
    /// The bindings it joined.
    pub bound_connections: Vec<Binding>,
    /// Names of the attributes it joined.
    pub bound_attributes: Vec<String>,
    /// Names of connections that had no allow-list before.
    pub newly_restricted: Vec<String>,
}

const COLUMNS: &str = "g.id, g.name, g.description, g.source, g.version, g.created_at, \
    g.updated_at, (SELECT COUNT(*) FROM group_member m WHERE m.group_id = g.id)";

impl OrgStore {
    /// Groups by name.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn groups(&self, search: Option<&str>, page: Keyset) -> Result<Page<Group>, Error> {
        let query = assembled(format!(
            "SELECT {COLUMNS} FROM user_group g WHERE g.org_id = $1 AND g.name > $2 \
             AND LOWER(g.name) LIKE $3 ESCAPE '!' ORDER BY g.name LIMIT $4"
        ));
        let query = query
            .id(self.org)
            .text(page.after.clone().unwrap_or_default());
        let query = query
            .text(like_of_part(search.unwrap_or_default()))
            .int(page.rows());
        let rows = self.inner.db.all(query).await?;
        let mut groups = page.page(rows, read, |group| group.name.clone())?;
        self.add_uses(&mut groups.items).await?;
        Ok(groups)
    }

    /// One group by id or name.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn group(&self, reference: &str) -> Result<Option<Group>, Error> {
        let (column, value) = links::id_or_name(reference);
        let query = assembled(format!(
            "SELECT {COLUMNS} FROM user_group g WHERE g.org_id = $1 AND g.{column} = $2"
        ));
        let Some(row) = self.first(query.id(self.org).text(value)).await? else {
            return Ok(None);
        };
        let mut groups = [read(row)?];
        self.add_uses(&mut groups).await?;
        let [group] = groups;
        Ok(Some(group))
    }

    /// Makes a group and adds it to connections and attributes, all or nothing.
    ///
    /// # Errors
    /// [`Error::Taken`], [`Error::Missing`] for unknown connections or attributes.
    pub async fn create_group(&self, new: NewGroup) -> Result<GroupCreated, Error> {
        let mut change = self.begin().await?;
        let tx = &mut change.tx;
        if let Some(id) = links::find(tx, self.org, Kind::Group, &new.name).await? {
            return Err(Error::Taken {
                id: crate::row::parse_id::<GroupId>(&id)?.uuid(),
            });
        }
        let mut links = Links::new(self.org);
        let connections = links
            .resolve(tx, Kind::Connection, &new.connections)
            .await?;
        let attributes = links.resolve(tx, Kind::Attribute, &new.attributes).await?;
        links.check()?;
        let id = self
            .insert_group(tx, &new.name, new.description.as_deref())
            .await?;
        let (mut bound_connections, mut newly_restricted) = (Vec::new(), Vec::new());
        for connection in connections {
            let was_open = !is_closed_by_attribute(tx, &connection).await?;
            let (binding, fresh) = self.ensure_binding(tx, &connection).await?;
            self.admit(tx, &binding, &id.to_string()).await?;
            let binding = self.binding(tx, &connection).await?;
            if fresh && was_open {
                newly_restricted.push(binding.connection_name.clone());
            }
            bound_connections.push(binding);
        }
        let mut bound_attributes = Vec::new();
        for attribute in attributes {
            let join = sql(
                "INSERT INTO attribute_link (attribute_id, kind, target_id, org_id) \
                 VALUES ($1, 'group', $2, $3) ON CONFLICT DO NOTHING",
            );
            tx.run(join.text(&attribute).id(id).id(self.org)).await?;
            let name = sql("SELECT name FROM attribute WHERE id = $1").text(&attribute);
            bound_attributes.push(tx.first(name).await?.ok_or(Error::NotFound)?.text()?);
        }
        change.commit().await?;
        let group = self.group(&id.to_string()).await?.ok_or(Error::NotFound)?;
        Ok(GroupCreated {
            group,
            bound_connections,
            bound_attributes,
            newly_restricted,
        })
    }

    /// The group with this name; made when there is none.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store cannot be written.
    pub async fn ensure_group(&self, name: &str) -> Result<GroupId, Error> {
        let mut change = self.begin().await?;
        if let Some(id) = links::find(&mut change.tx, self.org, Kind::Group, name).await? {
            return crate::row::parse_id(&id);
        }
        let id = self.insert_group(&mut change.tx, name, None).await?;
        change.commit().await?;
        Ok(id)
    }

    /// Deletes a group and answers its id and name. With `force` its uses go
    /// too; a binding left without groups stays.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Protected`] for a built-in one,
    /// [`Error::Version`], [`Error::InUse`]: with `force` for connections that
    /// are managed or would be left without reviewers, and so run unreviewed.
    pub async fn delete_group(
        &self,
        reference: &str,
        force: bool,
        version: Option<i64>,
    ) -> Result<(GroupId, String), Error> {
        let mut change = self.begin().await?;
        let tx = &mut change.tx;
        let found = links::find(tx, self.org, Kind::Group, reference).await?;
        let id = found.ok_or(Error::NotFound)?;
        let query = sql("SELECT name, built_in, version FROM user_group WHERE id = $1");
        let mut row = tx.first(query.text(&id)).await?.ok_or(Error::NotFound)?;
        let (name, built_in) = (row.text()?, row.flag()?);
        if built_in {
            return Err(Error::Protected);
        }
        check_version(row.int()?, version)?;
        let uses = list(tx, USES, &id).await?;
        if !uses.is_empty() && !force {
            return Err(Error::InUse(uses));
        }
        let kept = list(tx, KEPT, &id).await?;
        if !kept.is_empty() {
            return Err(Error::InUse(kept));
        }
        for grow in [
            "UPDATE connection SET version = version + 1, updated_at = $1 WHERE id IN \
             (SELECT connection_id FROM connection_reviewer WHERE group_id = $2)",
            "UPDATE access_binding SET version = version + 1, updated_at = $1 WHERE id IN \
             (SELECT binding_id FROM access_binding_group WHERE group_id = $2)",
        ] {
            tx.run(sql(grow).time(self.now()).text(&id)).await?;
        }
        for clear in [
            "DELETE FROM access_binding_group WHERE group_id = $1",
            "DELETE FROM attribute_link WHERE kind = 'group' AND target_id = $1",
            "DELETE FROM connection_reviewer WHERE group_id = $1",
            "DELETE FROM group_member WHERE group_id = $1",
            "DELETE FROM user_group WHERE id = $1",
        ] {
            tx.run(sql(clear).text(&id)).await?;
        }
        change.commit().await?;
        Ok((crate::row::parse_id(&id)?, name))
    }

    async fn insert_group(
        &self,
        tx: &mut Tx,
        name: &str,
        description: Option<&str>,
    ) -> Result<GroupId, Error> {
        let (id, now) = (GroupId::new(&*self.inner.clock), self.now());
        let new = sql(
            "INSERT INTO user_group (id, org_id, name, description, source, built_in, version, \
             created_at, updated_at) VALUES ($1, $2, $3, $4, 'local', 0, 1, $5, $6)",
        );
        let new = new.id(id).id(self.org).text(name).opt_text(description);
        tx.run(new.time(now).time(now)).await?;
        Ok(id)
    }

    /// Fills in what each group is used by.
    async fn add_uses(&self, groups: &mut [Group]) -> Result<(), Error> {
        if groups.is_empty() {
            return Ok(());
        }
        let ids = placeholders(1, groups.len());
        let connections: fn(&mut Group) -> &mut Vec<String> = |group| &mut group.connections;
        let attributes: fn(&mut Group) -> &mut Vec<String> = |group| &mut group.attributes;
        for (text, names) in [
            (
                format!(
                    "SELECT g.group_id, c.name FROM access_binding_group g \
                     JOIN access_binding b ON b.id = g.binding_id \
                     JOIN connection c ON c.id = b.connection_id \
                     WHERE g.group_id IN {ids} ORDER BY c.name"
                ),
                connections,
            ),
            (
                format!(
                    "SELECT l.target_id, a.name FROM attribute_link l \
                     JOIN attribute a ON a.id = l.attribute_id \
                     WHERE l.target_id IN {ids} AND l.kind = 'group' ORDER BY a.name"
                ),
                attributes,
            ),
        ] {
            let query = groups
                .iter()
                .fold(assembled(text), |query, group| query.id(group.id));
            for mut row in self.inner.db.all(query).await? {
                let (id, name): (GroupId, String) = (row.id()?, row.text()?);
                if let Some(group) = groups.iter_mut().find(|group| group.id == id) {
                    names(group).push(name);
                }
            }
        }
        Ok(())
    }
}

/// Whether an attribute of a connection lets only some groups see it.
async fn is_closed_by_attribute(tx: &mut Tx, connection: &str) -> Result<bool, Error> {
    let query = sql(
        "SELECT c.target_id FROM attribute_link c JOIN attribute_link l \
         ON l.attribute_id = c.attribute_id AND l.kind = 'group' \
         WHERE c.kind = 'connection' AND c.target_id = $1",
    );
    Ok(tx.first(query.text(connection)).await?.is_some())
}

/// Kinds of uses of a group, each with the query of their names.
const USES: &[(&str, &str)] = &[
    (
        "connection",
        "SELECT c.name FROM access_binding_group g JOIN access_binding b ON b.id = g.binding_id \
         JOIN connection c ON c.id = b.connection_id WHERE g.group_id = $1 ORDER BY c.name",
    ),
    (
        "attribute",
        "SELECT a.name FROM attribute_link l JOIN attribute a ON a.id = l.attribute_id \
         WHERE l.kind = 'group' AND l.target_id = $1 ORDER BY a.name",
    ),
    (
        "reviewers of connection",
        "SELECT c.name FROM connection_reviewer r JOIN connection c ON c.id = r.connection_id \
         WHERE r.group_id = $1 ORDER BY c.name",
    ),
];

/// The uses that stay in the way of a forced deletion.
const KEPT: &[(&str, &str)] = &[
    (
        "reviewers of managed connection",
        "SELECT c.name FROM connection_reviewer r JOIN connection c ON c.id = r.connection_id \
         WHERE r.group_id = $1 AND c.managed_by IS NOT NULL ORDER BY c.name",
    ),
    (
        "only reviewers of connection",
        "SELECT c.name FROM connection_reviewer r JOIN connection c ON c.id = r.connection_id \
         WHERE r.group_id = $1 AND c.managed_by IS NULL AND NOT EXISTS \
         (SELECT 1 FROM connection_reviewer o WHERE o.connection_id = c.id AND o.group_id <> $1) \
         ORDER BY c.name",
    ),
];

/// What uses a group, each as kind and name.
async fn list(
    tx: &mut Tx,
    kinds: &[(&'static str, &'static str)],
    id: &str,
) -> Result<Vec<String>, Error> {
    let mut uses = Vec::new();
    for (kind, query) in kinds {
        for mut row in tx.all(sql(query).text(id)).await? {
            uses.push(format!("{kind} {}", row.text()?));
        }
    }
    Ok(uses)
}

fn read(mut row: Row) -> Result<Group, Error> {
    Ok(Group {
        id: row.id()?,
        name: row.text()?,
        description: row.opt_text()?,
        source: row.word(source)?,
        version: row.int()?,
        created_at: row.time()?,
        updated_at: row.time()?,
        members_count: row.int()?,
        connections: Vec::new(),
        attributes: Vec::new(),
    })
}

fn source(word: &str) -> Option<GroupSource> {
    match word {
        "local" => Some(GroupSource::Local),
        "idp" => Some(GroupSource::Idp),
        _ => None,
    }
}
