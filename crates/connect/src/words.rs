//! What a statement does, from its leading words.

/// What a statement does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// It changes rows: `INSERT`, `REPLACE`, `UPDATE` or `DELETE`.
    Changes(&'static str),
    /// Anything else, by name: `SELECT`, `CREATE TABLE`, `BEGIN`.
    Other(String),
}

const CHANGING: [&str; 4] = ["INSERT", "REPLACE", "UPDATE", "DELETE"];

/// Reads what the statement `sql` does.
pub(crate) fn verb(sql: &str) -> Verb {
    let mut words = Words(sql);
    let Some(first) = words.next() else {
        return Verb::Other(String::new());
    };
    let main = if first == "WITH" {
        words.find(|word| CHANGING.contains(&word.as_str()) || word == "SELECT" || word == "VALUES")
    } else {
        Some(first.clone())
    };
    if let Some(name) = CHANGING.iter().find(|name| main.as_deref() == Some(name)) {
        return Verb::Changes(name);
    }
    if !matches!(first.as_str(), "CREATE" | "DROP" | "ALTER") {
        return Verb::Other(main.unwrap_or(first));
    }
    let fillers = ["TEMP", "TEMPORARY", "UNIQUE", "VIRTUAL"];
    let object = words.find(|word| !fillers.contains(&word.as_str()));
    Verb::Other(format!("{first} {}", object.unwrap_or_default()))
}

/// The words of a statement outside parentheses, quotes and comments, in
/// upper case.
struct Words<'a>(&'a str);

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut depth = 0_usize;
        loop {
            let rest = self.0;
            let first = rest.chars().next()?;
            let length = match first {
                '(' => {
                    depth += 1;
                    1
                }
                ')' => {
                    depth = depth.saturating_sub(1);
                    1
                }
                '\'' | '"' | '`' => 1 + after(&rest[1..], &first.to_string()),
                '[' => after(rest, "]"),
                '-' if rest.starts_with("--") => after(rest, "\n"),
                '/' if rest.starts_with("/*") => 2 + after(&rest[2..], "*/"),
                _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
                _ => first.len_utf8(),
            };
            self.0 = rest.get(length..).unwrap_or_default();
            if is_word(first) && depth == 0 {
                return Some(rest[..length].to_ascii_uppercase());
            }
        }
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Bytes up to and with the first `end`; all when there is none.
fn after(text: &str, end: &str) -> usize {
    text.find(end).map_or(text.len(), |at| at + end.len())
}

#[cfg(test)]
mod tests {
    use super::{Verb, verb};

    #[test]
    fn verbs_are_read_past_comments_and_common_tables() {
        let other = |name: &str| Verb::Other(name.to_owned());
        assert_eq!(
            verb(" -- x\n/* y */ insert into t"),
            Verb::Changes("INSERT")
        );
        assert_eq!(
            verb("with a(delete_) as (select 1) update t"),
            Verb::Changes("UPDATE")
        );
        assert_eq!(
            verb("with \"insert\" as (values (1)) select 1"),
            other("SELECT")
        );
        assert_eq!(verb("create temp table t (a)"), other("CREATE TABLE"));
        assert_eq!(verb("create unique index i"), other("CREATE INDEX"));
        assert_eq!(verb("begin immediate"), other("BEGIN"));
        assert_eq!(verb(""), other(""));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "(?s)[\\PC\n]{0,80}") {
            let _ = verb(&text);
        }
    }
}
