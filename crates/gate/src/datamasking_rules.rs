//! Data masking rules: what is found in answers, and what is shown instead.

mod object;
mod write;

use model::{
    ColumnRule, CustomEntity, EntitySelection, MaskingRule, Page, PageArgs, Patch, Refusal, Role,
    Scope, Strategy, StrategyOptions,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::RuleKind;

pub(crate) use self::object::{MaskingRuleObject, read};
use self::write::Change;
pub(crate) use self::write::{detail, faults};
use crate::list::Deleted;
use crate::rules::Rules;
use crate::{Context, Hints, Operation};

/// The masking rules of an organization.
const MASKING_RULES: Rules<MaskingRuleObject> = Rules {
    kind: RuleKind::Masking,
    noun: "data masking rule",
    read: MaskingRuleObject::read,
};

/// Lists the data masking rules of the organization, by name.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct DatamaskingRulesList {
    #[serde(flatten)]
    page: PageArgs,
}

impl Operation for DatamaskingRulesList {
    const NAME: &'static str = "datamasking_rules_list";
    const TITLE: &'static str = "List data masking rules";
    const ROLE: Role = Role::Auditor;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = Page<MaskingRuleObject>;

    async fn run(self, context: &Context) -> Result<Page<MaskingRuleObject>, Refusal> {
        MASKING_RULES.list(context, &self.page).await
    }
}

/// Shows one data masking rule.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct DatamaskingRulesGet {
    /// Id or name.
    #[schemars(length(min = 1, max = 254))]
    id: String,
}

impl Operation for DatamaskingRulesGet {
    const NAME: &'static str = "datamasking_rules_get";
    const TITLE: &'static str = "Show a data masking rule";
    const ROLE: Role = Role::Auditor;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = MaskingRuleObject;

    async fn run(self, context: &Context) -> Result<MaskingRuleObject, Refusal> {
        MASKING_RULES.get(context, &self.id).await
    }
}

/// Makes a data masking rule. What its entity types, its own entity types and its
/// columns find is masked in everything that comes back from the connections it is
/// linked to, directly or through attributes: rows, text, notices, errors, recordings.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct DatamaskingRulesCreate {
    /// Unique name, 1 to 128 characters; it stays.
    #[schemars(length(min = 1, max = 128))]
    name: String,
    /// What it is for.
    #[serde(default)]
    #[schemars(length(max = 512))]
    description: Option<String>,
    /// Entity types of the engine: presets, parts of presets, or `CUSTOM_SELECTION`.
    #[serde(default)]
    #[schemars(length(max = 100), extend("default" = []))]
    supported_entity_types: Option<Vec<EntitySelection>>,
    /// Entity types of one's own, by pattern or by words.
    #[serde(default)]
    #[schemars(length(max = 100), extend("default" = []))]
    custom_entity_types: Option<Vec<CustomEntity>>,
    /// Columns that are masked whatever they hold.
    #[serde(default)]
    #[schemars(length(max = 100), extend("default" = []))]
    column_rules: Option<Vec<ColumnRule>>,
    /// What entries without a strategy of their own do.
    #[serde(default)]
    strategy: Option<Strategy>,
    /// Options of the strategy.
    #[serde(default)]
    strategy_options: Option<StrategyOptions>,
    /// Findings with a lower score are dropped; 0.5 when not given.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    score_threshold: Option<f64>,
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

impl Operation for DatamaskingRulesCreate {
    const NAME: &'static str = "datamasking_rules_create";
    const TITLE: &'static str = "Create a data masking rule";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CREATE;
    const IDEMPOTENCY: bool = true;
    type Output = MaskingRuleObject;

    async fn run(self, context: &Context) -> Result<MaskingRuleObject, Refusal> {
        let rule = MaskingRule {
            name: self.name,
            description: self.description.unwrap_or_default(),
            supported_entity_types: self.supported_entity_types.unwrap_or_default(),
            custom_entity_types: self.custom_entity_types.unwrap_or_default(),
            column_rules: self.column_rules.unwrap_or_default(),
            strategy: self.strategy.unwrap_or_default(),
            strategy_options: self.strategy_options.unwrap_or_default(),
            score_threshold: self.score_threshold,
        };
        let (connections, attributes) = (self.connection_ids, self.attributes);
        write::create(context, rule, connections, attributes).await
    }
}

/// Changes a data masking rule. What is left out stays, null clears, a value replaces
/// as a whole.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct DatamaskingRulesUpdate {
    /// Id or name.
    #[schemars(length(min = 1, max = 254))]
    id: String,
    /// What it is for.
    #[serde(default)]
    #[schemars(length(max = 512))]
    description: Patch<String>,
    /// Entity types of the engine: presets, parts of presets, or `CUSTOM_SELECTION`.
    #[serde(default)]
    #[schemars(length(max = 100))]
    supported_entity_types: Patch<Vec<EntitySelection>>,
    /// Entity types of one's own, by pattern or by words.
    #[serde(default)]
    #[schemars(length(max = 100))]
    custom_entity_types: Patch<Vec<CustomEntity>>,
    /// Columns that are masked whatever they hold.
    #[serde(default)]
    #[schemars(length(max = 100))]
    column_rules: Patch<Vec<ColumnRule>>,
    /// What entries without a strategy of their own do.
    #[serde(default)]
    strategy: Patch<Strategy>,
    /// Options of the strategy.
    #[serde(default)]
    strategy_options: Patch<StrategyOptions>,
    /// Findings with a lower score are dropped.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    score_threshold: Patch<f64>,
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

impl Operation for DatamaskingRulesUpdate {
    const NAME: &'static str = "datamasking_rules_update";
    const TITLE: &'static str = "Change a data masking rule";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CHANGE;
    type Output = MaskingRuleObject;

    async fn run(self, context: &Context) -> Result<MaskingRuleObject, Refusal> {
        let change = Change {
            description: self.description,
            supported_entity_types: self.supported_entity_types,
            custom_entity_types: self.custom_entity_types,
            column_rules: self.column_rules,
            strategy: self.strategy,
            strategy_options: self.strategy_options,
            score_threshold: self.score_threshold,
            connections: self.connection_ids.given(),
            attributes: self.attributes.given(),
        };
        write::update(context, &self.id, self.version, change).await
    }
}

/// Deletes a data masking rule. What it masked is shown from then on, unless another
/// rule masks it.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct DatamaskingRulesDelete {
    /// Id or name.
    #[schemars(length(min = 1, max = 254))]
    id: String,
    /// Refuse the deletion unless this is the stored version.
    #[serde(default)]
    #[schemars(range(min = 1))]
    version: Option<i64>,
}

impl Operation for DatamaskingRulesDelete {
    const NAME: &'static str = "datamasking_rules_delete";
    const TITLE: &'static str = "Delete a data masking rule";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CHANGE;
    type Output = Deleted;

    async fn run(self, context: &Context) -> Result<Deleted, Refusal> {
        MASKING_RULES.delete(context, &self.id, self.version).await
    }
}
