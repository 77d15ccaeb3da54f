//! What is masked in the answers of a connection: its masking rules put together.
//!
//! This says what applies. How it is found, and what is shown instead, is the work of
//! the masking engine, which tells the entity types it knows.

mod check;
mod predicates;

use std::collections::BTreeSet;

use model::{
    DEFAULT_SCORE_THRESHOLD, KeyScope, MaskingRule, Predicates, Strategy, StrategyOptions,
    entity_type,
};
use sql::{Facts, Statement};

use crate::invalid::Invalid;
use crate::names::{Name, NameGlob};

pub use self::check::{invalid_masking, validate_masking};

/// The rule that the older list of entity types on a connection stands for.
pub const REDACT_TYPES: &str = "redact_types";

/// How many characters `partial` shows unless an option says otherwise.
const KEEP_LAST: u8 = 4;

/// Everything that is masked on a connection. The entries of all rules stand side by
/// side; where they overlap, the engine decides by span, score and strictness.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MaskingPlan {
    /// Entity types of the engine, each once for every rule that names it.
    pub entities: Vec<PlannedEntity>,
    /// Entity types of the rules' own.
    pub custom: Vec<PlannedCustom>,
    /// Columns that are masked whatever they hold.
    pub columns: Vec<PlannedColumn>,
}

/// What is shown instead of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Treatment {
    /// How it is changed.
    pub strategy: Strategy,
    /// How many characters `partial` shows, 1 to 16.
    pub keep_last: u8,
    /// Where equal values of `hash` and `token` look equal.
    pub scope: KeyScope,
}

/// An entity type of the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedEntity {
    /// Its name in the engine.
    pub entity_type: String,
    /// What is shown instead.
    pub treatment: Treatment,
    /// Findings with a lower score, 0 to 1, are dropped.
    pub threshold: f64,
    /// The rule it comes from.
    pub rule_name: String,
}

/// An entity type of a rule's own.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedCustom {
    /// Its name in what is shown.
    pub entity_type: String,
    /// A regular expression that was compiled once already, when the rule was checked.
    pub regex: Option<String>,
    /// Words.
    pub words: Vec<String>,
    /// How sure a finding is, 0 to 1.
    pub score: f64,
    /// What is shown instead.
    pub treatment: Treatment,
    /// Findings with a lower score, 0 to 1, are dropped.
    pub threshold: f64,
    /// The rule it comes from.
    pub rule_name: String,
}

/// Columns that are masked whatever they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedColumn {
    /// Glob on `table` or `schema.table`.
    pub table: String,
    /// Glob on the name of the column.
    pub column: String,
    /// What follows when rows are chosen by them.
    pub predicates: Predicates,
    /// What the values are shown as.
    pub entity_type: Option<String>,
    /// What is shown instead.
    pub treatment: Treatment,
    /// The rule it comes from.
    pub rule_name: String,
}

impl PlannedColumn {
    /// How the rule names it: `table.column`, or `column` when it is for every table.
    fn name(&self) -> String {
        match self.table.as_str() {
            "" | "*" => self.column.clone(),
            table => format!("{table}.{}", self.column),
        }
    }

    /// Whether a column that a statement names may be one of these: `users.email`,
    /// `email` where the table is not known, `users.*` for all columns of a table.
    #[must_use]
    pub fn may_be(&self, column: &str) -> bool {
        NameGlob::of_column(&self.table, &self.column).may_mean_column(&Name::new(column))
    }
}

impl MaskingPlan {
    /// Puts the rules of a connection together, and the older list of entity types on
    /// the connection itself; `known` are the entity types of the engine.
    ///
    /// # Errors
    /// The first rule that [`validate_masking`] refuses. Nothing may be answered then: a rule
    /// that cannot be applied is not left out.
    pub fn compile<'a>(
        rules: impl IntoIterator<Item = &'a MaskingRule>,
        redact_types: &[String],
        known: &[&str],
    ) -> Result<Self, Invalid> {
        let mut plan = Self::default();
        for rule in rules {
            validate_masking(rule, known).map_err(|invalid| {
                let message = format!("masking rule {:?}: {}", rule.name, invalid.message);
                Invalid::new(invalid.path, message)
            })?;
            plan.add(rule);
        }
        plan.add_redact_types(redact_types, known)?;
        Ok(plan)
    }

    fn add(&mut self, rule: &MaskingRule) {
        let threshold = rule.score_threshold.unwrap_or(DEFAULT_SCORE_THRESHOLD);
        for selection in &rule.supported_entity_types {
            let treatment = treatment(rule, selection.strategy, selection.strategy_options);
            for name in selection.types() {
                self.add_entity(PlannedEntity {
                    entity_type: name.to_owned(),
                    treatment,
                    threshold,
                    rule_name: rule.name.clone(),
                });
            }
        }
        self.custom
            .extend(rule.custom_entity_types.iter().map(|custom| PlannedCustom {
                entity_type: custom.name.clone(),
                regex: custom.regex.clone().filter(|regex| !regex.is_empty()),
                words: custom.deny_list.clone().unwrap_or_default(),
                score: custom.score.unwrap_or(1.0),
                treatment: treatment(rule, custom.strategy, custom.strategy_options),
                threshold,
                rule_name: rule.name.clone(),
            }));
        self.columns.extend(rule.column_rules.iter().map(|column| {
            PlannedColumn {
                table: column.table.clone(),
                column: column.column.clone(),
                predicates: column.predicates,
                entity_type: column
                    .entity_type
                    .as_deref()
                    .map(|name| entity_type(name).to_owned()),
                treatment: treatment(rule, column.strategy, column.strategy_options),
                rule_name: rule.name.clone(),
            }
        }));
    }

    fn add_redact_types(&mut self, names: &[String], known: &[&str]) -> Result<(), Invalid> {
        for (index, name) in names.iter().enumerate() {
            let name = entity_type(name);
            if !known.contains(&name) {
                return Err(Invalid::new(
                    format!("{REDACT_TYPES}[{index}]"),
                    format!("the entity type {name:?} is not known"),
                ));
            }
            self.add_entity(PlannedEntity {
                entity_type: name.to_owned(),
                treatment: Treatment {
                    strategy: Strategy::Redact,
                    keep_last: KEEP_LAST,
                    scope: KeyScope::default(),
                },
                threshold: DEFAULT_SCORE_THRESHOLD,
                rule_name: REDACT_TYPES.to_owned(),
            });
        }
        Ok(())
    }

    fn add_entity(&mut self, entity: PlannedEntity) {
        if !self.entities.contains(&entity) {
            self.entities.push(entity);
        }
    }

    /// Whether nothing is masked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty() && self.custom.is_empty() && self.columns.is_empty()
    }

    /// The entity types that may be found, sorted.
    #[must_use]
    pub fn entity_types(&self) -> BTreeSet<&str> {
        let known = self
            .entities
            .iter()
            .map(|entity| entity.entity_type.as_str());
        let custom = self.custom.iter().map(|custom| custom.entity_type.as_str());
        let columns = self
            .columns
            .iter()
            .filter_map(|column| column.entity_type.as_deref());
        known.chain(custom).chain(columns).collect()
    }

    /// The rules behind the plan, sorted.
    #[must_use]
    pub fn rule_names(&self) -> BTreeSet<&str> {
        let known = self.entities.iter().map(|entity| entity.rule_name.as_str());
        let custom = self.custom.iter().map(|custom| custom.rule_name.as_str());
        let columns = self.columns.iter().map(|column| column.rule_name.as_str());
        known.chain(custom).chain(columns).collect()
    }

    /// The column rules that touch a script. When it was not understood, all of them
    /// may.
    #[must_use]
    pub fn columns_of(&self, facts: Option<&Facts>) -> Vec<&PlannedColumn> {
        let Some(facts) = facts.filter(|facts| facts.parsed) else {
            return self.columns.iter().collect();
        };
        let named = Named::of(facts);
        let touches = |column: &&PlannedColumn| named.touched_by(column).next().is_some();
        self.columns.iter().filter(touches).collect()
    }

    /// The columns of a script that are masked, as its statements name them; as the rule
    /// names them where all columns of a table are read, or the script was not
    /// understood.
    #[must_use]
    pub fn masked_columns(&self, facts: Option<&Facts>) -> BTreeSet<String> {
        match facts.filter(|facts| facts.parsed) {
            None => self.columns.iter().map(PlannedColumn::name).collect(),
            Some(facts) => {
                let named = Named::of(facts);
                let touched = self.columns.iter();
                touched
                    .flat_map(|column| named.touched_by(column))
                    .collect()
            }
        }
    }
}

/// The columns that a script names, and the tables that it reads as whole rows.
struct Named<'a> {
    columns: Vec<Name<'a>>,
    tables: Vec<Name<'a>>,
}

impl<'a> Named<'a> {
    fn of(facts: &'a Facts) -> Self {
        let all = |of: fn(&Statement) -> &BTreeSet<String>| -> Vec<Name<'a>> {
            let names: BTreeSet<&String> = facts.statements.iter().flat_map(of).collect();
            names.into_iter().map(|name| Name::new(name)).collect()
        };
        Self {
            columns: all(|statement| &statement.columns),
            tables: all(|statement| &statement.whole_rows),
        }
    }

    /// What a rule about columns may mean of it.
    fn touched_by<'s>(
        &'s self,
        column: &'s PlannedColumn,
    ) -> impl Iterator<Item = String> + use<'s, 'a> {
        let glob = NameGlob::of_column(&column.table, &column.column);
        let of_tables = glob.clone();
        let rule = &column.column;
        let columns = self
            .columns
            .iter()
            .filter(move |name| glob.may_mean_column(name));
        let tables = self
            .tables
            .iter()
            .filter(move |table| of_tables.may_mean_column_of(table));
        let columns = columns.map(move |name| match name.text().strip_suffix('*') {
            Some(table) => format!("{table}{rule}"),
            None => name.text().to_owned(),
        });
        columns.chain(tables.map(move |table| format!("{}.{rule}", table.text())))
    }
}

/// What an entry does: its own word, or that of the rule.
fn treatment(
    rule: &MaskingRule,
    strategy: Option<Strategy>,
    options: Option<StrategyOptions>,
) -> Treatment {
    let options = options.unwrap_or(rule.strategy_options);
    Treatment {
        strategy: strategy.unwrap_or(rule.strategy),
        keep_last: options.keep_last.unwrap_or(KEEP_LAST),
        scope: options.scope.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
