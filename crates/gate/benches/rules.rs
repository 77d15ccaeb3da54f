//! What the rules of one connection cost an ask and an answer, without the store and the
//! target: 20 guardrails and 10 masking rules, and parts of them.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use gate::Rehearsal;
use model::{Column, ConnectionType, Guardrail, MaskingRule, Piece, RowBatch, ValueKind};
use serde_json::{Value, json};
use sql::{Dialect, FactsCache};

const QUERY: &str = "select m.id, m.mail as contact, c.name, c.phone, upper(c.city) as city, \
    c.since from mails m join customers c on c.id = m.id where c.id between 1 and 20 \
    and c.since is not null order by c.id limit 1000";

const COLUMNS: [&str; 6] = ["id", "contact", "name", "phone", "city", "since"];

fn guardrails() -> Vec<Guardrail> {
    let guardrail = |number: usize| {
        json!({"name": format!("guardrail {number}"),
            "input": {"rules": [
                {"type": "sql", "sql": {"require_where": ["update", "delete"],
                    "deny_statements": ["drop", "truncate"],
                    "deny_tables": [format!("secret{number}")],
                    "deny_columns": [format!("vault{number}.*")]}},
                {"type": "deny_words_list", "words": [format!("forbidden word {number}")]},
                {"type": "pattern_match", "pattern_regex": format!("(?i)\\bpg_sleep{number}\\b")}]},
            "output": {"rules": [
                {"type": "pattern_match", "pattern_regex": format!("proj-{number}-[0-9]{{6}}")}]}})
    };
    let all = (0..20).map(|number| serde_json::from_value(guardrail(number)).unwrap());
    all.collect()
}

/// Which parts masking rules have.
#[derive(Clone, Copy)]
struct Parts {
    entities: bool,
    custom: bool,
    columns: bool,
}

fn masking(parts: &Parts) -> Vec<MaskingRule> {
    let presets = [
        "CONTACT_INFORMATION",
        "FINANCIAL_DATA",
        "US_DOCUMENTS",
        "CREDENTIALS",
    ];
    let part = |is_there: bool, value: Value| if is_there { json!([value]) } else { json!([]) };
    let rule = |number: usize| {
        json!({"name": format!("masking {number}"),
            "supported_entity_types":
                part(parts.entities, json!({"name": presets[number % presets.len()]})),
            "custom_entity_types": part(parts.custom,
                json!({"name": format!("BADGE_{number}"), "regex": format!("B{number}-[0-9]{{6}}")})),
            "column_rules": part(parts.columns,
                json!({"table": "customers", "column": format!("column{number}"), "strategy": "hash"}))})
    };
    let all = (0..10).map(|number| serde_json::from_value(rule(number)).unwrap());
    all.collect()
}

fn answer(rows: usize) -> Vec<Piece> {
    let columns = COLUMNS.iter().map(|name| Column {
        name: (*name).to_owned(),
        type_name: "text".to_owned(),
        kind: ValueKind::Text,
        source: None,
    });
    let mut batch = RowBatch::new(COLUMNS.len());
    for row in 0..rows {
        for cell in [
            format!("{row}"),
            format!("c{row}@example.com"),
            format!("Customer {row}"),
            format!("+1 212 555 0{}", 100 + row % 900),
            "OSLO".to_owned(),
            "2020-03-01".to_owned(),
        ] {
            batch.push(cell.as_bytes());
        }
        batch.end_row();
    }
    let tag = format!("SELECT {rows}");
    vec![
        Piece::Columns(columns.collect()),
        Piece::Rows(batch),
        Piece::Done {
            tag,
            affected: None,
        },
    ]
}

fn rules(bench: &mut Criterion) {
    let none = Parts {
        entities: false,
        custom: false,
        columns: false,
    };
    let all = Parts {
        entities: true,
        custom: true,
        columns: true,
    };
    let compile = |guardrails: &[Guardrail], masking: &[MaskingRule]| {
        Rehearsal::compile(guardrails, masking, b"bench").unwrap()
    };
    let facts = FactsCache::new(1 << 20);
    let both = compile(&guardrails(), &masking(&all));
    bench.bench_function("ask/20 guardrails, 10 masking rules", |bencher| {
        let ask = |text| {
            both.ask(
                ConnectionType::Database,
                Some(Dialect::Postgres),
                text,
                &facts,
            )
        };
        bencher.iter(|| black_box(ask(QUERY)));
    });
    let cases = [
        ("nothing", compile(&[], &[])),
        ("guardrails", compile(&guardrails(), &[])),
        (
            "entities",
            compile(
                &[],
                &masking(&Parts {
                    entities: true,
                    ..none
                }),
            ),
        ),
        (
            "custom",
            compile(
                &[],
                &masking(&Parts {
                    custom: true,
                    ..none
                }),
            ),
        ),
        (
            "columns",
            compile(
                &[],
                &masking(&Parts {
                    columns: true,
                    ..none
                }),
            ),
        ),
        ("all", both),
    ];
    for rows in [1, 20] {
        for (name, rehearsal) in &cases {
            bench.bench_function(&format!("answer/{rows} rows/{name}"), |bencher| {
                bencher.iter_batched(
                    || answer(rows),
                    |pieces| rehearsal.answer(pieces),
                    criterion::BatchSize::SmallInput,
                );
            });
        }
    }
}

criterion_group!(benches, rules);
criterion_main!(benches);
