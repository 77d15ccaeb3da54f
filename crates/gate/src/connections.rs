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

pub(crate) use create::ConnectionsCreate;
pub(crate) use delete::ConnectionsDelete;
pub(crate) use get::ConnectionsGet;
pub(crate) use list::ConnectionsList;
pub(crate) use test::ConnectionsTest;
pub(crate) use update::ConnectionsUpdate;
