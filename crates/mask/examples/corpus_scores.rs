//! Prints the scores on the labelled corpus as the table of the README.
#![expect(clippy::expect_used, reason = "a broken corpus ends the program")]

use std::io::{self, Write};

use mask::{Engine, Keys};

#[path = "../tests/it/corpus/measure.rs"]
mod measure;

fn main() -> io::Result<()> {
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
