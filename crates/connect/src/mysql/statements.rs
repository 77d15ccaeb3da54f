//! The statements of a script, for naming results only.

use crate::words::{Verb, verb};

/// What the results of `script` come from, one verb per result. It ends
/// where results can no longer be told apart: at stored programs.
pub(super) fn verbs(script: &str) -> impl Iterator<Item = Verb> {
    split(script)
        .into_iter()
        .map(verb)
        .take_while(|verb| match verb {
            Verb::Changes(_) => true,
            Verb::Other(name) => !matches!(
                name.as_str(),
                "CALL"
                    | "EXECUTE"
                    | "BEGIN NOT"
                    | "CREATE PROCEDURE"
                    | "CREATE FUNCTION"
                    | "CREATE TRIGGER"
                    | "CREATE EVENT"
                    | "CREATE DEFINER"
                    | "CREATE OR"
                    | "CREATE PACKAGE"
            ),
        })
}

/// Whether `script` begins with a statement that only reads. Anything else
/// may hold a program that ends its transaction.
pub(super) fn only_reads(script: &str) -> bool {
    let script = script.trim_start();
    let word: String = script
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    let reading = [
        "SELECT", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "WITH", "VALUES", "TABLE",
    ];
    script.starts_with('(') || reading.contains(&word.to_ascii_uppercase().as_str())
}

/// Splits at semicolons outside quotes and comments; empty parts are left
/// out.
fn split(script: &str) -> Vec<&str> {
    let bytes = script.as_bytes();
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    while at < bytes.len() {
        let rest = &script[at..];
        at += match bytes[at] {
            b';' => {
                parts.push(&script[start..at]);
                start = at + 1;
                1
            }
            quote @ (b'\'' | b'"' | b'`') => quoted(&bytes[at..], quote),
            b'#' => up_to(rest, "\n"),
            b'-' if rest.starts_with("-- ") => up_to(rest, "\n"),
            b'/' if rest.starts_with("/*") => 2 + up_to(&rest[2..], "*/"),
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
    }
    parts.push(&script[start..]);
    parts.retain(|part| verb(part) != Verb::Other(String::new()));
    parts
}

/// Bytes of the quoted text that `bytes` begin with.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote != b'`' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn up_to(text: &str, end: &str) -> usize {
    text.find(end).map_or(text.len(), |at| at + end.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_apart() {
        let names = |script| {
            verbs(script)
                .map(|verb| match verb {
                    Verb::Changes(name) => name.to_owned(),
                    Verb::Other(name) => name,
                })
                .collect::<Vec<_>>()
        };
        let script = "insert into t values ('a\\';b'); -- x;\nselect \";\" /* ; */;; drop table t;";
        assert_eq!(names(script), ["INSERT", "SELECT", "DROP TABLE"]);
        assert_eq!(names("select 1; call p(); select 2"), ["SELECT"]);
    }

    #[test]
    fn only_questions_only_read() {
        assert!(only_reads(" select 1") && only_reads("(select 1)") && only_reads("DESC t"));
        for script in [
            "begin not atomic",
            "/*! call p() */",
            "call p()",
            "selectx",
            "",
        ] {
            assert!(!only_reads(script), "{script}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_split(text in "(?s)[\\PC\n]{0,40}[\\\\'\"#;*/é-]{0,9}") {
            let _ = verbs(&text).count();
        }
    }
}
