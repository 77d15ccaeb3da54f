//! Values that are known without a row.

use crate::tree::{Comparison, Expr};

/// A known value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Constant {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
}

impl Constant {
    /// Whether a condition of this value holds.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(value) => *value != 0.0,
            Self::Text(text) => {
                let text = text.trim().to_ascii_lowercase();
                // PostgreSQL reads words, MySQL the number that a string begins with.
                let is_word = !text.is_empty()
                    && ["true", "yes", "on"]
                        .iter()
                        .any(|word| word.starts_with(&text))
                    && text != "o";
                is_word || leading_number(&text) != 0.0
            }
        }
    }

    /// The number that a value is in a comparison with a number.
    fn number(&self) -> Option<f64> {
        match self {
            Self::Null => None,
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::Number(value) => Some(*value),
            Self::Text(text) => Some(leading_number(text.trim())),
        }
    }
}

/// The number that a text begins with, or zero.
fn leading_number(text: &str) -> f64 {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-' || c == '+'))
        .unwrap_or(text.len());
    text.get(..end).and_then(|t| t.parse().ok()).unwrap_or(0.0)
}

/// The value of an expression, if it is known without a row.
pub(super) fn fold(value: &Expr) -> Option<Constant> {
    match value {
        Expr::Null => Some(Constant::Null),
        Expr::Bool(value) => Some(Constant::Bool(*value)),
        Expr::Number(value) => Some(Constant::Number(*value)),
        Expr::Text(text) => Some(Constant::Text(text.clone())),
        Expr::Not(inner) => match fold(inner)? {
            Constant::Null => Some(Constant::Null),
            value => Some(Constant::Bool(!value.is_true())),
        },
        Expr::Compare(comparison, left, right) => compare(*comparison, left, right),
        Expr::Arithmetic(operator, left, right) => arithmetic(*operator, left, right),
        Expr::IsNull(inner, is_not) => {
            let is_null = fold(inner)? == Constant::Null;
            Some(Constant::Bool(is_null != *is_not))
        }
        Expr::In(value, list, is_not) => within(value, list, *is_not),
        Expr::Between(values, is_not) => {
            let [value, low, high] = values.as_ref();
            let above = compare(Comparison::GreaterOrEqual, value, low)?;
            let below = compare(Comparison::LessOrEqual, value, high)?;
            Some(Constant::Bool(
                (above.is_true() && below.is_true()) != *is_not,
            ))
        }
        Expr::Of(parts) => match parts.as_slice() {
            [only] => fold(only),
            _ => None,
        },
        _ => None,
    }
}

/// Whether two expressions surely have the same value in a row.
pub(super) fn same(left: &Expr, right: &Expr) -> bool {
    core(left) == core(right)
}

/// The expression without what does not change its value: `id + 0`, `id || ''`.
fn core(value: &Expr) -> &Expr {
    match value {
        Expr::Arithmetic(operator, left, right) => {
            let is_nothing = |value: &Expr| match (operator, value) {
                ('+' | '-', Expr::Number(number)) => *number == 0.0,
                ('*' | '/', Expr::Number(number)) => *number == 1.0,
                ('|', Expr::Text(text)) => text.is_empty(),
                _ => false,
            };
            if is_nothing(right) {
                core(left)
            } else if matches!(operator, '+' | '*' | '|') && is_nothing(left) {
                core(right)
            } else {
                value
            }
        }
        Expr::Of(parts) => match parts.as_slice() {
            [only] => core(only),
            _ => value,
        },
        _ => value,
    }
}

fn compare(comparison: Comparison, left: &Expr, right: &Expr) -> Option<Constant> {
    let (left, right) = (fold(left)?, fold(right)?);
    let order = match (&left, &right) {
        (Constant::Null, Constant::Null) => return Some(Constant::Null),
        (Constant::Null, _) | (_, Constant::Null) => return Some(Constant::Null),
        (Constant::Text(left), Constant::Text(right)) => left.partial_cmp(right)?,
        _ => left.number()?.partial_cmp(&right.number()?)?,
    };
    Some(Constant::Bool(match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }))
}

fn arithmetic(operator: char, left: &Expr, right: &Expr) -> Option<Constant> {
    // What a row holds does not matter to these.
    if operator == '*' && [left, right].iter().any(|it| **it == Expr::Number(0.0)) {
        return Some(Constant::Number(0.0));
    }
    if operator == '-' && same(left, right) {
        return Some(Constant::Number(0.0));
    }
    let (left, right) = (fold(left)?, fold(right)?);
    if let ('|', Constant::Text(left), Constant::Text(right)) = (operator, &left, &right) {
        return Some(Constant::Text(format!("{left}{right}")));
    }
    let (left, right) = (left.number()?, right.number()?);
    Some(Constant::Number(match operator {
        '+' => left + right,
        '-' => left - right,
        '*' => left * right,
        '/' if right != 0.0 => left / right,
        '%' if right != 0.0 => left % right,
        _ => return None,
    }))
}

fn within(value: &Expr, list: &[Expr], is_not: bool) -> Option<Constant> {
    let mut is_known = true;
    for entry in list {
        match compare(Comparison::Equal, value, entry) {
            Some(result) if result.is_true() => return Some(Constant::Bool(!is_not)),
            Some(_) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(Constant::Bool(is_not))
}
