//! Attributes: what ties connections, rules and groups together.

use model::{Attribute, Page, PageArgs, Patch, Refusal, Role, Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{AttributeLinks, Error};

use crate::list::Deleted;
use crate::{Context, Hints, Operation, list, naming};

/// Items on a numbered page when the caller names no number.
const PAGE_SIZE: u32 = 50;

/// Lists the attributes of the organization, by name.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AttributesList {
    #[serde(flatten)]
    page: PageArgs,
    /// Case-insensitive part of the name.
    #[serde(default)]
    #[schemars(length(max = 128))]
    search: Option<String>,
    /// Number of a page, from 1, instead of a cursor.
    #[serde(default, rename = "page")]
    #[schemars(range(min = 1))]
    number: Option<u32>,
    /// Items on a numbered page.
    #[serde(default)]
    #[schemars(range(min = 1, max = 200))]
    page_size: Option<u32>,
}

/// A page of attributes.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Attributes {
    #[serde(flatten)]
    page: Page<Attribute>,
    /// Where a numbered page stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pages: Option<Numbered>,
}

/// Where a numbered page stands among all.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Numbered {
    /// Items in all.
    total: i64,
    /// Number of the page.
    page: u32,
    /// Items on a page.
    size: u32,
}

impl Operation for AttributesList {
    const NAME: &'static str = "attributes_list";
    const TITLE: &'static str = "List attributes";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = Attributes;

    async fn run(self, context: &Context) -> Result<Attributes, Refusal> {
        let store = context.store();
        if self.number.is_some() || self.page_size.is_some() {
            let (page, size) = (
                self.number.unwrap_or(1),
                self.page_size.unwrap_or(PAGE_SIZE),
            );
            let read = store
                .attributes_page(self.search.as_deref(), page, size)
                .await;
            let (items, total) = read.map_err(|error| context.refuse(error))?;
            let next_cursor = None;
            return Ok(Attributes {
                page: Page { items, next_cursor },
                pages: Some(Numbered { total, page, size }),
            });
        }
        let (search, keyset) = list::begin(&self.page, self.search)?;
        let read = store.attributes(search.as_deref(), keyset).await;
        let page = read.map_err(|error| context.refuse(error))?;
        Ok(Attributes {
            page: list::finish(page, search, |attribute| attribute),
            pages: None,
        })
    }
}

/// Shows one attribute and what it ties together.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AttributesGet {
    /// Id or name.
    #[schemars(length(min = 1, max = 254))]
    name: String,
}

impl Operation for AttributesGet {
    const NAME: &'static str = "attributes_get";
    const TITLE: &'static str = "Show an attribute";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = Attribute;

    async fn run(self, context: &Context) -> Result<Attribute, Refusal> {
        let found = context.store().attribute(&self.name).await;
        found
            .map_err(|error| context.refuse(error))?
            .ok_or_else(|| unknown(&self.name))
    }
}

/// Makes an attribute. What is linked to it belongs together at once: its rules
/// reach its connections, and when it names groups, only these and the groups of
/// its connections' own lists see them.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AttributesCreate {
    /// Unique name: letters, digits and `_`, in parts joined by `.` or `-`.
    #[schemars(length(min = 3, max = 254), regex(pattern = model::RESOURCE_NAME_PATTERN))]
    name: String,
    /// What it is for.
    #[serde(default)]
    #[schemars(length(max = 512))]
    description: Option<String>,
    /// Ids or names of connections that bear it.
    #[serde(default)]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)), extend("default" = []))]
    connection_names: Option<Vec<String>>,
    /// Ids or names of access request rules.
    #[serde(default)]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)), extend("default" = []))]
    access_request_rule_names: Option<Vec<String>>,
    /// Ids or names of guardrails.
    #[serde(default)]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)), extend("default" = []))]
    guardrail_rule_names: Option<Vec<String>>,
    /// Ids or names of masking rules.
    #[serde(default)]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)), extend("default" = []))]
    datamasking_rule_names: Option<Vec<String>>,
    /// Ids or names of groups that see its connections.
    #[serde(default)]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)), extend("default" = []))]
    access_control_group_names: Option<Vec<String>>,
    /// Repeats with the same key answer the first outcome.
    #[serde(default, rename = "idempotency_key")]
    #[schemars(length(min = 1, max = 128), regex(pattern = "^[ -~]+$"))]
    _idempotency_key: Option<String>,
}

impl Operation for AttributesCreate {
    const NAME: &'static str = "attributes_create";
    const TITLE: &'static str = "Create an attribute";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CREATE;
    const IDEMPOTENCY: bool = true;
    type Output = Attribute;

    async fn run(self, context: &Context) -> Result<Attribute, Refusal> {
        naming::check_resource_name(&self.name)?;
        let links = AttributeLinks {
            connections: self.connection_names,
            access_request_rules: self.access_request_rule_names,
            guardrails: self.guardrail_rule_names,
            masking_rules: self.datamasking_rule_names,
            groups: self.access_control_group_names,
        };
        let description = self.description.filter(|text| !text.is_empty());
        let made = context
            .store()
            .create_attribute(&self.name, description.as_deref(), links)
            .await
            .map_err(|error| context.refuse(error))?;
        context.audit.touch(made.id);
        Ok(made)
    }
}

/// Changes an attribute. What is left out stays, null or an empty list clears,
/// a list replaces as a whole.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AttributesUpdate {
    /// Id or name; selects, does not rename.
    #[schemars(length(min = 1, max = 254))]
    name: String,
    /// What it is for.
    #[serde(default)]
    #[schemars(length(max = 512))]
    description: Patch<String>,
    /// Ids or names of connections that bear it.
    #[serde(default)]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)))]
    connection_names: Patch<Vec<String>>,
    /// Ids or names of access request rules.
    #[serde(default)]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)))]
    access_request_rule_names: Patch<Vec<String>>,
    /// Ids or names of guardrails.
    #[serde(default)]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)))]
    guardrail_rule_names: Patch<Vec<String>>,
    /// Ids or names of masking rules.
    #[serde(default)]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)))]
    datamasking_rule_names: Patch<Vec<String>>,
    /// Ids or names of groups that see its connections.
    #[serde(default)]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)))]
    access_control_group_names: Patch<Vec<String>>,
    /// Refuse the change unless this is the stored version.
    #[serde(default)]
    #[schemars(range(min = 1))]
    version: Option<i64>,
}

impl Operation for AttributesUpdate {
    const NAME: &'static str = "attributes_update";
    const TITLE: &'static str = "Change an attribute";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CHANGE;
    type Output = Attribute;

    async fn run(self, context: &Context) -> Result<Attribute, Refusal> {
        let links = AttributeLinks {
            connections: self.connection_names.given(),
            access_request_rules: self.access_request_rule_names.given(),
            guardrails: self.guardrail_rule_names.given(),
            masking_rules: self.datamasking_rule_names.given(),
            groups: self.access_control_group_names.given(),
        };
        let description = self.description.given();
        let description = description
            .as_deref()
            .map(|text| Some(text).filter(|text| !text.is_empty()));
        let changed = context
            .store()
            .update_attribute(&self.name, self.version, description, links)
            .await
            .map_err(|error| refuse(context, &self.name, error))?;
        context.audit.touch(changed.id);
        Ok(changed)
    }
}

/// Deletes an attribute and all its links. Its rules no longer reach its
/// connections, and its groups no longer restrict who sees them.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AttributesDelete {
    /// Id or name.
    #[schemars(length(min = 1, max = 254))]
    name: String,
    /// Refuse the deletion unless this is the stored version.
    #[serde(default)]
    #[schemars(range(min = 1))]
    version: Option<i64>,
}

impl Operation for AttributesDelete {
    const NAME: &'static str = "attributes_delete";
    const TITLE: &'static str = "Delete an attribute";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CHANGE;
    type Output = Deleted;

    async fn run(self, context: &Context) -> Result<Deleted, Refusal> {
        let deleted = context
            .store()
            .delete_attribute(&self.name, self.version)
            .await;
        let (id, name) = deleted.map_err(|error| refuse(context, &self.name, error))?;
        context.audit.touch(id);
        Ok(Deleted::new(id, &name))
    }
}

fn unknown(reference: &str) -> Refusal {
    Refusal::not_found("attribute", reference)
}

fn refuse(context: &Context, reference: &str, error: Error) -> Refusal {
    match error {
        Error::NotFound => unknown(reference),
        other => context.refuse(other),
    }
}
