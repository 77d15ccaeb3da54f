//! Where the columns of the answer will come from: what masking rules about columns,
//! and predicates on masked columns, are judged by.

use std::sync::Arc;

use mask::{ColumnHint, Engine};
use model::{Column, Verb};
use policy::{MaskingPlan, Verdict};
use sql::{Dialect, Kind, ResultColumn, Risk};

use super::Case;
use super::access::Admitted;
use crate::Context;
use crate::databases::{Database, Expected, Meaning, Origins, Script, pairs};

/// Proof that it is known where columns come from, as far as it can be.
pub(super) struct Traced(Case);

impl Traced {
    /// What is asked.
    pub(super) const fn case(&self) -> &Case {
        &self.0
    }

    /// Takes the proof apart for the next step.
    pub(super) fn into_case(self) -> Case {
        self.0
    }
}

/// The columns of a run's answers.
#[derive(Clone)]
pub(crate) struct Lineage {
    database: Arc<Database>,
    script: Arc<Script>,
    dialect: Dialect,
    meaning: Arc<Meaning>,
}

/// Follows the columns of an admitted ask, where something is masked. Of a target that is
/// not reached nothing is known; why it is not, the run will tell.
pub(super) async fn trace(context: &Context, admitted: Admitted) -> Traced {
    let mut case = admitted.into_case();
    case.lineage = lineage(context, &case).await;
    Traced(case)
}

async fn lineage(context: &Context, case: &Case) -> Option<Lineage> {
    // The gateway's own questions about schemas are not asked by anybody.
    let dialect = case.policy.dialect()?;
    if case.ask.verb == Verb::Introspect || !matches!(case.policy.masking(), Ok(Some(_))) {
        return None;
    }
    let database = database(context, case, dialect).await;
    let database = database.unwrap_or_else(|| Arc::new(Database::unknown(dialect)));
    let script = database.script(&case.ask.input);
    let number = case.policy.number();
    Some(Lineage::new(
        database,
        script,
        dialect,
        (number, case.policy.plan()),
    ))
}

async fn database(context: &Context, case: &Case, dialect: Dialect) -> Option<Arc<Database>> {
    let Case {
        connection, ask, ..
    } = case;
    let gate = &context.gate;
    let target = gate.targets.of(&context.store(), connection).await.ok()?;
    let name = ask.database.as_deref();
    let database = gate.databases.of(connection, dialect, &*target, name).await;
    database.ok()
}

impl Lineage {
    fn new(
        database: Arc<Database>,
        script: Arc<Script>,
        dialect: Dialect,
        (number, plan): (u64, &MaskingPlan),
    ) -> Self {
        let meaning = script.under(number, || origins(&script, plan));
        Self {
            database,
            script,
            dialect,
            meaning,
        }
    }

    /// What the rules say of the script; they are asked once.
    pub(super) fn verdict(&self, judge: impl FnOnce() -> Verdict) -> &Verdict {
        self.meaning.verdict.get_or_init(judge)
    }

    /// What is known about the columns of the answer at `place`, from 0.
    pub(super) fn expected(
        &self,
        place: usize,
        columns: &[Column],
        engine: &Engine,
    ) -> Arc<Expected> {
        let make = |asked: Vec<Column>| {
            let hints = self.hints(place, &asked);
            Expected::new(asked, &hints, engine)
        };
        self.meaning.expected(place, columns, make)
    }

    /// Facts of the script, with views followed.
    pub(super) fn facts(&self) -> &sql::Facts {
        &self.script.facts
    }

    /// Whether the script may change which tables there are, or what they consist of.
    pub(super) fn changes_tables(&self) -> bool {
        let facts = &self.script.facts;
        let changes = [
            Kind::Create,
            Kind::Alter,
            Kind::Drop,
            Kind::Call,
            Kind::Do,
            Kind::Other,
        ];
        let mut effects = facts.statements.iter().flat_map(|it| &it.effects);
        !facts.parsed || effects.any(|effect| changes.contains(effect))
    }

    /// What is known about the columns of the answer at `place`, from 0.
    fn hints(&self, place: usize, columns: &[Column]) -> Vec<ColumnHint> {
        let origins = &self.meaning.origins;
        let answer = self.script.answers.get(place).and_then(Option::as_ref);
        let answer = answer.filter(|answer| origins.is_aligned && fits(answer, columns));
        let is_plan = origins.is_aligned && self.script.plans.get(place) == Some(&true);
        let hints = columns.iter().enumerate().map(|(place, column)| {
            let resolved = answer.and_then(|answer| answer.get(place));
            let hint = self.hint(column, resolved);
            ColumnHint {
                is_open: hint.is_open && !is_plan,
                ..hint
            }
        });
        hints.collect()
    }

    fn hint(&self, column: &Column, resolved: Option<&ResultColumn>) -> ColumnHint {
        let origins = &self.meaning.origins;
        let told = self.database.told(column);
        // PostgreSQL tells the column itself or nothing. Of a union others tell the
        // column of its first part.
        let is_final = told.is_some() && self.dialect == Dialect::Postgres;
        let (mut source, mut is_sure) = told.unwrap_or_default();
        if !is_final {
            is_sure = !origins.runs_code && resolved.is_some_and(|it| it.is_certain);
            source.extend(resolved.into_iter().flat_map(|it| pairs(&it.sources)));
        }
        ColumnHint {
            name: column.name.clone(),
            table: None,
            source,
            is_open: origins.is_suspect && (origins.copies || !is_sure),
        }
    }
}

/// What a script means under the rules of a connection.
fn origins(script: &Script, plan: &MaskingPlan) -> Origins {
    let touched = !plan.columns_of(Some(&script.facts)).is_empty();
    let moves = moves_names(script);
    Origins {
        is_suspect: !plan.columns.is_empty() && (touched || moves || script.reads_unknown),
        is_aligned: is_aligned(script) && !moves,
        copies: copies(script, plan),
        runs_code: [Risk::Dynamic, Risk::SideEffect]
            .iter()
            .any(|risk| script.facts.has(*risk)),
    }
}

/// Whether an answer has these columns, by number and by the names that are known.
fn fits(answer: &[ResultColumn], columns: &[Column]) -> bool {
    let mut pairs = answer.iter().zip(columns);
    let is_named = |(known, column): (&ResultColumn, &Column)| {
        let name = known.name.as_ref();
        name.is_none_or(|name| name.to_lowercase() == column.name.to_lowercase())
    };
    answer.len() == columns.len() && pairs.all(is_named)
}

/// Whether a script changes which table a name means.
fn moves_names(script: &Script) -> bool {
    script.facts.statements.iter().any(|statement| {
        let moves = [Kind::Set, Kind::Use];
        moves.iter().any(|kind| statement.effects.contains(kind))
            || statement
                .functions
                .iter()
                .any(|name| name.ends_with("set_config"))
    })
}

/// Whether a statement writes what it reads from a column that is masked.
fn copies(script: &Script, plan: &MaskingPlan) -> bool {
    let writes = [
        Kind::Insert,
        Kind::Update,
        Kind::Merge,
        Kind::Create,
        Kind::Copy,
    ];
    let is_masked = |name: &String| plan.columns.iter().any(|column| column.may_be(name));
    script.facts.statements.iter().any(|statement| {
        let mut effects = statement.effects.iter();
        effects.any(|effect| writes.contains(effect)) && statement.read.iter().any(is_masked)
    })
}

/// Whether each statement has as many answers as its text says. What runs other code may
/// have more.
fn is_aligned(script: &Script) -> bool {
    let statements = &script.facts.statements;
    let runs_code = [Kind::Call, Kind::Do, Kind::Other];
    statements.len() == 1
        || !statements
            .iter()
            .any(|it| runs_code.iter().any(|kind| it.effects.contains(kind)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ColumnRule, ColumnSource, MaskingRule, ValueKind};

    fn plan() -> MaskingPlan {
        let rule = MaskingRule {
            name: "pets".into(),
            column_rules: vec![ColumnRule {
                table: "people".into(),
                column: "pet".into(),
                ..ColumnRule::default()
            }],
            ..MaskingRule::default()
        };
        MaskingPlan::compile([&rule], &[], &[]).unwrap()
    }

    fn column(name: &str, source: Option<ColumnSource>) -> Column {
        Column {
            name: name.into(),
            type_name: "text".into(),
            kind: ValueKind::Text,
            source,
        }
    }

    /// Whether the only column of a script's first answer is of open origin, in a
    /// database that tells nothing.
    fn is_open(script: &str, plan: &MaskingPlan, source: Option<ColumnSource>) -> bool {
        let database = Arc::new(Database::unknown(Dialect::Postgres));
        let script = database.script(script);
        let lineage = Lineage::new(database, script, Dialect::Postgres, (1, plan));
        lineage.hints(0, &[column("x", source)])[0].is_open
    }

    #[test]
    fn in_a_database_that_tells_nothing_every_table_may_be_the_covered_one() {
        let plan = plan();
        for script in [
            "select pet as x from people",
            "select a as x from elsewhere",
            "select query_to_xml('select 1', true, true, '') as x",
            "select 1 as x from where (",
        ] {
            assert!(is_open(script, &plan, None), "{script}");
            let told = ColumnSource::Attribute {
                table: 4711,
                column: 1,
            };
            assert!(is_open(script, &plan, Some(told)), "{script}");
        }
        for script in ["select 1 as x", "explain select pet from people"] {
            assert!(!is_open(script, &plan, None), "{script}");
        }
        let nothing = MaskingPlan::default();
        assert!(!is_open("select pet as x from people", &nothing, None));
    }

    #[test]
    fn what_is_remembered_holds_for_the_same_rules_and_columns() {
        let database = Arc::new(Database::unknown(Dialect::Postgres));
        let under = |number| {
            let (database, plan) = (Arc::clone(&database), plan());
            let script = database.script("select pet as x from people");
            Lineage::new(database, script, Dialect::Postgres, (number, &plan))
        };
        let engine = Engine::everything(mask::Keys::new(b"key", "x"));
        let one = under(1);
        let known = one.expected(0, &[column("x", None)], &engine);
        assert_eq!(known.names, ["x"]);
        let again = under(1).expected(0, &[column("x", None)], &engine);
        assert!(Arc::ptr_eq(&known, &again));
        for other in [
            under(1).expected(0, &[column("y", None)], &engine),
            under(2).expected(0, &[column("y", None)], &engine),
            under(2).expected(1, &[column("y", None)], &engine),
        ] {
            assert_eq!(other.names, ["y"]);
        }

        let blocked = Verdict {
            action: Some(model::Action::Block),
            ..Verdict::default()
        };
        let asked = under(2);
        assert_eq!(asked.verdict(|| blocked.clone()), &blocked);
        assert_eq!(asked.verdict(Verdict::default), &blocked);
        assert_eq!(under(3).verdict(Verdict::default), &Verdict::default());
    }

    #[test]
    fn answers_of_a_script_that_runs_other_code_are_not_told_apart() {
        let plan = plan();
        let both = "select 1 as x; select pet as x from people";
        assert!(!is_open(both, &plan, None));
        assert!(is_open(&format!("call f(); {both}"), &plan, None));
        assert!(is_open(
            &format!("set search_path = a; {both}"),
            &plan,
            None
        ));
    }
}
