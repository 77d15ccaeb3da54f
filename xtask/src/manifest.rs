//! The `Cargo.toml` files of the workspace, as far as the rules read them.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::fault::Fault;
use crate::tree::Tree;

/// One crate of the workspace.
pub struct Manifest {
    /// Name of the package.
    pub name: String,
    /// Path of the `Cargo.toml` from the root of the workspace.
    pub path: String,
    /// Folder of the crate, ending with `/`.
    pub folder: String,
    /// Everything it depends on.
    pub dependencies: Vec<Dependency>,
    /// Whether it has `[lints] workspace = true`.
    pub house_lints: bool,
}

/// One entry of a dependency table.
pub struct Dependency {
    /// Name of the package, whatever it is called in the code.
    pub package: String,
    /// Whether it is a dev-dependency.
    pub dev: bool,
}

/// Reads every crate below `crates/` and `xtask/`.
///
/// # Errors
/// A manifest that cannot be read or parsed.
pub fn read(tree: &Tree) -> Result<Vec<Manifest>, Fault> {
    let renamed = workspace_renames(tree)?;
    let mut manifests = Vec::new();
    for path in tree.ending("/Cargo.toml") {
        if path.starts_with("crates/") || path.starts_with("xtask/") {
            manifests.push(one(tree, path, &renamed)?);
        }
    }
    Ok(manifests)
}

fn parse(tree: &Tree, path: &str) -> Result<Table, Fault> {
    tree.text(path)?
        .parse()
        .map_err(|cause: toml::de::Error| Fault::new(format!("{path}: {cause}")))
}

/// `[workspace.dependencies]` entries whose key is not the name of the package.
fn workspace_renames(tree: &Tree) -> Result<BTreeMap<String, String>, Fault> {
    let root = parse(tree, "Cargo.toml")?;
    let entries = root
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(Value::as_table);
    Ok(entries
        .into_iter()
        .flatten()
        .filter_map(|(key, entry)| {
            let package = entry.get("package")?.as_str()?;
            Some((key.clone(), package.to_owned()))
        })
        .collect())
}

fn one(tree: &Tree, path: &str, renamed: &BTreeMap<String, String>) -> Result<Manifest, Fault> {
    let table = parse(tree, path)?;
    let name = table
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(Value::as_str)
        .ok_or_else(|| Fault::new(format!("{path}: no [package] name")))?;
    let house_lints = table
        .get("lints")
        .and_then(|lints| lints.get("workspace"))
        .and_then(Value::as_bool);
    let mut dependencies = Vec::new();
    collect(&table, renamed, &mut dependencies);
    let targets = table.get("target").and_then(Value::as_table);
    for target in targets.into_iter().flat_map(Table::values) {
        if let Some(target) = target.as_table() {
            collect(target, renamed, &mut dependencies);
        }
    }
    Ok(Manifest {
        name: name.to_owned(),
        path: path.to_owned(),
        folder: path.trim_end_matches("Cargo.toml").to_owned(),
        dependencies,
        house_lints: house_lints == Some(true),
    })
}

fn collect(table: &Table, renamed: &BTreeMap<String, String>, into: &mut Vec<Dependency>) {
    for (section, dev) in [
        ("dependencies", false),
        ("build-dependencies", false),
        ("dev-dependencies", true),
    ] {
        let entries = table.get(section).and_then(Value::as_table);
        for (key, entry) in entries.into_iter().flatten() {
            let package = entry
                .get("package")
                .and_then(Value::as_str)
                .or_else(|| renamed.get(key).map(String::as_str))
                .unwrap_or(key);
            into.push(Dependency {
                package: package.to_owned(),
                dev,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sample::Sample;

    #[test]
    fn a_renamed_dependency_is_seen_by_its_package() {
        let sample = Sample::of(&[
            (
                "Cargo.toml",
                "[workspace.dependencies]\nsql_driver = { package = \"sqlx\", version = \"1\" }\n",
            ),
            (
                "crates/a/Cargo.toml",
                "[package]\nname = \"a\"\n[lints]\nworkspace = true\n\
                 [dependencies]\nsql_driver.workspace = true\n\
                 [target.'cfg(unix)'.dependencies]\nwire = { package = \"rmcp\", version = \"3\" }\n\
                 [dev-dependencies]\ntempfile = \"3\"\n",
            ),
        ]);
        let manifests = read(&sample.tree()).unwrap();
        let found: Vec<(&str, bool)> = manifests[0]
            .dependencies
            .iter()
            .map(|dependency| (dependency.package.as_str(), dependency.dev))
            .collect();
        assert_eq!(
            found,
            [("sqlx", false), ("tempfile", true), ("rmcp", false)]
        );
        assert!(manifests[0].house_lints);
    }

    #[test]
    fn a_manifest_that_is_no_toml_is_a_fault() {
        let sample = Sample::of(&[("Cargo.toml", ""), ("crates/a/Cargo.toml", "[package")]);
        let fault = read(&sample.tree()).err().unwrap().to_string();
        assert!(fault.starts_with("crates/a/Cargo.toml: "), "{fault}");
    }
}
