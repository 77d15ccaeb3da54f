//! One expectation: what is asked and answered goes through the engines of a gateway.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use gate::Rehearsal;
use model::{
    Column, ColumnSource, ConnectionType, Decision, ExpectedDialect, ExpectedRows, Piece,
    PolicyExpectation, PolicyFile, Refusal, RowBatch, Stream, ValueKind,
};
use policy::{FileReach, allow_list_in_file};
use sql::{Dialect, FactsCache};

use super::compare::{Mismatch, equal, same_columns, same_names};

/// Stands for the key of `hash` and `token`, which an organization keeps for itself.
const SEED: &[u8] = b"drawgate policy test";

/// Bytes of statement facts that are kept.
const MOST_FACTS: usize = 1024 * 1024;

/// Cells as text; null is `None`.
type Cells = Vec<Vec<Option<String>>>;

/// The policies of a file, compiled for the connections that its expectations name.
pub(super) struct Trials<'f> {
    file: &'f PolicyFile,
    sets: HashMap<FileReach, RuleSet>,
    facts: FactsCache,
}

/// Rules that reach a connection.
struct RuleSet {
    all: Rehearsal,
    /// The masking rules alone, which tell what is masked and not replaced otherwise.
    masking: Rehearsal,
}

/// What came of an expectation.
#[derive(Default)]
struct Outcome {
    decision: Option<Decision>,
    guardrails: BTreeSet<String>,
    masked_columns: BTreeSet<String>,
    output: Option<String>,
    rows: Option<Cells>,
}

impl<'f> Trials<'f> {
    /// Compiles what the expectations need.
    ///
    /// # Errors
    /// Everything that is wrong with the rules, one sentence each.
    pub(super) fn new(file: &'f PolicyFile) -> Result<Self, Vec<String>> {
        gate::check_policy_rules(file).map_err(|refusal| mistakes(&refusal))?;
        let mut sets = HashMap::new();
        for expectation in &file.tests {
            if let Entry::Vacant(room) = sets.entry(reach(file, expectation)) {
                let set = compile(file, room.key()).map_err(|mistake| vec![mistake])?;
                room.insert(set);
            }
        }
        Ok(Self {
            file,
            sets,
            facts: FactsCache::new(MOST_FACTS),
        })
    }

    /// Everything that is not as expected.
    pub(super) fn mismatches(&self, expectation: &PolicyExpectation) -> Vec<Mismatch> {
        let senseless = senseless(expectation);
        if !senseless.is_empty() {
            return senseless;
        }
        let outcome = self.outcome(expectation);
        let expect = &expectation.expect;
        let decision = expect.decision.map(Decision::as_str);
        let got = outcome.decision.map(Decision::as_str);
        let output = expect.output.as_ref();
        let rows = expect.rows.as_ref();
        [
            decision.and_then(|_| equal("decision", &decision, &got)),
            expect
                .guardrails
                .as_ref()
                .and_then(|names| same_names("guardrails", names, &outcome.guardrails)),
            expect
                .masked_columns
                .as_ref()
                .and_then(|names| same_columns("masked_columns", names, &outcome.masked_columns)),
            output.and_then(|_| equal("output", &output, &outcome.output.as_ref())),
            rows.and_then(|_| equal("rows", &rows, &outcome.rows.as_ref())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn outcome(&self, expectation: &PolicyExpectation) -> Outcome {
        let mut outcome = Outcome {
            decision: Some(Decision::Allowed),
            ..Outcome::default()
        };
        let Some(set) = self.sets.get(&reach(self.file, expectation)) else {
            return Outcome::default();
        };
        if !self.is_seen(expectation) {
            outcome.decision = Some(Decision::Blocked);
            return outcome;
        }
        if let Some(input) = &expectation.input {
            self.ask(set, expectation, input, &mut outcome);
        }
        // What is not run answers nothing.
        if outcome.decision != Some(Decision::Blocked) {
            answer(set, expectation, &mut outcome);
        }
        outcome
    }

    fn ask(&self, set: &RuleSet, expectation: &PolicyExpectation, input: &str, to: &mut Outcome) {
        let (kind, dialect) = language(expectation);
        let asked = set.all.ask(kind, dialect, input, &self.facts);
        to.decision = Some(asked.verdict.decision());
        let names = asked.verdict.hits.into_iter().map(|hit| hit.rule_name);
        to.guardrails.extend(names);
        if dialect.is_some() && expectation.rows.is_none() {
            let facts = asked.facts.as_deref();
            to.masked_columns = set.all.plan().masked_columns(facts);
        }
    }

    /// Whether somebody in the groups of the expectation sees the connection.
    fn is_seen(&self, expectation: &PolicyExpectation) -> bool {
        let (Some(connection), Some(groups)) = (&expectation.connection, &expectation.user_groups)
        else {
            return true;
        };
        let allowed = allow_list_in_file(self.file, connection);
        allowed.is_none_or(|allowed| groups.iter().any(|group| allowed.contains(group.as_str())))
    }
}

/// The mistakes of a refusal, one sentence each.
fn mistakes(refusal: &Refusal) -> Vec<String> {
    let details = refusal.details.as_ref();
    let told = details.and_then(|details| details.get("mistakes")?.as_array());
    let Some(told) = told else {
        return vec![refusal.to_string()];
    };
    let of = |mistake: &serde_json::Value| {
        let [path, message] = ["path", "message"].map(|key| mistake[key].as_str());
        format!("{}: {}", path.unwrap_or("/"), message.unwrap_or_default())
    };
    told.iter().map(of).collect()
}

/// What an expectation expects and gives no ground for.
fn senseless(expectation: &PolicyExpectation) -> Vec<Mismatch> {
    let expect = &expectation.expect;
    let (has_output, has_rows) = (expectation.output.is_some(), expectation.rows.is_some());
    let is_asked = expectation.input.is_some();
    let is_anything = is_asked || has_output || has_rows;
    let is_person = expectation.user_groups.is_some() && expectation.connection.is_some();
    let mut wrong = Vec::new();
    let mut check = |is_wrong, what, why| {
        if is_wrong {
            wrong.push(Mismatch::senseless(what, why));
        }
    };
    check(
        *expect == model::Expected::default(),
        "expect",
        "nothing is expected",
    );
    check(
        expect.decision.is_some() && !is_anything && !is_person,
        "decision",
        "there is no input, output or rows, nor user_groups with a connection",
    );
    check(
        expect.guardrails.is_some() && !is_anything,
        "guardrails",
        "there is no input, output or rows",
    );
    check(
        expect.masked_columns.is_some() && !is_asked && !has_rows,
        "masked_columns",
        "there is no input and there are no rows",
    );
    check(
        expect.output.is_some() && !has_output,
        "output",
        "there is no output",
    );
    check(
        expect.rows.is_some() && !has_rows,
        "rows",
        "there are no rows",
    );
    let is_uneven = |rows: &ExpectedRows| {
        let mut widths = rows.rows.iter().map(Vec::len);
        widths.any(|width| width != rows.columns.len())
    };
    check(
        expectation.rows.as_ref().is_some_and(is_uneven),
        "rows",
        "a row has more or fewer values than there are columns",
    );
    wrong
}

/// The rules of the connection, or all of them when none is named.
fn reach(file: &PolicyFile, expectation: &PolicyExpectation) -> FileReach {
    match &expectation.connection {
        Some(connection) => FileReach::of(file, connection, &[]),
        None => FileReach::everything(file),
    }
}

fn compile(file: &PolicyFile, reach: &FileReach) -> Result<RuleSet, String> {
    Ok(RuleSet {
        all: Rehearsal::of_file(file, reach, SEED)?,
        masking: Rehearsal::of_file(
            file,
            &FileReach {
                guardrails: Vec::new(),
                masking: reach.masking.clone(),
            },
            SEED,
        )?,
    })
}

fn language(expectation: &PolicyExpectation) -> (ConnectionType, Option<Dialect>) {
    let dialect = match expectation.dialect {
        None | Some(ExpectedDialect::Postgres) => Dialect::Postgres,
        Some(ExpectedDialect::Mysql) => Dialect::Mysql,
        Some(ExpectedDialect::Mssql) => Dialect::Mssql,
        Some(ExpectedDialect::Sqlite) => Dialect::Sqlite,
        Some(ExpectedDialect::Oracle) => Dialect::Oracle,
        Some(ExpectedDialect::None) => return (ConnectionType::Custom, None),
    };
    (ConnectionType::Database, Some(dialect))
}

/// Masks and inspects what is answered: text and rows, each as an answer of its own.
fn answer(set: &RuleSet, expectation: &PolicyExpectation, to: &mut Outcome) {
    if let Some(output) = &expectation.output {
        let data = output.clone().into();
        let stream = Stream::Output;
        to.output = Some(text(&shown(set, vec![Piece::Output { stream, data }], to)));
    }
    if let Some(rows) = &expectation.rows {
        to.rows = Some(cells(&shown(set, pieces(rows), to)));
        let masked = cells(&set.masking.answer(pieces(rows)).pieces);
        for (index, name) in rows.columns.iter().enumerate() {
            let mut pairs = rows.rows.iter().zip(&masked);
            if pairs.any(|(before, after)| before.get(index) != after.get(index)) {
                to.masked_columns.insert(name.clone());
            }
        }
    }
}

fn shown(set: &RuleSet, pieces: Vec<Piece>, to: &mut Outcome) -> Vec<Piece> {
    let outcome = set.all.answer(pieces);
    let names = outcome.hits.into_iter().map(|hit| hit.rule_name);
    to.guardrails.extend(names);
    if outcome.blocked.is_some() {
        to.decision = Some(Decision::Blocked);
    }
    outcome.pieces
}

fn pieces(rows: &ExpectedRows) -> Vec<Piece> {
    let mut batch = RowBatch::new(rows.columns.len());
    for row in &rows.rows {
        for cell in row {
            match cell {
                Some(text) => batch.push(text.as_bytes()),
                None => batch.push_null(),
            }
        }
        batch.end_row();
    }
    let columns = rows.columns.iter().map(|name| column(name)).collect();
    vec![Piece::Columns(columns), Piece::Rows(batch)]
}

/// A column by its name, which may tell its table.
fn column(name: &str) -> Column {
    let (table, column) = name.rsplit_once('.').unwrap_or(("", name));
    let (schema, table) = table.rsplit_once('.').unwrap_or(("", table));
    let source = ColumnSource::Named {
        schema: schema.to_owned(),
        table: table.to_owned(),
        column: column.to_owned(),
    };
    Column {
        name: column.to_owned(),
        type_name: "text".to_owned(),
        kind: ValueKind::Text,
        source: (!table.is_empty()).then_some(source),
    }
}

fn text(pieces: &[Piece]) -> String {
    let data = pieces.iter().map(|piece| match piece {
        Piece::Output { data, .. } => String::from_utf8_lossy(data),
        _ => "".into(),
    });
    data.collect()
}

fn cells(pieces: &[Piece]) -> Cells {
    let mut cells = Cells::new();
    for piece in pieces {
        let Piece::Rows(batch) = piece else { continue };
        for row in 0..batch.len() {
            let values = (0..batch.width()).map(|column| {
                let (value, _) = batch.value(row, column)?;
                Some(String::from_utf8_lossy(value).into_owned())
            });
            cells.push(values.collect());
        }
    }
    cells
}
