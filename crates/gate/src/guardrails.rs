//! Guardrails: what may be asked and what may be answered.

mod object;
mod write;

use model::{Guardrail, GuardrailRules, Page, PageArgs, Patch, Refusal, Role, Scope};
use schemars::JsonSchema;
use serde::Deserialize;
use store::RuleKind;

pub(crate) use self::object::{GuardrailObject, read};
use self::write::Change;
pub(crate) use self::write::{check_linked, detail, faults, fits, no_dialect};
use crate::list::Deleted;
use crate::rules::Rules;
use crate::{Context, Hints, Operation};

/// The guardrails of an organization.
const GUARDRAILS: Rules<GuardrailObject> = Rules {
    kind: RuleKind::Guardrail,
    noun: "guardrail",
    read: GuardrailObject::read,
};

/// Lists the guardrails of the organization, by name.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct GuardrailsList {
    #[serde(flatten)]
    page: PageArgs,
}

impl Operation for GuardrailsList {
    const NAME: &'static str = "guardrails_list";
    const TITLE: &'static str = "List guardrails";
    const ROLE: Role = Role::Auditor;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = Page<GuardrailObject>;

    async fn run(self, context: &Context) -> Result<Page<GuardrailObject>, Refusal> {
        GUARDRAILS.list(context, &self.page).await
    }
}

/// Shows one guardrail with its rules.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct GuardrailsGet {
    /// Id or name.
    #[schemars(length(min = 1, max = 254))]
    id: String,
}

impl Operation for GuardrailsGet {
    const NAME: &'static str = "guardrails_get";
    const TITLE: &'static str = "Show a guardrail";
    const ROLE: Role = Role::Auditor;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = GuardrailObject;

    async fn run(self, context: &Context) -> Result<GuardrailObject, Refusal> {
        GUARDRAILS.get(context, &self.id).await
    }
}

/// Makes a guardrail. Its input rules see what is asked before it runs, its output
/// rules what is answered after masking. It reaches the connections it is linked to,
/// directly or through attributes.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct GuardrailsCreate {
    /// Unique name, 1 to 128 characters.
    #[schemars(length(min = 1, max = 128))]
    name: String,
    /// What it is for.
    #[serde(default)]
    #[schemars(length(max = 512))]
    description: Option<String>,
    /// Rules about what is asked.
    #[serde(default)]
    input: Option<GuardrailRules>,
    /// Rules about what is answered.
    #[serde(default)]
    output: Option<GuardrailRules>,
    /// Ids or names of connections.
    #[serde(default)]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)), extend("default" = []))]
    connection_ids: Option<Vec<String>>,
    /// Ids or names of attributes.
    #[serde(default)]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)), extend("default" = []))]
    attributes: Option<Vec<String>>,
    /// Repeats with the same key answer the first outcome.
    #[serde(default, rename = "idempotency_key")]
    #[schemars(length(min = 1, max = 128), regex(pattern = "^[ -~]+$"))]
    _idempotency_key: Option<String>,
}

impl Operation for GuardrailsCreate {
    const NAME: &'static str = "guardrails_create";
    const TITLE: &'static str = "Create a guardrail";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CREATE;
    const IDEMPOTENCY: bool = true;
    type Output = GuardrailObject;

    async fn run(self, context: &Context) -> Result<GuardrailObject, Refusal> {
        let guardrail = Guardrail {
            name: self.name,
            description: self.description.unwrap_or_default(),
            input: self.input,
            output: self.output,
        };
        let (connections, attributes) = (self.connection_ids, self.attributes);
        write::create(context, guardrail, connections, attributes).await
    }
}

/// Changes a guardrail. What is left out stays, null clears, a value replaces as a
/// whole; another name renames.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct GuardrailsUpdate {
    /// Id or name.
    #[schemars(length(min = 1, max = 254))]
    id: String,
    /// Another name, 1 to 128 characters.
    #[serde(default)]
    #[schemars(length(min = 1, max = 128))]
    name: Patch<String>,
    /// What it is for.
    #[serde(default)]
    #[schemars(length(max = 512))]
    description: Patch<String>,
    /// Rules about what is asked.
    #[serde(default)]
    input: Patch<GuardrailRules>,
    /// Rules about what is answered.
    #[serde(default)]
    output: Patch<GuardrailRules>,
    /// Ids or names of connections.
    #[serde(default)]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)))]
    connection_ids: Patch<Vec<String>>,
    /// Ids or names of attributes.
    #[serde(default)]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)))]
    attributes: Patch<Vec<String>>,
    /// Refuse the change unless this is the stored version.
    #[serde(default)]
    #[schemars(range(min = 1))]
    version: Option<i64>,
}

impl Operation for GuardrailsUpdate {
    const NAME: &'static str = "guardrails_update";
    const TITLE: &'static str = "Change a guardrail";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CHANGE;
    type Output = GuardrailObject;

    async fn run(self, context: &Context) -> Result<GuardrailObject, Refusal> {
        let change = Change {
            name: self.name,
            description: self.description,
            input: self.input,
            output: self.output,
            connections: self.connection_ids.given(),
            attributes: self.attributes.given(),
        };
        write::update(context, &self.id, self.version, change).await
    }
}

/// Deletes a guardrail. What it refused is no longer refused.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct GuardrailsDelete {
    /// Id or name.
    #[schemars(length(min = 1, max = 254))]
    id: String,
    /// Refuse the deletion unless this is the stored version.
    #[serde(default)]
    #[schemars(range(min = 1))]
    version: Option<i64>,
}

impl Operation for GuardrailsDelete {
    const NAME: &'static str = "guardrails_delete";
    const TITLE: &'static str = "Delete a guardrail";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CHANGE;
    type Output = Deleted;

    async fn run(self, context: &Context) -> Result<Deleted, Refusal> {
        GUARDRAILS.delete(context, &self.id, self.version).await
    }
}
