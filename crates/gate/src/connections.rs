//! Connections: named targets and the credentials to reach them.

mod create;
mod delete;
mod fields;
mod get;
mod list;
mod object;
mod tags;
mod test;
mod update;

use model::Refusal;
use store::Error;

pub(crate) use create::ConnectionsCreate;
pub(crate) use delete::ConnectionsDelete;
pub(crate) use get::ConnectionsGet;
pub(crate) use list::ConnectionsList;
pub(crate) use test::ConnectionsTest;
pub(crate) use update::ConnectionsUpdate;

use crate::Context;

/// The refusal of an error of the store about the connection that a caller
/// named: it may have gone since it was found.
fn refuse(context: &Context, reference: &str, error: Error) -> Refusal {
    match error {
        Error::NotFound => Refusal::connection_not_found(reference),
        other => context.refuse(other),
    }
}
