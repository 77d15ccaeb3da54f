//! Conditions that are true for every row.
//!
//! A condition that does not look at the row is no filter: it chooses all rows or
//! none. It counts as a tautology unless it is surely false.

mod constant;

use std::collections::HashMap;

use crate::tree::{Body, Comparison, Expr, Query, SourceKind};
use constant::{Constant, fold};

/// What a condition comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    /// True for every row.
    Always,
    /// True for no row.
    Never,
    /// The same for every row, but not known.
    Fixed,
    /// Different from row to row.
    Varies,
}

/// Columns that no row leaves empty: those of the system, and the usual key.
const NEVER_NULL: &[&str] = &[
    "id", "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid", "rowid", "_rowid_",
];

/// Regular expressions that every text matches.
pub(crate) const MATCHING_ALL: &[&str] =
    &["", ".", ".*", ".+", "^", "$", "^.*", ".*$", "^.*$", "^.+$"];

/// Functions whose value is never below zero.
const NEVER_NEGATIVE: &[&str] = &[
    "abs",
    "char_length",
    "character_length",
    "datalength",
    "len",
    "length",
    "octet_length",
];

/// Whether `condition` is true for every row, or does not look at the row at all.
pub(crate) fn is_tautology(condition: &Expr) -> bool {
    matches!(truth(condition), Truth::Always | Truth::Fixed)
}

/// What a condition comes to.
fn truth(condition: &Expr) -> Truth {
    match condition {
        Expr::And(parts) => every(parts),
        Expr::Or(parts) => any(parts),
        Expr::Not(inner) if **inner == Expr::Null => Truth::Never,
        Expr::Not(inner) => match truth(inner) {
            Truth::Always => Truth::Never,
            Truth::Never => Truth::Always,
            other => other,
        },
        Expr::Of(parts) if parts.len() == 1 => every(parts),
        Expr::Case(choices, otherwise) => chosen(choices, otherwise),
        _ => match fold(condition) {
            Some(constant) => decided(constant.is_true()),
            None => leaf(condition),
        },
    }
}

/// What a condition without conditions below it comes to.
fn leaf(condition: &Expr) -> Truth {
    match condition {
        Expr::Compare(comparison, left, right) => compared(*comparison, left, right),
        Expr::IsNull(inner, true) if is_never_null(inner) => Truth::Always,
        // What a comparison comes to is not asked.
        Expr::IsNull(inner, true) if matches!(**inner, Expr::Compare(..)) => Truth::Fixed,
        Expr::In(value, list, false) if list.contains(value) => Truth::Always,
        Expr::Between(values, false) => {
            let [value, low, high] = values.as_ref();
            if value == low && value == high {
                Truth::Always
            } else {
                looked_at(condition)
            }
        }
        Expr::Like(_, pattern, is_negated) if matches_all(pattern) => decided(!is_negated),
        Expr::Exists(query) if has_no_source(query) => Truth::Always,
        Expr::Query(query) => answered(query),
        _ => looked_at(condition),
    }
}

fn decided(is_true: bool) -> Truth {
    if is_true { Truth::Always } else { Truth::Never }
}

/// Whether a condition that is not understood looks at the row.
fn looked_at(condition: &Expr) -> Truth {
    if varies(condition) {
        Truth::Varies
    } else {
        Truth::Fixed
    }
}

/// All of these.
fn every(parts: &[Expr]) -> Truth {
    let mut truths = parts.iter().map(truth).collect::<Vec<_>>();
    truths.retain(|truth| *truth != Truth::Always);
    if truths.contains(&Truth::Never) {
        Truth::Never
    } else if truths.contains(&Truth::Varies) {
        Truth::Varies
    } else if truths.is_empty() {
        Truth::Always
    } else {
        Truth::Fixed
    }
}

/// One of these.
fn any(parts: &[Expr]) -> Truth {
    let truths = parts.iter().map(truth).collect::<Vec<_>>();
    if truths.contains(&Truth::Always) || complement(parts) {
        Truth::Always
    } else if truths.contains(&Truth::Fixed) {
        Truth::Fixed
    } else if truths.contains(&Truth::Varies) {
        Truth::Varies
    } else {
        Truth::Never
    }
}

/// The value of the first condition that holds: known if all that may be chosen are
/// the same.
fn chosen(choices: &[(Expr, Expr)], otherwise: &Expr) -> Truth {
    let mut values = Vec::new();
    for (condition, value) in choices {
        let condition = truth(condition);
        if condition != Truth::Never {
            values.push(truth(value));
        }
        if condition == Truth::Always {
            return agreed(&values);
        }
    }
    values.push(truth(otherwise));
    agreed(&values)
}

fn agreed(values: &[Truth]) -> Truth {
    match values.first() {
        Some(first) if values.iter().all(|value| value == first) => *first,
        _ => Truth::Varies,
    }
}

/// Whether some of these leave no value out: `a = 1 OR a <> 1`, `a OR NOT a`.
fn complement(parts: &[Expr]) -> bool {
    const LESS: u8 = 1;
    const EQUAL: u8 = 2;
    const GREATER: u8 = 4;
    const ALL: u8 = LESS | EQUAL | GREATER;
    let mut covered: HashMap<String, u8> = HashMap::new();
    parts.iter().any(|part| {
        let (inner, is_negated) = match part {
            Expr::Not(inner) => (inner.as_ref(), true),
            other => (other, false),
        };
        let (key, values) = match inner {
            Expr::Compare(comparison, left, right) => {
                let values = match comparison {
                    Comparison::Equal => EQUAL,
                    Comparison::NotEqual => LESS | GREATER,
                    Comparison::Less => LESS,
                    Comparison::LessOrEqual => LESS | EQUAL,
                    Comparison::Greater => GREATER,
                    Comparison::GreaterOrEqual => GREATER | EQUAL,
                };
                (format!("{left:?} ? {right:?}"), values)
            }
            Expr::IsNull(value, is_not) => (
                format!("{value:?} null"),
                if *is_not { LESS | GREATER } else { EQUAL },
            ),
            Expr::In(value, list, is_not) => (
                format!("{value:?} in {list:?}"),
                if *is_not { LESS | GREATER } else { EQUAL },
            ),
            Expr::Like(value, pattern, is_not) => (
                format!("{value:?} like {pattern:?}"),
                if *is_not { LESS | GREATER } else { EQUAL },
            ),
            other => (format!("{other:?}"), EQUAL),
        };
        let values = if is_negated { ALL & !values } else { values };
        let entry = covered.entry(key).or_default();
        *entry |= values;
        *entry == ALL
    })
}

/// A comparison that is no constant.
fn compared(comparison: Comparison, left: &Expr, right: &Expr) -> Truth {
    use Comparison::{Equal, Greater, GreaterOrEqual, LessOrEqual};
    if constant::same(left, right) {
        return decided(matches!(comparison, Equal | LessOrEqual | GreaterOrEqual));
    }
    if let (Expr::Call(name, _), Some(Constant::Number(limit))) = (left, fold(right)) {
        let is_length = name
            .last()
            .is_some_and(|name| NEVER_NEGATIVE.contains(&name.as_str()));
        let holds = match comparison {
            GreaterOrEqual => limit <= 0.0,
            Greater => limit < 0.0,
            _ => false,
        };
        if is_length && holds {
            return Truth::Always;
        }
    }
    if varies(left) || varies(right) {
        Truth::Varies
    } else {
        Truth::Fixed
    }
}

fn is_never_null(value: &Expr) -> bool {
    match value {
        Expr::Column(name) => name
            .last()
            .is_some_and(|name| NEVER_NULL.contains(&name.to_ascii_lowercase().as_str())),
        _ => false,
    }
}

fn matches_all(pattern: &Expr) -> bool {
    matches!(fold(pattern), Some(Constant::Text(text))
        if !text.is_empty() && text.bytes().all(|byte| byte == b'%'))
}

fn has_no_source(query: &Query) -> bool {
    match &query.body {
        Body::Select(select) => select.sources.is_empty() && select.filters.is_empty(),
        Body::Values(rows) => !rows.is_empty(),
        _ => false,
    }
}

/// The truth of a query that answers one value.
fn answered(query: &Query) -> Truth {
    match &query.body {
        Body::Select(select) if has_no_source(query) => match select.items.as_slice() {
            [item] => truth(&item.value),
            _ => Truth::Fixed,
        },
        _ if looks_out(query) => Truth::Varies,
        _ => Truth::Fixed,
    }
}

/// Whether the value may differ from row to row.
fn varies(value: &Expr) -> bool {
    match value {
        Expr::Null | Expr::Bool(_) | Expr::Number(_) | Expr::Text(_) | Expr::Open => false,
        Expr::Column(_) | Expr::Star(_) => true,
        Expr::Not(inner) | Expr::IsNull(inner, _) => varies(inner),
        Expr::And(parts) | Expr::Or(parts) | Expr::Of(parts) => parts.iter().any(varies),
        Expr::Call(_, parts) | Expr::Form(_, parts) => parts.iter().any(varies),
        Expr::Compare(_, left, right)
        | Expr::Arithmetic(_, left, right)
        | Expr::Like(left, right, _) => varies(left) || varies(right),
        Expr::In(value, list, _) => varies(value) || list.iter().any(varies),
        Expr::Between(values, _) => values.iter().any(varies),
        Expr::Case(choices, otherwise) => {
            varies(otherwise)
                || choices
                    .iter()
                    .any(|(it, value)| varies(it) || varies(value))
        }
        Expr::Query(query) | Expr::Exists(query) => looks_out(query),
    }
}

/// Whether a query looks at the row around it: it has a condition on a column that
/// is not clearly one of its own.
fn looks_out(query: &Query) -> bool {
    let Body::Select(select) = &query.body else {
        return !matches!(&query.body, Body::Values(_));
    };
    let own: Vec<&str> = select
        .sources
        .iter()
        .filter_map(|source| match (&source.alias, &source.kind) {
            (Some(alias), _) => Some(alias.as_str()),
            (None, SourceKind::Table(name)) => name.last().map(String::as_str),
            _ => None,
        })
        .collect();
    let is_own = |name: &[String]| match name {
        [_] => !own.is_empty(),
        [qualifier, _] => own.contains(&qualifier.as_str()),
        _ => false,
    };
    let items = select.items.iter().map(|item| &item.value);
    items
        .chain(&select.filters)
        .any(|value| names_other(value, &is_own))
}

/// Whether a value names a column that is not one of these.
fn names_other(value: &Expr, is_own: &dyn Fn(&[String]) -> bool) -> bool {
    let other = |value: &Expr| names_other(value, is_own);
    match value {
        Expr::Null | Expr::Bool(_) | Expr::Number(_) | Expr::Text(_) | Expr::Open => false,
        Expr::Column(name) => !is_own(name),
        Expr::Star(_) => false,
        Expr::Not(inner) | Expr::IsNull(inner, _) => other(inner),
        Expr::And(parts) | Expr::Or(parts) | Expr::Of(parts) => parts.iter().any(other),
        Expr::Call(_, parts) | Expr::Form(_, parts) => parts.iter().any(other),
        Expr::Compare(_, left, right)
        | Expr::Arithmetic(_, left, right)
        | Expr::Like(left, right, _) => other(left) || other(right),
        Expr::In(value, list, _) => other(value) || list.iter().any(other),
        Expr::Between(values, _) => values.iter().any(other),
        Expr::Case(choices, otherwise) => {
            other(otherwise) || choices.iter().any(|(it, value)| other(it) || other(value))
        }
        Expr::Query(_) | Expr::Exists(_) => true,
    }
}
