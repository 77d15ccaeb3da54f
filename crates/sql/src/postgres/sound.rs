//! Rules of the grammar that the parser leaves to a second look.
//!
//! squawk-syntax keeps them all, and its look at a tree takes as long as to parse. Most
//! statements have nothing that any of them is about, which is told here at a glance.

use squawk_parser::SyntaxKind::{self, *};
use squawk_parser::{is_col_name_keyword, is_reserved_keyword, is_type_func_name_keyword};

use super::name::{child, has_token, is_escaped};
use super::syntax::SyntaxNode;

/// Whether a file without errors surely breaks no rule. False is no verdict.
pub(super) fn is_sound(file: &SyntaxNode<'_>) -> bool {
    are_apart(file)
        && file.descendants_with_tokens().all(|part| {
            if part.is_node() {
                is_sound_node(&part)
            } else {
                is_sound_token(&part)
            }
        })
}

/// Whether a semicolon stands between statements.
fn are_apart(file: &SyntaxNode<'_>) -> bool {
    let mut ended = true;
    file.children().all(|statement| {
        let is_apart = ended || statement.kind() == EMPTY_STMT;
        let last = statement.last_token();
        ended =
            statement.kind() == EMPTY_STMT || last.is_some_and(|token| token.kind() == SEMICOLON);
        is_apart
    })
}

fn is_sound_token(token: &SyntaxNode<'_>) -> bool {
    match token.kind() {
        IDENT => !is_escaped(token.text()),
        UESCAPE_KW => false,
        _ => true,
    }
}

/// Whether no rule about nodes of this kind is broken. Kinds that are not named here may
/// have rules.
fn is_sound_node(node: &SyntaxNode<'_>) -> bool {
    match node.kind() {
        BIN_EXPR => is_sound_operation(node),
        CALL_EXPR => is_sound_call(node),
        LITERAL => is_sound_literal(node),
        NAME_REF => node
            .first_token()
            .is_some_and(|token| !is_type_func_name_keyword(token.kind())),
        ARRAY_EXPR => has_token(node, ARRAY_KW) && !has_token(node, L_PAREN),
        FUNCTION_FROM_ITEM => !has_token(node, ONLY_KW),
        JOIN_EXPR => child(node, JOIN).is_some_and(|join| is_sound_join(&join)),
        RELATION_FROM_ITEM => !has_token(node, LATERAL_KW),
        SELECT => is_sound_select(node),
        SELECT_CLAUSE => child(node, TARGET_LIST).is_some(),
        SET_COLUMN_LIST => node.children().next().is_some(),
        PREFIX_EXPR => child(node, CUSTOM_OP).is_none(),
        SET_SINGLE_COLUMN => child(node, SET_EXPR).is_some_and(|it| !has_token(&it, DEFAULT_KW)),
        TUPLE_EXPR => child(node, SELECT).is_none(),
        PATH_TYPE | ARRAY_TYPE | VARCHAR_TYPE | CHARACTER_TYPE | INTERVAL_TYPE | TIME_TYPE
        | TIMESTAMP_TYPE | DOUBLE_TYPE | BIT_TYPE | BIT_VARYING_TYPE => {
            child(node, ARG_LIST).is_none()
        }
        PAREN_FROM_ITEM => is_sound_subquery(node),
        PAREN_SELECT => child(node, PAREN_FROM_ITEM).is_none(),
        CUSTOM_OP => node.text().len() <= LONGEST_OPERATOR,
        kind => is_free_part(kind) || is_free_clause(kind),
    }
}

/// Bytes of an operator that the server takes (`NAMEDATALEN - 1`).
const LONGEST_OPERATOR: usize = 63;

/// Names, values and lists of them that no rule is about.
fn is_free_part(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        ALL | ARG
            | ARG_LIST
            | ARRAY_BOUND
            | AS_NAME
            | BETWEEN_EXPR
            | CASE_EXPR
            | CAST_EXPR
            | COLLATE
            | COLON_COLON
            | COLUMN_LIST
            | COLUMN_NAME
            | COLUMN_NAME_REF
            | COLUMN_REF_LIST
            | COLUMN_TARGET
            | COLUMN_TARGET_LIST
            | CONFLICT_DO_NOTHING
            | CONFLICT_DO_UPDATE_SET
            | CONFLICT_INDEX_ITEM
            | CONFLICT_INDEX_ITEM_LIST
            | CONFLICT_ON_INDEX
            | CTE_NAME
            | ELSE_CLAUSE
            | EXISTS_FN
            | FIELD_EXPR
            | FROM_ALIAS
            | FUNCTION_NAME_REF
            | GROUPING_EXPR
            | INDEX_EXPR
            | IS_DISTINCT_FROM
            | IS_NOT
            | IS_NOT_DISTINCT_FROM
            | NOT_ILIKE
            | NOT_IN
            | NOT_LIKE
            | OFFSET_CLAUSE
            | ON_CONFLICT_CLAUSE
            | OPTIONAL_AS_ALIAS
            | PAREN_EXPR
            | PATH
            | PATH_REF
            | PATH_SEGMENT
            | PATH_SEGMENT_REF
            | POSTFIX_EXPR
            | RELATION_NAME
            | RELATION_NAME_REF
            | REQUIRED_AS_ALIAS
            | ROW
            | ROW_LIST
            | SET_CLAUSE
            | SET_EXPR
            | TABLE_ALIAS
            | TABLE_NAME_REF
            | TABLE_RELATION_NAME
            | TARGET
            | TARGET_LIST
            | VALUES
            | WHEN_CLAUSE
            | WHEN_CLAUSE_LIST
    )
}

/// Statements, and clauses of them, that no rule is about.
fn is_free_clause(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        COMPOUND_SELECT
            | DELETE
            | DISTINCT_CLAUSE
            | EMPTY_STMT
            | EXCEPT
            | EXPLAIN
            | EXPLAIN_ANALYZE
            | FETCH_CLAUSE
            | FILTER_CLAUSE
            | FROM_CLAUSE
            | GROUP_BY_CLAUSE
            | GROUP_BY_LIST
            | HAVING_CLAUSE
            | INSERT
            | INTERSECT
            | JOIN
            | JOIN_FULL
            | JOIN_INNER
            | JOIN_LEFT
            | JOIN_RIGHT
            | JOIN_USING_CLAUSE
            | LIMIT_CLAUSE
            | NULLS_FIRST
            | NULLS_LAST
            | ON_CLAUSE
            | ORDER_BY_CLAUSE
            | OVER_CLAUSE
            | PARTITION_BY
            | RETURNING_CLAUSE
            | SORT_ASC
            | SORT_BY
            | SORT_BY_LIST
            | SORT_DESC
            | SOURCE_FILE
            | UNION
            | UPDATE
            | USING_CLAUSE
            | USING_ON_CLAUSE
            | WHERE_CLAUSE
            | WINDOW_SPEC
            | WITH_CLAUSE
            | WITH_TABLE
    )
}

/// `x IN (…)` and `OVERLAPS` have rules, other operators have none.
fn is_sound_operation(node: &SyntaxNode<'_>) -> bool {
    if has_token(node, OVERLAPS_KW) {
        return false;
    }
    if !has_token(node, IN_KW) && child(node, NOT_IN).is_none() {
        return true;
    }
    let list = node.children().last();
    list.is_some_and(|list| match list.kind() {
        PAREN_EXPR => true,
        TUPLE_EXPR => !has_token(&list, ROW_KW) && list.children().next().is_some(),
        _ => false,
    })
}

/// Names of the grammar that look like functions have rules, others have none.
fn is_sound_call(node: &SyntaxNode<'_>) -> bool {
    let Some(callee) = node.children().next() else {
        return false;
    };
    match (callee.kind(), callee.first_token()) {
        (EXISTS_FN | FIELD_EXPR, _) => true,
        (NAME_REF, Some(name)) => match name.kind() {
            COALESCE_KW | GREATEST_KW | LEAST_KW => {
                child(node, ARG_LIST).is_some_and(|list| child(&list, ARG).is_some())
            }
            kind => !is_col_name_keyword(kind) && !is_reserved_keyword(kind),
        },
        _ => false,
    }
}

/// A literal of one part.
fn is_sound_literal(node: &SyntaxNode<'_>) -> bool {
    let mut parts = node.children_with_tokens();
    let (Some(only), None) = (parts.next(), parts.next()) else {
        return false;
    };
    matches!(
        only.kind(),
        STRING
            | ESC_STRING
            | DOLLAR_QUOTED_STRING
            | INT_NUMBER
            | NUMERIC_NUMBER
            | POSITIONAL_PARAM
            | NULL_KW
            | TRUE_KW
            | FALSE_KW
    )
}

/// A join with a condition.
fn is_sound_join(join: &SyntaxNode<'_>) -> bool {
    let mut kinds = join.children().map(|part| part.kind());
    let has_type =
        kinds.any(|kind| matches!(kind, JOIN_INNER | JOIN_LEFT | JOIN_RIGHT | JOIN_FULL));
    let has_condition = kinds.any(|kind| matches!(kind, ON_CLAUSE | JOIN_USING_CLAUSE));
    has_type && has_condition && !has_token(join, NATURAL_KW)
}

/// What is selected stands before where it is selected from, and is not missing.
fn is_sound_select(node: &SyntaxNode<'_>) -> bool {
    let mut kinds = node.children().map(|part| part.kind());
    kinds.find(|kind| matches!(kind, SELECT_CLAUSE | FROM_CLAUSE)) == Some(SELECT_CLAUSE)
}

/// A query in parentheses, with an alias of its own or none.
fn is_sound_subquery(node: &SyntaxNode<'_>) -> bool {
    let select = child(node, PAREN_SELECT).and_then(|inner| child(&inner, SELECT));
    select.is_some() && !has_token(node, ONLY_KW)
}
