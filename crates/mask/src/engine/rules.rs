//! Column rules: globs over tables and columns.

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

/// Whether `text` matches `pattern`, in which `*` is any run and `?` any character;
/// without regard to ASCII case. Takes time proportional to the product of the lengths.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    if pattern.is_ascii() && text.is_ascii() {
        return matches(pattern.as_bytes(), text.as_bytes(), b'*', |wanted, byte| {
            *wanted == b'?' || wanted.eq_ignore_ascii_case(byte)
        });
    }
    let (pattern, text) = (
        Vec::from_iter(pattern.chars()),
        Vec::from_iter(text.chars()),
    );
    matches(&pattern, &text, '*', |wanted, char| {
        *wanted == '?' || wanted.eq_ignore_ascii_case(char)
    })
}

fn matches<T: PartialEq>(pattern: &[T], text: &[T], any: T, is: impl Fn(&T, &T) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(here) = text.get(t) {
        match pattern.get(p) {
            Some(wanted) if *wanted == any => {
                star = Some((p, t));
                p += 1;
            }
            Some(wanted) if is(wanted, here) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    let rest = pattern.get(p..).unwrap_or_default();
    rest.iter().all(|wanted| *wanted == any)
}

#[cfg(test)]
mod tests {
    use super::glob;

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
