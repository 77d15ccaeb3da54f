//! Prints the scores on the labelled corpus as the table of the README. With arguments
//! `NAME=FILE` it compares: each file holds what another engine found, a line of JSON
//! `{"id", "spans": [{"start", "end", "type"}]}` in code points for each document.
//! Documents that a file leaves out do not count for any engine.
#![expect(clippy::expect_used, reason = "a broken corpus ends the program")]

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

use mask::{Engine, Entity, Keys};
use serde_json::Value;

#[path = "../tests/it/corpus/measure.rs"]
mod measure;

use measure::{Found, Report, Sums};

fn main() -> io::Result<()> {
    let others: Vec<(String, HashMap<String, Vec<Found>>)> = std::env::args()
        .skip(1)
        .map(|it| predictions(&it))
        .collect();
    if others.is_empty() {
        return scores();
    }
    let engine = Engine::everything(Keys::new(b"example", "corpus"));
    let is_known = |id: &str| others.iter().all(|(_, found)| found.contains_key(id));
    let mut reports = vec![(
        "Drawgate".to_owned(),
        measure::measure_by(|id, text| is_known(id).then(|| measure::found(&engine, text))),
    )];
    for (name, found) in &others {
        let report = measure::measure_by(|id, _| {
            let found = found.get(id).filter(|_| is_known(id));
            found.cloned()
        });
        reports.push((name.clone(), report));
    }
    compare(&reports)
}

/// The findings that an argument `NAME=FILE` names.
fn predictions(argument: &str) -> (String, HashMap<String, Vec<Found>>) {
    let (name, path) = argument.split_once('=').expect("NAME=FILE");
    let text = std::fs::read_to_string(path).expect("the file can be read");
    let lines = text.lines().map(|line| {
        let line: Value = serde_json::from_str(line).expect("a line is JSON");
        let spans = line["spans"].as_array().cloned().unwrap_or_default();
        let place = |span: &Value, end: &str| span[end].as_u64().unwrap_or_default() as usize;
        let found = spans.iter().map(|span| {
            let entity = match span["type"].as_str().unwrap_or_default() {
                // Engines that do not look at the context call every date so.
                "DATE_TIME" => "DATE_OF_BIRTH".to_owned(),
                other => Entity::from_name(other)
                    .map_or_else(|| other.to_owned(), |it| it.name().to_owned()),
            };
            (place(span, "start"), place(span, "end"), entity)
        });
        let id = line["id"].as_str().unwrap_or_default().to_owned();
        (id, found.collect())
    });
    (name.to_owned(), lines.collect())
}

/// A row for each type: recall, precision and leak of each engine.
fn compare(reports: &[(String, Report)]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let names: Vec<&str> = reports.iter().map(|(name, _)| name.as_str()).collect();
    writeln!(out, "| type | spans | {} |", names.join(" | "))?;
    writeln!(out, "|-|-:|{}", "-|".repeat(names.len()))?;
    let Some((_, first)) = reports.first() else {
        return Ok(());
    };
    let told = |sums: Option<&Sums>| match sums {
        Some(sums) if sums.predicted > 0.0 => format!(
            "{:.2} {:.2} {:.2}",
            sums.recall(),
            sums.precision(),
            sums.leak()
        ),
        Some(sums) => format!("{:.2} – {:.2}", sums.recall(), sums.leak()),
        None => "–".to_owned(),
    };
    let labelled = first.types.iter().filter(|(_, sums)| sums.spans > 0.0);
    let types: BTreeSet<&String> = labelled.map(|(name, _)| name).collect();
    for name in types {
        let cells: Vec<String> = reports
            .iter()
            .map(|(_, it)| told(it.types.get(name)))
            .collect();
        let spans = first.types.get(name).map_or(0.0, |sums| sums.spans);
        writeln!(out, "| {name} | {spans} | {} |", cells.join(" | "))?;
    }
    let mut row = |name: &str, value: &dyn Fn(&Report) -> String| {
        let cells: Vec<String> = reports.iter().map(|(_, it)| value(it)).collect();
        writeln!(out, "| {name} | | {} |", cells.join(" | "))
    };
    row("all but names and places", &|it| told(Some(&it.patterns)))?;
    row("masked for nothing", &|it| format!("{:.4}", it.overmasked))?;
    row("hard negatives hit", &|it| {
        format!("{:.4}", it.negatives_hit)
    })
}

/// The table of the README.
fn scores() -> io::Result<()> {
    let report = measure::measure(&Engine::everything(Keys::new(b"example", "corpus")));
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| type | spans | precision | recall | leak |\n|-|-:|-:|-:|-:|"
    )?;
    for (name, sums) in report.types.iter().chain([
        (&"all but names and places".to_owned(), &report.patterns),
        (&"names and places under headers".to_owned(), &report.headed),
    ]) {
        let precision = match sums.predicted {
            0.0 => "–".to_owned(),
            _ => format!("{:.3}", sums.precision()),
        };
        writeln!(
            out,
            "| {name} | {} | {precision} | {:.3} | {:.4} |",
            sums.spans,
            sums.recall(),
            sums.leak()
        )?;
    }
    writeln!(
        out,
        "\nMasked for nothing: {:.4}; hard negatives hit: {:.4}.",
        report.overmasked, report.negatives_hit
    )?;
    let documents = measure::documents();
    let bytes: usize = documents.iter().map(|d| d.text.len()).sum();
    writeln!(out, "{} documents, {bytes} bytes.", documents.len())
}
