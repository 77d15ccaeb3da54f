//! What rules cost on the way in and on the way out.
//!
//! `cargo bench -p policy --bench guardrails`
//!
//! The aim of `input`: 200 rules on a text of 200 bytes within 20 µs.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on panics")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model::{Guardrail, GuardrailRules};
use policy::Guardrails;
use serde_json::{Value, json};
use sql::Dialect;

const ASCII: &str = "select u.id, u.name, o.total from users u join orders o on o.user_id = u.id \
    where o.created_at > now() - interval '7 days' and u.country = 'DE' and o.status <> 'void' \
    order by o.total desc limit 50 -- top";

/// `count` rules of every kind; none matches.
fn rules(count: usize, has_sql: bool) -> Value {
    let rule = |index: usize| match (index % 4, has_sql) {
        (0, _) => json!({"type": "deny_words_list",
            "words": [format!("drop table t{index}"), format!("xp_cmd{index}"), format!("load_{index}")]}),
        (1, _) => json!({"type": "pattern_match",
            "pattern_regex": format!("(?i)\\bpg_sleep{index}\\s*\\(")}),
        (2, true) => json!({"type": "sql", "sql": {
            "deny_statements": ["drop", "truncate"], "require_where": ["update", "delete"],
            "deny_tables": [format!("hr.pay{index}")], "deny_columns": [format!("users.ssn{index}")]}}),
        (2, false) => json!({"type": "pattern_match",
            "pattern_regex": format!("(?i)into\\s+(out|dump)file\\s+'[^']{{1,20}}{index}")}),
        (_, _) if index % 8 == 3 => json!({"type": "pattern_match",
            "pattern_regex": format!("\\b[A-Z]{{2}}[0-9]{{6}}-{index}\\b")}),
        (_, _) => json!({"type": "pattern_match",
            "pattern_regex": format!("secret-{index}-[0-9a-f]{{8}}")}),
    };
    json!({"rules": (0..count).map(rule).collect::<Vec<_>>()})
}

/// `count` rules, 100 in each guardrail.
fn guardrails(count: usize, direction: &str) -> Guardrails {
    let guardrails: Vec<Guardrail> = (0..count.div_ceil(100))
        .map(|index| {
            let rules: GuardrailRules =
                serde_json::from_value(rules(count.min(100), direction == "input")).unwrap();
            let (input, output) = match direction {
                "input" => (Some(rules), None),
                _ => (None, Some(rules)),
            };
            Guardrail {
                name: format!("g{index}"),
                description: String::new(),
                input,
                output,
            }
        })
        .collect();
    Guardrails::compile(&guardrails).unwrap()
}

fn input(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("input of 200 bytes");
    let facts = sql::facts(ASCII, Dialect::Postgres);
    assert!(facts.parsed);
    let beyond_ascii = ASCII.replace("DE", "Österreich");
    group.throughput(Throughput::Bytes(ASCII.len() as u64));
    for count in [10, 200] {
        let guardrails = guardrails(count, "input");
        assert!(guardrails.input(ASCII, ASCII, Some(&facts)).hits.is_empty());
        let texts = [("ASCII", ASCII), ("beyond ASCII", beyond_ascii.as_str())];
        for (name, text) in texts {
            group.bench_function(format!("{count} rules, {name}"), |bencher| {
                bencher.iter(|| guardrails.input(black_box(text), text, Some(&facts)));
            });
        }
        group.bench_function(format!("{count} rules, comments"), |bencher| {
            let (plain, _) = ASCII.split_once(" --").unwrap();
            bencher.iter(|| guardrails.input(black_box(ASCII), plain, Some(&facts)));
        });
    }
    // What one look at every byte costs.
    group.bench_function("a plain scan", |bencher| {
        bencher.iter(|| {
            black_box(ASCII)
                .bytes()
                .filter(|byte| *byte == b';')
                .count()
        });
    });
    group.finish();
}

fn output(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("output");
    let text = ASCII.replace(", ", "\t").repeat(1 << 12);
    group.throughput(Throughput::Bytes(text.len() as u64));
    for count in [10, 200] {
        let guardrails = guardrails(count, "output");
        let mut out = String::with_capacity(2 * text.len());
        group.bench_function(format!("{count} rules"), |bencher| {
            bencher.iter(|| {
                out.clear();
                let mut guard = guardrails.output();
                guard.push(black_box(&text), &mut out).unwrap();
                guard.finish(&mut out).unwrap();
            });
        });
    }
    group.finish();
}

criterion_group!(benches, input, output);
criterion_main!(benches);
