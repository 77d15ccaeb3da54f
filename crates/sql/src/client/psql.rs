//! Meta commands of `psql`, by the chapter "psql" of the PostgreSQL manual.

use super::{Command, Parts};
use crate::facts::{Dialect, Risk};
use crate::lexer::{Lexer, TokenKind};

/// Commands that only look, or set how output looks. All that begin with `d` but
/// `\do…`s of nothing else do so too.
const LOOKING: &[&str] = &[
    "?",
    "a",
    "C",
    "bind",
    "bind_named",
    "conninfo",
    "copyright",
    "crosstabview",
    "echo",
    "elif",
    "else",
    "encoding",
    "endif",
    "errverbose",
    "f",
    "gdesc",
    "gset",
    "h",
    "H",
    "help",
    "html",
    "if",
    "l",
    "l+",
    "list",
    "list+",
    "p",
    "print",
    "pset",
    "q",
    "qecho",
    "quit",
    "r",
    "reset",
    "set",
    "sf",
    "sf+",
    "sv",
    "sv+",
    "t",
    "T",
    "timing",
    "unset",
    "warn",
    "watch",
    "x",
    "z",
    "zS",
];

/// Commands that send what was typed so far.
const SENDING: &[&str] = &["g", "gx", "gexec", "gset", "gdesc", "watch", "crosstabview"];

/// Takes commands out of a text.
pub(super) fn take_apart(text: &str) -> Result<Parts, String> {
    let mut parts = Parts::default();
    let mut rest = text;
    let mut has_variables = false;
    loop {
        let Some(at) = backslash(rest) else {
            parts.sql.push_str(rest);
            break;
        };
        let (sql, command) = rest.split_at(at);
        parts.sql.push_str(sql);
        let command = command.get(1..).unwrap_or_default();
        if let Some(after) = command.strip_prefix('\\') {
            // `\\` ends a command; SQL follows.
            parts.sql.push(' ');
            rest = after;
            continue;
        }
        if let Some(after) = command.strip_prefix(';') {
            // `\;` separates statements that are sent together.
            parts.sql.push(';');
            rest = after;
            continue;
        }
        let end = command
            .find(|c: char| c.is_whitespace() || c == '\\')
            .unwrap_or(command.len());
        let (name, after) = command.split_at(end);
        let takes_line = name.starts_with('!') || name == "copy";
        let length = arguments(after, takes_line);
        let (given, after) = after.split_at(length);
        has_variables |= matches!(name, "set" | "gset" | "prompt" | "getenv");
        parts
            .sql
            .push(if SENDING.contains(&name) { ';' } else { ' ' });
        if name == "copy" {
            parts.copies.push(copy(given));
        } else {
            parts.commands.push(classify(name, given.trim())?);
        }
        rest = after;
    }
    if has_variables && interpolates(&parts.sql) {
        parts.commands.push(Command::with(Some(Risk::Dynamic)));
    }
    Ok(parts)
}

/// Where the first backslash is that the server would not see.
fn backslash(text: &str) -> Option<usize> {
    Lexer::new(text, Dialect::Postgres)
        .find(|token| token.is('\\'))
        .map(|token| token.start)
}

/// The length of the arguments of a command: up to the end of the line, or to the
/// next backslash outside of quotes.
fn arguments(text: &str, takes_line: bool) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (_, '\n' | '\r') => return at,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') if !takes_line => quote = Some(c),
            (None, '\\') if !takes_line => return at,
            (None, _) => {}
        }
    }
    text.len()
}

/// The SQL that `\copy` stands for: its standard streams are those of the client.
fn copy(given: &str) -> String {
    let mut sql = format!("COPY{given}");
    for (name, stands_for) in [("pstdin", "stdin"), ("pstdout", "stdout")] {
        if let Some(at) = sql.to_ascii_lowercase().find(name) {
            sql.replace_range(at..at + name.len(), stands_for);
        }
    }
    sql
}

/// Whether a text has a variable that `psql` replaces: `:name`, `:'name'`.
fn interpolates(sql: &str) -> bool {
    let mut before = None;
    let mut is_before_that = false;
    for token in Lexer::new(sql, Dialect::Postgres) {
        let is_name = matches!(
            token.kind,
            TokenKind::Word | TokenKind::Text | TokenKind::Name
        ) || token.is('{');
        if before == Some(true) && !is_before_that && is_name {
            return true;
        }
        is_before_that = before == Some(true);
        before = Some(token.is(':'));
    }
    false
}

/// What a command does.
fn classify(name: &str, given: &str) -> Result<Command, String> {
    if given.contains('`') {
        // A shell runs what stands between backticks.
        return Ok(Command::with(None));
    }
    Ok(match name {
        "g" | "gx" if given.is_empty() || given.starts_with('(') && given.ends_with(')') => {
            Command::harmless()
        }
        "o" | "out" | "s" if given.is_empty() => Command::harmless(),
        "g" | "gx" | "o" | "out" | "s" | "w" | "write" | "lo_export" => {
            Command::with(Some(Risk::Exfiltration))
        }
        "gexec" | "i" | "ir" | "include" | "include_relative" => Command::with(Some(Risk::Dynamic)),
        "lo_import" | "lo_unlink" => Command::with(Some(Risk::SideEffect)),
        "c" | "connect" | "password" => Command::with(Some(Risk::Privilege)),
        "e" | "edit" | "ef" | "ev" | "cd" | "setenv" | "getenv" | "prompt" | "parse" | "close"
        | "close_prepared" => Command::with(None),
        _ if name.starts_with('!') => Command::with(None),
        _ if LOOKING.contains(&name) => Command::harmless(),
        _ if describes(name) => Command::harmless(),
        _ => return Err(format!("\\{name} is no known command")),
    })
}

/// Whether it is one of the many `\d` commands.
fn describes(name: &str) -> bool {
    name.strip_prefix('d').is_some_and(|rest| {
        rest.len() <= 6 && rest.bytes().all(|b| b.is_ascii_alphabetic() || b == b'+')
    })
}
