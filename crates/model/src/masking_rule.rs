//! Masking rules: what is found in answers, and what is shown instead.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a masking rule says, without its identity and its links.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct MaskingRule {
    /// Unique name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Entity types of the engine that are masked.
    #[serde(default)]
    pub supported_entity_types: Vec<EntitySelection>,
    /// Entity types of one's own.
    #[serde(default)]
    pub custom_entity_types: Vec<CustomEntity>,
    /// Columns that are masked whatever they hold.
    #[serde(default)]
    pub column_rules: Vec<ColumnRule>,
    /// What entries without a strategy do.
    #[serde(default)]
    pub strategy: Strategy,
    /// Options of `strategy`.
    #[serde(default)]
    pub strategy_options: StrategyOptions,
    /// Findings with a lower score, 0 to 1, are dropped; null means
    /// [`DEFAULT_SCORE_THRESHOLD`].
    #[serde(default)]
    pub score_threshold: Option<f64>,
}

/// The threshold of a rule that gives none.
pub const DEFAULT_SCORE_THRESHOLD: f64 = 0.5;

/// Entity types of the engine: a preset, a part of one, or a selection of one's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct EntitySelection {
    /// Name of a preset, or `CUSTOM_SELECTION`.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// Types of the preset, or any types for `CUSTOM_SELECTION`. Without the key a
    /// preset means all of its types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100), inner(length(min = 1, max = 64)))]
    pub entity_types: Option<Vec<String>>,
    /// What is shown instead; the default is that of the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// Options of the strategy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy_options: Option<StrategyOptions>,
}

impl EntitySelection {
    /// The entity types it selects, by our names.
    #[must_use]
    pub fn types(&self) -> Vec<&str> {
        match (&self.entity_types, masking_preset(&self.name)) {
            (Some(names), _) => names.iter().map(|name| entity_type(name)).collect(),
            (None, Some(preset)) => preset.to_vec(),
            (None, None) => Vec::new(),
        }
    }
}

/// An entity type of one's own: what a pattern matches, and words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct CustomEntity {
    /// Its name in what is shown: capital letters, digits and `_`.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Z][A-Z0-9_]*$"))]
    pub name: String,
    /// A regular expression without look-around and back-references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub regex: Option<String>,
    /// Words, 1 to 512 characters each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000), inner(length(min = 1, max = 512)))]
    pub deny_list: Option<Vec<String>>,
    /// How sure a finding is, 0 to 1; 1 when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub score: Option<f64>,
    /// What is shown instead; the default is that of the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// Options of the strategy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy_options: Option<StrategyOptions>,
}

/// Columns that are masked whatever they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct ColumnRule {
    /// Glob on `table` or `schema.table`.
    #[serde(default = "any_table")]
    #[schemars(length(min = 1, max = 512))]
    pub table: String,
    /// Glob on the name of the column.
    #[schemars(length(min = 1, max = 512))]
    pub column: String,
    /// What follows when a statement chooses, joins, groups or orders rows by the column:
    /// which rows are answered tells about its values, masked or not.
    #[serde(default, skip_serializing_if = "Predicates::are_allowed")]
    pub predicates: Predicates,
    /// What its values are; they are shown as this type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub entity_type: Option<String>,
    /// What is shown instead; the default is that of the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// Options of the strategy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy_options: Option<StrategyOptions>,
}

/// What follows when rows are chosen, joined, grouped or ordered by a masked column. The
/// order is that of strictness.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Predicates {
    /// Nothing.
    #[default]
    Allow,
    /// Somebody must agree first.
    RequireApproval,
    /// Nothing runs.
    Refuse,
}

impl Predicates {
    /// Whether nothing follows.
    #[must_use]
    pub fn are_allowed(&self) -> bool {
        *self == Self::Allow
    }
}

fn any_table() -> String {
    "*".to_owned()
}

/// What is shown instead of a finding. The order is that of strictness: of several on
/// one span, the greatest wins.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Strategy {
    /// Its last characters.
    Partial,
    /// A value of the same form, the same for equal values.
    Token,
    /// A keyed digest.
    Hash,
    /// Asterisks.
    Mask,
    /// The name of its type.
    #[default]
    Redact,
    /// Nothing: null in rows, the empty text elsewhere.
    Nullify,
}

/// Options of a strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline)]
pub struct StrategyOptions {
    /// How many characters `partial` shows, 1 to 16; 4 when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16))]
    pub keep_last: Option<u8>,
    /// Where equal values of `hash` and `token` look equal; the connection when not
    /// given, because what cannot be joined tells less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<KeyScope>,
}

/// Where equal values look equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum KeyScope {
    /// In all connections of the organization.
    Organization,
    /// In one connection.
    #[default]
    Connection,
}

/// The name of a selection that is no preset.
pub const CUSTOM_SELECTION: &str = "CUSTOM_SELECTION";

/// Presets: a name, and the entity types behind it.
pub const MASKING_PRESETS: &[(&str, &[&str])] = &[
    (
        "CONTACT_INFORMATION",
        &["EMAIL_ADDRESS", "PHONE_NUMBER", "PERSON"],
    ),
    ("FINANCIAL_DATA", &["CREDIT_CARD", "IBAN_CODE"]),
    ("NETWORK_IDENTIFIERS", &["IP_ADDRESS", "URL"]),
    ("LOCATION_DATA", &["LOCATION"]),
    ("TIME_DATA", &["DATE_TIME"]),
    (
        "US_DOCUMENTS",
        &[
            "US_SSN",
            "US_ITIN",
            "US_PASSPORT",
            "US_DRIVER_LICENSE",
            "US_BANK_NUMBER",
            "ABA_ROUTING",
        ],
    ),
    ("UK_DOCUMENTS", &["UK_NHS", "UK_NINO"]),
    (
        "EUROPEAN_DOCUMENTS",
        &[
            "ES_NIF",
            "ES_NIE",
            "IT_FISCAL_CODE",
            "IT_VAT_CODE",
            "IT_IDENTITY_CARD",
            "IT_DRIVER_LICENSE",
            "IT_PASSPORT",
            "PL_PESEL",
            "FI_PERSONAL_IDENTITY_CODE",
        ],
    ),
    (
        "ASIA_PACIFIC_DOCUMENTS",
        &[
            "AU_TFN",
            "AU_ABN",
            "AU_ACN",
            "AU_MEDICARE",
            "IN_AADHAAR",
            "IN_PAN",
            "IN_PASSPORT",
            "IN_VEHICLE_REGISTRATION",
            "IN_VOTER",
            "IN_GSTIN",
            "SG_FIN",
            "SG_UEN",
            "KR_RRN",
            "TH_TNIN",
        ],
    ),
    (
        "MEDICAL_DATA",
        &["MEDICAL_LICENSE", "UK_NHS", "AU_MEDICARE"],
    ),
    ("DEMOGRAPHIC_DATA", &["NRP"]),
    ("CRYPTO_IDENTIFIERS", &["CRYPTO"]),
    (
        "LATIN_AMERICA_DOCUMENTS",
        &["BR_CPF", "BR_CNPJ", "BR_RG", "BR_CNH", "BR_PIS"],
    ),
    (
        "CREDENTIALS",
        &[
            "AWS_ACCESS_KEY",
            "JWT",
            "PRIVATE_KEY",
            "API_KEY",
            "PASSWORD",
        ],
    ),
];

/// Names under which other engines know an entity type, and our name of it.
pub const ENTITY_ALIASES: &[(&str, &str)] = &[("SG_NRIC_FIN", "SG_FIN")];

/// The entity types of a preset; `None` when there is no such preset.
#[must_use]
pub fn masking_preset(name: &str) -> Option<&'static [&'static str]> {
    MASKING_PRESETS
        .iter()
        .find(|(preset, _)| *preset == name)
        .map(|(_, types)| *types)
}

/// Our name of an entity type.
#[must_use]
pub fn entity_type(name: &str) -> &str {
    ENTITY_ALIASES
        .iter()
        .find(|(alias, _)| *alias == name)
        .map_or(name, |(_, ours)| ours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_json_of_a_rule_is_read_and_written_as_it_is() {
        let written = json!({
            "name": "pii", "description": "Personal data.",
            "supported_entity_types": [
                {"name": "CONTACT_INFORMATION", "entity_types": ["EMAIL_ADDRESS"],
                 "strategy": "partial", "strategy_options": {"keep_last": 6}},
                {"name": "TIME_DATA"}],
            "custom_entity_types": [
                {"name": "BADGE", "regex": "B-[0-9]{6}", "deny_list": ["B-X"], "score": 0.75}],
            "column_rules": [
                {"table": "hr.*", "column": "salary", "strategy": "nullify"},
                {"table": "*", "column": "mail", "entity_type": "EMAIL_ADDRESS"}],
            "strategy": "hash", "strategy_options": {"scope": "connection"},
            "score_threshold": 0.25,
        });
        let rule: MaskingRule = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(rule).unwrap(), written);
    }

    #[test]
    fn what_is_left_out_has_its_documented_default() {
        let rule: MaskingRule =
            serde_json::from_value(json!({"name": "r", "column_rules": [{"column": "x"}]}))
                .unwrap();
        assert_eq!(rule.strategy, Strategy::Redact);
        assert_eq!(rule.score_threshold, None);
        assert_eq!(rule.column_rules[0].table, "*");
    }

    #[test]
    fn unknown_keys_in_entries_are_refused() {
        let refused = |key: &str, entry: serde_json::Value| {
            let rule = json!({"name": "r", key: [entry]});
            assert!(
                serde_json::from_value::<MaskingRule>(rule.clone()).is_err(),
                "{rule}"
            );
        };
        refused("supported_entity_types", json!({"name": "A", "types": []}));
        refused("custom_entity_types", json!({"name": "A", "pattern": "x"}));
        refused("column_rules", json!({"column": "a", "schema": "x"}));
        refused("column_rules", json!({"column": "a", "strategy": "blur"}));
        refused(
            "column_rules",
            json!({"column": "a", "strategy_options": {"keep": 1}}),
        );
    }

    #[test]
    fn the_strictest_strategy_is_the_greatest() {
        let strictest_first = [
            Strategy::Nullify,
            Strategy::Redact,
            Strategy::Mask,
            Strategy::Hash,
            Strategy::Token,
            Strategy::Partial,
        ];
        assert!(strictest_first.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn presets_are_found_by_name_and_aliases_by_theirs() {
        assert_eq!(
            masking_preset("FINANCIAL_DATA"),
            Some(&["CREDIT_CARD", "IBAN_CODE"][..])
        );
        assert_eq!(masking_preset(CUSTOM_SELECTION), None);
        assert_eq!(entity_type("SG_NRIC_FIN"), "SG_FIN");
        assert_eq!(entity_type("CREDIT_CARD"), "CREDIT_CARD");
    }
}
