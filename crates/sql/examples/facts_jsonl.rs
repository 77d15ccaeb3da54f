//! Answers lines of JSON on standard input with the labels of their SQL:
//! `facts_jsonl [--schema FILE --dialect NAME] < in.jsonl > out.jsonl`.

use std::io::{BufRead, Error, Result, Write, stdin, stdout};

use sql::{Catalog, Dialect, jsonl_line};

fn main() -> Result<()> {
    let catalog = schema()?;
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let line = line?;
        if !line.trim().is_empty() {
            writeln!(out, "{}", jsonl_line(&line, catalog.as_ref()))?;
        }
    }
    Ok(())
}

/// The catalog that `--schema FILE` names; its dialect is `postgres` unless
/// `--dialect NAME` says otherwise.
fn schema() -> Result<Option<Catalog>> {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1).cloned()
    };
    let Some(path) = value("--schema") else {
        return Ok(None);
    };
    let dialect = match value("--dialect") {
        Some(name) => serde_json::from_value::<Dialect>(name.into()).map_err(Error::other)?,
        None => Dialect::Postgres,
    };
    let text = std::fs::read_to_string(path)?;
    let catalog = Catalog::from_ddl(&text, dialect).map_err(Error::other)?;
    Ok(Some(catalog))
}
