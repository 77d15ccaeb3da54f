//! Properties of any masking rule.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{known, rule};
use crate::masking::{MaskingPlan, validate_masking};

fn entry() -> impl Strategy<Value = (&'static str, Value)> {
    prop_oneof![
        (
            "[A-Z_]{0,9}|TIME_DATA|CUSTOM_SELECTION",
            prop::option::of(proptest::collection::vec("DATE_TIME|URL|CAT", 0..3))
        )
            .prop_map(|(name, types)| {
                let mut entry = json!({"name": name});
                if let Some(types) = types {
                    entry["entity_types"] = types.into();
                }
                ("supported_entity_types", entry)
            }),
        ("[A-Zb0-9_]{0,4}", r"[a-c(?=)|*\\1]{0,6}", 0..20_u8).prop_map(|(name, regex, keep)| (
            "custom_entity_types",
            json!({"name": name, "regex": regex, "strategy_options": {"keep_last": keep}})
        )),
        ("[a ]{0,2}", "[A-C]{0,3}|URL").prop_map(|(column, entity)| (
            "column_rules",
            json!({"column": column, "entity_type": entity})
        )),
    ]
}

proptest! {
    #[test]
    fn exactly_what_is_valid_is_planned(entries in proptest::collection::vec(entry(), 0..4)) {
        let mut json = json!({"name": "r", "supported_entity_types": [],
            "custom_entity_types": [], "column_rules": []});
        for (key, entry) in entries {
            json[key].as_array_mut().unwrap().push(entry);
        }
        let rule = rule(json);
        let plan = MaskingPlan::compile([&rule], &[], &known());
        prop_assert_eq!(plan.is_ok(), validate_masking(&rule, &known()).is_ok());
        if let Ok(plan) = plan {
            prop_assert!(!plan.is_empty());
            prop_assert_eq!(plan.custom.len(), rule.custom_entity_types.len());
        }
    }
}
