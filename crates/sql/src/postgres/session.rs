//! Statements of PostgreSQL about the session: settings, roles and transactions.

use squawk_parser::SyntaxKind::*;

use super::name::{child, path};
use super::syntax::SyntaxNode;
use crate::facts::{Kind, Risk};
use crate::tree::Lowered;

/// Settings that a session protects itself with, or that choose what code runs and
/// how text is read. Chapter "Server Configuration" of the PostgreSQL manual.
const GUARDS: &[&str] = &[
    "allow_system_table_mods",
    "backslash_quote",
    "default_transaction_read_only",
    "dynamic_library_path",
    "local_preload_libraries",
    "lo_compat_privileges",
    "row_security",
    "session_preload_libraries",
    "session_replication_role",
    "standard_conforming_strings",
    "transaction_read_only",
];

/// Settings that are another word for `SET ROLE`.
const ROLES: &[&str] = &["role", "session_authorization"];

/// Lowers a statement about the session; `None` if it is about something else.
pub(super) fn lower(node: &SyntaxNode<'_>) -> Option<Lowered> {
    Some(match node.kind() {
        SHOW => Lowered {
            returns_rows: true,
            ..Lowered::harmless(Kind::Show)
        },
        SET | RESET => setting(node),
        SET_ROLE | SET_SESSION_AUTH | RESET_ROLE | RESET_SESSION_AUTH => {
            Lowered::harmless(Kind::Set).with(Risk::Privilege)
        }
        SET_CONSTRAINTS => Lowered::harmless(Kind::Set),
        SET_TRANSACTION => unless_writing(node, Kind::Set),
        BEGIN => unless_writing(node, Kind::Transaction),
        COMMIT_TRANSACTION
        | ROLLBACK_TRANSACTION
        | SAVEPOINT_CREATE
        | RELEASE_SAVEPOINT
        | ROLLBACK_TO_SAVEPOINT => Lowered::harmless(Kind::Transaction),
        PREPARE_TRANSACTION | COMMIT_PREPARED | ROLLBACK_PREPARED => Lowered::of(Kind::Transaction),
        // It sets every setting back, also those that protect the session.
        DISCARD => Lowered::of(Kind::Set).with(Risk::Privilege),
        _ => return None,
    })
}

/// A statement that is harmless if it does not ask to write.
fn unless_writing(node: &SyntaxNode<'_>, kind: Kind) -> Lowered {
    if node.descendants().any(|part| part.kind() == READ_WRITE) {
        return Lowered::of(kind).with(Risk::Privilege);
    }
    Lowered::harmless(kind)
}

/// `SET x`, `RESET x`.
fn setting(node: &SyntaxNode<'_>) -> Lowered {
    if node.kind() == RESET && child(node, ALL).is_some() {
        return Lowered::of(Kind::Set).with(Risk::Privilege);
    }
    let parameter = node
        .descendants()
        .find(|part| part.kind() == CONFIG_PARAMETER_REF);
    let name = parameter.as_ref().and_then(path).unwrap_or_default();
    let name = name.join(".");
    if GUARDS.contains(&name.as_str()) {
        return Lowered::of(Kind::Set).with(Risk::Privilege);
    }
    let lowered = Lowered::harmless(Kind::Set);
    if ROLES.contains(&name.as_str()) {
        return lowered.with(Risk::Privilege);
    }
    lowered
}
