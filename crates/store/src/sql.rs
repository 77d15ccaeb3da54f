//! SQL text with its values, the same for both engines.

use std::fmt::Display;

use model::Timestamp;
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// One statement: text with `$1`, `$2`, … and the values of those.
pub(crate) struct Sql {
    pub(crate) text: SqlStr,
    pub(crate) binds: Vec<Bind>,
}

/// One value. Nulls are typed because PostgreSQL asks for types.
#[derive(Clone)]
pub(crate) enum Bind {
    Text(String),
    Int(i64),
    NullText,
    NullInt,
}

/// A statement of constant text.
pub(crate) fn sql(text: &'static str) -> Sql {
    Sql {
        text: text.into_sql_str(),
        binds: Vec::new(),
    }
}

/// A statement whose text was put together from constants. No value, name or
/// other input may ever be part of `text`.
pub(crate) fn assembled(text: String) -> Sql {
    Sql {
        text: AssertSqlSafe(text).into_sql_str(),
        binds: Vec::new(),
    }
}

impl Sql {
    /// Adds a value as it is.
    pub(crate) fn bind(mut self, value: Bind) -> Self {
        self.binds.push(value);
        self
    }

    /// Adds text.
    pub(crate) fn text(self, value: impl Into<String>) -> Self {
        self.bind(Bind::text(value.into()))
    }

    /// Adds text or null.
    pub(crate) fn opt_text(self, value: Option<impl Into<String>>) -> Self {
        self.bind(Bind::opt_text(value))
    }

    /// Adds an identifier.
    pub(crate) fn id(self, value: impl Display) -> Self {
        self.bind(Bind::Text(value.to_string()))
    }

    /// Adds an integer.
    pub(crate) fn int(self, value: i64) -> Self {
        self.bind(Bind::Int(value))
    }

    /// Adds a flag.
    pub(crate) fn flag(self, value: bool) -> Self {
        self.int(i64::from(value))
    }

    /// Adds a time.
    pub(crate) fn time(self, value: Timestamp) -> Self {
        self.int(value.micros())
    }

    /// Adds a time or null.
    pub(crate) fn opt_time(self, value: Option<Timestamp>) -> Self {
        self.bind(value.map_or(Bind::NullInt, |time| Bind::Int(time.micros())))
    }
}

impl Bind {
    /// Text. PostgreSQL cannot hold U+0000, so it becomes U+FFFD on both
    /// engines; what must stay exact is escaped before it comes here.
    pub(crate) fn text(value: String) -> Self {
        if value.contains('\0') {
            Self::Text(value.replace('\0', "\u{fffd}"))
        } else {
            Self::Text(value)
        }
    }

    /// Text or null.
    pub(crate) fn opt_text(value: Option<impl Into<String>>) -> Self {
        value.map_or(Self::NullText, |value| Self::text(value.into()))
    }
}

/// `($1, $2), ($3, $4), …`: `rows` groups of `width` placeholders.
pub(crate) fn placeholders(rows: usize, width: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(rows * width * 5);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=width {
            let comma = if column == 1 { "" } else { ", " };
            let _ = write!(text, "{comma}${}", row * width + column);
        }
        text.push(')');
    }
    text
}

/// One text of several statements: the first words, each statement after what
/// `before` says for its number and with its end, the last words.
pub(crate) fn join(
    statements: Vec<Sql>,
    first: &str,
    before: impl Fn(usize) -> String,
    [end, last]: [&str; 2],
) -> Sql {
    let mut text = String::with_capacity(4096);
    text.push_str(first);
    let mut binds = Vec::with_capacity(statements.iter().map(|one| one.binds.len()).sum());
    for (number, statement) in statements.into_iter().enumerate() {
        text.push_str(&before(number));
        shift(&mut text, statement.text.as_str(), binds.len());
        text.push_str(end);
        binds.extend(statement.binds);
    }
    text.push_str(last);
    Sql {
        binds,
        ..assembled(text)
    }
}

/// Appends `statement` with every `$n` raised by `by`. Constants of this crate
/// hold no `$` but those of placeholders.
fn shift(text: &mut String, statement: &str, by: usize) {
    let mut parts = statement.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        let number: usize = number.parse().unwrap_or_default();
        text.push('$');
        text.push_str(&(number + by).to_string());
        text.push_str(rest);
    }
}

/// Escape character of every `LIKE`.
const ESCAPE: char = '!';

/// The `LIKE … ESCAPE '!'` pattern of a name in which `*` and `%` stand for any
/// run of characters and nothing else is special.
pub(crate) fn like_of_glob(glob: &str) -> String {
    let mut pattern = String::with_capacity(glob.len() + 8);
    for letter in glob.chars() {
        match letter {
            '*' | '%' => pattern.push('%'),
            '_' | ESCAPE => pattern.extend([ESCAPE, letter]),
            other => pattern.push(other),
        }
    }
    pattern
}

/// The `LIKE … ESCAPE '!'` pattern of texts that contain `part`, to be compared
/// with `LOWER(…)`. Both engines lower ASCII letters only, so this does too.
pub(crate) fn like_of_part(part: &str) -> String {
    let mut pattern = String::with_capacity(part.len() + 8);
    pattern.push('%');
    for letter in part.to_ascii_lowercase().chars() {
        if matches!(letter, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_through() {
        assert_eq!(placeholders(2, 2), "($1, $2), ($3, $4)");
    }

    #[test]
    fn joined_statements_are_numbered_through() {
        let one = || sql("a $1 $2").int(1).int(2);
        let both = join(vec![one(), one()], "<", |n| format!("{n}:"), [";", ">"]);
        assert_eq!(both.text.as_str(), "<0:a $1 $2;1:a $3 $4;>");
        assert_eq!(both.binds.len(), 4);
    }

    #[test]
    fn globs_become_patterns_in_which_only_stars_are_special() {
        assert_eq!(like_of_glob("pg*_%x!"), "pg%!_%x!!");
        assert_eq!(like_of_part("50%_AÄ!"), "%50!%!_aÄ!!%");
    }

    #[test]
    fn a_nul_never_reaches_the_engine() {
        assert!(matches!(Bind::text("a\0b".into()), Bind::Text(text) if text == "a\u{fffd}b"));
    }
}
