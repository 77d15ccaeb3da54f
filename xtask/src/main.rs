//! House rules of the workspace and its generated files; see `README.md`.

mod fault;
mod generate;
mod manifest;
mod rules;
mod tree;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use fault::Fault;
use tree::Tree;

const USAGE: &str = "usage: cargo xtask rules | generate [--check] | checksums";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = root();
    let answer = match words.as_slice() {
        ["rules"] => check_rules(&root),
        ["generate"] => generate::write(&root),
        ["generate", "--check"] => generate::check(&root),
        ["checksums"] => rules::migrations::record(&root),
        _ => Err(Fault::new(USAGE)),
    };
    match answer {
        Ok(line) => {
            say(&mut std::io::stdout(), &line);
            ExitCode::SUCCESS
        }
        Err(fault) => {
            say(&mut std::io::stderr(), &fault.to_string());
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace: the parent of this crate.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

fn say(to: &mut dyn Write, line: &str) {
    // A closed pipe is the reader's choice, not a failure.
    let _ = writeln!(to, "{line}");
}

fn check_rules(root: &Path) -> Result<String, Fault> {
    let tree = Tree::read(root)?;
    let violations = rules::check(&tree)?;
    if violations.is_empty() {
        return Ok(format!("rules: {} files keep them", tree.files().count()));
    }
    let mut lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    lines.push(format!("rules: {} broken", violations.len()));
    Err(Fault::new(lines.join("\n")))
}
