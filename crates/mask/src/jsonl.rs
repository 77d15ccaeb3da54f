//! One JSON document per line, for measuring: `{"id", "text"}` in, `{"id", "text",
//! "spans"}` out.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::{Engine, Masked};

#[derive(Deserialize)]
struct Input {
    #[serde(default)]
    id: Value,
    text: String,
}

#[derive(Serialize)]
struct Output {
    id: Value,
    text: String,
    spans: Vec<CodePoints>,
}

#[derive(Serialize)]
struct CodePoints {
    start: usize,
    end: usize,
    #[serde(rename = "type")]
    entity: String,
    score: f32,
}

#[derive(Serialize)]
struct Refusal {
    error: String,
}

/// Masks the `text` of one line. The spans are in code points of the original text. A
/// line that is no such document gives `{"error"}`; it is not echoed.
pub fn jsonl_line(engine: &Engine, line: &str) -> String {
    let answer = match serde_json::from_str::<Input>(line) {
        Ok(input) => serde_json::to_string(&masked(engine, input)),
        Err(error) => serde_json::to_string(&Refusal {
            error: format!(
                "no document with `text`: line {} column {}",
                error.line(),
                error.column()
            ),
        }),
    };
    answer.unwrap_or_else(|_| r#"{"error":"the answer cannot be written"}"#.to_owned())
}

fn masked(engine: &Engine, input: Input) -> Output {
    let findings = engine.findings(&input.text);
    let mut masked = Masked::default();
    engine.rewrite(&input.text, 0..input.text.len(), &findings, &mut masked);
    let (mut bytes, mut points) = (0, 0);
    let mut count = |to: usize| {
        points += input
            .text
            .get(bytes..to)
            .unwrap_or_default()
            .chars()
            .count();
        bytes = to;
        points
    };
    let spans = findings
        .iter()
        .map(|found| CodePoints {
            start: count(found.start),
            end: count(found.end),
            entity: engine.name(found.kind).to_owned(),
            score: found.score,
        })
        .collect();
    Output {
        id: input.id,
        text: masked.text,
        spans,
    }
}
