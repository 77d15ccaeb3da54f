//! Kinds of statement: the words of rules and the facts of the parser.

use model::StatementKind;
use sql::Kind;

/// The fact that a word of a rule speaks of.
pub(crate) const fn of_rule(kind: StatementKind) -> Kind {
    match kind {
        StatementKind::Select => Kind::Select,
        StatementKind::Insert => Kind::Insert,
        StatementKind::Update => Kind::Update,
        StatementKind::Delete => Kind::Delete,
        StatementKind::Merge => Kind::Merge,
        StatementKind::Truncate => Kind::Truncate,
        StatementKind::Create => Kind::Create,
        StatementKind::Alter => Kind::Alter,
        StatementKind::Drop => Kind::Drop,
        StatementKind::Grant => Kind::Grant,
        StatementKind::Revoke => Kind::Revoke,
        StatementKind::Set => Kind::Set,
        StatementKind::Transaction => Kind::Transaction,
        StatementKind::Copy => Kind::Copy,
        StatementKind::Call => Kind::Call,
        StatementKind::Do => Kind::Do,
        StatementKind::Explain => Kind::Explain,
        StatementKind::Show => Kind::Show,
        StatementKind::Use => Kind::Use,
        StatementKind::Lock => Kind::Lock,
        StatementKind::Maintenance => Kind::Maintenance,
        StatementKind::Comment => Kind::Comment,
        StatementKind::Other => Kind::Other,
    }
}

/// The word of a fact.
pub(crate) const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Select => "select",
        Kind::Insert => "insert",
        Kind::Update => "update",
        Kind::Delete => "delete",
        Kind::Merge => "merge",
        Kind::Truncate => "truncate",
        Kind::Create => "create",
        Kind::Alter => "alter",
        Kind::Drop => "drop",
        Kind::Grant => "grant",
        Kind::Revoke => "revoke",
        Kind::Set => "set",
        Kind::Transaction => "transaction",
        Kind::Copy => "copy",
        Kind::Call => "call",
        Kind::Do => "do",
        Kind::Explain => "explain",
        Kind::Show => "show",
        Kind::Use => "use",
        Kind::Lock => "lock",
        Kind::Maintenance => "maintenance",
        Kind::Comment => "comment",
        Kind::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_facts_use_the_same_words() {
        let listed = "select insert update delete merge truncate create alter drop grant \
            revoke set transaction copy call do explain show use lock maintenance comment other";
        for listed in listed.split_whitespace() {
            let json = format!("{listed:?}");
            let kind: StatementKind = serde_json::from_str(&json).unwrap();
            let fact: Kind = serde_json::from_str(&json).unwrap();
            assert_eq!(of_rule(kind), fact);
            assert_eq!(word(fact), listed);
        }
    }
}
