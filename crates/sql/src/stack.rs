//! Room for recursion: deep texts are read on a thread with a large stack.
//!
//! The parsers and the walks over their trees recurse with the depth of the text, and
//! an overflow would end the process.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::facts::Dialect;

/// Bytes of address space for the stack; only what is touched takes memory.
const LARGE: usize = 256 * 1024 * 1024;
/// Texts of at most this many bytes cannot be deep enough to need it.
const SHALLOW: usize = 512;
/// Bytes of a text that can open something on their own, for texts that are longer.
const FEW: usize = 48;
/// Parentheses within each other, and joins, that need no thread of their own. A level
/// takes some 60 KiB of stack in a build without optimization, a tenth in others.
const MOST_LEVELS: usize = 6;

/// Runs `work` with a stack that is large enough for `text`; `None` if no thread could
/// be had, or if it panicked.
pub(crate) fn with_room<R: Send>(
    text: &str,
    dialect: Dialect,
    work: impl FnOnce() -> R + Send,
) -> Option<R> {
    if is_flat(text) && (dialect == Dialect::Postgres || has_few_levels(text)) {
        // What `work` borrows is not looked at again after a panic.
        return catch_unwind(AssertUnwindSafe(work)).ok();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("sql".to_owned())
            .stack_size(LARGE)
            .spawn_scoped(scope, work)
            .ok()?;
        thread.join().ok()
    })
}

/// Whether a text nests at most [`MOST_LEVELS`] times what the parser for other dialects
/// than PostgreSQL's recurses into with large frames: parentheses, and joins, which it
/// takes into each other when their conditions come last. For all else it makes room
/// itself.
fn has_few_levels(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_join = |word: &[u8]| word.eq_ignore_ascii_case(b"join");
    let joins = bytes.windows(4).filter(|word| is_join(word)).count();
    let mut level = 0_usize;
    joins <= MOST_LEVELS
        && bytes.iter().all(|byte| {
            level = match byte {
                b'(' => level + 1,
                b')' => level.saturating_sub(1),
                _ => level,
            };
            level <= MOST_LEVELS
        })
}

/// Whether a text is surely not deep.
fn is_flat(text: &str) -> bool {
    text.len() <= SHALLOW && {
        let opens = |byte: &u8| matches!(byte, b'(' | b'[' | b'-' | b'+' | b'~' | b'!' | b'|');
        text.as_bytes().iter().filter(|byte| opens(byte)).count() <= FEW
    }
}
