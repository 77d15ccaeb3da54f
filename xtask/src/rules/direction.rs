//! Which crate of the workspace may import which.

use crate::manifest::Manifest;
use crate::rules::Violation;

const RULE: &str = "direction";

/// Crate and the crates of the workspace that it may import, from the ground up.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    // Ground.
    ("model", &[]),
    ("sql", &[]),
    // Columns: they never import each other.
    ("policy", &["model", "sql"]),
    ("mask", &["model"]),
    ("store", &["model"]),
    ("connect", &["model"]),
    ("link", &["model"]),
    ("identity", &["model"]),
    ("outbound", &["model"]),
    // Gate.
    (
        "gate",
        &[
            "model", "sql", "policy", "mask", "store", "connect", "link", "identity", "outbound",
        ],
    ),
    // Doors: they read a bearer with `identity`; proving it is the gate's.
    ("mcp", &["gate", "identity", "model"]),
    ("rest", &["gate", "identity", "model"]),
    ("cli", &["model"]),
    ("agent", &["link", "connect", "model"]),
    // Roof.
    (
        "drawgate",
        &[
            "model", "sql", "policy", "mask", "store", "connect", "link", "identity", "outbound",
            "gate", "mcp", "rest", "cli", "agent",
        ],
    ),
    // Development only: nothing that ships imports them.
    ("testkit", &["model"]),
    ("bench", &["model", "testkit"]),
    ("xtask", &[]),
];

/// What tests of any crate may import besides.
const TESTS_MAY_IMPORT: &[&str] = &["testkit"];

/// Doors, and what their tests may import besides: a real gate needs a real store.
const DOORS: &[&str] = &["mcp", "rest"];
const TESTS_OF_DOORS_MAY_IMPORT: &[&str] = &["store"];

/// What tests of targets may import besides: what `sql` says of statements is compared
/// with what servers make of them.
const TESTS_OF_TARGETS_MAY_IMPORT: &[&str] = &["sql"];

/// Checks every manifest against the table.
pub fn check(manifests: &[Manifest]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for manifest in manifests {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == manifest.name) else {
            violations.push(Violation::of(
                &manifest.path,
                RULE,
                format!("crate `{}` has no row in the table", manifest.name),
            ));
            continue;
        };
        for dependency in &manifest.dependencies {
            let package = dependency.package.as_str();
            let is_ours = MAY_IMPORT.iter().any(|(name, _)| *name == package);
            let is_allowed = allowed.contains(&package)
                || (dependency.dev && test_may_import(&manifest.name, package));
            if is_ours && !is_allowed {
                violations.push(Violation::of(
                    &manifest.path,
                    RULE,
                    format!(
                        "crate `{}` must not import crate `{package}`",
                        manifest.name
                    ),
                ));
            }
        }
    }
    violations
}

/// Whether tests of crate `name` may import `package` besides what the crate may.
fn test_may_import(name: &str, package: &str) -> bool {
    TESTS_MAY_IMPORT.contains(&package)
        || (DOORS.contains(&name) && TESTS_OF_DOORS_MAY_IMPORT.contains(&package))
        || (name == "connect" && TESTS_OF_TARGETS_MAY_IMPORT.contains(&package))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Dependency;

    fn crate_of(name: &str, package: &str, dev: bool) -> Manifest {
        Manifest {
            name: name.to_owned(),
            path: format!("crates/{name}/Cargo.toml"),
            folder: format!("crates/{name}/"),
            dependencies: vec![Dependency {
                package: package.to_owned(),
                dev,
            }],
            house_lints: true,
        }
    }

    #[test]
    fn a_column_that_imports_a_column_is_named_with_it() {
        let violations = check(&[crate_of("store", "connect", false)]);
        assert_eq!(
            violations[0].to_string(),
            "crates/store/Cargo.toml: [direction] crate `store` must not import crate `connect`"
        );
    }

    #[test]
    fn tests_may_import_testkit_and_nothing_else_more() {
        assert!(check(&[crate_of("store", "testkit", true)]).is_empty());
        assert_eq!(check(&[crate_of("store", "testkit", false)]).len(), 1);
        assert_eq!(check(&[crate_of("store", "gate", true)]).len(), 1);
    }

    #[test]
    fn only_tests_of_doors_may_open_a_store() {
        assert!(check(&[crate_of("mcp", "store", true)]).is_empty());
        assert_eq!(check(&[crate_of("mcp", "store", false)]).len(), 1);
        assert_eq!(check(&[crate_of("cli", "store", true)]).len(), 1);
    }

    #[test]
    fn only_tests_of_targets_may_compare_facts() {
        assert!(check(&[crate_of("connect", "sql", true)]).is_empty());
        assert_eq!(check(&[crate_of("connect", "sql", false)]).len(), 1);
        assert_eq!(check(&[crate_of("store", "sql", true)]).len(), 1);
    }

    #[test]
    fn foreign_packages_are_none_of_its_business() {
        assert!(check(&[crate_of("store", "sqlx", false)]).is_empty());
    }

    #[test]
    fn a_crate_without_a_row_is_refused() {
        let violations = check(&[crate_of("helper", "model", false)]);
        assert!(violations[0].message.contains("`helper` has no row"));
    }
}
