//! Threads for SQLite, whose stack no script can fill.

use crate::{Fault, Stage};

/// Room for the recursions of the library. Preparing a statement takes up to
/// 64 bytes of stack for each byte of its text and of the views, triggers and
/// tables that it goes through (measured on nested and compound selects,
/// without optimization), and [`super::fence`] lets no more than 3 MiB of these
/// come together. Only what is used becomes memory.
const STACK: usize = 256 * 1024 * 1024;

/// Runs `work` on a thread of its own.
///
/// # Errors
/// `unavailable` when the system has no room for it.
pub(super) fn run(work: impl FnOnce() + Send + 'static) -> Result<(), Fault> {
    std::thread::Builder::new()
        .name("sqlite".to_owned())
        .stack_size(STACK)
        .spawn(work)
        .map(drop)
        .map_err(|error| {
            Fault::unavailable(
                Stage::Agent,
                format!("a thread for the run cannot be started: {error}"),
            )
        })
}
