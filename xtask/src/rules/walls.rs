//! Which foreign packages stay behind which crate.

use crate::fault::Fault;
use crate::manifest::Manifest;
use crate::rules::Violation;
use crate::tree::Tree;

const RULE: &str = "wall";

/// Packages that only some crates may depend on.
struct Wall {
    packages: &'static [&'static str],
    /// Crates that may depend on them.
    crates: &'static [&'static str],
    /// Crates whose tests may as well.
    tests: &'static [&'static str],
}

const WALLS: &[Wall] = &[
    Wall {
        packages: &["rmcp"],
        crates: &["mcp"],
        tests: &[],
    },
    Wall {
        packages: &["axum", "axum-extra", "axum-server"],
        crates: &["rest", "mcp", "drawgate"],
        tests: &[],
    },
    Wall {
        packages: &["sqlx"],
        crates: &["store"],
        tests: &[],
    },
    Wall {
        packages: &["mysql_async", "postgres-protocol", "tokio-postgres"],
        crates: &["connect"],
        tests: &["store"],
    },
    Wall {
        packages: &["rusqlite"],
        crates: &["connect", "store"],
        tests: &[],
    },
    Wall {
        packages: &["clap", "clap_complete", "clap_mangen"],
        crates: &["cli", "drawgate"],
        tests: &[],
    },
];

/// Crates that never ship; no wall stands before them.
const DEVELOPMENT_ONLY: &[&str] = &["bench", "testkit"];

/// The only files that may name `rmcp`.
const RMCP_FILES: &[&str] = &["crates/mcp/src/wire.rs", "crates/mcp/src/wire/"];

/// Checks the manifests, and the sources of `mcp` for `rmcp`.
///
/// # Errors
/// A source file that cannot be read.
pub fn check(tree: &Tree, manifests: &[Manifest]) -> Result<Vec<Violation>, Fault> {
    let mut violations = Vec::new();
    for manifest in manifests {
        for dependency in &manifest.dependencies {
            let package = dependency.package.as_str();
            if let Some(message) = broken(&manifest.name, package, dependency.dev) {
                violations.push(Violation::of(&manifest.path, RULE, message));
            }
        }
    }
    for path in tree.ending(".rs") {
        let is_home = RMCP_FILES.iter().any(|home| path.starts_with(home));
        if !path.starts_with("crates/mcp/") || is_home {
            continue;
        }
        for (index, line) in tree.text(path)?.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if names(code, "rmcp") {
                let message = "`rmcp` is used only in `src/wire.rs` and `src/wire/`";
                violations.push(Violation::of(path, RULE, message).on(index));
            }
        }
    }
    Ok(violations)
}

/// Why crate `name` must not depend on `package`.
fn broken(name: &str, package: &str, dev: bool) -> Option<String> {
    if DEVELOPMENT_ONLY.contains(&name) {
        return None;
    }
    let wall = WALLS.iter().find(|wall| wall.packages.contains(&package))?;
    let may = wall.crates.contains(&name) || (dev && wall.tests.contains(&name));
    (!may).then(|| {
        let owners = wall.crates.join("`, `");
        format!("crate `{name}` must not depend on `{package}`, which is only for `{owners}`")
    })
}

/// Whether `code` has the identifier `word`.
fn names(code: &str, word: &str) -> bool {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .any(|found| found == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sample::Sample;

    #[test]
    fn each_wall_holds() {
        for (name, package) in [
            ("gate", "rmcp"),
            ("gate", "axum"),
            ("gate", "sqlx"),
            ("drawgate", "rusqlite"),
            ("store", "tokio-postgres"),
            ("rest", "clap"),
        ] {
            let message = broken(name, package, false).unwrap();
            assert!(
                message.contains(name) && message.contains(package),
                "{message}"
            );
        }
        for (name, package) in [
            ("mcp", "rmcp"),
            ("rest", "axum"),
            ("store", "sqlx"),
            ("connect", "mysql_async"),
            ("cli", "clap"),
            ("bench", "tokio-postgres"),
        ] {
            assert_eq!(broken(name, package, false), None);
        }
    }

    #[test]
    fn tests_reach_over_a_wall_only_where_it_says_so() {
        assert_eq!(broken("store", "tokio-postgres", true), None);
        assert!(broken("gate", "tokio-postgres", true).is_some());
        assert!(broken("gate", "axum", true).is_some());
    }

    #[test]
    fn rmcp_stays_in_the_wire_module() {
        let sample = Sample::of(&[
            ("crates/mcp/src/wire.rs", "use rmcp::model;\n"),
            ("crates/mcp/src/wire/era.rs", "use rmcp::model;\n"),
            (
                "crates/mcp/src/http.rs",
                "//! Wraps rmcp.\nuse rmcp::model;\n",
            ),
            (
                "crates/mcp/src/tools.rs",
                "let rmcp_like = 1; // as rmcp does\n",
            ),
        ]);
        let violations = check(&sample.tree(), &[]).unwrap();
        assert_eq!(violations.len(), 1, "{violations:?}");
        assert!(
            violations[0]
                .to_string()
                .starts_with("crates/mcp/src/http.rs:2: [wall]")
        );
    }
}
