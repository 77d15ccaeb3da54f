//! Commands of `mysql` and `sqlcmd`, by their manuals.

use super::{Command, Parts};
use crate::facts::{Dialect, Risk};
use crate::lexer::{Lexer, Token};

/// Takes commands out of a text for `mysql`.
pub(super) fn mysql(text: &str) -> Result<Parts, String> {
    let mut parts = Parts::default();
    let mut is_statement_open = false;
    let mut is_line_start = true;
    let mut skip_to = 0;
    for token in Lexer::new(text, Dialect::Mysql) {
        if token.start < skip_to {
            continue;
        }
        let rest = text.get(token.start..).unwrap_or_default();
        if token.is('\\') {
            let letter = rest.chars().nth(1).unwrap_or(' ');
            parts.commands.push(by_letter(letter)?);
            skip_to = match letter {
                'g' | 'G' | 'p' | 'c' | 'n' | 't' | 'w' | 'W' => token.start + 2,
                _ => line_end(text, token.start),
            };
            parts.sql.push(if matches!(letter, 'g' | 'G') {
                ';'
            } else {
                ' '
            });
            is_statement_open = false;
            continue;
        }
        if is_line_start
            && !is_statement_open
            && let Some(command) = by_word(&token)?
        {
            parts.commands.push(command);
            skip_to = line_end(text, token.start);
            continue;
        }
        if token.is_solid() {
            is_statement_open = !token.is(';');
            is_line_start = token.is(';');
        }
        is_line_start |= token.text.contains('\n');
        parts.sql.push_str(token.text);
    }
    Ok(parts)
}

fn line_end(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    rest.find('\n').map_or(text.len(), |at| from + at)
}

/// A command of one letter behind a backslash.
fn by_letter(letter: char) -> Result<Command, String> {
    Ok(match letter {
        'g' | 'G' | 'p' | 'c' | 'n' | 't' | 'w' | 'W' | 's' | 'h' | '?' | 'q' | '#' | 'C' => {
            Command::harmless()
        }
        'T' => Command::with(Some(Risk::Exfiltration)),
        '.' => Command::with(Some(Risk::Dynamic)),
        'u' | '!' | 'P' | 'e' | 'r' | 'R' | 'x' => Command::with(None),
        _ => return Err(format!("\\{letter} is no known command")),
    })
}

/// A command that is a word at the start of a line.
fn by_word(token: &Token<'_>) -> Result<Option<Command>, String> {
    let word = token.text.to_ascii_lowercase();
    Ok(match word.as_str() {
        "delimiter" => return Err("the delimiter is changed".to_owned()),
        "source" => Some(Command::with(Some(Risk::Dynamic))),
        "tee" => Some(Command::with(Some(Risk::Exfiltration))),
        "system" | "pager" | "edit" | "connect" | "prompt" | "resetconnection" => {
            Some(Command::with(None))
        }
        "nopager" | "notee" | "status" | "exit" | "quit" | "rehash" | "warnings" | "nowarning"
        | "charset" | "ego" | "clear" | "go" | "print" => Some(Command::harmless()),
        _ => None,
    })
}

/// Takes commands out of a text for `sqlcmd`.
pub(super) fn sqlcmd(text: &str) -> Result<Parts, String> {
    let mut parts = Parts::default();
    if text.contains("$(") {
        parts.commands.push(Command::with(Some(Risk::Dynamic)));
    }
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let Some(rest) = trimmed
            .strip_prefix(':')
            .or_else(|| trimmed.starts_with("!!").then_some(trimmed))
        else {
            parts.sql.push_str(line);
            continue;
        };
        let name = rest.split_whitespace().next().unwrap_or_default();
        parts
            .commands
            .push(match name.to_ascii_lowercase().as_str() {
                "r" => Command::with(Some(Risk::Dynamic)),
                "out" | "error" | "perftrace" => Command::with(Some(Risk::Exfiltration)),
                "connect" => Command::with(Some(Risk::Privilege)),
                "help" | "list" | "listvar" | "serverlist" | "reset" | "exit" | "quit" | "on"
                | "xml" => Command::harmless(),
                _ => Command::with(None),
            });
        parts.sql.push('\n');
    }
    Ok(parts)
}
