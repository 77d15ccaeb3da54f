//! Settings, transactions and what tells about objects.

use super::names::name_at;
use crate::facts::{Access, Dialect, Kind, Risk};
use crate::standard::segment::Segment;
use crate::tree::Lowered;

/// Settings that a session protects itself with, that outlive it, or that choose how
/// text is read.
const GUARDS: &[&str] = &[
    "global",
    "persist",
    "persist_only",
    "@@global",
    "@@persist",
    "password",
    "role",
    "default",
    "sql_log_bin",
    "sql_mode",
    "tx_read_only",
    "transaction_read_only",
    "read_only",
    "super_read_only",
    "pseudo_thread_id",
    "character_set_client",
    "context_info",
    "identity_insert",
    "quoted_identifier",
];

/// Pragmas of SQLite that only tell, with or without an argument.
const TELLING: &[&str] = &[
    "collation_list",
    "compile_options",
    "database_list",
    "foreign_key_check",
    "foreign_key_list",
    "function_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "module_list",
    "pragma_list",
    "quick_check",
    "table_info",
    "table_list",
    "table_xinfo",
];

/// Lowers a statement about the session; `None` if it is about something else.
pub(super) fn session(segment: &Segment, dialect: Dialect) -> Option<Lowered> {
    Some(match segment.first_word().as_str() {
        "set" => set(segment),
        "reset" => Lowered::of(Kind::Set).with(Risk::Privilege),
        "show" => show(segment),
        "use" => Lowered::harmless(Kind::Use),
        "begin" if segment.has("atomic") => return None,
        "begin" | "start" | "commit" | "rollback" | "savepoint" | "release" | "save" => {
            transaction(segment)
        }
        "xa" => Lowered::of(Kind::Transaction),
        "end" | "else" | "return" | "print" | "raiserror" | "throw" | "open" | "fetch"
        | "close" | "break" | "continue" | "help" | "deallocate"
            if dialect != Dialect::Oracle =>
        {
            Lowered::harmless(Kind::Other)
        }
        _ => return None,
    })
}

/// `SET …`.
fn set(segment: &Segment) -> Lowered {
    let names = segment.tokens.iter().skip(1).filter(|it| it.is_name());
    let guards = names.filter(|it| GUARDS.contains(&it.word.as_str()));
    if guards.count() > 0 || is_writing(segment) {
        return Lowered::of(Kind::Set).with(Risk::Privilege);
    }
    if segment.tokens.iter().any(|it| it.is_word("select")) {
        // `SET @x = (SELECT …)` reads, from tables that are not looked for here.
        return Lowered::of(Kind::Set).with(Risk::Dynamic);
    }
    Lowered::harmless(Kind::Set)
}

fn is_writing(segment: &Segment) -> bool {
    segment
        .position("write")
        .is_some_and(|at| at > 0 && segment.word(at - 1) == "read")
}

fn transaction(segment: &Segment) -> Lowered {
    if is_writing(segment) {
        return Lowered::of(Kind::Transaction).with(Risk::Privilege);
    }
    Lowered::harmless(Kind::Transaction)
}

/// `SHOW …`.
fn show(segment: &Segment) -> Lowered {
    let mut lowered = Lowered {
        returns_rows: true,
        ..Lowered::harmless(Kind::Show)
    };
    let about_table = [
        "columns", "fields", "index", "indexes", "keys", "table", "view",
    ];
    let at = (1..4).find(|index| about_table.contains(&segment.word(*index)));
    let from = at.map(|at| match segment.word(at + 1) {
        "from" | "in" => at + 2,
        _ => at + 1,
    });
    let is_status = segment.word(2) == "status";
    if let Some(table) = from
        .filter(|_| !is_status)
        .and_then(|at| name_at(segment, at))
    {
        lowered.tables.push((table, Access::Read));
    }
    lowered
}

/// `DESCRIBE t`.
pub(in crate::standard) fn describe(segment: &Segment) -> Lowered {
    let mut lowered = Lowered {
        returns_rows: true,
        ..Lowered::harmless(Kind::Show)
    };
    let table = name_at(segment, 1);
    lowered
        .tables
        .extend(table.map(|name| (name, Access::Read)));
    lowered
}

/// `PRAGMA …`.
pub(super) fn pragma(segment: &Segment) -> Lowered {
    let name = name_at(segment, 1).and_then(|mut name| name.pop());
    let has_value = segment.tokens.iter().any(|it| it.is("=") || it.is("("));
    let tells = name.is_some_and(|name| TELLING.contains(&name.as_str()));
    if tells || !has_value && !segment.has("optimize") {
        return Lowered {
            returns_rows: true,
            // Its argument looks like a call.
            values: vec![crate::tree::Expr::Open],
            ..Lowered::harmless(Kind::Show)
        };
    }
    Lowered::of(Kind::Set).with(Risk::Privilege)
}
