//! Statements that are judged by their words.

mod define;
mod execute;
mod names;
mod session;
mod unparsed;

pub(super) use session::describe;
pub(super) use unparsed::query;

use super::dynamic;
use super::segment::Segment;
use crate::facts::{Access, Dialect, Kind, Risk};
use crate::tree::Lowered;
use names::{calls, list, name_at};

/// Lowers a statement that is no query and no change.
///
/// # Errors
///
/// That its first word is not known.
pub(super) fn statement(segment: &Segment, dialect: Dialect) -> Result<Lowered, String> {
    let first = segment.first_word();
    let second = segment.word(1);
    let known = match first.as_str() {
        "create" => define::create(segment, dialect),
        "alter" => define::alter(segment),
        "drop" if second == "prepare" => Lowered::harmless(Kind::Other),
        "drop" => define::drop(segment),
        "truncate" => define::truncate(segment),
        "rename" => define::rename(segment),
        "comment" => Lowered::of(Kind::Comment),
        "grant" => define::grant(segment, Kind::Grant),
        "revoke" | "deny" => define::grant(segment, Kind::Revoke),
        "call" => dynamic(Kind::Call),
        "exec" | "execute" => execute::execute(segment, dialect),
        "prepare" => Lowered::of(Kind::Other).with(Risk::Dynamic),
        "load" => load(segment),
        "import" | "clone" | "backup" | "restore" | "attach" => {
            Lowered::of(Kind::Copy).with(Risk::Exfiltration)
        }
        "bulk" => on(segment, Kind::Copy, "insert").with(Risk::Exfiltration),
        "handler" => {
            let mut lowered = Lowered::of(Kind::Select);
            lowered.returns_rows = true;
            let table = name_at(segment, 1);
            lowered
                .tables
                .extend(table.map(|name| (name, Access::Read)));
            lowered
        }
        "lock" => lock(segment),
        "unlock" => Lowered::of(Kind::Lock),
        "analyze" | "optimize" | "repair" | "check" | "checksum" | "reindex" | "vacuum" => {
            maintain(segment)
        }
        "flush" | "checkpoint" | "cache" | "purge" | "dbcc" => Lowered::of(Kind::Maintenance),
        "kill" | "shutdown" | "waitfor" | "install" | "uninstall" | "restart" | "binlog" => {
            Lowered::of(Kind::Other).with(Risk::SideEffect)
        }
        "change" | "stop" | "reconfigure" | "revert" | "setuser" | "audit" | "noaudit" => {
            Lowered::of(Kind::Other).with(Risk::Privilege)
        }
        "enable" | "disable" => Lowered::of(Kind::Alter),
        "do" => Lowered {
            values: calls(segment),
            ..Lowered::harmless(Kind::Do)
        },
        "begin" | "declare" if dialect == Dialect::Oracle => dynamic(Kind::Do),
        "if" | "while" if dialect == Dialect::Mssql => execute::condition(segment, dialect)?,
        "declare" if dialect == Dialect::Mssql => execute::declare(segment, dialect)?,
        "pragma" if dialect == Dialect::Sqlite => session::pragma(segment),
        "detach" => Lowered::of(Kind::Other),
        _ => match session::session(segment, dialect) {
            Some(lowered) => lowered,
            // A procedure may be called without a word in front.
            None if dialect == Dialect::Mssql => execute::procedure(segment, 0),
            None => return Err(format!("`{first}` begins no known statement")),
        },
    };
    let mut known = known;
    if known.is_harmless && known.values.is_empty() {
        known.values = calls(segment);
    }
    Ok(known)
}

/// A statement about the table behind a word.
fn on(segment: &Segment, kind: Kind, word: &str) -> Lowered {
    let mut lowered = Lowered::of(kind);
    let table = segment
        .position(word)
        .and_then(|at| name_at(segment, at + 1));
    lowered
        .tables
        .extend(table.map(|name| (name, Access::Write)));
    lowered
}

/// `LOAD DATA … INTO TABLE t`, `LOAD XML …`.
fn load(segment: &Segment) -> Lowered {
    on(segment, Kind::Copy, "table").with(Risk::Exfiltration)
}

/// `LOCK TABLES a READ, b WRITE`, `LOCK TABLE a IN … MODE`.
fn lock(segment: &Segment) -> Lowered {
    let mut lowered = Lowered::of(Kind::Lock);
    let tables = list(segment, 2);
    lowered
        .tables
        .extend(tables.into_iter().map(|name| (name, Access::Write)));
    lowered
}

/// `ANALYZE TABLE a, b` and their kind; `VACUUM INTO 'file'` writes a copy.
fn maintain(segment: &Segment) -> Lowered {
    let mut lowered = Lowered::of(Kind::Maintenance);
    if let Some(at) = segment
        .position("table")
        .or_else(|| segment.position("tables"))
    {
        let tables = list(segment, at + 1);
        lowered
            .tables
            .extend(tables.into_iter().map(|name| (name, Access::Write)));
    }
    if segment.has("into") {
        lowered.risks.insert(Risk::Exfiltration);
    }
    if let Some((_, rest)) = segment.split_at_query() {
        // `ANALYZE SELECT …` of MariaDB runs the statement.
        if let Ok(inner) = super::parse(&rest.text, Dialect::Mysql)
            && let Some(inner) = super::of_node(&inner)
        {
            return inner;
        }
        lowered.risks.insert(Risk::Dynamic);
    }
    lowered
}
