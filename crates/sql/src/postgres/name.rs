//! Names of PostgreSQL as the server reads them.

use squawk_parser::SyntaxKind::{self, GROUP_KW, IDENT, PATH_SEGMENT, PATH_SEGMENT_REF, ROLE_REF};

use super::escaped;
use super::syntax::SyntaxNode;
use crate::tree::Name;

/// Bytes of a name that the server keeps (`NAMEDATALEN - 1`).
const MOST_BYTES: usize = 63;

/// The name that a leaf node holds: folded, unescaped and cut as the server does.
pub(super) fn leaf(node: &SyntaxNode<'_>) -> String {
    let mut name = written(node);
    if name.len() > MOST_BYTES {
        let mut end = MOST_BYTES;
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        name.truncate(end);
    }
    name
}

/// The name that a leaf node holds, however long.
fn written(node: &SyntaxNode<'_>) -> String {
    let tokens = node.children_with_tokens();
    let mut tokens = tokens.filter(|part| !part.is_node() && !part.kind().is_trivia());
    let mut first = tokens.next();
    // `GROUP x` is an old form of the role `x`.
    if node.kind() == ROLE_REF && first.is_some_and(|first| first.kind() == GROUP_KW) {
        first = tokens.next();
    }
    let Some(first) = first else {
        return String::new();
    };
    let text = first.text();
    if is_escaped(text) {
        let rest = tokens.map(|token| token.text());
        let whole: Vec<&str> = std::iter::once(text).chain(rest).collect();
        return escaped::name(&whole.join(" ")).unwrap_or_default();
    }
    match text.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
        Some(quoted) => quoted.replace(r#""""#, "\""),
        None => text.to_ascii_lowercase(),
    }
}

/// Whether a name is written `U&"…"`.
pub(super) fn is_escaped(name: &str) -> bool {
    let rest = name.strip_prefix(['u', 'U']);
    rest.is_some_and(|rest| rest.starts_with("&\""))
}

/// The parts of the first path at or below `node`.
pub(super) fn path(node: &SyntaxNode<'_>) -> Option<Name> {
    let mut name = Name::new();
    segments(node, &mut name);
    (!name.is_empty()).then_some(name)
}

/// Adds the segments below `node`, outermost first.
fn segments(node: &SyntaxNode<'_>, name: &mut Name) {
    if matches!(node.kind(), PATH_SEGMENT | PATH_SEGMENT_REF) {
        name.push(leaf(node));
        return;
    }
    for child in node.children() {
        segments(&child, name);
    }
}

/// The first child of this kind.
pub(super) fn child<'t>(node: &SyntaxNode<'t>, kind: SyntaxKind) -> Option<SyntaxNode<'t>> {
    node.children().find(|child| child.kind() == kind)
}

/// Whether `node` has a token of this kind as its child.
pub(super) fn has_token(node: &SyntaxNode<'_>, kind: SyntaxKind) -> bool {
    node.children_with_tokens()
        .any(|child| child.kind() == kind && !child.is_node())
}

/// Whether the name of a leaf was written as an identifier, not as a keyword.
pub(super) fn is_identifier(node: &SyntaxNode<'_>) -> bool {
    node.first_token()
        .is_some_and(|token| token.kind() == IDENT)
}
