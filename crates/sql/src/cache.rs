//! Facts that were found before.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::facts::{Dialect, Facts};
use crate::understand::facts;

/// What an entry takes beside its text, in bytes: an estimate on the high side.
const OVERHEAD: usize = 512;

/// Facts by dialect and text, within a bound of bytes. What came first goes first.
///
/// The catalog is no part of the key: it holds facts without one.
#[derive(Debug)]
pub struct FactsCache {
    most_bytes: usize,
    entries: Mutex<Entries>,
}

type Key = (Dialect, Arc<str>);

#[derive(Debug, Default)]
struct Entries {
    known: HashMap<Key, (Arc<Facts>, usize)>,
    order: VecDeque<Key>,
    bytes: usize,
}

impl FactsCache {
    /// A cache that holds about `most_bytes` bytes at most.
    pub fn new(most_bytes: usize) -> Self {
        Self {
            most_bytes,
            entries: Mutex::default(),
        }
    }

    /// The facts of a text, found now or before.
    pub fn facts(&self, text: &str, dialect: Dialect) -> Arc<Facts> {
        let key: Key = (dialect, Arc::from(text));
        if let Some((known, _)) = self.lock().known.get(&key) {
            return Arc::clone(known);
        }
        // Not under the lock: others need not wait for a long text.
        let found = Arc::new(facts(text, dialect));
        let size = size(text, &found);
        let mut entries = self.lock();
        if size > self.most_bytes || entries.known.contains_key(&key) {
            return found;
        }
        while entries.bytes + size > self.most_bytes {
            let Some(oldest) = entries.order.pop_front() else {
                break;
            };
            if let Some((_, freed)) = entries.known.remove(&oldest) {
                entries.bytes -= freed;
            }
        }
        entries.bytes += size;
        entries.order.push_back((key.0, Arc::clone(&key.1)));
        entries.known.insert(key, (Arc::clone(&found), size));
        found
    }

    /// Bytes that it holds by its own estimate.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        // A panic while it was held leaves at worst an entry too few.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an entry takes, in bytes.
fn size(text: &str, facts: &Facts) -> usize {
    let statements = facts.statements.iter().map(|statement| {
        let names = [
            &statement.columns,
            &statement.functions,
            &statement.read,
            &statement.filtered,
            &statement.whole_rows,
        ];
        let names = names.into_iter().flatten().map(|name| name.len() + 48);
        let tables = statement.tables.iter().map(|table| table.name.len() + 64);
        OVERHEAD + names.sum::<usize>() + tables.sum::<usize>()
    });
    text.len() + OVERHEAD + statements.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_not_found_again() {
        let cache = FactsCache::new(1 << 20);
        let first = cache.facts("SELECT 1", Dialect::Postgres);
        let again = cache.facts("SELECT 1", Dialect::Postgres);
        assert!(Arc::ptr_eq(&first, &again));
        let other = cache.facts("SELECT 1", Dialect::Sqlite);
        assert!(!Arc::ptr_eq(&first, &other));
        assert_eq!(other.dialect, Dialect::Sqlite);
    }

    #[test]
    fn it_stays_within_its_bound() {
        let cache = FactsCache::new(10_000);
        for number in 0..200 {
            cache.facts(&format!("SELECT {number}"), Dialect::Postgres);
            assert!(cache.bytes() <= 10_000);
        }
        let last = cache.facts("SELECT 199", Dialect::Postgres);
        let again = cache.facts("SELECT 199", Dialect::Postgres);
        assert!(Arc::ptr_eq(&last, &again));
    }

    #[test]
    fn what_is_larger_than_the_bound_is_not_held() {
        let cache = FactsCache::new(100);
        assert!(cache.facts("SELECT 1", Dialect::Postgres).parsed);
        assert_eq!(cache.bytes(), 0);
    }
}
