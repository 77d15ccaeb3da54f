//! PostgreSQL: text to statements.

mod change;
mod definition;
mod expression;
mod from;
mod name;
mod query;
mod session;
mod statement;

use squawk_syntax::SourceFile;
use squawk_syntax::SyntaxKind::EMPTY_STMT;
use squawk_syntax::ast::AstNode;

use crate::tree::Lowered;

/// The statements of a text, in order.
///
/// # Errors
///
/// What the grammar expected, and where, if the text is not PostgreSQL.
pub(crate) fn lower(text: &str) -> Result<Vec<Lowered>, String> {
    let parse = SourceFile::parse(text);
    if let Some(error) = parse.errors().first() {
        let at: usize = error.range().start().into();
        return Err(format!("{} at byte {at}", error.message()));
    }
    let file = parse.tree();
    let statements = file.syntax().children();
    Ok(statements
        .filter(|node| node.kind() != EMPTY_STMT)
        .map(|node| statement::lower(&node))
        .collect())
}
