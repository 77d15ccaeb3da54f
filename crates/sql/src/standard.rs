//! MySQL, SQL Server, SQLite and Oracle: text to statements.
//!
//! The text is cut into statements by its tokens. What is a query or a change is parsed;
//! what the parser does not know, and all other statements, are judged by their words.

mod change;
mod expression;
mod from;
mod name;
mod query;
mod segment;
mod split;
mod words;

use sqlparser::ast::{self, Statement};
use sqlparser::dialect::{
    Dialect as Grammar, MsSqlDialect, MySqlDialect, OracleDialect, SQLiteDialect,
};
use sqlparser::parser::Parser;

use crate::facts::{Dialect, Kind, Risk};
use crate::tree::{Body, Lowered, Query};
use segment::Segment;

/// Levels of nesting that are read. The stack has room for many more.
const MOST_LEVELS: usize = 200;

/// The statements of a text, in order.
///
/// # Errors
///
/// Why the text is not understood.
pub(crate) fn lower(text: &str, dialect: Dialect) -> Result<Vec<Lowered>, String> {
    let split = split::split(text, dialect)?;
    let run = lower_all(&split.segments, dialect)?;
    if !split.has_versions {
        return Ok(run);
    }
    // What only some versions run may or may not be there: both must be understood,
    // and each statement is as dangerous as the worse of the two.
    let skipped = split::split_skipping(text, dialect)?;
    let mut skipped = lower_all(&skipped, dialect)?;
    if skipped.len() != run.len() {
        return Err("versions of the server see different statements".to_owned());
    }
    for (with, without) in run.into_iter().zip(&mut skipped) {
        without.alternative = Some(Box::new(with));
    }
    Ok(skipped)
}

fn lower_all(segments: &[Segment], dialect: Dialect) -> Result<Vec<Lowered>, String> {
    segments
        .iter()
        .map(|segment| statement(segment, dialect))
        .collect()
}

/// Lowers one statement.
fn statement(segment: &Segment, dialect: Dialect) -> Result<Lowered, String> {
    let mut lowered = match segment.first_word().as_str() {
        "table" => {
            // The parser does not know `TABLE t ORDER BY …` of MySQL.
            let text = format!("SELECT * FROM {}", segment.from(1).text);
            of_node(&parse(&text, dialect)?).ok_or_else(|| "not a query".to_owned())?
        }
        "select" | "with" | "values" | "(" | "insert" | "replace" | "update" | "delete"
        | "merge" => query_or_change(segment, dialect)?,
        "explain" | "describe" | "desc" => explain(segment, dialect)?,
        _ => words::statement(segment, dialect)?,
    };
    segment.mark(&mut lowered);
    Ok(lowered)
}

/// Lowers a query or a change.
fn query_or_change(segment: &Segment, dialect: Dialect) -> Result<Lowered, String> {
    // The parser takes `UPDATE TOP (5) t` for a function.
    let parsed = if segment.word(1) == "top" && segment.first_word() != "select" {
        Err("TOP of a change".to_owned())
    } else {
        parse(&segment.text, dialect)
    };
    match parsed {
        Ok(node) => of_node(&node).ok_or_else(|| "not a query".to_owned()),
        Err(reason) => words::query(segment, dialect).ok_or(reason),
    }
}

/// `EXPLAIN` and `DESCRIBE`.
fn explain(segment: &Segment, dialect: Dialect) -> Result<Lowered, String> {
    let Some((options, rest)) = segment.split_at_query() else {
        return Ok(words::describe(segment));
    };
    let mut lowered = statement(&rest, dialect)?;
    lowered.returns_rows = true;
    let runs = options
        .iter()
        .any(|word| word == "analyze" || word == "for");
    if runs || segment.leaves {
        lowered.effects.insert(Kind::Explain);
        // Oracle writes the plan to a table.
        lowered.is_harmless &= dialect != Dialect::Oracle;
        return Ok(lowered);
    }
    lowered.kind = Kind::Explain;
    lowered.runs = false;
    lowered.is_harmless = true;
    lowered.risks.clear();
    lowered.effects.clear();
    Ok(lowered)
}

/// The grammar of a dialect.
fn grammar(dialect: Dialect) -> &'static dyn Grammar {
    match dialect {
        Dialect::Mssql => &MsSqlDialect {},
        Dialect::Sqlite => &SQLiteDialect {},
        Dialect::Oracle => &OracleDialect {},
        Dialect::Mysql | Dialect::Postgres => &MySqlDialect {},
    }
}

/// Parses a text that is one statement.
fn parse(text: &str, dialect: Dialect) -> Result<Statement, String> {
    let parser = Parser::new(grammar(dialect)).with_recursion_limit(MOST_LEVELS);
    let parsed = parser
        .try_with_sql(text)
        .and_then(|mut parser| parser.parse_statements());
    let mut parsed = parsed.map_err(|error| error.to_string())?;
    match (parsed.pop(), parsed.pop()) {
        (Some(only), None) => Ok(only),
        _ => Err("not one statement".to_owned()),
    }
}

/// The expression that a text is.
fn parse_condition(text: &str, dialect: Dialect) -> Option<crate::tree::Expr> {
    let parser = Parser::new(grammar(dialect)).with_recursion_limit(MOST_LEVELS);
    let mut parser = parser.try_with_sql(text).ok()?;
    let parsed = parser.parse_expr().ok()?;
    let is_all = parser.peek_token().token == sqlparser::tokenizer::Token::EOF;
    is_all.then(|| expression::expr(&parsed))
}

/// A query or change; `None` for other statements.
fn of_node(node: &Statement) -> Option<Lowered> {
    let query = match node {
        Statement::Query(node) => query::query(node),
        other => Query::of(Body::Change(Box::new(change::change(other)?))),
    };
    let (kind, returns_rows) = match &query.body {
        Body::Change(change) => (change.kind, !change.returning.is_empty()),
        Body::Select(select) => (Kind::Select, select.into.is_none()),
        Body::Set(_) | Body::Values(_) => (Kind::Select, true),
    };
    Some(Lowered {
        returns_rows,
        ..Lowered::query(kind, query)
    })
}

/// The query that a text is, for definitions that hold one.
fn parse_query(text: &str, dialect: Dialect) -> Option<Query> {
    match parse(text, dialect).ok()? {
        Statement::Query(node) => Some(query::query(&node)),
        _ => None,
    }
}

/// The columns that a table definition lists.
fn parse_columns(text: &str, dialect: Dialect) -> Option<Vec<String>> {
    match parse(text, dialect).ok()? {
        Statement::CreateTable(table) => {
            let columns = table.columns.iter();
            Some(columns.map(|column| name::ident(&column.name)).collect())
        }
        Statement::CreateView(ast::CreateView { columns, .. }) => {
            let columns = columns.iter();
            Some(columns.map(|column| name::ident(&column.name)).collect())
        }
        _ => None,
    }
}

/// A statement of this kind that may do anything.
fn dynamic(kind: Kind) -> Lowered {
    Lowered::of(kind).with(Risk::Dynamic).with(Risk::SideEffect)
}
