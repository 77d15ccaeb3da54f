//! Masking rules made ready for the masking engine.

use std::sync::LazyLock;

use mask::{Engine, Entity, Keys};
use model::{CUSTOM_SELECTION, EntitySelection, MaskingRule, Refusal};
use policy::invalid_masking;

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
    let keys = Keys::new(b"", "");
    Engine::compile(std::slice::from_ref(rule), keys)
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
    let mut rules = rules.to_vec();
    if !redact_types.is_empty() {
        rules.push(of_types(redact_types));
    }
    if rules.is_empty() {
        return Ok(None);
    }
    let engine = Engine::compile(&rules, keys);
    engine.map(Some).map_err(|wrong| wrong.to_string())
}

/// The rule that a list of entity types on a connection stands for.
fn of_types(types: &[String]) -> MaskingRule {
    MaskingRule {
        supported_entity_types: vec![EntitySelection {
            name: CUSTOM_SELECTION.to_owned(),
            entity_types: Some(types.to_vec()),
            ..EntitySelection::default()
        }],
        ..MaskingRule::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn rule(says: Value) -> MaskingRule {
        let mut rule = serde_json::json!({"name": "rule"});
        let fields = rule.as_object_mut().unwrap();
        fields.extend(says.as_object().unwrap().clone());
        serde_json::from_value(rule).unwrap()
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
