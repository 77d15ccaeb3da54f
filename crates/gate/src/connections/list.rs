//! `connections_list`.

use model::{
    Caller, Connection, ConnectionType, Page, PageArgs, Refusal, Role, Scope, glob_matches,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::object::{ConnectionObject, Status};
use super::tags::TagSelector;
use crate::{Context, Hints, Operation, list};

/// Lists the connections you can see, by name: databases to query with `exec`
/// and processes to run. Filters combine; in names `*` or `%` match any run of
/// characters.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ConnectionsList {
    #[serde(flatten)]
    page: PageArgs,
    #[serde(flatten)]
    filters: Filters,
}

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
struct Filters {
    /// Name of the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 254))]
    name: Option<String>,
    /// Kind of target.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    kind: Option<String>,
    /// Product, for instance `postgres`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    subtype: Option<String>,
    /// Id or name of an agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 254))]
    agent_id: Option<String>,
    /// Case-insensitive part of name, type, subtype or status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    search: Option<String>,
    /// Comma-separated `key=value` or `key!=value`; all must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    tag_selector: Option<String>,
    /// Older form of `tag_selector`: `key` or `key=value`; all must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20), inner(length(max = 321)))]
    tags: Option<Vec<String>>,
}

impl Operation for ConnectionsList {
    const NAME: &'static str = "connections_list";
    const TITLE: &'static str = "List connections";
    const ROLE: Role = Role::Any;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = Page<ConnectionObject>;

    async fn run(self, context: &Context) -> Result<Self::Output, Refusal> {
        let (filters, keyset) = list::begin(&self.page, self.filters)?;
        let select = Select::of(&filters)?;
        let connections = context
            .store()
            .connections()
            .await
            .map_err(|error| context.refuse(error))?;
        let caller = &context.caller;
        let chosen = connections
            .all()
            .iter()
            .filter(|connection| select.takes(connection, caller));
        let page = list::page_of(chosen, &keyset, |connection| connection.name.as_str());
        Ok(list::finish(page, filters, |connection| {
            ConnectionObject::show(connection, caller)
        }))
    }
}

struct Select<'a> {
    filters: &'a Filters,
    search: Option<String>,
    selector: TagSelector,
    tags: TagSelector,
}

impl<'a> Select<'a> {
    fn of(filters: &'a Filters) -> Result<Self, Refusal> {
        Ok(Self {
            search: filters.search.as_ref().map(|text| text.to_lowercase()),
            selector: match &filters.tag_selector {
                Some(text) => TagSelector::parse(text)?,
                None => TagSelector::default(),
            },
            tags: TagSelector::of_list(filters.tags.as_deref().unwrap_or_default()),
            filters,
        })
    }

    fn takes(&self, connection: &Connection, caller: &Caller) -> bool {
        let fits = |pattern: &Option<String>, text: &str| {
            pattern
                .as_ref()
                .is_none_or(|pattern| glob_matches(pattern, text))
        };
        let agent = connection
            .agent
            .map(|id| id.to_string())
            .unwrap_or_default();
        policy::sees(caller, connection)
            && fits(&self.filters.name, &connection.name)
            && fits(&self.filters.kind, connection.kind.as_str())
            && fits(&self.filters.subtype, &connection.subtype)
            && fits(&self.filters.agent_id, &agent)
            && self.selector.matches(&connection.tags)
            && self.tags.matches(&connection.tags)
            && self
                .search
                .as_ref()
                .is_none_or(|search| found(connection, search))
    }
}

fn found(connection: &Connection, search: &str) -> bool {
    let kind: ConnectionType = connection.kind;
    [
        &*connection.name,
        kind.as_str(),
        &*connection.subtype,
        Status::of(connection).as_str(),
    ]
    .iter()
    .any(|text| text.to_lowercase().contains(search))
}
