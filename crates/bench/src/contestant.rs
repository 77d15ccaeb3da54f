//! The servers that are compared, each in front of the same PostgreSQL.

mod dbhub;
mod drawgate;
mod floor;
mod toolbox;

pub use dbhub::dbhub;
pub use drawgate::{Binary, CONNECTION, Gateway, drawgate};
pub use floor::{connection_string, floor};
pub use toolbox::toolbox;

use crate::http::Endpoint;
use crate::load::Tool;
use crate::process::Process;

/// A running server and the call that is measured on it.
pub struct Contestant {
    /// Name in tables.
    pub name: &'static str,
    /// Its MCP endpoint.
    pub endpoint: Endpoint,
    /// The call.
    pub tool: Tool,
    /// The process; ends with the contestant.
    pub process: Process,
}
