//! Room for recursion: deep texts are read on a thread with a large stack.
//!
//! The parsers and the walks over their trees recurse with the depth of the text, and
//! an overflow would end the process.

use crate::facts::Dialect;

/// Bytes of address space for the stack; only what is touched takes memory.
const LARGE: usize = 256 * 1024 * 1024;
/// Texts of at most this many bytes cannot be deep enough to need it.
const SHALLOW: usize = 512;
/// Bytes of a text that can open something on their own, for texts that are longer.
const FEW: usize = 48;

/// Runs `work` with a stack that is large enough for `text`; `None` if no thread could
/// be had, or if it panicked.
pub(crate) fn with_room<R: Send>(
    text: &str,
    dialect: Dialect,
    work: impl FnOnce() -> R + Send,
) -> Option<R> {
    // Only the frames of the PostgreSQL parser are small enough for any stack.
    if dialect == Dialect::Postgres && is_flat(text) {
        return Some(work());
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

/// Whether a text is surely not deep.
fn is_flat(text: &str) -> bool {
    text.len() <= SHALLOW && {
        let opens = |byte: &u8| matches!(byte, b'(' | b'[' | b'-' | b'+' | b'~' | b'!' | b'|');
        text.as_bytes().iter().filter(|byte| opens(byte)).count() <= FEW
    }
}
