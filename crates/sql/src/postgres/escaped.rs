//! Strings and names that are written with escapes or in several parts. They are rare,
//! and read by the tree of the parser's own library.

use squawk_syntax::ast::{AstNode, Literal, normalize_name_node};
use squawk_syntax::{SourceFile, SyntaxKind, SyntaxNode};

/// The value of a literal as it is written: `E'a\n'`, `U&'\0061'`, `'a'` on two lines.
pub(super) fn string(literal: &str) -> Option<String> {
    selected(literal, |node| {
        Literal::cast(node).and_then(|literal| literal.string_value())
    })
}

/// The name that is written `U&"…"`, with or without `UESCAPE`.
pub(super) fn name(written: &str) -> Option<String> {
    selected(written, |node| {
        (node.kind() == SyntaxKind::NAME_REF).then(|| normalize_name_node(&node))
    })
}

/// What `read` finds first in a query that answers `text`.
fn selected(text: &str, read: impl FnMut(SyntaxNode) -> Option<String>) -> Option<String> {
    let tree = SourceFile::parse(&format!("SELECT {text}")).tree();
    tree.syntax().descendants().find_map(read)
}
