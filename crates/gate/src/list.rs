//! Lists in order of a text key: the cursor carries the filters of the first
//! call, so that a page never mixes two lists.

use model::{Cursor, Id, Page, PageArgs, Refusal};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::Keyset;

/// Items per page when the caller names no number.
const DEFAULT_LIMIT: u32 = 50;

/// What every deletion answers.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Deleted {
    /// Always true.
    deleted: bool,
    /// Id of what was deleted.
    id: String,
    /// Its name.
    name: String,
}

impl Deleted {
    /// The answer of a deletion.
    pub(crate) fn new(id: impl Id, name: &str) -> Self {
        Self {
            deleted: true,
            id: id.to_string(),
            name: name.to_owned(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Place<F> {
    f: F,
    k: String,
}

/// Where a list goes on: the filters of its first call and the page to read.
///
/// # Errors
/// `invalid_argument` for a cursor of another list.
pub(crate) fn begin<F: DeserializeOwned>(
    page: &PageArgs,
    filters: F,
) -> Result<(F, Keyset), Refusal> {
    let limit = page.limit.unwrap_or(DEFAULT_LIMIT);
    Ok(match &page.cursor {
        None => (filters, Keyset { limit, after: None }),
        Some(cursor) => {
            let place: Place<F> = Cursor::read(cursor)?;
            (
                place.f,
                Keyset {
                    limit,
                    after: Some(place.k),
                },
            )
        }
    })
}

/// Wraps the plain key of a page from the store.
pub(crate) fn finish<F: Serialize, T, U>(
    page: Page<T>,
    filters: F,
    show: impl FnMut(T) -> U,
) -> Page<U> {
    Page {
        items: page.items.into_iter().map(show).collect(),
        next_cursor: page
            .next_cursor
            .map(|k| Cursor::write(&Place { f: filters, k })),
    }
}

/// One page of items that are in memory already, in order of their key.
pub(crate) fn page_of<T>(
    items: impl Iterator<Item = T>,
    keyset: &Keyset,
    key: impl Fn(&T) -> &str,
) -> Page<T> {
    let mut rest = items.skip_while(|item| {
        keyset
            .after
            .as_deref()
            .is_some_and(|after| key(item) <= after)
    });
    let items: Vec<T> = rest.by_ref().take(keyset.limit as usize).collect();
    let more = rest.next().is_some();
    let next_cursor = items
        .last()
        .filter(|_| more)
        .map(|item| key(item).to_owned());
    Page { items, next_cursor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap_or_overlap() {
        let names = ["a", "b", "c", "d", "e"];
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let keyset = Keyset { limit: 2, after };
            let page = page_of(names.into_iter(), &keyset, |name| *name);
            seen.extend(page.items);
            after = page.next_cursor;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, names);
    }

    #[test]
    fn a_cursor_keeps_its_filters() {
        let first = Page {
            items: vec![1],
            next_cursor: Some("m".to_owned()),
        };
        let page = finish(first, "only-active".to_owned(), |item| item);
        let args = PageArgs {
            limit: None,
            cursor: page.next_cursor,
        };
        let (filters, keyset) = begin(&args, "other".to_owned()).unwrap();
        assert_eq!(
            (filters.as_str(), keyset.after.as_deref()),
            ("only-active", Some("m"))
        );
        let broken = PageArgs {
            limit: None,
            cursor: Some("zzz".to_owned()),
        };
        assert!(begin(&broken, String::new()).is_err());
    }
}
