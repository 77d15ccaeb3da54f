//! Masking rules made ready for the masking engine.

use std::sync::LazyLock;

use mask::{Engine, Entity, Keys, Plan, Selection};
use model::{CUSTOM_SELECTION, MaskingRule, Refusal};
use policy::invalid_masking;
use serde_json::Value;

use crate::rules::invalid;

/// Names of the entity types that the engine knows.
static KNOWN: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| Entity::ALL.iter().map(|entity| entity.name()).collect());

/// Names of the entity types that the engine knows.
pub(crate) fn entity_types() -> &'static [&'static str] {
    &KNOWN
}

/// Everything that keeps a rule from being applied, each with its place.
pub(crate) fn faults(rule: &MaskingRule) -> Vec<Refusal> {
    let told =
        invalid_masking(rule, entity_types()).map(|wrong| invalid(&wrong.path, &wrong.message));
    let told: Vec<Refusal> = told.collect();
    if told.is_empty() {
        compiled(rule).err().into_iter().collect()
    } else {
        told
    }
}

fn compiled(rule: &MaskingRule) -> Result<(), Refusal> {
    let plan = plan(rule).map_err(|error| Refusal::invalid("/", error.to_string()))?;
    let keys = Keys::new(b"", "");
    Engine::compile(&[plan], keys)
        .map(drop)
        .map_err(|wrong| invalid(&wrong.path, &wrong.message))
}

/// The engine of a connection; `None` when nothing is to be masked.
///
/// # Errors
/// What keeps a rule from being applied, in words for the log.
pub(crate) fn compile(
    rules: &[MaskingRule],
    redact_types: &[String],
    keys: Keys,
) -> Result<Option<Engine>, String> {
    let plans = rules.iter().map(plan).collect::<Result<Vec<_>, _>>();
    let mut plans = plans.map_err(|error| error.to_string())?;
    if !redact_types.is_empty() {
        plans.push(of_types(redact_types));
    }
    if plans.is_empty() {
        return Ok(None);
    }
    let engine = Engine::compile(&plans, keys);
    engine.map(Some).map_err(|wrong| wrong.to_string())
}

/// The rule that a list of entity types on a connection stands for.
fn of_types(types: &[String]) -> Plan {
    Plan {
        supported_entity_types: vec![Selection {
            name: CUSTOM_SELECTION.to_owned(),
            entity_types: types.to_vec(),
            ..Selection::default()
        }],
        ..Plan::default()
    }
}

/// A rule and a plan have the same JSON, but for what names the rule.
fn plan(rule: &MaskingRule) -> serde_json::Result<Plan> {
    let mut told = serde_json::to_value(rule)?;
    if let Value::Object(fields) = &mut told {
        fields.remove("name");
        fields.remove("description");
    }
    serde_json::from_value(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(says: Value) -> MaskingRule {
        let mut rule = serde_json::json!({"name": "rule"});
        let fields = rule.as_object_mut().unwrap();
        fields.extend(says.as_object().unwrap().clone());
        serde_json::from_value(rule).unwrap()
    }

    #[test]
    fn everything_that_a_rule_can_say_arrives_in_the_plan() {
        let rule = rule(serde_json::json!({
            "description": "d",
            "supported_entity_types": [{"name": "FINANCIAL_DATA", "entity_types": ["IBAN_CODE"],
                "strategy": "partial", "strategy_options": {"keep_last": 6}}],
            "custom_entity_types": [{"name": "BADGE", "regex": "B-[0-9]+", "deny_list": ["B-X"],
                "score": 0.5, "strategy": "token", "strategy_options": {"scope": "connection"}}],
            "column_rules": [{"table": "hr.*", "column": "salary", "entity_type": "PERSON",
                "strategy": "nullify"}],
            "strategy": "hash", "strategy_options": {"scope": "organization"},
            "score_threshold": 0.25,
        }));
        let plan = plan(&rule).unwrap();
        let mut told = serde_json::to_value(&rule).unwrap();
        told.as_object_mut()
            .unwrap()
            .retain(|key, _| key != "name" && key != "description");
        let back: Plan = serde_json::from_value(told).unwrap();
        assert_eq!(plan, back);
        assert_eq!(plan.score_threshold, Some(0.25));
        assert_eq!(plan.custom_entity_types.len() + plan.column_rules.len(), 2);
        assert!(faults(&rule).is_empty());
    }

    #[test]
    fn what_cannot_be_applied_is_refused_with_its_place() {
        for (says, path) in [
            (serde_json::json!({}), "/supported_entity_types"),
            (
                serde_json::json!({"custom_entity_types": [{"name": "A", "regex": "(?=x)"}]}),
                "/custom_entity_types/0/regex",
            ),
            (
                serde_json::json!({"column_rules": [{"column": "x", "entity_type": "NONE"}]}),
                "/column_rules/0/entity_type",
            ),
        ] {
            let refused = faults(&rule(says));
            assert_eq!(refused.len(), 1);
            let told = serde_json::to_value(&refused[0]).unwrap();
            assert_eq!(told["details"]["path"], path, "{told}");
        }
    }

    #[test]
    fn every_type_of_every_preset_is_known() {
        for (preset, types) in model::MASKING_PRESETS {
            for name in *types {
                assert!(Entity::from_name(name).is_some(), "{preset}: {name}");
            }
        }
    }
}
