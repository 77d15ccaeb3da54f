//! The backstop of read-only connections: what surely changes nothing.

use std::fmt;

use model::{Action, Direction, Hit, RuleKind};
use sql::{Access, Facts, Kind, Risk, Statement};

use crate::kinds;

/// What read-only connections are called among the rules that matched.
const READ_ONLY: &str = "read_only";

/// Why a script may not run where only reading is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotReadOnly {
    /// It was not understood.
    NotUnderstood {
        /// Why not.
        reason: Option<String>,
    },
    /// A statement changes something, or may.
    MayChange {
        /// Which statement, from 1.
        statement: usize,
        /// What it is.
        kind: Kind,
        /// What it changes: a table, when one is known.
        table: Option<String>,
    },
    /// A session that only reads takes one statement: a second one could leave the mode.
    Several,
    /// A statement is dangerous beside what it is.
    Risky {
        /// Which statement, from 1.
        statement: usize,
        /// Why.
        risk: Risk,
    },
}

impl fmt::Display for NotReadOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUnderstood { reason } => {
                f.write_str("only reading is allowed, and the text is not understood as SQL")?;
                reason.iter().try_for_each(|reason| write!(f, ": {reason}"))
            }
            Self::MayChange {
                statement,
                kind,
                table,
            } => {
                let kind = kinds::word(*kind);
                write!(
                    f,
                    "only reading is allowed, and statement {statement} ({kind}) "
                )?;
                match table {
                    Some(table) => write!(f, "changes {table}"),
                    None => f.write_str("may change something"),
                }
            }
            Self::Several => f.write_str("only one statement is allowed at a time"),
            Self::Risky { statement, risk } => {
                let what = risky(*risk);
                write!(
                    f,
                    "only reading is allowed, and statement {statement} {what}"
                )
            }
        }
    }
}

impl std::error::Error for NotReadOnly {}

/// Whether a script may run where only reading is allowed. The verdict of the parser is
/// not enough: no fact may speak against it.
///
/// # Errors
/// The first reason against it.
pub fn may_run_read_only(facts: &Facts) -> Result<(), NotReadOnly> {
    if !facts.parsed {
        return Err(NotReadOnly::NotUnderstood {
            reason: facts.parse_error.clone(),
        });
    }
    for (index, statement) in facts.statements.iter().enumerate() {
        check(statement, index + 1)?;
    }
    Ok(())
}

fn check(statement: &Statement, number: usize) -> Result<(), NotReadOnly> {
    // What says more comes first.
    if let Some(risk) = statement.risks.iter().find(|risk| is_against(**risk)) {
        return Err(NotReadOnly::Risky {
            statement: number,
            risk: *risk,
        });
    }
    let effects = || {
        [statement.kind]
            .into_iter()
            .chain(statement.effects.iter().copied())
    };
    let effect = effects().find(|kind| changes(*kind));
    // A plan names the tables that would be changed.
    let is_plan = effects().all(|kind| kind == Kind::Explain);
    let changed = statement
        .tables
        .iter()
        .find(|table| table.access == Access::Write && !is_plan);
    if statement.is_read_only && changed.is_none() && effect.is_none() {
        return Ok(());
    }
    Err(NotReadOnly::MayChange {
        statement: number,
        kind: effect.unwrap_or(statement.kind),
        table: changed.map(|table| table.name.clone()),
    })
}

/// Whether a kind of statement changes something whatever else is known. Of the others,
/// `COPY … TO STDOUT` and `SET` for instance, the parser knows.
const fn changes(kind: Kind) -> bool {
    match kind {
        Kind::Insert
        | Kind::Update
        | Kind::Delete
        | Kind::Merge
        | Kind::Truncate
        | Kind::Create
        | Kind::Alter
        | Kind::Drop
        | Kind::Grant
        | Kind::Revoke
        | Kind::Call
        | Kind::Do
        | Kind::Lock
        | Kind::Maintenance
        | Kind::Comment => true,
        Kind::Select
        | Kind::Set
        | Kind::Transaction
        | Kind::Copy
        | Kind::Explain
        | Kind::Show
        | Kind::Use
        | Kind::Other => false,
    }
}

const fn is_against(risk: Risk) -> bool {
    match risk {
        Risk::SideEffect
        | Risk::Privilege
        | Risk::Exfiltration
        | Risk::Dynamic
        | Risk::ClientCommand => true,
        Risk::NoWhere | Risk::Tautology => false,
    }
}

const fn risky(risk: Risk) -> &'static str {
    match risk {
        Risk::NoWhere => "has no WHERE",
        Risk::Tautology => "has a WHERE that is true for every row",
        Risk::SideEffect => "calls a function that is not known to change nothing",
        Risk::Privilege => "changes privileges",
        Risk::Exfiltration => "moves data out of the database or into it",
        Risk::Dynamic => "runs text that is only known when it runs",
        Risk::ClientCommand => "is a command of a client",
    }
}

/// What of a script keeps it from a read-only connection, as the hit of an input rule.
/// What is no SQL may change anything, and more than one statement is refused.
#[must_use]
pub fn changes_in(facts: Option<&Facts>) -> Vec<Hit> {
    let refused = match facts {
        Some(facts) if facts.statements.len() > 1 => Some(NotReadOnly::Several),
        Some(facts) => may_run_read_only(facts).err(),
        None => Some(NotReadOnly::NotUnderstood { reason: None }),
    };
    let hit = refused.map(|refused| Hit {
        rule_name: READ_ONLY.to_owned(),
        name: None,
        kind: RuleKind::Sql,
        direction: Direction::Input,
        action: Action::Block,
        matched_words: vec![READ_ONLY.to_owned()],
        pattern_regex: None,
        message: Some(format!("The connection is read-only: {refused}.")),
    });
    hit.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{facts, statement as read, table};
    use proptest::prelude::*;

    fn verdict(statements: Vec<Statement>) -> Result<(), NotReadOnly> {
        may_run_read_only(&facts(statements))
    }

    fn written(name: &str) -> sql::TableUse {
        table(name, Access::Write)
    }

    fn refused(statement: Statement) -> String {
        verdict(vec![read(Kind::Select), statement])
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn what_reads_may_run() {
        for kind in [
            Kind::Select,
            Kind::Explain,
            Kind::Show,
            Kind::Copy,
            Kind::Set,
        ] {
            assert_eq!(verdict(vec![read(kind)]), Ok(()), "{kind:?}");
        }
        assert_eq!(verdict(vec![]), Ok(()));
        let mut plan = read(Kind::Explain);
        plan.tables.insert(written("users"));
        assert_eq!(verdict(vec![plan]), Ok(()));
    }

    #[test]
    fn one_fact_against_it_is_enough() {
        let mut unsure = read(Kind::Select);
        unsure.is_read_only = false;
        assert!(refused(unsure).ends_with("statement 2 (select) may change something"));

        let mut effect = read(Kind::Select);
        effect.effects.insert(Kind::Delete);
        assert!(refused(effect).ends_with("statement 2 (delete) may change something"));

        assert!(refused(read(Kind::Drop)).ends_with("(drop) may change something"));

        let mut table = read(Kind::Select);
        table.tables.insert(written("log"));
        assert!(refused(table).ends_with("statement 2 (select) changes log"));

        let mut risk = read(Kind::Select);
        risk.risks.insert(Risk::Dynamic);
        assert!(refused(risk).ends_with("runs text that is only known when it runs"));
    }

    #[test]
    fn what_is_not_understood_does_not_run() {
        let mut facts = facts(vec![read(Kind::Select)]);
        facts.parsed = false;
        facts.parse_error = Some("line 1".into());
        let error = may_run_read_only(&facts).unwrap_err();
        assert!(error.to_string().ends_with("not understood as SQL: line 1"));
    }

    #[test]
    fn a_script_is_told_as_the_hit_of_a_rule_that_blocks() {
        let told = |facts: Option<&Facts>| changes_in(facts).pop();
        let one = facts(vec![read(Kind::Select)]);
        assert_eq!(told(Some(&one)), None);
        for facts in [
            Some(facts(vec![read(Kind::Select), read(Kind::Select)])),
            Some(facts(vec![read(Kind::Drop)])),
            None,
        ] {
            let hit = told(facts.as_ref()).unwrap();
            assert_eq!(
                (hit.action, hit.rule_name.as_str()),
                (Action::Block, "read_only")
            );
            assert!(
                hit.message
                    .unwrap()
                    .starts_with("The connection is read-only: ")
            );
        }
    }

    proptest! {
        #[test]
        fn it_is_never_wider_than_the_parser(
            parsed: bool,
            flags in proptest::collection::vec((any::<bool>(), any::<bool>()), 0..4),
        ) {
            let statements: Vec<Statement> = flags
                .iter()
                .map(|(is_read_only, is_risky)| {
                    let mut statement = read(Kind::Select);
                    statement.is_read_only = *is_read_only;
                    statement.risks.extend(is_risky.then_some(Risk::SideEffect));
                    statement
                })
                .collect();
            let mut facts = facts(statements);
            facts.parsed = parsed;
            if may_run_read_only(&facts).is_ok() {
                prop_assert!(facts.is_read_only() && !facts.has(Risk::SideEffect));
            }
        }
    }
}
