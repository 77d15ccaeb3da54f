//! Statements of PostgreSQL by their first words.

use squawk_parser::SyntaxKind::{self, *};

use super::definition::{definition, tables_below};
use super::expression::expr;
use super::name::{child, has_token, leaf, path};
use super::query::{is_query, names, query, query_below};
use super::session;
use super::syntax::SyntaxNode;
use crate::facts::{Access, Kind, Risk};
use crate::tree::{Body, Lowered, Query};

/// Lowers one statement.
pub(super) fn lower(node: &SyntaxNode<'_>) -> Lowered {
    match node.kind() {
        kind if is_query(kind) => of_query(query(node)),
        EXPLAIN => explain(node),
        PREPARE => prepare(node),
        COPY => copy(node),
        DECLARE => match query_below(node) {
            Some(query) => Lowered {
                returns_rows: false,
                ..of_query(query)
            },
            None => Lowered::of(Kind::Other),
        },
        FETCH => Lowered {
            returns_rows: true,
            ..Lowered::harmless(Kind::Select)
        },
        MOVE | CLOSE | DEALLOCATE | LISTEN | UNLISTEN => Lowered::harmless(Kind::Other),
        EXECUTE => called(node).with(Risk::Dynamic),
        CALL => called(node).with(Risk::Dynamic).with(Risk::SideEffect),
        DO => Lowered::of(Kind::Do)
            .with(Risk::Dynamic)
            .with(Risk::SideEffect),
        LOAD => Lowered::of(Kind::Other).with(Risk::SideEffect),
        LOCK => on_tables(node, Kind::Lock),
        TRUNCATE => on_tables(node, Kind::Truncate),
        VACUUM | ANALYZE | CLUSTER | REINDEX | REFRESH | CHECKPOINT | REPACK => {
            on_tables(node, Kind::Maintenance)
        }
        GRANT => on_tables(node, Kind::Grant).with(Risk::Privilege),
        REVOKE => on_tables(node, Kind::Revoke).with(Risk::Privilege),
        NOTIFY => Lowered::of(Kind::Other),
        kind => session::lower(node).unwrap_or_else(|| definition(node, kind)),
    }
}

/// A statement that is a query or a change.
pub(super) fn of_query(query: Query) -> Lowered {
    let (kind, returns_rows) = match &query.body {
        Body::Change(change) => (change.kind, !change.returning.is_empty()),
        Body::Select(select) => (Kind::Select, select.into.is_none()),
        Body::Set(_) | Body::Values(_) => (Kind::Select, true),
    };
    Lowered {
        returns_rows,
        ..Lowered::query(kind, query)
    }
}

/// A statement about tables that changes them.
fn on_tables(node: &SyntaxNode<'_>, kind: Kind) -> Lowered {
    let mut lowered = Lowered::of(kind);
    tables_below(node, &mut lowered.tables);
    lowered
}

/// `CALL` and `EXECUTE` with the values they pass.
fn called(node: &SyntaxNode<'_>) -> Lowered {
    let mut lowered = Lowered::of(Kind::Call);
    let arguments = node.children().filter(|part| part.kind() == ARG_LIST);
    lowered.values = arguments.map(|part| expr(&part)).collect();
    lowered
}

/// `EXPLAIN`: the statement itself if it is run, else nothing that changes.
fn explain(node: &SyntaxNode<'_>) -> Lowered {
    let inner = node.children().find(|part| {
        !matches!(
            part.kind(),
            EXPLAIN_OPTION_LIST | EXPLAIN_ANALYZE | EXPLAIN_VERBOSE
        )
    });
    let mut lowered = match &inner {
        Some(inner) => lower(inner),
        None => Lowered::of(Kind::Explain),
    };
    lowered.returns_rows = true;
    if is_run(node) {
        lowered.effects.insert(Kind::Explain);
        return lowered;
    }
    Lowered {
        kind: Kind::Explain,
        effects: std::collections::BTreeSet::new(),
        risks: std::collections::BTreeSet::new(),
        values: Vec::new(),
        is_harmless: true,
        runs: false,
        ..lowered
    }
}

/// Whether an `EXPLAIN` runs the statement. Of several options the last counts for
/// the server; here any that does not clearly switch it off counts.
fn is_run(node: &SyntaxNode<'_>) -> bool {
    let Some(options) = child(node, EXPLAIN_OPTION_LIST) else {
        return child(node, EXPLAIN_ANALYZE).is_some();
    };
    options.children().any(|option| {
        let named = child(&option, EXPLAIN_OPTION_NAME).is_some_and(|name| {
            let name = leaf(&name);
            name == "analyze" || name == "analyse"
        });
        let value = child(&option, EXPLAIN_OPTION_VALUE)
            .map(|value| value.text().trim().to_ascii_lowercase());
        let off = value.is_some_and(|value| matches!(value.as_str(), "off" | "false" | "0"));
        named && !off
    })
}

/// `PREPARE`: as dangerous as what is prepared.
fn prepare(node: &SyntaxNode<'_>) -> Lowered {
    let inner = node.children().find(|part| is_query(part.kind()));
    match inner {
        Some(inner) => Lowered {
            returns_rows: false,
            ..lower(&inner)
        },
        None => Lowered::of(Kind::Other).with(Risk::Dynamic),
    }
}

/// `COPY`: rows to or from the client, a file or a program.
fn copy(node: &SyntaxNode<'_>) -> Lowered {
    let mut lowered = Lowered::of(Kind::Copy);
    let goes_out = child(node, COPY_TO).is_some();
    let access = if goes_out {
        Access::Read
    } else {
        Access::Write
    };
    let has_client = |kind: SyntaxKind| node.children().any(|part| child(&part, kind).is_some());
    if goes_out {
        lowered.risks.insert(Risk::Exfiltration);
        lowered.is_harmless = has_client(COPY_STDOUT) && !has_client(COPY_PROGRAM);
        lowered.returns_rows = lowered.is_harmless;
    } else if !has_client(COPY_STDIN) {
        lowered.risks.insert(Risk::Exfiltration);
    }
    if let Some(part) = child(node, COPY_QUERY) {
        lowered.query = query_below(&part);
    }
    if let Some(part) = child(node, COPY_TABLE) {
        let table = path(&part);
        if goes_out {
            let columns = child(&part, COLUMN_REF_LIST)
                .map_or_else(|| vec!["*".to_owned()], |list| names(&list));
            let columns = columns.into_iter().map(|name| (table.clone(), name));
            lowered.columns.extend(columns);
        }
        lowered.tables.extend(table.map(|table| (table, access)));
    }
    if let Some(condition) = child(node, WHERE_CLAUSE) {
        lowered.values.push(expr(&condition));
    }
    if !goes_out && has_token(node, PROGRAM_KW) {
        lowered.risks.insert(Risk::SideEffect);
    }
    lowered
}
