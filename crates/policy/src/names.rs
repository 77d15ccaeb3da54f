//! Names of tables, columns and functions, and globs on them.
//!
//! Globs and names are compared part by part from the right, as far as both go: a name
//! without a qualifier may be meant under any, and a glob without one speaks of all.

use model::glob_matches;
use sql::Dialect;

/// Longest name in bytes that is compared. No database has longer ones, and the time of
/// a comparison stays bounded.
const MAX_NAME: usize = 1024;

/// A name as a statement uses it.
#[derive(Debug)]
pub(crate) struct Name<'a> {
    text: &'a str,
    parts: Vec<&'a str>,
    folded: Vec<String>,
}

impl<'a> Name<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let parts: Vec<&str> = if text.len() > MAX_NAME {
            Vec::new()
        } else {
            text.split('.').collect()
        };
        let folded = parts.iter().map(|part| part.to_lowercase()).collect();
        Self {
            text,
            parts,
            folded,
        }
    }

    pub(crate) const fn text(&self) -> &'a str {
        self.text
    }

    fn is_too_long(&self) -> bool {
        self.parts.is_empty()
    }
}

/// A glob on a name: parts with `*` for any run of characters, joined by dots.
#[derive(Clone, Debug)]
pub(crate) struct NameGlob {
    exact: Vec<String>,
    folded: Vec<String>,
}

impl NameGlob {
    pub(crate) fn new(glob: &str) -> Self {
        let parts = |text: &str| text.split('.').map(str::to_owned).collect();
        Self {
            exact: parts(glob.trim()),
            folded: parts(&glob.trim().to_lowercase()),
        }
    }

    /// A glob on a table and one on its columns.
    pub(crate) fn of_column(table: &str, column: &str) -> Self {
        let mut glob = Self::new(table);
        glob.exact.push(column.trim().to_owned());
        glob.folded.push(column.trim().to_lowercase());
        glob
    }

    /// Whether `name` may be meant, whatever the case of its letters. For what is
    /// denied: a name too long to be compared may be anything.
    pub(crate) fn may_mean(&self, name: &Name<'_>) -> bool {
        name.is_too_long() || aligned(&self.folded, &name.folded)
    }

    /// Whether a column may be meant: the column of that name, or any column of its
    /// table when the name ends in `*`, or in `?` for a column that is named by its place.
    pub(crate) fn may_mean_column(&self, name: &Name<'_>) -> bool {
        match name.folded.split_last() {
            Some((last, table)) if last == "*" || last == "?" => self.may_be_of(table),
            _ => self.may_mean(name),
        }
    }

    /// Whether some column of `table` may be meant.
    pub(crate) fn may_mean_column_of(&self, table: &Name<'_>) -> bool {
        table.is_too_long() || self.may_be_of(&table.folded)
    }

    fn may_be_of(&self, table: &[String]) -> bool {
        self.folded
            .split_last()
            .is_none_or(|(_, wanted)| aligned(wanted, table))
    }

    /// Whether `name` is meant in the language `dialect`. For what is allowed:
    /// PostgreSQL tells `users` from `"Users"`, and so does this.
    pub(crate) fn means(&self, name: &Name<'_>, dialect: Dialect) -> bool {
        if name.is_too_long() {
            return false;
        }
        match dialect {
            Dialect::Postgres => {
                aligned(&self.exact, &name.parts) || aligned(&self.folded, &name.parts)
            }
            Dialect::Mysql | Dialect::Mssql | Dialect::Sqlite | Dialect::Oracle => {
                aligned(&self.folded, &name.folded)
            }
        }
    }
}

fn aligned(glob: &[String], name: &[impl AsRef<str>]) -> bool {
    glob.iter()
        .rev()
        .zip(name.iter().rev())
        .all(|(glob, part)| glob_matches(glob, part.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(glob: &str, name: &str) -> bool {
        NameGlob::new(glob).may_mean(&Name::new(name))
    }

    fn allowed(glob: &str, name: &str) -> bool {
        NameGlob::new(glob).means(&Name::new(name), Dialect::Postgres)
    }

    #[test]
    fn a_missing_qualifier_may_be_any() {
        for (glob, name) in [
            ("users", "users"),
            ("users", "public.users"),
            ("public.users", "users"),
            ("public.users", "shop.public.users"),
            ("hr.*", "hr.salary"),
            ("hr.*", "salary"),
            ("*.users", "a.users"),
            ("us*", "public.users"),
            ("Users", "USERS"),
            ("*", "a.b.c"),
            ("u?ers", "public.users"),
        ] {
            assert!(denied(glob, name), "{glob} {name}");
        }
        for (glob, name) in [
            ("users", "users.orders"),
            ("public.users", "hr.users"),
            ("users", "user"),
            ("hr.*", "hrx.salary"),
        ] {
            assert!(!denied(glob, name), "{glob} {name}");
        }
    }

    #[test]
    fn what_is_allowed_is_told_apart_by_case_where_the_database_does() {
        assert!(allowed("Users", "users"));
        assert!(allowed("Users", "Users"));
        assert!(!allowed("users", "Users"));
        let glob = NameGlob::new("users");
        assert!(glob.means(&Name::new("USERS"), Dialect::Oracle));
    }

    #[test]
    fn all_columns_of_a_table_are_any_of_them() {
        let may = |glob: &str, name: &str| NameGlob::new(glob).may_mean_column(&Name::new(name));
        assert!(may("users.email", "users.email"));
        assert!(may("users.email", "email"));
        assert!(may("users.email", "users.*"));
        assert!(may("users.email", "public.users.*"));
        assert!(may("users.email", "*"));
        assert!(may("email", "orders.*"));
        assert!(!may("users.email", "orders.*"));
        assert!(!may("users.email", "orders.email"));
        assert!(!may("users.email", "users.name"));
    }

    #[test]
    fn a_name_too_long_to_compare_is_denied_and_never_allowed() {
        let long = "a".repeat(MAX_NAME + 1);
        assert!(denied("users", &long));
        assert!(!allowed("*", &long));
    }
}
