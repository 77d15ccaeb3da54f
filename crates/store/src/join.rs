//! Several statements as one, so that they cost one trip to the engine.

use crate::sql::{Sql, assembled};

/// One text of several statements; placeholders are numbered through.
pub(crate) fn join(first: &str, statements: Vec<Sql>, last: &str) -> Sql {
    let mut text = String::from(first);
    let mut binds = Vec::new();
    for statement in statements {
        text.push(';');
        shift(&mut text, statement.text.as_str(), binds.len());
        binds.extend(statement.binds);
    }
    text.push(';');
    text.push_str(last);
    Sql {
        binds,
        ..assembled(text)
    }
}

/// One statement of several writes, which PostgreSQL carries out together
/// (data-modifying statements in WITH). None may need what another one writes.
pub(crate) fn join_writes(statements: Vec<Sql>) -> Sql {
    let mut text = String::from("WITH ");
    let mut binds = Vec::new();
    for (index, statement) in statements.into_iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str(&format!("w{index} AS ("));
        shift(&mut text, statement.text.as_str(), binds.len());
        text.push(')');
        binds.extend(statement.binds);
    }
    text.push_str(" SELECT 1");
    Sql {
        binds,
        ..assembled(text)
    }
}

/// Appends `statement` with every `$n` raised by `by`. Constants of this crate
/// hold no `$` but those of placeholders.
fn shift(text: &mut String, statement: &str, by: usize) {
    let mut parts = statement.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        let number: usize = number.parse().unwrap_or_default();
        text.push('$');
        text.push_str(&(number + by).to_string());
        text.push_str(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::sql;

    #[test]
    fn placeholders_are_numbered_through() {
        let two = || vec![sql("A $1 $2").int(1).int(2), sql("B $1").int(3)];
        let joined = join("BEGIN", two(), "COMMIT");
        assert_eq!(joined.text.as_str(), "BEGIN;A $1 $2;B $3;COMMIT");
        assert_eq!(joined.binds.len(), 3);
        let together = join_writes(two());
        assert_eq!(
            together.text.as_str(),
            "WITH w0 AS (A $1 $2), w1 AS (B $3) SELECT 1"
        );
    }
}
