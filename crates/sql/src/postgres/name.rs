//! Names of PostgreSQL as the server reads them.

use squawk_syntax::SyntaxKind::{self, IDENT, PATH_SEGMENT, PATH_SEGMENT_REF};
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::normalize_name_node;

use crate::tree::Name;

/// Bytes of a name that the server keeps (`NAMEDATALEN - 1`).
const MOST_BYTES: usize = 63;

/// The name that a leaf node holds: folded, unescaped and cut as the server does.
pub(super) fn leaf(node: &SyntaxNode) -> String {
    let mut name = normalize_name_node(node);
    if name.len() > MOST_BYTES {
        let mut end = MOST_BYTES;
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        name.truncate(end);
    }
    name
}

/// The parts of the first path at or below `node`.
pub(super) fn path(node: &SyntaxNode) -> Option<Name> {
    let mut name = Name::new();
    segments(node, &mut name);
    (!name.is_empty()).then_some(name)
}

/// Adds the segments below `node`, outermost first.
fn segments(node: &SyntaxNode, name: &mut Name) {
    if matches!(node.kind(), PATH_SEGMENT | PATH_SEGMENT_REF) {
        name.push(leaf(node));
        return;
    }
    for child in node.children() {
        segments(&child, name);
    }
}

/// The first child of this kind.
pub(super) fn child(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    node.children().find(|child| child.kind() == kind)
}

/// Whether `node` has a token of this kind as its child.
pub(super) fn has_token(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.children_with_tokens()
        .any(|child| child.kind() == kind && child.as_token().is_some())
}

/// Whether the name of a leaf was written as an identifier, not as a keyword.
pub(super) fn is_identifier(node: &SyntaxNode) -> bool {
    node.first_token()
        .is_some_and(|token| token.kind() == IDENT)
}
