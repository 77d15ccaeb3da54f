//! PostgreSQL: text to statements.

mod change;
mod definition;
mod escaped;
mod expression;
mod from;
mod name;
mod query;
mod session;
mod sound;
mod statement;
mod syntax;
#[cfg(test)]
mod tests;

use squawk_parser::SyntaxKind::EMPTY_STMT;
use squawk_syntax::SourceFile;

use crate::tree::Lowered;
use syntax::Tree;

/// The statements of a text, in order.
///
/// # Errors
///
/// What the grammar expected, and where, if the text is not PostgreSQL.
pub(crate) fn lower(text: &str) -> Result<Vec<Lowered>, String> {
    let tree = Tree::parse(text);
    let file = tree.root().ok_or("no room to read the text")?;
    if tree.has_errors() || !sound::is_sound(&file) {
        check(text)?;
    }
    let statements = file.children();
    Ok(statements
        .filter(|node| node.kind() != EMPTY_STMT)
        .map(|node| statement::lower(&node))
        .collect())
}

/// Whether a text keeps every rule of the grammar.
fn check(text: &str) -> Result<(), String> {
    match SourceFile::parse(text).errors().first() {
        Some(error) => {
            let at: usize = error.range().start().into();
            Err(format!("{} at byte {at}", error.message()))
        }
        None => Ok(()),
    }
}
