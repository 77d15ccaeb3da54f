//! Policies as a file: guardrails, masking rules, attributes and access control in one
//! document, with what is expected of them.

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    ColumnRule, CustomEntity, EntitySelection, Guardrail, GuardrailRules, MaskingRule,
    PolicyExpectation, Strategy, StrategyOptions,
};

/// The version of the format that is read.
pub const POLICY_FILE_VERSION: u32 = 1;

/// Policies as a file. Every entry says everything about its object: what is left out
/// has its default, and a list that is left out is empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct PolicyFile {
    /// Version of the format: 1.
    #[serde(deserialize_with = "known_version")]
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Rules about what is asked and answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    pub guardrails: Vec<GuardrailEntry>,
    /// Rules about what is masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    pub datamasking_rules: Vec<MaskingRuleEntry>,
    /// What ties connections, rules and groups together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    pub attributes: Vec<AttributeEntry>,
    /// Which groups see a connection.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    pub access_control: Vec<AccessEntry>,
    /// What is expected of the policies; nothing of it is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub tests: Vec<PolicyExpectation>,
}

/// A guardrail and what it is linked to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct GuardrailEntry {
    /// Unique name.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub description: String,
    /// Rules about what is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<GuardrailRules>,
    /// Rules about what is answered, after masking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<GuardrailRules>,
    /// Names of the connections that it is linked to directly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)))]
    pub connections: Vec<String>,
    /// Names of the attributes through which it reaches others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)))]
    pub attributes: Vec<String>,
}

/// A masking rule and what it is linked to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct MaskingRuleEntry {
    /// Unique name.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub description: String,
    /// Entity types of the engine that are masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub supported_entity_types: Vec<EntitySelection>,
    /// Entity types of one's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub custom_entity_types: Vec<CustomEntity>,
    /// Columns that are masked whatever they hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub column_rules: Vec<ColumnRule>,
    /// What entries without a strategy do.
    #[serde(default)]
    pub strategy: Strategy,
    /// Options of `strategy`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub strategy_options: StrategyOptions,
    /// Findings with a lower score, 0 to 1, are dropped;
    /// [`DEFAULT_SCORE_THRESHOLD`](crate::DEFAULT_SCORE_THRESHOLD) when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub score_threshold: Option<f64>,
    /// Names of the connections that it is linked to directly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)))]
    pub connections: Vec<String>,
    /// Names of the attributes through which it reaches others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)))]
    pub attributes: Vec<String>,
}

/// An attribute, the connections that bear it and the groups that see them. Rules name
/// the attributes that they follow; an attribute does not name rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct AttributeEntry {
    /// Unique name.
    #[schemars(length(min = 3, max = 254), regex(pattern = crate::RESOURCE_NAME_PATTERN))]
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub description: String,
    /// Names of the connections that bear it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)))]
    pub connections: Vec<String>,
    /// Names of the groups that see its connections.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500), inner(length(min = 1, max = 254)))]
    pub groups: Vec<String>,
}

/// The groups that see a connection, besides administrators and auditors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct AccessEntry {
    /// Name of the connection.
    #[schemars(length(min = 1, max = 254))]
    pub connection: String,
    /// Names of the groups.
    #[schemars(length(min = 1, max = 200), inner(length(min = 1, max = 254)))]
    pub groups: Vec<String>,
}

impl GuardrailEntry {
    /// The entry of a guardrail that is linked to these connections and attributes.
    #[must_use]
    pub fn new(guardrail: Guardrail, connections: Vec<String>, attributes: Vec<String>) -> Self {
        Self {
            name: guardrail.name,
            description: guardrail.description,
            input: guardrail.input,
            output: guardrail.output,
            connections,
            attributes,
        }
    }

    /// What it says, without its links.
    #[must_use]
    pub fn guardrail(&self) -> Guardrail {
        Guardrail {
            name: self.name.clone(),
            description: self.description.clone(),
            input: self.input.clone(),
            output: self.output.clone(),
        }
    }
}

impl MaskingRuleEntry {
    /// The entry of a masking rule that is linked to these connections and attributes.
    #[must_use]
    pub fn new(rule: MaskingRule, connections: Vec<String>, attributes: Vec<String>) -> Self {
        Self {
            name: rule.name,
            description: rule.description,
            supported_entity_types: rule.supported_entity_types,
            custom_entity_types: rule.custom_entity_types,
            column_rules: rule.column_rules,
            strategy: rule.strategy,
            strategy_options: rule.strategy_options,
            score_threshold: rule.score_threshold,
            connections,
            attributes,
        }
    }

    /// What it says, without its links.
    #[must_use]
    pub fn masking_rule(&self) -> MaskingRule {
        MaskingRule {
            name: self.name.clone(),
            description: self.description.clone(),
            supported_entity_types: self.supported_entity_types.clone(),
            custom_entity_types: self.custom_entity_types.clone(),
            column_rules: self.column_rules.clone(),
            strategy: self.strategy,
            strategy_options: self.strategy_options,
            score_threshold: self.score_threshold,
        }
    }
}

fn known_version<'de, D: Deserializer<'de>>(reader: D) -> Result<u32, D::Error> {
    match u32::deserialize(reader)? {
        POLICY_FILE_VERSION => Ok(POLICY_FILE_VERSION),
        other => Err(D::Error::custom(format!(
            "version {other} of the format is not known, write {POLICY_FILE_VERSION}"
        ))),
    }
}

fn is_default(options: &StrategyOptions) -> bool {
    *options == StrategyOptions::default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn full() -> Value {
        json!({
            "version": 1,
            "guardrails": [{
                "name": "no-ddl", "description": "Schema changes are for DBAs.",
                "input": {"rules": [
                    {"type": "sql", "action": "block", "sql": {"deny_statements": ["drop"]}}]},
                "output": {"rules": [
                    {"type": "pattern_match", "action": "redact", "pattern_regex": "x+"}]},
                "connections": ["orders-db"], "attributes": ["production"]}],
            "datamasking_rules": [{
                "name": "pii", "description": "Personal data.",
                "supported_entity_types": [{"name": "CONTACT_INFORMATION"}],
                "custom_entity_types": [{"name": "BADGE", "regex": "B-[0-9]{6}"}],
                "column_rules": [{"table": "hr.*", "column": "salary"}],
                "strategy": "partial", "strategy_options": {"keep_last": 2},
                "score_threshold": 0.25,
                "connections": ["orders-db"], "attributes": ["production"]}],
            "attributes": [{
                "name": "production", "description": "Serves customers.",
                "connections": ["orders-db"], "groups": ["dba"]}],
            "access_control": [{"connection": "orders-db", "groups": ["dba"]}],
            "tests": [{"name": "drops are refused", "input": "drop table t",
                "expect": {"decision": "blocked", "guardrails": ["no-ddl"]}}],
        })
    }

    #[test]
    fn a_file_is_read_and_written_as_it_is() {
        let file: PolicyFile = serde_json::from_value(full()).unwrap();
        assert_eq!(serde_json::to_value(file).unwrap(), full());
    }

    #[test]
    fn everything_but_the_version_may_be_left_out() {
        let file: PolicyFile = serde_json::from_value(json!({"version": 1})).unwrap();
        assert_eq!(serde_json::to_value(file).unwrap(), json!({"version": 1}));
        assert!(serde_json::from_value::<PolicyFile>(json!({})).is_err());
        let error = serde_json::from_value::<PolicyFile>(json!({"version": 2})).unwrap_err();
        assert!(error.to_string().contains("version 2"), "{error}");
    }

    #[test]
    fn a_misspelled_key_is_refused_wherever_it_is() {
        for place in [
            "",
            "/guardrails/0",
            "/guardrails/0/input",
            "/guardrails/0/input/rules/0",
            "/guardrails/0/input/rules/0/sql",
            "/datamasking_rules/0",
            "/datamasking_rules/0/supported_entity_types/0",
            "/datamasking_rules/0/custom_entity_types/0",
            "/datamasking_rules/0/column_rules/0",
            "/datamasking_rules/0/strategy_options",
            "/attributes/0",
            "/access_control/0",
            "/tests/0",
            "/tests/0/expect",
        ] {
            let mut file = full();
            file.pointer_mut(place).unwrap()["mistake"] = json!(1);
            let error = serde_json::from_value::<PolicyFile>(file).unwrap_err();
            assert!(error.to_string().contains("`mistake`"), "{place}: {error}");
        }
    }

    #[test]
    fn an_entry_is_its_rule_and_its_links() {
        let file: PolicyFile = serde_json::from_value(full()).unwrap();
        let (guardrail, masking) = (&file.guardrails[0], &file.datamasking_rules[0]);
        let (connections, attributes) =
            (guardrail.connections.clone(), guardrail.attributes.clone());
        let again = GuardrailEntry::new(
            guardrail.guardrail(),
            connections.clone(),
            attributes.clone(),
        );
        assert_eq!(again, *guardrail);
        let again = MaskingRuleEntry::new(masking.masking_rule(), connections, attributes);
        assert_eq!(again, *masking);
    }
}
