//! The statements of a script, for naming results only.

use crate::words::{Verb, verb};

/// Comments of up to this version are run by every server, as far as it knows
/// what they say.
const EVERYWHERE: u32 = 50_699;

/// What the results of `script` come from, one verb per result. It ends
/// where results can no longer be told apart: at stored programs.
pub(super) fn verbs(script: &str) -> impl Iterator<Item = Verb> {
    split(script)
        .into_iter()
        .map(|statement| verb(&statement))
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

/// The statements of `script` without their comments; empty ones are left out.
/// A comment that servers run is a part of its statement. Where only some
/// servers run it, the statements end with one that tells nothing.
fn split(script: &str) -> Vec<String> {
    let bytes = script.as_bytes();
    let (mut parts, mut part, mut at) = (Vec::new(), String::new(), 0);
    let mut is_certain = true;
    while at < bytes.len() && is_certain {
        let rest = &script[at..];
        let comment = comment(rest);
        let length = match bytes[at] {
            b';' => {
                parts.push(std::mem::take(&mut part));
                1
            }
            b'/' if rest.starts_with("/*M!") => {
                is_certain = false;
                4
            }
            b'/' if rest.starts_with("/*!") => {
                let digits = rest[3..].bytes().take_while(u8::is_ascii_digit).count();
                is_certain = rest[3..3 + digits].parse().unwrap_or(0) <= EVERYWHERE;
                part.push(' ');
                3 + digits
            }
            // The end of a comment that is run.
            b'*' if rest.starts_with("*/") => 2,
            _ if comment > 0 => {
                part.push(' ');
                comment
            }
            quote @ (b'\'' | b'"' | b'`') => {
                let length = quoted(&bytes[at..], quote);
                part.push_str(&rest[..length]);
                length
            }
            _ => {
                let length = rest.chars().next().map_or(1, char::len_utf8);
                part.push_str(&rest[..length]);
                length
            }
        };
        at += length;
    }
    parts.push(part);
    parts.retain(|part| verb(part) != Verb::Other(String::new()));
    if !is_certain {
        parts.push("CALL".to_owned());
    }
    parts
}

/// Bytes of the comment that `text` begins with. Two dashes begin one only
/// before white space or a control character.
fn comment(text: &str) -> usize {
    let is_line = text.starts_with('#')
        || text.strip_prefix("--").is_some_and(|rest| {
            let next = rest.chars().next();
            next.is_none_or(|next| next.is_whitespace() || next.is_control())
        });
    if is_line {
        up_to(text, "\n")
    } else if let Some(rest) = text.strip_prefix("/*") {
        2 + up_to(rest, "*/")
    } else {
        0
    }
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
        let script = "/*!40101 set names utf8mb4 */; insert into t values (1); select 1";
        assert_eq!(names(script), ["SET", "INSERT", "SELECT"]);
        let script =
            "/*! insert */ into t values (1); /* no */; drop table t /*!99999 x */; select 1";
        assert_eq!(names(script), ["INSERT", "DROP TABLE"]);
        assert_eq!(
            names("select 1; /*M!100101 set x = 1 */; select 2"),
            ["SELECT"]
        );
        let script = "--\tx; y\n#z\ninsert into t values (1--1); --\nselect 1; --";
        assert_eq!(names(script), ["INSERT", "SELECT"]);
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
