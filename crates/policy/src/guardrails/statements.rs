//! Rules about statements, on the facts that are known of them.

use std::collections::BTreeSet;

use model::{SqlRule, StatementKind, TableAccess};
use sql::{Access, Dialect, Facts, Kind, Risk, Statement};

use super::findings::Findings;
use crate::kinds;
use crate::names::{Name, NameGlob};

/// A rule about statements, ready to be compared with facts.
#[derive(Debug)]
pub(super) struct StatementRule {
    /// Its index among the rules.
    pub(super) rule: usize,
    deny: BTreeSet<Kind>,
    allow: BTreeSet<Kind>,
    need_where: BTreeSet<Kind>,
    need_limit: BTreeSet<Kind>,
    deny_tables: Vec<NameGlob>,
    allow_tables: Vec<NameGlob>,
    deny_columns: Vec<NameGlob>,
    deny_functions: Vec<NameGlob>,
    table_access: TableAccess,
    is_one_statement: bool,
}

impl StatementRule {
    pub(super) fn new(rule: usize, sql: &SqlRule) -> Self {
        let kinds = |list: &[StatementKind]| list.iter().copied().map(kinds::of_rule).collect();
        let globs = |list: &[String]| list.iter().map(|glob| NameGlob::new(glob)).collect();
        Self {
            rule,
            deny: kinds(&sql.deny_statements),
            allow: kinds(&sql.allow_statements),
            need_where: kinds(&sql.require_where),
            need_limit: kinds(&sql.require_limit),
            deny_tables: globs(&sql.deny_tables),
            allow_tables: globs(&sql.allow_tables),
            deny_columns: globs(&sql.deny_columns),
            deny_functions: globs(&sql.deny_functions),
            table_access: sql.table_access.unwrap_or_default(),
            is_one_statement: sql.deny_multi_statement,
        }
    }

    /// Whether text that is only known when it runs could break the rule. A list of
    /// allowed kinds judges the statement that runs such text.
    fn is_about_what_runs(&self) -> bool {
        !(self.deny.is_empty()
            && self.need_where.is_empty()
            && self.need_limit.is_empty()
            && self.deny_tables.is_empty()
            && self.allow_tables.is_empty()
            && self.deny_columns.is_empty()
            && self.deny_functions.is_empty())
    }

    fn counts(&self, access: Access) -> bool {
        match self.table_access {
            TableAccess::Any => true,
            TableAccess::Read => access == Access::Read,
            TableAccess::Write => access == Access::Write,
        }
    }
}

/// Notes every violation of `rules`. Facts that are missing or incomplete violate all of
/// them: nobody knows what the text would do.
pub(super) fn search(rules: &[StatementRule], facts: Option<&Facts>, findings: &mut Findings) {
    let Some(facts) = facts.filter(|facts| facts.parsed) else {
        let reason = match facts {
            Some(_) => "text that is not understood as SQL",
            None => "text without statement facts",
        };
        for rule in rules {
            findings.note_word(rule.rule, reason);
        }
        return;
    };
    for rule in rules {
        if rule.is_one_statement && facts.statements.len() > 1 {
            let count = facts.statements.len();
            findings.note_word(rule.rule, &format!("{count} statements"));
        }
    }
    for statement in &facts.statements {
        let judged = Judged::new(statement, facts.dialect);
        for rule in rules {
            judged.search_kinds(rule, findings);
            judged.search_names(rule, findings);
        }
    }
}

/// A statement with its names taken apart once for all rules.
struct Judged<'a> {
    statement: &'a Statement,
    dialect: Dialect,
    tables: Vec<(Name<'a>, Access)>,
    columns: Vec<Name<'a>>,
    /// Tables of which every column may be read.
    whole_rows: Vec<Name<'a>>,
    functions: Vec<Name<'a>>,
}

impl<'a> Judged<'a> {
    fn new(statement: &'a Statement, dialect: Dialect) -> Self {
        let name = |text: &'a String| Name::new(text);
        Self {
            statement,
            dialect,
            tables: statement
                .tables
                .iter()
                .map(|table| (Name::new(&table.name), table.access))
                .collect(),
            columns: statement.columns.iter().map(name).collect(),
            whole_rows: statement.whole_rows.iter().map(name).collect(),
            functions: statement.functions.iter().map(name).collect(),
        }
    }

    fn has(&self, risk: Risk) -> bool {
        self.statement.risks.contains(&risk)
    }

    /// Every kind of thing that the statement does.
    fn effects(&self) -> impl Iterator<Item = Kind> + '_ {
        let own = Some(self.statement.kind).filter(|kind| !self.statement.effects.contains(kind));
        own.into_iter()
            .chain(self.statement.effects.iter().copied())
    }

    fn search_kinds(&self, rule: &StatementRule, findings: &mut Findings) {
        let mut note = |word: String| findings.note_word(rule.rule, &word);
        if rule.is_about_what_runs() {
            if self.has(Risk::Dynamic) {
                note("SQL that is only known when it runs".to_owned());
            }
            if self.has(Risk::ClientCommand) {
                note("command of a client".to_owned());
            }
        }
        for effect in self.effects() {
            let word = kinds::word(effect);
            if rule.deny.contains(&effect) {
                note(format!("{word} statement"));
            }
            if !rule.allow.is_empty() && !rule.allow.contains(&effect) {
                note(format!("{word} statement not among the allowed"));
            }
            if rule.need_where.contains(&effect) {
                if self.has(Risk::Tautology) && !self.has(Risk::NoWhere) {
                    note(format!("{word} with a where that is always true"));
                } else if self.lacks_where(effect) {
                    note(format!("{word} without where"));
                }
            }
            if rule.need_limit.contains(&effect) && self.lacks_limit(effect) {
                note(format!("{word} without limit"));
            }
        }
    }

    /// Of an effect beside the statement's kind, an upsert for instance, only what is
    /// known counts: the WHERE that a fact speaks of may not exist for it.
    fn lacks_where(&self, effect: Kind) -> bool {
        self.has(Risk::NoWhere)
            || match self.statement.has_where {
                Some(has_where) => !has_where,
                None => effect == self.statement.kind,
            }
    }

    /// Rows that a change reads for itself are not answered and need no limit.
    fn lacks_limit(&self, effect: Kind) -> bool {
        let is_answered = effect == self.statement.kind || self.statement.returns_rows;
        is_answered && self.statement.has_limit != Some(true)
    }

    fn search_names(&self, rule: &StatementRule, findings: &mut Findings) {
        let mut note = |word: String| findings.note_word(rule.rule, &word);
        for (name, access) in &self.tables {
            if !rule.counts(*access) {
                continue;
            }
            let used = || format!("table {} {}", name.text(), used(*access));
            if rule.deny_tables.iter().any(|glob| glob.may_mean(name)) {
                note(used());
            }
            let is_allowed = |glob: &NameGlob| glob.means(name, self.dialect);
            if !rule.allow_tables.is_empty() && !rule.allow_tables.iter().any(is_allowed) {
                note(format!("{} not among the allowed", used()));
            }
        }
        for name in &self.columns {
            let is_denied = |glob: &NameGlob| glob.may_mean_column(name);
            if rule.deny_columns.iter().any(is_denied) {
                note(format!("column {}", name.text()));
            }
        }
        for table in &self.whole_rows {
            let is_denied = |glob: &NameGlob| glob.may_mean_column_of(table);
            if rule.deny_columns.iter().any(is_denied) {
                note(format!("column {}.*", table.text()));
            }
        }
        for name in &self.functions {
            if rule.deny_functions.iter().any(|glob| glob.may_mean(name)) {
                note(format!("function {}", name.text()));
            }
        }
    }
}

const fn used(access: Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Write => "write",
    }
}
