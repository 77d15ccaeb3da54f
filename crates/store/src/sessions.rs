//! Sessions.
use crate::*;
use model::*;
/// Which sessions a list shows; `None` shows all.
#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    /// User id, e-mail or subject.
    pub user: Option<String>,
    /// Id, name, or name with `*` or `%`.
    pub connection: Option<String>,
    pub kind: Option<ConnectionType>,
    pub review_status: Option<String>,
    pub status: Option<SessionStatus>,
    pub outcome: Option<SessionOutcome>,
    pub verb: Option<Verb>,
    pub origin: Option<Origin>,
    pub risk_level: Option<String>,
    /// Inclusive.
    pub start_date: Option<Timestamp>,
    /// Inclusive.
    pub end_date: Option<Timestamp>,
}
/// Whose sessions are visible.
#[derive(Clone, Debug)]
pub enum Viewer {
    All,
    /** Own sessions: user or key id. */
    Own(uuid::Uuid),
}
#[derive(Clone, Debug)]
pub struct SessionPage {
    pub limit: u32,
    pub offset: u32,
    /// Created-at and id of the last session of the page before.
    pub after: Option<(Timestamp, SessionId)>,
}
#[derive(Clone, Debug)]
pub struct SessionList {
    pub items: Vec<Session>,
    pub total: u64,
    pub total_is_capped: bool,
    pub has_next_page: bool,
}
impl OrgStore {
    pub async fn open_session(&self, session: Session, input: String) -> Result<(), Error> {
        Err(Error::NotFound)
    }
    /// A session that is already done stays as it is.
    pub async fn close_session(
        &self,
        session: Session,
        tail: Option<RecordingTail>,
        audit: Option<AuditRow>,
    ) -> Result<(), Error> {
        Err(Error::NotFound)
    }
    /// The version must be one more than the stored one.
    pub async fn update_session(&self, session: Session) -> Result<(), Error> {
        Err(Error::NotFound)
    }
    pub async fn append_audit(&self, row: AuditRow) -> Result<(), Error> {
        Err(Error::NotFound)
    }
    pub async fn sessions(
        &self,
        filter: &SessionFilter,
        viewer: &Viewer,
        page: SessionPage,
    ) -> Result<SessionList, Error> {
        Err(Error::NotFound)
    }
    pub async fn session(&self, id: SessionId) -> Result<Option<Session>, Error> {
        Err(Error::NotFound)
    }
    pub async fn session_input(&self, id: SessionId) -> Result<Option<String>, Error> {
        Err(Error::NotFound)
    }
    /// `false` when the session is unknown or done.
    pub async fn request_cancel(&self, id: SessionId) -> Result<bool, Error> {
        Err(Error::NotFound)
    }
    pub async fn cancel_requested(&self, id: SessionId) -> Result<bool, Error> {
        Err(Error::NotFound)
    }
    pub async fn open_sessions_of_connection(
        &self,
        id: ConnectionId,
    ) -> Result<Vec<SessionId>, Error> {
        Err(Error::NotFound)
    }
}
