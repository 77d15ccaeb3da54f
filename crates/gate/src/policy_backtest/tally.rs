//! The figures of a backtest, session by session.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use model::PolicyFile;

use super::answer::{Backtest, Difference, Example, Row, RuleRow, Totals};
use super::judge::{Fate, Found, Kind, Past, Was};
use super::period::Period;

/// Most characters of what was asked that an example tells.
const MOST_CHARACTERS: usize = 200;

/// Most rows of users and connections.
const MOST_ROWS: usize = 1000;

/// Groups of examples: the two differences, then every fate but the mildest.
const GROUPS: usize = 6;

/// Said with every answer.
const NOTES: [&str; 3] = [
    "The file is judged alone: stored rules that are not in it do not count.",
    "Recorded output is masked by the rules of its time: what those masked is not found again.",
    "Arguments of commands and output that was withheld are not on record.",
];

/// Said when outputs were longer than what is looked at.
const CUT: &str = "Of outputs longer than 1 MiB only the beginning was looked at.";

/// Figures so far.
pub(super) struct Tally {
    totals: Totals,
    rows: BTreeMap<(String, String), Row>,
    rules: BTreeMap<(Kind, String), u64>,
    examples: [Vec<Example>; GROUPS],
    most_examples: usize,
    has_cut_output: bool,
}

impl Tally {
    /// No figures yet; every rule of the file is known.
    pub(super) fn new(file: &PolicyFile, most_examples: usize) -> Self {
        let guardrails = file.guardrails.iter();
        let guardrails = guardrails.map(|entry| (Kind::Guardrail, entry.name.clone()));
        let masking = file.datamasking_rules.iter();
        let masking = masking.map(|entry| (Kind::DatamaskingRule, entry.name.clone()));
        Self {
            totals: Totals::default(),
            rows: BTreeMap::new(),
            rules: guardrails.chain(masking).map(|rule| (rule, 0)).collect(),
            examples: Default::default(),
            most_examples,
            has_cut_output: false,
        }
    }

    /// Counts a session.
    pub(super) fn add(&mut self, past: &Past, found: Found) {
        let session = &past.session;
        let key = (session.user_email.clone(), session.connection.clone());
        let row = self.rows.entry(key).or_default();
        let totals = &mut self.totals;
        totals.sessions += 1;
        row.sessions += 1;
        match found.fate {
            Fate::Blocked => (totals.blocked, row.blocked) = (totals.blocked + 1, row.blocked + 1),
            Fate::NeedsApproval => {
                totals.needs_approval += 1;
                row.needs_approval += 1;
            }
            Fate::Warned => {
                totals.warned += 1;
                row.warned += 1;
            }
            Fate::Masked | Fate::Allowed => {}
        }
        if found.is_masked {
            totals.masked += 1;
            row.masked += 1;
        }
        totals.unreadable += u64::from(past.is_unreadable);
        self.has_cut_output |= past.is_output_cut;
        let change = difference(past, found.fate);
        match change {
            Some(Difference::NewlyBlocked) => totals.newly_blocked += 1,
            Some(Difference::NewlyAllowed) => totals.newly_allowed += 1,
            None => {}
        }
        for rule in &found.rules {
            if let Some(hits) = self.rules.get_mut(rule) {
                *hits += 1;
            }
        }
        self.keep(past, found, change);
    }

    /// Keeps a session as an example while there is room for its like.
    fn keep(&mut self, past: &Past, found: Found, change: Option<Difference>) {
        let Some(examples) = group(found.fate, change).and_then(|at| self.examples.get_mut(at))
        else {
            return;
        };
        if examples.len() >= self.most_examples {
            return;
        }
        let input = past.input.as_deref().unwrap_or_default();
        let mut rule_names: Vec<String> = found.rules.into_iter().map(|(_, name)| name).collect();
        rule_names.sort_unstable();
        rule_names.dedup();
        examples.push(Example {
            session_id: past.session.id,
            user_email: past.session.user_email.clone(),
            connection: past.session.connection.clone(),
            created_at: past.session.created_at,
            action: found.fate,
            change,
            rule_names,
            input: input.chars().take(MOST_CHARACTERS).collect(),
        });
    }

    /// Tells the figures; `is_cut` when there were more sessions.
    pub(super) fn tell(self, period: Period, is_cut: bool) -> Backtest {
        let rows = self
            .rows
            .into_iter()
            .map(|((user_email, connection), row)| Row {
                user_email,
                connection,
                ..row
            });
        let mut rows: Vec<Row> = rows.collect();
        rows.sort_by_key(|row| Reverse((row.blocked, row.needs_approval, row.warned, row.masked)));
        let rows_truncated = rows.len() > MOST_ROWS;
        rows.truncate(MOST_ROWS);
        let rules = self
            .rules
            .into_iter()
            .map(|((kind, rule_name), hits)| RuleRow {
                rule_name,
                kind,
                hits,
            });
        let mut rules: Vec<RuleRow> = rules.collect();
        rules.sort_by_key(|rule| Reverse(rule.hits));
        let examples = self.examples.into_iter().flatten();
        let cut = self.has_cut_output.then_some(CUT);
        Backtest {
            since: period.since,
            until: period.until,
            totals: self.totals,
            rows,
            rows_truncated,
            rules,
            examples: examples.take(self.most_examples).collect(),
            truncated: is_cut,
            notes: NOTES.into_iter().chain(cut).map(str::to_owned).collect(),
        }
    }
}

/// How what would become of a session differs from what happened.
fn difference(past: &Past, fate: Fate) -> Option<Difference> {
    match (past.was, fate) {
        (Was::Run, Fate::Blocked) => Some(Difference::NewlyBlocked),
        (Was::BlockedByGuardrail, Fate::Allowed | Fate::Masked | Fate::Warned)
            if !past.is_unreadable =>
        {
            Some(Difference::NewlyAllowed)
        }
        (Was::Run | Was::BlockedByGuardrail | Was::Other, _) => None,
    }
}

/// The group of examples that a session belongs to.
const fn group(fate: Fate, change: Option<Difference>) -> Option<usize> {
    match (change, fate) {
        (Some(Difference::NewlyBlocked), _) => Some(0),
        (Some(Difference::NewlyAllowed), _) => Some(1),
        (None, Fate::Blocked) => Some(2),
        (None, Fate::NeedsApproval) => Some(3),
        (None, Fate::Warned) => Some(4),
        (None, Fate::Masked) => Some(5),
        (None, Fate::Allowed) => None,
    }
}
