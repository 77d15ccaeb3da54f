//! Making and changing data masking rules: what may be kept.

use model::{
    ColumnRule, CustomEntity, EntitySelection, MaskingRule, Patch, Refusal, Strategy,
    StrategyOptions,
};
use store::{Rule, RuleChange};

use super::MASKING_RULES;
use super::object::{self, MaskingRuleObject};
use crate::{Context, masking_plan, naming};

/// What an update changes.
#[derive(Clone)]
pub(super) struct Change {
    pub(super) description: Patch<String>,
    pub(super) supported_entity_types: Patch<Vec<EntitySelection>>,
    pub(super) custom_entity_types: Patch<Vec<CustomEntity>>,
    pub(super) column_rules: Patch<Vec<ColumnRule>>,
    pub(super) strategy: Patch<Strategy>,
    pub(super) strategy_options: Patch<StrategyOptions>,
    pub(super) score_threshold: Patch<f64>,
    pub(super) connections: Option<Vec<String>>,
    pub(super) attributes: Option<Vec<String>>,
}

/// Makes a masking rule.
///
/// # Errors
/// `invalid_argument` for a rule that cannot be applied, `already_exists`, `not_found`
/// for unknown links.
pub(super) async fn create(
    context: &Context,
    rule: MaskingRule,
    connections: Option<Vec<String>>,
    attributes: Option<Vec<String>>,
) -> Result<MaskingRuleObject, Refusal> {
    let change = RuleChange {
        name: None,
        detail: Some(checked(context, &rule)?),
        connections,
        attributes,
    };
    MASKING_RULES.create(context, &rule.name, change).await
}

/// Changes a masking rule.
///
/// # Errors
/// As [`create`], and `conflict` for a stale version.
pub(super) async fn update(
    context: &Context,
    reference: &str,
    version: Option<i64>,
    change: Change,
) -> Result<MaskingRuleObject, Refusal> {
    let apply = |stored| applied(context, change.clone(), stored);
    MASKING_RULES
        .change(context, reference, version, apply)
        .await
}

/// A stored masking rule after a change.
async fn applied(context: &Context, change: Change, stored: Rule) -> Result<RuleChange, Refusal> {
    let before = object::read(&stored);
    let before = before.map_err(|error| context.fault("a stored masking rule", &error))?;
    let rule = MaskingRule {
        name: before.name,
        description: change.description.apply(before.description, String::new()),
        supported_entity_types: change
            .supported_entity_types
            .apply(before.supported_entity_types, Vec::new()),
        custom_entity_types: change
            .custom_entity_types
            .apply(before.custom_entity_types, Vec::new()),
        column_rules: change.column_rules.apply(before.column_rules, Vec::new()),
        strategy: change.strategy.apply(before.strategy, Strategy::default()),
        strategy_options: change
            .strategy_options
            .apply(before.strategy_options, StrategyOptions::default()),
        score_threshold: match change.score_threshold {
            Patch::Keep => before.score_threshold,
            Patch::Clear => None,
            Patch::Set(threshold) => Some(threshold),
        },
    };
    Ok(RuleChange {
        name: None,
        detail: Some(checked(context, &rule)?),
        connections: change.connections,
        attributes: change.attributes,
    })
}

/// The JSON of a rule that can be applied.
fn checked(context: &Context, rule: &MaskingRule) -> Result<String, Refusal> {
    match faults(rule).next() {
        Some(fault) => Err(fault),
        None => detail(context, rule),
    }
}

/// Everything that is wrong with what a masking rule says.
pub(crate) fn faults(rule: &MaskingRule) -> impl Iterator<Item = Refusal> {
    let name = naming::check_rule_name(&rule.name).err();
    name.into_iter().chain(masking_plan::faults(rule))
}

/// What of a masking rule is kept as JSON.
pub(crate) fn detail(context: &Context, rule: &MaskingRule) -> Result<String, Refusal> {
    serde_json::to_string(rule).map_err(|error| context.fault("a masking rule", &error))
}
