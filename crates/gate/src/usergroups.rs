//! User groups.

use model::{Group, Page, PageArgs, Refusal, Role, Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::NewGroup;

use crate::access_control::BindingObject;
use crate::list::Deleted;
use crate::{Context, Hints, Operation, list};

/// Lists the user groups of the organization, by name.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct UsergroupsList {
    #[serde(flatten)]
    page: PageArgs,
    /// Case-insensitive part of the name.
    #[serde(default)]
    #[schemars(length(max = 128))]
    search: Option<String>,
}

impl Operation for UsergroupsList {
    const NAME: &'static str = "usergroups_list";
    const TITLE: &'static str = "List user groups";
    const ROLE: Role = Role::Auditor;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = Page<Group>;

    async fn run(self, context: &Context) -> Result<Page<Group>, Refusal> {
        let (search, keyset) = list::begin(&self.page, self.search)?;
        let page = context
            .store()
            .groups(search.as_deref(), keyset)
            .await
            .map_err(|error| context.refuse(error))?;
        Ok(list::finish(page, search, |group| group))
    }
}

/// Makes a user group and adds it to connections and attributes. A connection
/// that had no allow-list becomes visible to this group only and is named in
/// `newly_restricted`.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct UsergroupsCreate {
    /// Unique name, 1 to 180 characters.
    #[schemars(length(min = 1, max = 180))]
    name: String,
    /// What it is for.
    #[serde(default)]
    #[schemars(length(max = 512))]
    description: Option<String>,
    /// Ids or names of connections whose allow-list it joins.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = 254)), extend("default" = []))]
    connections: Option<Vec<String>>,
    /// Ids or names of attributes it joins.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = 254)), extend("default" = []))]
    attributes: Option<Vec<String>>,
    /// Repeats with the same key answer the first outcome.
    #[serde(default, rename = "idempotency_key")]
    #[schemars(length(min = 1, max = 128), regex(pattern = "^[ -~]+$"))]
    _idempotency_key: Option<String>,
}

/// A new group and what it was added to.
#[derive(Serialize, JsonSchema)]
pub(crate) struct NewGroupObject {
    #[serde(flatten)]
    details: Group,
    /// Its name once more.
    group: String,
    bound_connections: Vec<BindingObject>,
    bound_attributes: Vec<String>,
    newly_restricted: Vec<String>,
}

impl Operation for UsergroupsCreate {
    const NAME: &'static str = "usergroups_create";
    const TITLE: &'static str = "Create a user group";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    // It can narrow who sees a connection.
    const HINTS: Hints = Hints::new(false, true, false, false);
    const IDEMPOTENCY: bool = true;
    type Output = NewGroupObject;

    async fn run(self, context: &Context) -> Result<NewGroupObject, Refusal> {
        if self.name.chars().any(char::is_control) || self.name.trim().is_empty() {
            return Err(Refusal::invalid(
                "/name",
                "1 to 180 characters without control characters",
            ));
        }
        if model::is_uuid_form(&self.name) {
            return Err(Refusal::invalid(
                "/name",
                "a name that is not in the form of a UUID",
            ));
        }
        let new = NewGroup {
            name: self.name,
            description: self.description.filter(|text| !text.is_empty()),
            connections: self.connections.unwrap_or_default(),
            attributes: self.attributes.unwrap_or_default(),
        };
        let made = context
            .store()
            .create_group(new)
            .await
            .map_err(|error| context.refuse(error))?;
        context.audit.touch(made.group.id);
        Ok(NewGroupObject {
            group: made.group.name.clone(),
            details: made.group,
            bound_connections: made.bound_connections.into_iter().map(Into::into).collect(),
            bound_attributes: made.bound_attributes,
            newly_restricted: made.newly_restricted,
        })
    }
}

/// Deletes a user group. With `force` its uses are removed too; a connection
/// left without groups stays restricted to administrators and auditors. The only
/// reviewers of a connection are not deleted: name others there first.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct UsergroupsDelete {
    /// Id or name.
    #[schemars(length(min = 1, max = 254))]
    name: String,
    /// Remove its uses too.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    force: Option<bool>,
    /// Refuse the deletion unless this is the stored version.
    #[serde(default)]
    #[schemars(range(min = 1))]
    version: Option<i64>,
}

impl Operation for UsergroupsDelete {
    const NAME: &'static str = "usergroups_delete";
    const TITLE: &'static str = "Delete a user group";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CHANGE;
    type Output = Deleted;

    async fn run(self, context: &Context) -> Result<Deleted, Refusal> {
        let force = self.force == Some(true);
        let deleted = context
            .store()
            .delete_group(&self.name, force, self.version)
            .await;
        let (id, name) = deleted.map_err(|error| match error {
            store::Error::NotFound => Refusal::not_found("group", &self.name),
            other => context.refuse(other),
        })?;
        context.audit.touch(id);
        Ok(Deleted::new(id, &name))
    }
}
