//! Predicates on masked columns: which rows are answered, and in which order, tells about
//! values that are not shown.

use std::collections::BTreeSet;

use model::{Action, Direction, Hit, Predicates, RuleKind};
use sql::Facts;

use super::{MaskingPlan, PlannedColumn};
use crate::names::{Name, NameGlob};

impl MaskingPlan {
    /// Whether some column may not be used to choose rows by.
    #[must_use]
    pub fn limits_predicates(&self) -> bool {
        self.columns
            .iter()
            .any(|column| !column.predicates.are_allowed())
    }

    /// The rules that do not let a script choose, join, group or order its rows as it
    /// does, as hits of input rules. A script that was not understood may use every
    /// column.
    #[must_use]
    pub fn predicates(&self, facts: Option<&Facts>) -> Vec<Hit> {
        let statements = facts.filter(|facts| facts.parsed).map(|it| &it.statements);
        let limited = self.columns.iter();
        let limited = limited.filter(|column| !column.predicates.are_allowed());
        let hits = limited.filter_map(|column| {
            let used: BTreeSet<&str> = match statements {
                None => BTreeSet::from(["a text that is not understood"]),
                Some(statements) => {
                    let glob = NameGlob::of_column(&column.table, &column.column);
                    let filtered = statements.iter().flat_map(|it| &it.filtered);
                    let filtered = filtered.map(String::as_str);
                    filtered
                        .filter(|name| glob.may_mean_column(&Name::new(name)))
                        .collect()
                }
            };
            (!used.is_empty()).then(|| hit(column, &used))
        });
        hits.collect()
    }
}

fn hit(column: &PlannedColumn, used: &BTreeSet<&str>) -> Hit {
    let names: Vec<&str> = used.iter().copied().collect();
    let demands = match column.predicates {
        Predicates::RequireApproval => "asks for an approval when",
        Predicates::Allow | Predicates::Refuse => "does not allow that",
    };
    Hit {
        rule_name: column.rule_name.clone(),
        name: None,
        kind: RuleKind::Sql,
        direction: Direction::Input,
        action: match column.predicates {
            Predicates::Allow => Action::Warn,
            Predicates::RequireApproval => Action::RequireApproval,
            Predicates::Refuse => Action::Block,
        },
        matched_words: names.iter().map(|name| format!("rows by {name}")).collect(),
        pattern_regex: None,
        message: Some(format!(
            "Masking rule {:?} {demands} rows are chosen, joined, grouped or ordered by the \
            masked column {:?}; this input uses {}.",
            column.rule_name,
            format!("{}.{}", column.table, column.column),
            names.join(", ")
        )),
    }
}
