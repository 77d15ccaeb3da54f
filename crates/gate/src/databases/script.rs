//! What is known of a script that is asked again and again: what it reads and answers,
//! and what that means under the rules of its connection.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use model::Column;
use parking_lot::Mutex;
use policy::Verdict;
use sql::{Facts, ResultColumn};

/// What a script reads and answers in a database.
pub(crate) struct Script {
    /// Its facts, with the columns of views followed to those they show.
    pub(crate) facts: Facts,
    /// The columns of each of its answers, as far as they are known.
    pub(crate) answers: Vec<Option<Vec<ResultColumn>>>,
    /// Which of the answers tell about statements and settings: they come from no column.
    pub(crate) plans: Vec<bool>,
    /// What it means under the rules that it was last asked under.
    pub(super) under: Mutex<Option<Arc<Meaning>>>,
    /// Whether some table that it names is not known, or shows what is not known.
    pub(crate) reads_unknown: bool,
}

/// What a script means under the rules of a connection.
pub(crate) struct Meaning {
    /// Number of the rules.
    policy: u64,
    pub(crate) origins: Origins,
    /// What they say of it, once they were asked.
    pub(crate) verdict: OnceLock<Verdict>,
    /// What is known of its answers, by their places.
    answers: Mutex<Vec<Option<Arc<Expected>>>>,
}

/// What is known about an answer beforehand, as far as it follows from its columns.
pub(crate) struct Expected {
    /// The columns as the target tells them.
    pub(crate) asked: Vec<Column>,
    /// The columns as the masking engine takes them.
    pub(crate) columns: mask::Columns,
    /// Their names as they are shown.
    pub(crate) names: Vec<String>,
    /// How many findings of each type were masked in the names.
    pub(crate) counts: BTreeMap<String, u64>,
}

/// What is known about where the answers of a script come from, under some rules.
#[derive(Clone, Copy)]
pub(crate) struct Origins {
    /// Whether a column of open origin may hold what a column rule masks.
    pub(crate) is_suspect: bool,
    /// Whether answers come one for each statement that has one, in order.
    pub(crate) is_aligned: bool,
    /// Whether it copies what a column rule masks to where it is not told from other
    /// values.
    pub(crate) copies: bool,
    /// Whether it runs code that is not looked into, so that values which come from no
    /// column by its text may come from any.
    pub(crate) runs_code: bool,
}

impl Script {
    /// What it means under the rules with a number.
    pub(crate) fn under(&self, policy: u64, origins: impl FnOnce() -> Origins) -> Arc<Meaning> {
        let known = self.under.lock().clone();
        if let Some(known) = known.filter(|known| known.policy == policy) {
            return known;
        }
        let meaning = Arc::new(Meaning {
            policy,
            origins: origins(),
            verdict: OnceLock::new(),
            answers: Mutex::new(vec![None; self.answers.len()]),
        });
        *self.under.lock() = Some(Arc::clone(&meaning));
        meaning
    }
}

impl Meaning {
    /// What is known of the answer at `place` when it has these columns; made where that
    /// is nothing.
    pub(crate) fn expected(
        &self,
        place: usize,
        columns: &[Column],
        make: impl FnOnce(Vec<Column>) -> Expected,
    ) -> Arc<Expected> {
        let known = self.answers.lock().get(place).cloned().flatten();
        if let Some(known) = known.filter(|known| known.asked == columns) {
            return known;
        }
        let made = Arc::new(make(columns.to_vec()));
        if let Some(slot) = self.answers.lock().get_mut(place) {
            *slot = Some(Arc::clone(&made));
        }
        made
    }
}
