//! Access control: which groups see a connection.

use model::{Connection, ConnectionId, Page, PageArgs, Refusal, Role, Scope, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Binding, Error};

use crate::list::Deleted;
use crate::{Context, Hints, Operation, exec, list};

/// Which groups see a connection.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct BindingObject {
    id: Option<String>,
    connection_id: ConnectionId,
    connection_name: String,
    allowed_groups: Vec<String>,
    restricted: bool,
    version: i64,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    /// Who sees a connection without a list of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl From<Binding> for BindingObject {
    fn from(binding: Binding) -> Self {
        Self {
            id: binding.id.map(|id| id.to_string()),
            connection_id: binding.connection_id,
            connection_name: binding.connection_name,
            allowed_groups: binding.allowed_groups,
            restricted: binding.restricted,
            version: binding.version,
            created_at: binding.created_at,
            updated_at: binding.updated_at,
            note: None,
        }
    }
}

impl BindingObject {
    /// A connection without a list of its own.
    fn none(connection: &Connection) -> Self {
        let note = match &connection.allow_list {
            None => "every member of the organization sees this connection".to_owned(),
            Some(groups) => format!(
                "through its attributes only these groups see this connection: {}",
                groups.join(", ")
            ),
        };
        Self {
            id: None,
            connection_id: connection.id,
            connection_name: connection.name.clone(),
            allowed_groups: Vec::new(),
            restricted: connection.allow_list.is_some(),
            version: 0,
            created_at: None,
            updated_at: None,
            note: Some(note),
        }
    }
}

/// Makes these groups the only ones that see a connection, besides administrators
/// and auditors. It replaces the list that is there: read it first with
/// `access_control_get` to add to it.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AccessControlSet {
    /// Id or name of the connection.
    #[schemars(length(min = 1, max = 254))]
    connection_name: String,
    /// Ids or names of groups.
    #[schemars(length(min = 1, max = 200), inner(length(min = 1, max = 254)))]
    groups: Vec<String>,
    /// Refuse the change unless this is the stored version; 0 without a list.
    #[serde(default)]
    #[schemars(range(min = 0))]
    version: Option<i64>,
}

impl Operation for AccessControlSet {
    const NAME: &'static str = "access_control_set";
    const TITLE: &'static str = "Set who sees a connection";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CHANGE;
    type Output = BindingObject;

    async fn run(self, context: &Context) -> Result<BindingObject, Refusal> {
        let connection = exec::look_up(context, &self.connection_name).await?;
        context.audit.touch(connection.id);
        let bound = context
            .store()
            .bind_groups(connection.id, &self.groups, self.version)
            .await;
        bound
            .map(Into::into)
            .map_err(|error| refuse(context, &self.connection_name, error))
    }
}

/// Removes the list of groups of a connection. Every member of the organization
/// sees it then, unless an attribute restricts it.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AccessControlUnset {
    /// Id or name of the connection.
    #[schemars(length(min = 1, max = 254))]
    connection_name: String,
    /// Refuse the change unless this is the stored version.
    #[serde(default)]
    #[schemars(range(min = 1))]
    version: Option<i64>,
}

impl Operation for AccessControlUnset {
    const NAME: &'static str = "access_control_unset";
    const TITLE: &'static str = "Let everyone see a connection";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CHANGE;
    type Output = Deleted;

    async fn run(self, context: &Context) -> Result<Deleted, Refusal> {
        let connection = exec::look_up(context, &self.connection_name).await?;
        context.audit.touch(connection.id);
        let unbound = context.store().unbind(connection.id, self.version).await;
        let (id, name) = unbound.map_err(|error| match error {
            Error::NotFound => Refusal::not_found("access control list", &self.connection_name),
            other => context.refuse(other),
        })?;
        Ok(Deleted::new(id, &name))
    }
}

/// Tells which groups see a connection. Without a list of its own the answer has
/// no id, and a note says who sees it.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AccessControlGet {
    /// Id or name of the connection.
    #[schemars(length(min = 1, max = 254))]
    connection_name: String,
}

impl Operation for AccessControlGet {
    const NAME: &'static str = "access_control_get";
    const TITLE: &'static str = "Show who sees a connection";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = BindingObject;

    async fn run(self, context: &Context) -> Result<BindingObject, Refusal> {
        let connection = exec::look_up(context, &self.connection_name).await?;
        let found = context.store().binding_of(connection.id).await;
        Ok(match found.map_err(|error| context.refuse(error))? {
            Some(binding) => binding.into(),
            None => BindingObject::none(&connection),
        })
    }
}

/// Lists the connections that only some groups see, by name. Restrictions by
/// attributes are not among them.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AccessControlList {
    #[serde(flatten)]
    page: PageArgs,
}

impl Operation for AccessControlList {
    const NAME: &'static str = "access_control_list";
    const TITLE: &'static str = "List who sees which connection";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = Page<BindingObject>;

    async fn run(self, context: &Context) -> Result<Page<BindingObject>, Refusal> {
        let ((), keyset) = list::begin(&self.page, ())?;
        let page = context
            .store()
            .bindings(keyset)
            .await
            .map_err(|error| context.refuse(error))?;
        Ok(list::finish(page, (), Into::into))
    }
}

/// The connection may have gone since it was found.
fn refuse(context: &Context, reference: &str, error: Error) -> Refusal {
    match error {
        Error::NotFound => Refusal::connection_not_found(reference),
        other => context.refuse(other),
    }
}
