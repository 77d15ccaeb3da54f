//! Pages in order of a text key.

use model::Page;

use crate::Error;
use crate::db::Row;

/// Position in a list: plain key, not an opaque cursor. `Page::next_cursor` of
/// the answer is the plain key too; the gate wraps it together with its filters.
#[derive(Clone, Debug)]
pub struct Keyset {
    /// Items per page.
    pub limit: u32,
    /// Sort key after which the page begins.
    pub after: Option<String>,
}

impl Keyset {
    /// One row more than a page, to know whether there is another page.
    pub(crate) fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The page of rows that were read with [`Keyset::rows`] as limit.
    pub(crate) fn page<T>(
        &self,
        rows: Vec<Row>,
        read: impl FnMut(Row) -> Result<T, Error>,
        key: impl Fn(&T) -> String,
    ) -> Result<Page<T>, Error> {
        let limit = self.limit as usize;
        let more = rows.len() > limit;
        let items: Vec<T> = rows
            .into_iter()
            .take(limit)
            .map(read)
            .collect::<Result<_, _>>()?;
        let next_cursor = items.last().filter(|_| more).map(key);
        Ok(Page { items, next_cursor })
    }
}
