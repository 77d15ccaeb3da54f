//! All connections of an organization, read together and kept while the
//! generation stands.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::{Connection, ConnectionId, ConnectionType, Id as _, SecretSource};

use super::Detail;
use crate::db::Row;
use crate::sql::sql;
use crate::{Error, OrgStore};

/// All connections of an organization, by name.
#[derive(Debug, Default)]
pub struct ConnectionSet {
    all: Vec<Arc<Connection>>,
    by_id: HashMap<ConnectionId, usize>,
    by_name: HashMap<String, usize>,
    generation: i64,
}

impl ConnectionSet {
    /// The generation of the organization at which they were read.
    #[must_use]
    pub const fn generation(&self) -> i64 {
        self.generation
    }

    /// By name, ascending.
    #[must_use]
    pub fn all(&self) -> &[Arc<Connection>] {
        &self.all
    }

    /// The connection with this id.
    #[must_use]
    pub fn by_id(&self, id: ConnectionId) -> Option<&Arc<Connection>> {
        self.by_id.get(&id).map(|index| &self.all[*index])
    }

    /// The connection with this name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Arc<Connection>> {
        self.by_name.get(name).map(|index| &self.all[*index])
    }

    /// By id when the text is one, else by name.
    #[must_use]
    pub fn find(&self, reference: &str) -> Option<&Arc<Connection>> {
        match self.by_name(reference) {
            Some(found) => Some(found),
            None => ConnectionId::parse(reference).and_then(|id| self.by_id(id)),
        }
    }
}

/// Lists of names by the connection they belong to.
type Lists = HashMap<ConnectionId, Vec<String>>;

impl OrgStore {
    /// All connections of the organization; never older than the call.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn connections(&self) -> Result<Arc<ConnectionSet>, Error> {
        let generation = self.generation().await?;
        let kept = self.state.connections.read().clone();
        if let Some(kept) = kept.filter(|kept| kept.generation == generation) {
            return Ok(kept);
        }
        let read = Arc::new(self.read_connections(generation).await?);
        *self.state.connections.write() = Some(Arc::clone(&read));
        Ok(read)
    }

    async fn read_connections(&self, generation: i64) -> Result<ConnectionSet, Error> {
        let query = sql(
            "SELECT id, name, kind, subtype, agent_id, detail, managed_by, version, created_at, \
             updated_at FROM connection WHERE org_id = $1 ORDER BY name",
        );
        let rows = self.inner.db.all(query.id(self.org)).await?;
        let mut all = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let mut links = self.read_links().await?;
        for connection in &mut all {
            links.complete(connection);
        }
        let mut set = ConnectionSet {
            generation,
            ..ConnectionSet::default()
        };
        for (index, connection) in all.into_iter().enumerate() {
            set.by_id.insert(connection.id, index);
            set.by_name.insert(connection.name.clone(), index);
            set.all.push(Arc::new(connection));
        }
        Ok(set)
    }

    async fn read_links(&self) -> Result<LinkLists, Error> {
        let bound = sql("SELECT connection_id FROM access_binding WHERE org_id = $1");
        let mut allowed = Lists::new();
        for mut row in self.inner.db.all(bound.id(self.org)).await? {
            allowed.entry(row.id()?).or_default();
        }
        for query in [
            "SELECT b.connection_id, g.name FROM access_binding b \
             JOIN access_binding_group x ON x.binding_id = b.id \
             JOIN user_group g ON g.id = x.group_id WHERE b.org_id = $1",
            "SELECT c.target_id, g.name FROM attribute_link c \
             JOIN attribute_link l ON l.attribute_id = c.attribute_id AND l.kind = 'group' \
             JOIN user_group g ON g.id = l.target_id \
             WHERE c.kind = 'connection' AND c.org_id = $1",
        ] {
            self.gather(query, &mut allowed).await?;
        }
        let mut lists = LinkLists {
            allowed,
            ..LinkLists::default()
        };
        self.gather(
            "SELECT l.target_id, a.name FROM attribute_link l \
             JOIN attribute a ON a.id = l.attribute_id \
             WHERE l.kind = 'connection' AND l.org_id = $1",
            &mut lists.attributes,
        )
        .await?;
        self.gather(
            "SELECT r.connection_id, g.name FROM connection_reviewer r \
             JOIN user_group g ON g.id = r.group_id WHERE r.org_id = $1",
            &mut lists.reviewers,
        )
        .await?;
        self.gather(
            "SELECT connection_id, guardrail_id FROM connection_guardrail WHERE org_id = $1",
            &mut lists.guardrails,
        )
        .await?;
        for query in [
            "SELECT connection_id, rule_id FROM connection_datamasking WHERE org_id = $1",
            "SELECT c.target_id, l.target_id FROM attribute_link c \
             JOIN attribute_link l ON l.attribute_id = c.attribute_id \
             AND l.kind = 'datamasking_rule' WHERE c.kind = 'connection' AND c.org_id = $1",
        ] {
            self.gather(query, &mut lists.masking).await?;
        }
        let keys =
            sql("SELECT connection_id, key, source FROM connection_secret WHERE org_id = $1");
        for mut row in self.inner.db.all(keys.id(self.org)).await? {
            let (id, key) = (row.id()?, row.text()?);
            let source = row.word(source)?;
            lists.secrets.entry(id).or_default().push((key, source));
        }
        Ok(lists)
    }

    async fn gather(&self, query: &'static str, lists: &mut Lists) -> Result<(), Error> {
        for mut row in self.inner.db.all(sql(query).id(self.org)).await? {
            lists.entry(row.id()?).or_default().push(row.text()?);
        }
        Ok(())
    }
}

/// What is linked to connections.
#[derive(Default)]
struct LinkLists {
    allowed: Lists,
    attributes: Lists,
    reviewers: Lists,
    guardrails: Lists,
    masking: Lists,
    secrets: HashMap<ConnectionId, Vec<(String, SecretSource)>>,
}

impl LinkLists {
    fn complete(&mut self, connection: &mut Connection) {
        let sorted = |mut list: Vec<String>| {
            list.sort_unstable();
            list.dedup();
            list
        };
        let take = |lists: &mut Lists| lists.remove(&connection.id).map(sorted);
        connection.allow_list = take(&mut self.allowed);
        connection.has_masking_rules = take(&mut self.masking).is_some();
        connection.attributes = take(&mut self.attributes).unwrap_or_default();
        connection.reviewers = take(&mut self.reviewers).unwrap_or_default();
        let guardrails = take(&mut self.guardrails).unwrap_or_default();
        connection.guardrail_rules = guardrails
            .iter()
            .filter_map(|id| uuid::Uuid::try_parse(id).ok())
            .collect();
        connection.secret_keys = self.secrets.remove(&connection.id).unwrap_or_default();
        connection
            .secret_keys
            .sort_unstable_by(|one, other| one.0.cmp(&other.0));
    }
}

fn read(mut row: Row) -> Result<Connection, Error> {
    let (id, name) = (row.id()?, row.text()?);
    let (kind, subtype, agent) = (row.word(ConnectionType::parse)?, row.text()?, row.opt_id()?);
    let detail: Detail = row.json()?;
    Ok(Connection {
        id,
        name,
        kind,
        subtype,
        agent,
        command: detail.command,
        tags: BTreeMap::from_iter(detail.tags),
        modes: detail.modes,
        reviewers: Vec::new(),
        redact_types: detail.redact_types,
        has_masking_rules: false,
        mandatory_metadata_fields: detail.mandatory_metadata_fields,
        allowed_env_vars: detail.allowed_env_vars,
        read_only: detail.read_only,
        access_max_duration: detail.access_max_duration,
        limits: detail.limits,
        tls: detail.tls,
        managed_by: row.opt_text()?,
        guardrail_rules: Vec::new(),
        attributes: Vec::new(),
        allow_list: None,
        secret_keys: Vec::new(),
        version: row.int()?,
        created_at: row.time()?,
        updated_at: row.time()?,
    })
}

fn source(word: &str) -> Option<SecretSource> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}
