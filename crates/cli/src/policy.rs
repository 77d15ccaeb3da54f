//! `drawgate policy`: what policy would do.

mod backtest;
mod preview;

use clap::Subcommand;

use crate::api::Api;
use crate::failure::Failure;
use crate::output::Output;

use backtest::Backtest;
use preview::Preview;

/// What policy would do.
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Tell what would happen to an input, without running it.
    Preview(Preview),
    /// Tell what a file of policies would have done to recorded runs; nothing is changed.
    Backtest(Backtest),
}

impl Policy {
    /// Runs the command.
    ///
    /// # Errors
    /// When the gateway refuses or is not reached.
    pub(crate) async fn run(self, api: &Api, out: Output) -> Result<i32, Failure> {
        match self {
            Self::Preview(preview) => preview.run(api, out).await,
            Self::Backtest(backtest) => backtest.run(api, out).await,
        }
    }
}
