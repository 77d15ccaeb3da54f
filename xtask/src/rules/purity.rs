//! Crates that compute and do nothing else, and what would make them do more. The
//! whole graph of `Cargo.lock` counts, tests and every platform included: a
//! package that brings a runtime along is no better than the runtime.

use std::collections::{BTreeMap, VecDeque};

use toml::{Table, Value};

use crate::fault::Fault;
use crate::rules::Violation;
use crate::tree::Tree;

const RULE: &str = "purity";
const LOCK: &str = "Cargo.lock";

const PURE: &[&str] = &["model", "sql", "policy", "mask"];
const IMPURE_PACKAGES: &[&str] = &["tokio", "sqlx", "reqwest", "axum", "rmcp"];

/// Package to the packages it depends on, by name: versions do not matter here.
type Graph = BTreeMap<String, Vec<String>>;

/// Checks what the pure crates depend on, directly or through others.
///
/// # Errors
/// A `Cargo.lock` that cannot be read or understood.
pub fn check(tree: &Tree) -> Result<Vec<Violation>, Fault> {
    if !tree.has(LOCK) {
        return Ok(Vec::new());
    }
    let graph = read(&tree.text(LOCK)?)?;
    let mut violations = Vec::new();
    for name in PURE.iter().filter(|name| graph.contains_key(**name)) {
        for package in IMPURE_PACKAGES {
            if let Some(way) = way(&graph, name, package) {
                let message = format!("crate `{name}` is pure, and reaches `{package}`: {way}");
                violations.push(Violation::of(LOCK, RULE, message));
            }
        }
    }
    Ok(violations)
}

fn read(text: &str) -> Result<Graph, Fault> {
    let lock: Table = text
        .parse()
        .map_err(|cause: toml::de::Error| Fault::new(format!("{LOCK}: {cause}")))?;
    let mut graph = Graph::new();
    let packages = lock.get("package").and_then(Value::as_array);
    for package in packages.into_iter().flatten() {
        let name = package.get("name").and_then(Value::as_str);
        let needed = package.get("dependencies").and_then(Value::as_array);
        // An entry is a name, with a version where there are several.
        let needed = needed.into_iter().flatten().filter_map(Value::as_str);
        let needed = needed.filter_map(|entry| entry.split(' ').next());
        graph
            .entry(name.unwrap_or_default().to_owned())
            .or_default()
            .extend(needed.map(str::to_owned));
    }
    Ok(graph)
}

/// A shortest way from one package to another.
fn way(graph: &Graph, from: &str, to: &str) -> Option<String> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([graph.get_key_value(from)?.0.as_str()]);
    while let Some(name) = queue.pop_front() {
        if name == to {
            let mut way = vec![name];
            while let Some(&last) = way.last().and_then(|last| before.get(last)) {
                way.push(last);
            }
            way.reverse();
            return Some(way.join(" → "));
        }
        for next in graph.get(name).into_iter().flatten() {
            if next != from && !before.contains_key(next.as_str()) {
                before.insert(next, name);
                queue.push_back(next);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::told;
    use crate::tree::sample::Sample;

    fn messages(lock: &str) -> Vec<String> {
        let sample = Sample::of(&[(LOCK, lock)]);
        told(check(&sample.tree()))
    }

    #[test]
    fn an_impure_package_is_found_behind_others() {
        let found = messages(
            "[[package]]\nname = \"model\"\ndependencies = [\"a 1.0.0\", \"model\"]\n\
             [[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\"b\"]\n\
             [[package]]\nname = \"a\"\nversion = \"2.0.0\"\n\
             [[package]]\nname = \"b\"\ndependencies = [\"a 2.0.0\", \"tokio\"]\n\
             [[package]]\nname = \"tokio\"\n",
        );
        assert_eq!(
            found,
            [
                "Cargo.lock: [purity] crate `model` is pure, and reaches `tokio`: \
                 model → a → b → tokio"
            ]
        );
    }

    #[test]
    fn other_crates_may_reach_what_they_like() {
        let lock = "[[package]]\nname = \"store\"\ndependencies = [\"tokio\"]\n\
                    [[package]]\nname = \"model\"\n[[package]]\nname = \"tokio\"\n";
        assert!(messages(lock).is_empty());
    }
}
