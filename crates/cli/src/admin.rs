//! `drawgate admin`: users, groups, keys, rules, attributes and access control.

mod access;
mod attributes;
mod groups;
mod keys;
mod rules;
mod users;

use clap::Subcommand;

use crate::api::Api;
use crate::failure::Failure;
use crate::output::Output;

use access::Access;
use attributes::Attributes;
use groups::Groups;
use keys::Keys;
use rules::Rules;
use users::Users;

/// Users, groups, keys, rules, attributes and access control.
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
    /// What may be asked and answered.
    #[command(subcommand)]
    Guardrails(Rules),
    /// What is masked in answers.
    #[command(subcommand)]
    Masking(Rules),
    /// What ties connections, rules and groups together.
    #[command(subcommand)]
    Attributes(Attributes),
    /// Which groups see a connection.
    #[command(subcommand)]
    Access(Access),
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
            Self::Guardrails(rules) => rules.run("guardrails", api, out).await,
            Self::Masking(rules) => rules.run("datamasking-rules", api, out).await,
            Self::Attributes(attributes) => attributes.run(api, out).await,
            Self::Access(access) => access.run(api, out).await,
        }
    }
}
