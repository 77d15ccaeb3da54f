//! What is valid is compiled and what is not is refused, and compiled rules take any text.
//! The first line is a guardrail as JSON, the rest a text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{Direction, Guardrail, GuardrailRules};
use policy::{Guardrails, OutputGuard, validate};
use serde_json::Value;

fuzz_target!(|text: &str| {
    let (head, body) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(value) = serde_json::from_str::<Value>(head) else {
        return;
    };
    let rules = |name: &str| -> Option<GuardrailRules> {
        serde_json::from_value(value.get(name)?.clone()).ok()
    };
    let guardrail = Guardrail {
        name: "fuzz".to_owned(),
        description: String::new(),
        input: rules("input"),
        output: rules("output"),
    };
    let is_valid = |rules: &Option<GuardrailRules>, direction| {
        rules
            .as_ref()
            .is_none_or(|rules| validate(rules, direction).is_ok())
    };
    let valid = is_valid(&guardrail.input, Direction::Input)
        && is_valid(&guardrail.output, Direction::Output);
    let compiled = Guardrails::compile([&guardrail]);
    assert_eq!(compiled.is_ok(), valid);
    let Ok(compiled) = compiled else {
        return;
    };
    let facts = sql::facts(body, sql::Dialect::Postgres);
    let _ = compiled.input(body, body, Some(&facts));
    let _ = compiled.command(&[body.to_owned()], body);
    let whole = answered(compiled.output(), &[body]);
    let middle = (0..=body.len() / 2)
        .rev()
        .find(|at| body.is_char_boundary(*at));
    let (before, after) = body.split_at(middle.unwrap_or(0));
    assert_eq!(answered(compiled.output(), &[before, after]), whole);
});

/// What leaves of these chunks; `None` if it is blocked.
fn answered(mut guard: OutputGuard, chunks: &[&str]) -> Option<String> {
    let mut out = String::new();
    for chunk in chunks {
        guard.push(chunk, &mut out).ok()?;
    }
    guard.finish(&mut out).ok()?;
    Some(out)
}
