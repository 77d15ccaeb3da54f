//! Masking rules: what is selected, how it is masked, and what is refused.

use mask::{Detector, Engine, Entity, Keys};
use model::{ColumnRule, CustomEntity, EntitySelection, MaskingRule, Strategy};

fn keys() -> Keys {
    Keys::new(b"test", "rules")
}

fn selecting(types: &[&str], strategy: Strategy) -> MaskingRule {
    MaskingRule {
        supported_entity_types: vec![EntitySelection {
            name: "CUSTOM_SELECTION".into(),
            entity_types: Some(types.iter().map(|t| (*t).to_owned()).collect()),
            strategy: Some(strategy),
            strategy_options: None,
        }],
        ..MaskingRule::default()
    }
}

fn custom(name: &str, regex: Option<&str>, words: &[&str]) -> CustomEntity {
    CustomEntity {
        name: name.into(),
        regex: regex.map(Into::into),
        deny_list: Some(words.iter().map(|w| (*w).to_owned()).collect()),
        score: None,
        strategy: None,
        strategy_options: None,
    }
}

fn masked(rule: MaskingRule, text: &str) -> String {
    Engine::compile(&[rule], keys())
        .expect("the rule is valid")
        .mask_text(text)
        .text
}

#[test]
fn strategies_are_those_of_the_contract() {
    let with = |strategy| masked(selecting(&["EMAIL_ADDRESS"], strategy), "to jane@acme.com!");
    assert_eq!(with(Strategy::Redact), "to <EMAIL_ADDRESS>!");
    assert_eq!(with(Strategy::Mask), "to ****!");
    assert_eq!(with(Strategy::Partial), "to *********.com!");
    assert_eq!(with(Strategy::Nullify), "to !");
    let hash = with(Strategy::Hash);
    assert!(
        hash.len() == "to !".len() + 16 && hash == with(Strategy::Hash),
        "{hash}"
    );
    let token = with(Strategy::Token);
    assert!(
        token.len() == "to jane@acme.com!".len() && token.contains('@') && !token.contains("jane"),
        "{token}"
    );
}

#[test]
fn only_what_is_selected_is_masked() {
    let text = "jane@acme.com from 203.0.113.9 on 2024-01-02";
    assert_eq!(
        masked(selecting(&["IP_ADDRESS"], Strategy::Redact), text),
        "jane@acme.com from <IP_ADDRESS> on 2024-01-02"
    );
    assert_eq!(
        masked(selecting(&["DATE_TIME"], Strategy::Redact), text),
        "jane@acme.com from 203.0.113.9 on <DATE_TIME>"
    );
    assert_eq!(masked(MaskingRule::default(), text), text);
}

#[test]
fn thresholds_drop_what_scores_below() {
    let at = |threshold| {
        let mut rule = selecting(&["IP_ADDRESS"], Strategy::Mask);
        rule.score_threshold = Some(threshold);
        masked(rule, "from 203.0.113.9")
    };
    assert_eq!(at(0.9), "from 203.0.113.9");
    assert_eq!(at(0.7), "from ****");
}

#[test]
fn custom_types_are_found_by_expression_and_by_word() {
    let rule = MaskingRule {
        custom_entity_types: vec![
            custom("EMPLOYEE_ID", Some(r"\bE-(?<value>\d{4})\b"), &[]),
            custom("PROJECT", None, &["blue heron", "kestrel"]),
        ],
        ..MaskingRule::default()
    };
    assert_eq!(
        masked(rule, "E-1234 on Blue Heron, kestrels and KESTREL"),
        "E-<EMPLOYEE_ID> on <PROJECT>, kestrels and <PROJECT>"
    );
}

#[test]
fn the_stricter_strategy_holds_where_rules_meet() {
    let rules = [
        selecting(&["EMAIL_ADDRESS"], Strategy::Partial),
        selecting(&["EMAIL_ADDRESS"], Strategy::Redact),
    ];
    let engine = Engine::compile(&rules, keys()).expect("the rules are valid");
    assert_eq!(engine.mask_text("jane@acme.com").text, "<EMAIL_ADDRESS>");
}

#[test]
fn mistakes_are_pointed_at() {
    let path = |rule: MaskingRule| {
        Engine::compile(&[MaskingRule::default(), rule], keys())
            .err()
            .map(|e| (e.rule, e.path))
    };
    let at = |path: &str| Some((1, path.to_owned()));
    let with_custom = |c: CustomEntity| MaskingRule {
        custom_entity_types: vec![c],
        ..MaskingRule::default()
    };
    assert_eq!(
        path(selecting(&["JWT", "NOPE"], Strategy::Mask)),
        at("supported_entity_types[0].entity_types[1]")
    );
    assert_eq!(
        path(with_custom(custom("X", Some("(a"), &[]))),
        at("custom_entity_types[0].regex")
    );
    assert_eq!(
        path(with_custom(custom("X", Some(r"(a)\1"), &[]))),
        at("custom_entity_types[0].regex")
    );
    assert_eq!(
        path(with_custom(custom("X", Some(r"\w{1000}{1000}"), &[]))),
        at("custom_entity_types[0].regex")
    );
    let rule = MaskingRule {
        column_rules: vec![ColumnRule {
            column: "a".into(),
            entity_type: Some("NOPE".into()),
            ..ColumnRule::default()
        }],
        ..MaskingRule::default()
    };
    assert_eq!(path(rule), at("column_rules[0].entity_type"));
}

#[test]
fn rules_are_read_as_they_are_kept() {
    let rule: MaskingRule = serde_json::from_str(
        r#"{"name":"pii","supported_entity_types":[{"name":"CONTACT_INFORMATION","strategy":"token","strategy_options":{"scope":"organization"}}],
            "column_rules":[{"table":"public.*","column":"salary"}],"score_threshold":null}"#,
    )
    .expect("the rule is valid");
    let engine = Engine::compile(&[rule], keys()).expect("the rule is valid");
    let text = engine.mask_text("id\tsalary\n1\t1000\n").text;
    assert_eq!(text, "id\tsalary\n1\t<REDACTED>\n");
}

struct Shouting;

impl Detector for Shouting {
    fn detect(&self, text: &str) -> Vec<(usize, usize, Entity, f32)> {
        let end = text.find('!').unwrap_or(0);
        vec![
            (0, end, Entity::Person, 0.9),
            (1, 9999, Entity::Person, 1.0),
        ]
    }
}

#[test]
fn other_detectors_take_part() {
    let engine = Engine::compile(&[selecting(&["PERSON"], Strategy::Redact)], keys())
        .expect("the rule is valid")
        .with_detector(Box::new(Shouting));
    assert_eq!(engine.mask_text("qwx! said").text, "<PERSON>! said");
}
