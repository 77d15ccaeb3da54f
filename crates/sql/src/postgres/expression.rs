//! Expressions of PostgreSQL.

use squawk_parser::SyntaxKind;
use squawk_parser::SyntaxKind::*;

use super::escaped;
use super::name::{child, has_token, is_identifier, leaf, path};
use super::query::{is_query, query};
use super::syntax::SyntaxNode;
use crate::tautology::MATCHING_ALL;
use crate::tree::{Comparison, Expr, Name};

/// Lowers an expression. What it does not know depends on everything below it.
pub(super) fn expr(node: &SyntaxNode<'_>) -> Expr {
    match node.kind() {
        kind if is_query(kind) => Expr::Query(Box::new(query(node))),
        PAREN_EXPR => match only_child(node) {
            Some(inner) => expr(&inner),
            None => all(node),
        },
        NAME_REF => column(node),
        FIELD_EXPR => field(node),
        LITERAL => literal(node),
        BIN_EXPR => binary(node),
        PREFIX_EXPR => prefix(node),
        POSTFIX_EXPR => postfix(node),
        BETWEEN_EXPR => between(node),
        CALL_EXPR => call(node),
        // The value keeps its meaning; the type is a name of no column.
        CAST_EXPR | COLLATE => match operands(node).into_iter().next() {
            Some(inner) => expr(&inner),
            None => all(node),
        },
        OPERATOR_CALL => operator(node),
        CASE_EXPR => case(node),
        _ => all(node),
    }
}

/// `CASE WHEN a THEN b ELSE c END`; with a value to compare, everything it names.
fn case(node: &SyntaxNode<'_>) -> Expr {
    let mut choices = Vec::new();
    let mut otherwise = Expr::Null;
    for part in node.children() {
        match part.kind() {
            WHEN_CLAUSE_LIST => {
                for when in part.children() {
                    let mut values = when.children().map(|value| expr(&value));
                    let condition = values.next().unwrap_or(Expr::Open);
                    choices.push((condition, values.next().unwrap_or(Expr::Null)));
                }
            }
            ELSE_CLAUSE => otherwise = all(&part),
            _ => return all(node),
        }
    }
    Expr::Case(choices, Box::new(otherwise))
}

/// Everything below `node`.
fn all(node: &SyntaxNode<'_>) -> Expr {
    Expr::Of(node.children().map(|child| expr(&child)).collect())
}

/// The one child of a node that has one.
fn only_child<'t>(node: &SyntaxNode<'t>) -> Option<SyntaxNode<'t>> {
    let mut children = node.children();
    let first = children.next()?;
    children.next().is_none().then_some(first)
}

/// The children that are values.
fn operands<'t>(node: &SyntaxNode<'t>) -> Vec<SyntaxNode<'t>> {
    node.children()
        .filter(|child| is_value(child.kind()))
        .collect()
}

/// Whether nodes of this kind have a value.
fn is_value(kind: SyntaxKind) -> bool {
    is_query(kind)
        || matches!(
            kind,
            PAREN_EXPR
                | NAME_REF
                | FIELD_EXPR
                | LITERAL
                | BIN_EXPR
                | PREFIX_EXPR
                | POSTFIX_EXPR
                | BETWEEN_EXPR
                | CALL_EXPR
                | CAST_EXPR
                | COLLATE
                | CASE_EXPR
                | ARRAY_EXPR
                | TUPLE_EXPR
                | INDEX_EXPR
                | SLICE_EXPR
        )
}

/// A plain name: a column, or a value that has a keyword.
fn column(node: &SyntaxNode<'_>) -> Expr {
    if is_identifier(node) {
        return Expr::Column(vec![leaf(node)]);
    }
    let keyword = node.first_token().map(|token| token.kind());
    match keyword {
        Some(
            CURRENT_CATALOG_KW | CURRENT_DATE_KW | CURRENT_ROLE_KW | CURRENT_SCHEMA_KW
            | CURRENT_TIME_KW | CURRENT_TIMESTAMP_KW | CURRENT_USER_KW | LOCALTIME_KW
            | LOCALTIMESTAMP_KW | SESSION_USER_KW | SYSTEM_USER_KW | USER_KW,
        ) => Expr::Open,
        _ => Expr::Column(vec![leaf(node)]),
    }
}

/// A dotted name, or a field of a composite value.
fn field(node: &SyntaxNode<'_>) -> Expr {
    let mut name = Name::new();
    if !dotted(node, &mut name) {
        return all(node);
    }
    if has_token(node, STAR) {
        Expr::Star(name)
    } else {
        Expr::Column(name)
    }
}

/// Adds the parts of a dotted name. Parentheses around a part change nothing: the
/// field of a row is a column of its table. `false` if it is no name.
fn dotted(node: &SyntaxNode<'_>, name: &mut Name) -> bool {
    match node.kind() {
        NAME_REF => {
            name.push(leaf(node));
            true
        }
        PAREN_EXPR => only_child(node).is_some_and(|inner| dotted(&inner, name)),
        FIELD_EXPR => {
            let mut parts = node.children().peekable();
            parts.peek().is_some() && parts.all(|part| dotted(&part, name))
        }
        _ => false,
    }
}

/// A literal value.
fn literal(node: &SyntaxNode<'_>) -> Expr {
    let Some(token) = node.first_token() else {
        return Expr::Open;
    };
    match token.kind() {
        NULL_KW => Expr::Null,
        TRUE_KW => Expr::Bool(true),
        FALSE_KW => Expr::Bool(false),
        INT_NUMBER | NUMERIC_NUMBER => token.text().parse().map_or(Expr::Open, Expr::Number),
        STRING | ESC_STRING | UNICODE_ESC_STRING | DOLLAR_QUOTED_STRING => text(node),
        _ => Expr::Open,
    }
}

/// A string, unescaped.
fn text(node: &SyntaxNode<'_>) -> Expr {
    let mut tokens = node.children_with_tokens();
    let value = match (tokens.next(), tokens.next()) {
        (Some(only), None) if only.kind() == STRING => {
            let inner = only.text().strip_prefix('\'');
            let inner = inner.and_then(|inner| inner.strip_suffix('\''));
            inner.map(|inner| inner.replace("''", "'"))
        }
        _ => escaped::string(node.text()),
    };
    value.map_or(Expr::Open, Expr::Text)
}

/// `NOT x`, `-x` and other operators before a value.
fn prefix(node: &SyntaxNode<'_>) -> Expr {
    let Some(inner) = operands(node).into_iter().next() else {
        return all(node);
    };
    if has_token(node, NOT_KW) {
        return Expr::Not(Box::new(expr(&inner)));
    }
    if has_token(node, MINUS) || has_token(node, PLUS) {
        let sign = if has_token(node, MINUS) { '-' } else { '+' };
        let zero = Box::new(Expr::Number(0.0));
        return Expr::Arithmetic(sign, zero, Box::new(expr(&inner)));
    }
    all(node)
}

/// `x ISNULL`, `x NOTNULL`.
fn postfix(node: &SyntaxNode<'_>) -> Expr {
    let Some(inner) = operands(node).into_iter().next() else {
        return all(node);
    };
    if has_token(node, ISNULL_KW) {
        return Expr::IsNull(Box::new(expr(&inner)), false);
    }
    if has_token(node, NOTNULL_KW) {
        return Expr::IsNull(Box::new(expr(&inner)), true);
    }
    all(node)
}

/// `x BETWEEN a AND b`.
fn between(node: &SyntaxNode<'_>) -> Expr {
    let mut values = operands(node).into_iter().map(|value| expr(&value));
    match (values.next(), values.next(), values.next()) {
        (Some(value), Some(low), Some(high)) => {
            Expr::Between(Box::new([value, low, high]), has_token(node, NOT_KW))
        }
        _ => all(node),
    }
}

/// An operator between two values.
fn binary(node: &SyntaxNode<'_>) -> Expr {
    if has_token(node, AND_KW) {
        return Expr::And(chain(node, AND_KW));
    }
    if has_token(node, OR_KW) {
        return Expr::Or(chain(node, OR_KW));
    }
    let mut values = node.children().filter(|child| is_value(child.kind()));
    let (Some(left), Some(right)) = (values.next(), values.next()) else {
        return all(node);
    };
    let operator = node
        .children_with_tokens()
        .filter(|child| !child.kind().is_trivia())
        .find(|child| !(child.is_node() && is_value(child.kind())));
    match operator {
        Some(operator) => operation(&operator, &left, &right),
        None => all(node),
    }
}

/// Applies an operator.
fn operation(operator: &SyntaxNode<'_>, left: &SyntaxNode<'_>, right: &SyntaxNode<'_>) -> Expr {
    let both = || (Box::new(expr(left)), Box::new(expr(right)));
    let compare = |comparison| {
        let (left, right) = both();
        Expr::Compare(comparison, left, right)
    };
    match operator.kind() {
        IS_DISTINCT_FROM => is(left, right, true),
        IS_NOT_DISTINCT_FROM => is(left, right, false),
        EQ => compare(Comparison::Equal),
        NEQ | NEQB => compare(Comparison::NotEqual),
        L_ANGLE => compare(Comparison::Less),
        LTEQ => compare(Comparison::LessOrEqual),
        R_ANGLE => compare(Comparison::Greater),
        GTEQ => compare(Comparison::GreaterOrEqual),
        PLUS | MINUS | STAR | SLASH | PERCENT => {
            let sign = match operator.kind() {
                PLUS => '+',
                MINUS => '-',
                STAR => '*',
                SLASH => '/',
                _ => '%',
            };
            let (left, right) = both();
            Expr::Arithmetic(sign, left, right)
        }
        CUSTOM_OP if operator.text() == "||" => {
            let (left, right) = both();
            Expr::Arithmetic('|', left, right)
        }
        IS_KW | IS_NOT => is(left, right, operator.kind() == IS_NOT),
        IN_KW | NOT_IN => within(left, right, operator.kind() == NOT_IN),
        LIKE_KW | ILIKE_KW | NOT_LIKE | NOT_ILIKE => {
            let (left, right) = both();
            let is_negated = matches!(operator.kind(), NOT_LIKE | NOT_ILIKE);
            Expr::Like(left, right, is_negated)
        }
        CUSTOM_OP if matches_anything(operator, right) => {
            let all = Box::new(Expr::Text("%".to_owned()));
            Expr::Like(Box::new(expr(left)), all, false)
        }
        _ => {
            let mut parts = vec![expr(left), expr(right)];
            if operator.is_node() {
                parts.push(expr(operator));
            }
            Expr::Of(parts)
        }
    }
}

/// Whether it is a regular expression that every text matches.
fn matches_anything(operator: &SyntaxNode<'_>, pattern: &SyntaxNode<'_>) -> bool {
    let is_match = matches!(operator.text(), "~" | "~*");
    is_match && matches!(expr(pattern), Expr::Text(text) if MATCHING_ALL.contains(&text.as_str()))
}

/// The operands of a chain of one operator. Long chains are nested to the left.
fn chain(node: &SyntaxNode<'_>, operator: SyntaxKind) -> Vec<Expr> {
    let mut parts = Vec::new();
    let mut current = *node;
    loop {
        let mut values = operands(&current);
        let last = values.pop();
        parts.extend(last.map(|last| expr(&last)));
        match values.pop() {
            Some(left) if left.kind() == BIN_EXPR && has_token(&left, operator) => current = left,
            Some(left) => {
                parts.push(expr(&left));
                break;
            }
            None => break,
        }
    }
    parts.reverse();
    parts
}

/// `x IS y`: of null, or of a truth value.
fn is(left: &SyntaxNode<'_>, right: &SyntaxNode<'_>, is_negated: bool) -> Expr {
    let left = Box::new(expr(left));
    match expr(right) {
        Expr::Null => Expr::IsNull(left, is_negated),
        right => {
            let comparison = if is_negated {
                Comparison::NotEqual
            } else {
                Comparison::Equal
            };
            Expr::Compare(comparison, left, Box::new(right))
        }
    }
}

/// `x IN (…)`: of values or of a query.
fn within(left: &SyntaxNode<'_>, right: &SyntaxNode<'_>, is_negated: bool) -> Expr {
    let values = operands(right);
    let values = if values.is_empty() {
        vec![expr(right)]
    } else {
        values.iter().map(expr).collect()
    };
    Expr::In(Box::new(expr(left)), values, is_negated)
}

/// A function, or a form that looks like one.
fn call(node: &SyntaxNode<'_>) -> Expr {
    let mut children = node.children();
    let Some(callee) = children.next() else {
        return Expr::Open;
    };
    let arguments: Vec<Expr> = children.map(|child| expr(&child)).collect();
    let name = match callee.kind() {
        NAME_REF => vec![leaf(&callee)],
        FIELD_EXPR => {
            let mut name = Name::new();
            // A call of something that is no name is never known to be harmless.
            dotted(&callee, &mut name);
            name
        }
        EXISTS_FN => {
            return match only_child(&callee).filter(|inner| is_query(inner.kind())) {
                Some(inner) => Expr::Exists(Box::new(query(&inner))),
                None => all(&callee),
            };
        }
        ANY_FN | SOME_FN => return all(&callee),
        ALL_FN => return Expr::Of(vec![all(&callee), Expr::Open]),
        kind => return Expr::Form(form(kind), callee.children().map(|c| expr(&c)).collect()),
    };
    Expr::Call(name, arguments)
}

/// The name of a form with syntax of its own.
fn form(kind: SyntaxKind) -> &'static str {
    match kind {
        EXTRACT_FN => "extract",
        OVERLAY_FN => "overlay",
        POSITION_FN => "position",
        SUBSTRING_FN => "substring",
        TRIM_FN => "trim",
        COLLATION_FOR_FN => "collation_for",
        JSON_ARRAY_AGG_FN => "json_arrayagg",
        JSON_ARRAY_FN => "json_array",
        JSON_EXISTS_FN => "json_exists",
        JSON_FN => "json",
        JSON_OBJECT_AGG_FN => "json_objectagg",
        JSON_OBJECT_FN => "json_object",
        JSON_QUERY_FN => "json_query",
        JSON_SCALAR_FN => "json_scalar",
        JSON_SERIALIZE_FN => "json_serialize",
        JSON_VALUE_FN => "json_value",
        XML_ELEMENT_FN => "xmlelement",
        XML_EXISTS_FN => "xmlexists",
        XML_FOREST_FN => "xmlforest",
        XML_PARSE_FN => "xmlparse",
        XML_PI_FN => "xmlpi",
        XML_ROOT_FN => "xmlroot",
        XML_SERIALIZE_FN => "xmlserialize",
        _ => "form",
    }
}

/// `OPERATOR(schema.op)`: operators of other schemas are functions of others.
fn operator(node: &SyntaxNode<'_>) -> Expr {
    match child(node, OP).as_ref().and_then(path) {
        Some(mut name) if name.first().is_some_and(|schema| schema != "pg_catalog") => {
            name.retain(|part| !part.is_empty());
            name.push("operator".to_owned());
            Expr::Call(name, Vec::new())
        }
        _ => Expr::Of(Vec::new()),
    }
}
