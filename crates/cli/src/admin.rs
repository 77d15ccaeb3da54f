//! `drawgate admin`: users, groups and keys.

mod groups;
mod keys;
mod users;

use clap::Subcommand;

use crate::api::Api;
use crate::failure::Failure;
use crate::output::Output;

use groups::Groups;
use keys::Keys;
use users::Users;

/// Users, groups and keys.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// People.
    #[command(subcommand)]
    Users(Users),
    /// User groups.
    #[command(subcommand)]
    Groups(Groups),
    /// API keys.
    #[command(subcommand)]
    Keys(Keys),
}

impl Admin {
    /// Runs the command.
    ///
    /// # Errors
    /// When the gateway refuses or is not reached.
    pub(crate) async fn run(self, api: &Api, out: Output) -> Result<i32, Failure> {
        match self {
            Self::Users(users) => users.run(api, out).await,
            Self::Groups(groups) => groups.run(api, out).await,
            Self::Keys(keys) => keys.run(api, out).await,
        }
    }
}
