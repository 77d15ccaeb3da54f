//! What may be a name, and how names match patterns.

use uuid::Uuid;

/// Names of connections, rules and attributes, 3 to 254 characters.
pub const RESOURCE_NAME_PATTERN: &str = "^[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*$";

/// Whether `name` follows [`RESOURCE_NAME_PATTERN`], fits its length and is not
/// in UUID form (such a name could be taken for an id).
#[must_use]
pub fn is_resource_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    (3..=254).contains(&name.len()) && name.split(['.', '-']).all(part) && !is_uuid_form(name)
}

/// Whether the text reads as a UUID.
#[must_use]
pub fn is_uuid_form(text: &str) -> bool {
    Uuid::try_parse(text).is_ok()
}

/// Matches `text` against a pattern in which `*` or `%` stands for any run of
/// characters and `?` for any one. Linear in the product of both lengths at worst.
#[must_use]
pub fn glob_matches(pattern: &str, text: &str) -> bool {
    matches(pattern, text, |wanted, found| wanted == found)
}

/// The same without regard to ASCII case.
#[must_use]
pub fn glob_matches_in_any_case(pattern: &str, text: &str) -> bool {
    matches(pattern, text, |wanted, found| {
        wanted.eq_ignore_ascii_case(&found)
    })
}

fn matches(pattern: &str, text: &str, is_same: impl Fn(char, char) -> bool) -> bool {
    if pattern.is_ascii() && text.is_ascii() {
        return walk(pattern.as_bytes(), text.as_bytes(), is_same);
    }
    let (pattern, text) = (
        Vec::from_iter(pattern.chars()),
        Vec::from_iter(text.chars()),
    );
    walk(&pattern, &text, is_same)
}

fn walk<T: Copy + Into<char>>(
    pattern: &[T],
    text: &[T],
    is_same: impl Fn(char, char) -> bool,
) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(found) = text.get(t) {
        match pattern.get(p).map(|wanted| (*wanted).into()) {
            Some('*' | '%') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(wanted) if wanted == '?' || is_same(wanted, (*found).into()) => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((after_star, taken)) => {
                    p = after_star;
                    t = taken + 1;
                    retry = Some((after_star, t));
                }
                None => return false,
            },
        }
    }
    let rest = pattern.get(p..).unwrap_or_default();
    rest.iter()
        .all(|wanted| matches!((*wanted).into(), '*' | '%'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_names() {
        for good in ["abc", "a.b-c", "prod_1", "A1-b2.c3"] {
            assert!(is_resource_name(good), "{good}");
        }
        for bad in [
            "ab",
            "-ab",
            "ab-",
            "a--b",
            "a b",
            "é12",
            "019a7c1e-0000-7000-8000-000000000000",
        ] {
            assert!(!is_resource_name(bad), "{bad}");
        }
    }

    #[test]
    fn globs() {
        assert!(glob_matches("pg*", "pg-main"));
        assert!(glob_matches("%main", "pg-main"));
        assert!(glob_matches("p*-*n", "pg-main"));
        assert!(glob_matches("*", ""));
        assert!(!glob_matches("pg", "pg-main"));
        assert!(!glob_matches("*x", "pg-main"));
    }

    #[test]
    fn one_mark_stands_for_one_character() {
        for (pattern, text) in [("e?ail", "email"), ("gr??e", "größe"), ("?%", "x")] {
            assert!(glob_matches(pattern, text), "{pattern} {text}");
        }
        assert!(!glob_matches("e?ail", "eail") && !glob_matches("A", "a"));
        assert!(glob_matches_in_any_case("E?AIL", "email"));
        assert!(glob_matches_in_any_case("*ße", "GRößE"));
    }
}
