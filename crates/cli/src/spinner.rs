//! A sign of life on standard error for runs that take longer than a second.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinHandle;

/// A spinner; it is gone when this is dropped. Without a terminal it never shows.
pub(crate) struct Spinner {
    bar: ProgressBar,
    start: JoinHandle<()>,
}

impl Spinner {
    /// Shows `message` after a second.
    pub(crate) fn start(message: String) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())
            .with_style(ProgressStyle::default_spinner())
            .with_message(message);
        let shown = bar.clone();
        let start = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            shown.set_draw_target(ProgressDrawTarget::stderr());
            shown.enable_steady_tick(Duration::from_millis(120));
        });
        Self { bar, start }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.start.abort();
        self.bar.finish_and_clear();
    }
}
