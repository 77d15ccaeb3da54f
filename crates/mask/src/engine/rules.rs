//! Column rules: globs over tables and columns.

use model::glob_matches_in_any_case as glob;

use super::Action;
use crate::finding::Kind;

/// What values of a column are reported and shown as when its rule names no type.
pub const NO_TYPE: &str = "REDACTED";

/// The column rules of all masking rules.
pub(super) struct ColumnRules {
    pub(super) rules: Vec<Rule>,
}

/// One column rule, compiled.
pub(super) struct Rule {
    pub(super) table: String,
    pub(super) column: String,
    pub(super) action: Action,
}

impl ColumnRules {
    /// The strictest rule for a column, as its own kind; of all rules when it is open.
    pub(super) fn find(
        &self,
        name: &str,
        sources: &[(String, String)],
        is_open: bool,
    ) -> Option<Kind> {
        let place = self
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| is_open || rule.matches(name, sources))
            .max_by_key(|(place, rule)| (rule.action.treatment.strategy, std::cmp::Reverse(*place)))
            .map(|(place, _)| place)?;
        u16::try_from(place).ok().map(Kind::Column)
    }

    pub(super) fn action(&self, place: u16) -> Option<&Action> {
        self.rules.get(usize::from(place)).map(|r| &r.action)
    }
}

impl Rule {
    /// Sources decide where they are known; the output name where they are not. A rule
    /// for one table cannot tell that a column of unknown origin is not its own, so it
    /// matches.
    fn matches(&self, name: &str, sources: &[(String, String)]) -> bool {
        if sources.is_empty() {
            return glob(&self.column, name);
        }
        sources.iter().any(|(table, column)| {
            let bare = table.rsplit('.').next().unwrap_or(table);
            let here =
                glob(&self.table, table) || (!self.table.contains('.') && glob(&self.table, bare));
            here && glob(&self.column, column)
        })
    }
}

#[cfg(test)]
mod tests {
    use model::glob_matches_in_any_case as glob;

    #[test]
    fn globs_match_names() {
        for (pattern, text) in [
            ("*", ""),
            ("user*", "Users"),
            ("*.users", "public.users"),
            ("e?ail", "email"),
            ("*a*b", "xxaxxab"),
            ("gr??e", "Größe"),
            ("*ße", "größe"),
        ] {
            assert!(glob(pattern, text), "{pattern} {text}");
        }
        assert!(!glob("users", "user") && !glob("a*c", "ab"));
    }
}
