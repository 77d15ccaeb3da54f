//! The policies of an organization as entries of a file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{
    AccessEntry, Attribute, AttributeEntry, AttributeId, ConnectionId, GuardrailEntry,
    MaskingRuleEntry, Page, Refusal, RuleId,
};
use store::{Binding, ByFile, ConnectionSet, Error, Keyset, Rule, RuleKind};

use crate::{Context, datamasking_rules, guardrails};

/// Objects in one page.
const PAGE: u32 = 200;

/// The policies of an organization, by name.
pub(super) struct Stored {
    pub(super) connections: Arc<ConnectionSet>,
    pub(super) groups: BTreeSet<String>,
    pub(super) attributes: BTreeMap<String, Known<AttributeId, AttributeEntry>>,
    pub(super) guardrails: BTreeMap<String, Known<RuleId, GuardrailEntry>>,
    pub(super) masking: BTreeMap<String, Known<RuleId, MaskingRuleEntry>>,
    pub(super) access: BTreeMap<String, Known<ConnectionId, AccessEntry>>,
}

/// One stored object.
pub(super) struct Known<I, E> {
    /// Its id; of an allow-list, that of the connection.
    pub(super) id: I,
    pub(super) version: i64,
    /// What a file would say of it.
    pub(super) entry: E,
    /// Who owns it, when that is no administrator.
    pub(super) managed_by: Option<String>,
    /// Whether a file made it.
    pub(super) is_by_file: bool,
}

impl Stored {
    /// Reads what is stored now.
    ///
    /// # Errors
    /// `internal` for a stored rule that is none, `unavailable`.
    pub(super) async fn read(context: &Context) -> Result<Self, Refusal> {
        let store = &context.store();
        let refuse = |error| context.refuse(error);
        let by_file = store.by_file().await.map_err(refuse)?;
        let groups = all(|page| store.groups(None, page)).await.map_err(refuse)?;
        let attributes = all(|page| store.attributes(None, page)).await;
        let attributes = attributes.map_err(refuse)?;
        let bindings = all(|page| store.bindings(page)).await.map_err(refuse)?;
        let connections = store.connections().await.map_err(refuse)?;
        let mut stored = Self {
            groups: groups.into_iter().map(|group| group.name).collect(),
            attributes: attributes
                .into_iter()
                .map(|attribute| known_attribute(attribute, &by_file))
                .collect(),
            guardrails: BTreeMap::new(),
            masking: BTreeMap::new(),
            access: bindings
                .into_iter()
                .map(|binding| known_binding(binding, &by_file))
                .collect(),
            connections,
        };
        for rule in rules(context, RuleKind::Guardrail).await? {
            let says = guardrails::read(&rule);
            let says = says.map_err(|error| context.fault("a stored guardrail", &error))?;
            let known = stored.known_rule(rule, &by_file, |connections, attributes| {
                GuardrailEntry::new(says, connections, attributes)
            });
            stored.guardrails.insert(known.entry.name.clone(), known);
        }
        for rule in rules(context, RuleKind::Masking).await? {
            let says = datamasking_rules::read(&rule);
            let says = says.map_err(|error| context.fault("a stored masking rule", &error))?;
            let known = stored.known_rule(rule, &by_file, |connections, attributes| {
                MaskingRuleEntry::new(says, connections, attributes)
            });
            stored.masking.insert(known.entry.name.clone(), known);
        }
        Ok(stored)
    }

    /// A stored rule; `entry` makes the entry of its links.
    fn known_rule<E>(
        &self,
        rule: Rule,
        by_file: &ByFile,
        entry: impl FnOnce(Vec<String>, Vec<String>) -> E,
    ) -> Known<RuleId, E> {
        let linked = rule.connection_ids.iter();
        let linked = linked.filter_map(|id| self.connections.by_id(*id));
        let connections = linked.map(|connection| connection.name.clone()).collect();
        Known {
            id: rule.id,
            version: rule.version,
            entry: entry(connections, rule.attributes),
            managed_by: rule.managed_by,
            is_by_file: by_file.rules.contains(&rule.id),
        }
    }
}

async fn rules(context: &Context, kind: RuleKind) -> Result<Vec<Rule>, Refusal> {
    let store = &context.store();
    let found = all(|page| store.rules(kind, page)).await;
    found.map_err(|error| context.refuse(error))
}

fn known_attribute(
    attribute: Attribute,
    by_file: &ByFile,
) -> (String, Known<AttributeId, AttributeEntry>) {
    let known = Known {
        id: attribute.id,
        version: attribute.version,
        entry: AttributeEntry {
            name: attribute.name.clone(),
            description: attribute.description.unwrap_or_default(),
            connections: attribute.connection_names,
            groups: attribute.access_control_group_names,
        },
        managed_by: attribute.managed_by,
        is_by_file: by_file.attributes.contains(&attribute.id),
    };
    (attribute.name, known)
}

fn known_binding(binding: Binding, by_file: &ByFile) -> (String, Known<ConnectionId, AccessEntry>) {
    let known = Known {
        id: binding.connection_id,
        version: binding.version,
        entry: AccessEntry {
            connection: binding.connection_name.clone(),
            groups: binding.allowed_groups,
        },
        managed_by: None,
        is_by_file: by_file.connections.contains(&binding.connection_id),
    };
    (binding.connection_name, known)
}

/// Everything of a list, page by page.
async fn all<T, F>(read: impl Fn(Keyset) -> F) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<Page<T>, Error>>,
{
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = read(Keyset { limit: PAGE, after }).await?;
        found.extend(page.items);
        after = page.next_cursor;
        if after.is_none() {
            return Ok(found);
        }
    }
}
