//! Plans: what is selected, how it is masked, and what is refused.

use mask::{
    ColumnRule, Custom, Detector, Engine, Entity, Keys, Options, Plan, Selection, Strategy,
};

fn keys() -> Keys {
    Keys::new(b"test", "plans")
}

fn selecting(types: &[&str], strategy: Strategy) -> Plan {
    Plan {
        supported_entity_types: vec![Selection {
            name: "CUSTOM_SELECTION".into(),
            entity_types: types.iter().map(|t| (*t).to_owned()).collect(),
            strategy: Some(strategy),
            strategy_options: None,
        }],
        ..Plan::default()
    }
}

fn custom(name: &str, regex: Option<&str>, words: &[&str]) -> Custom {
    Custom {
        name: name.into(),
        regex: regex.map(Into::into),
        deny_list: words.iter().map(|w| (*w).to_owned()).collect(),
        score: 1.0,
        strategy: None,
        strategy_options: None,
    }
}

fn masked(plan: Plan, text: &str) -> String {
    Engine::compile(&[plan], keys())
        .expect("the plan is valid")
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
    assert_eq!(masked(Plan::default(), text), text);
}

#[test]
fn thresholds_drop_what_scores_below() {
    let at = |threshold| {
        let mut plan = selecting(&["IP_ADDRESS"], Strategy::Mask);
        plan.score_threshold = Some(threshold);
        masked(plan, "from 203.0.113.9")
    };
    assert_eq!(at(0.9), "from 203.0.113.9");
    assert_eq!(at(0.7), "from ****");
}

#[test]
fn custom_types_are_found_by_expression_and_by_word() {
    let plan = Plan {
        custom_entity_types: vec![
            custom("EMPLOYEE_ID", Some(r"\bE-(?<value>\d{4})\b"), &[]),
            custom("PROJECT", None, &["blue heron", "kestrel"]),
        ],
        ..Plan::default()
    };
    assert_eq!(
        masked(plan, "E-1234 on Blue Heron, kestrels and KESTREL"),
        "E-<EMPLOYEE_ID> on <PROJECT>, kestrels and <PROJECT>"
    );
}

#[test]
fn the_stricter_strategy_holds_where_plans_meet() {
    let plans = [
        selecting(&["EMAIL_ADDRESS"], Strategy::Partial),
        selecting(&["EMAIL_ADDRESS"], Strategy::Redact),
    ];
    let engine = Engine::compile(&plans, keys()).expect("the plans are valid");
    assert_eq!(engine.mask_text("jane@acme.com").text, "<EMAIL_ADDRESS>");
}

#[test]
fn mistakes_are_pointed_at() {
    let path = |plan: Plan| {
        Engine::compile(&[Plan::default(), plan], keys())
            .err()
            .map(|e| (e.plan, e.path))
    };
    let at = |path: &str| Some((1, path.to_owned()));
    let with_custom = |c: Custom| Plan {
        custom_entity_types: vec![c],
        ..Plan::default()
    };
    assert_eq!(
        path(selecting(&["JWT", "NOPE"], Strategy::Mask)),
        at("supported_entity_types[0].entity_types[1]")
    );
    assert_eq!(
        path(selecting(&[], Strategy::Mask)),
        at("supported_entity_types[0].entity_types")
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
    assert_eq!(
        path(with_custom(custom("x", Some("a"), &[]))),
        at("custom_entity_types[0].name")
    );
    assert_eq!(
        path(with_custom(custom("X", None, &[]))),
        at("custom_entity_types[0]")
    );
    assert_eq!(
        path(with_custom(custom("X", None, &["a", " "]))),
        at("custom_entity_types[0].deny_list[1]")
    );
    let plan = Plan {
        score_threshold: Some(1.5),
        ..Plan::default()
    };
    assert_eq!(path(plan), at("score_threshold"));
    let plan = Plan {
        column_rules: vec![ColumnRule {
            column: "a".into(),
            strategy_options: Some(Options {
                keep_last: Some(0),
                scope: None,
            }),
            ..ColumnRule::default()
        }],
        ..Plan::default()
    };
    assert_eq!(path(plan), at("column_rules[0].strategy_options.keep_last"));
}

#[test]
fn plans_are_read_from_policies() {
    let plan: Plan = serde_json::from_str(
        r#"{"supported_entity_types":[{"name":"CONTACT_INFORMATION","strategy":"token","strategy_options":{"scope":"organization"}}],
            "column_rules":[{"table":"public.*","column":"salary"}],"score_threshold":null}"#,
    )
    .expect("the plan is valid");
    let engine = Engine::compile(&[plan], keys()).expect("the plan is valid");
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
        .expect("the plan is valid")
        .with_detector(Box::new(Shouting));
    assert_eq!(engine.mask_text("qwx! said").text, "<PERSON>! said");
}
