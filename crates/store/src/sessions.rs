//! Sessions.

mod cancel;
mod figures;
mod list;
mod moment;
mod moved;
mod opening;
mod read;
mod write;

use model::{ConnectionType, Origin, Session, SessionOutcome, SessionStatus, Timestamp, Verb};

pub use cancel::Cancel;
pub(crate) use read::{COLUMNS, session_of};
pub(crate) use write::update_statement;

/// Which sessions a list shows; `None` shows all.
#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    /// User id, e-mail or subject, or id or name of a machine identity.
    pub user: Option<String>,
    /// Id, name, or name with `*` or `%`.
    pub connection: Option<String>,
    /// Kind of target.
    pub kind: Option<ConnectionType>,
    /// Status of the review.
    pub review_status: Option<String>,
    /// Where the session stands.
    pub status: Option<SessionStatus>,
    /// How it ended.
    pub outcome: Option<SessionOutcome>,
    /// Kind of access.
    pub verb: Option<Verb>,
    /// The door it came through.
    pub origin: Option<Origin>,
    /// Risk that the analysis found.
    pub risk_level: Option<String>,
    /// Begun at this time or later.
    pub start_date: Option<Timestamp>,
    /// Begun at this time or earlier.
    pub end_date: Option<Timestamp>,
}

/// Whose sessions are visible.
#[derive(Clone, Debug)]
pub enum Viewer {
    /// Everybody's.
    All,
    /// Those of one user or key.
    Own(uuid::Uuid),
}

/// Which part of a list is read.
#[derive(Clone, Debug)]
pub struct SessionPage {
    /// Sessions per page.
    pub limit: u32,
    /// Sessions to skip.
    pub offset: u32,
    /// Time and id of the last session of the page before.
    pub after: Option<(Timestamp, model::SessionId)>,
}

/// One page of sessions.
#[derive(Clone, Debug)]
pub struct SessionList {
    /// The sessions, newest first.
    pub items: Vec<Session>,
    /// Sessions that fit, counted up to 10000.
    pub total: u64,
    /// Whether the count stopped there.
    pub total_is_capped: bool,
    /// Whether another page follows.
    pub has_next_page: bool,
}

/// Whether a member of kept JSON says no more than its absence does.
fn is_default<T: Default + PartialEq>(member: &T) -> bool {
    *member == T::default()
}
