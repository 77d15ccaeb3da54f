//! The generated reference documents: written by the program, checked in, and
//! compared, so that a change of the tools or the REST document is seen in review.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fault::Fault;

const FOLDER: &str = "docs/reference";
/// Most lines of a difference that are shown per side and file.
const MOST_LINES: usize = 12;

/// File name to content.
type Documents = BTreeMap<String, String>;

/// Writes the documents that the program says into `docs/reference/`.
///
/// # Errors
/// The program fails, or a file cannot be written.
pub fn write(root: &Path) -> Result<String, Fault> {
    let said = ask_program(root)?;
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder).map_err(|cause| Fault::at(&folder, &cause))?;
    let before = read(&folder)?;
    for name in before.keys().filter(|name| !said.contains_key(*name)) {
        let path = folder.join(name);
        fs::remove_file(&path).map_err(|cause| Fault::at(&path, &cause))?;
    }
    for (name, text) in &said {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|cause| Fault::at(&path, &cause))?;
    }
    Ok(format!("generate: {} files in {FOLDER}", said.len()))
}

/// Compares what the program says with `docs/reference/`.
///
/// # Errors
/// As [`write()`], or a difference, shown in short.
pub fn check(root: &Path) -> Result<String, Fault> {
    let said = ask_program(root)?;
    let differences = compare(&read(&root.join(FOLDER))?, &said);
    if differences.is_empty() {
        return Ok(format!("generate: {} files are current", said.len()));
    }
    Err(Fault::new(format!(
        "{differences}run `cargo xtask generate` and commit {FOLDER}"
    )))
}

/// Runs `drawgate generate` into an empty folder and reads what it wrote.
fn ask_program(root: &Path) -> Result<Documents, Fault> {
    let folder = scratch()?;
    let status = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--locked", "--package", "drawgate"])
        .args(["--", "generate"])
        .arg(&folder)
        .current_dir(root)
        .status()
        .map_err(|cause| Fault::new(format!("cargo: {cause}")))?;
    let said = if status.success() {
        read(&folder)
    } else {
        Err(Fault::new(format!("drawgate generate: {status}")))
    };
    fs::remove_dir_all(&folder).map_err(|cause| Fault::at(&folder, &cause))?;
    said
}

fn scratch() -> Result<PathBuf, Fault> {
    let folder = std::env::temp_dir().join(format!("drawgate-generate-{}", std::process::id()));
    fs::create_dir(&folder).map_err(|cause| Fault::at(&folder, &cause))?;
    Ok(folder)
}

fn read(folder: &Path) -> Result<Documents, Fault> {
    let mut documents = Documents::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(documents);
    };
    for entry in entries {
        let path = entry.map_err(|cause| Fault::at(folder, &cause))?.path();
        let text = fs::read_to_string(&path).map_err(|cause| Fault::at(&path, &cause))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        documents.insert(name.into_owned(), text);
    }
    Ok(documents)
}

/// What differs, file by file; empty when nothing does.
fn compare(checked_in: &Documents, said: &Documents) -> String {
    let mut shown = String::new();
    for (name, old) in checked_in {
        match said.get(name) {
            None => shown.push_str(&format!("{FOLDER}/{name}: the program does not write it\n")),
            Some(new) if new == old => {}
            Some(new) => {
                shown.push_str(&format!("{FOLDER}/{name}: out of date\n"));
                shown.push_str(&difference(old, new));
            }
        }
    }
    for name in said.keys().filter(|name| !checked_in.contains_key(*name)) {
        shown.push_str(&format!("{FOLDER}/{name}: missing\n"));
    }
    shown
}

/// The lines between the common beginning and the common end of two texts.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let pairs = old.iter().zip(&new);
    let start = pairs.take_while(|(old, new)| old == new).count();
    let pairs = old[start..].iter().rev().zip(new[start..].iter().rev());
    let end = pairs.take_while(|(old, new)| old == new).count();
    let mut shown = format!("  from line {}:\n", start + 1);
    for (sign, lines) in [('-', &old), ('+', &new)] {
        let changed = &lines[start..lines.len() - end];
        for line in changed.iter().take(MOST_LINES) {
            let line: String = line.chars().take(160).collect();
            shown.push_str(&format!("  {sign}{line}\n"));
        }
        if changed.len() > MOST_LINES {
            let more = changed.len() - MOST_LINES;
            shown.push_str(&format!("  {sign}… {more} more lines\n"));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(files: &[(&str, &str)]) -> Documents {
        files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn equal_folders_do_not_differ() {
        let both = documents(&[("tools.json", "{}\n")]);
        assert_eq!(compare(&both, &both), "");
    }

    #[test]
    fn a_changed_line_is_shown_alone() {
        let shown = compare(
            &documents(&[("tools.json", "a\nb\nc\n")]),
            &documents(&[("tools.json", "a\nB\nc\n")]),
        );
        assert_eq!(
            shown,
            "docs/reference/tools.json: out of date\n  from line 2:\n  -b\n  +B\n"
        );
    }

    #[test]
    fn lost_and_new_files_are_named() {
        let shown = compare(&documents(&[("a", "")]), &documents(&[("b", "")]));
        assert_eq!(
            shown,
            "docs/reference/a: the program does not write it\ndocs/reference/b: missing\n"
        );
    }

    #[test]
    fn a_long_difference_is_cut() {
        let new: String = (0..40).map(|n| format!("{n}\n")).collect();
        assert!(difference("", &new).ends_with("  +… 28 more lines\n"));
    }
}
