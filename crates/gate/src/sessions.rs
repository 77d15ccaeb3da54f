//! Sessions: the record of what was asked and what happened.

mod content;
mod get;
mod kill;
mod list;
mod wait;

use model::{Caller, Id as _, Refusal, Session, SessionId};

pub(crate) use content::SessionsGetContent;
pub(crate) use get::SessionsGet;
pub(crate) use kill::{SessionsKill, wake};
pub(crate) use list::SessionsList;
pub(crate) use wait::SessionsWait;

use crate::Context;

/// Finds a session that the caller may see: the own ones, or all for
/// administrators and auditors.
///
/// # Errors
/// `not_found`, the same for unknown and not visible.
async fn find(context: &Context, reference: &str) -> Result<Session, Refusal> {
    let unknown = || Refusal::not_found("session", reference);
    let id = SessionId::parse(reference).ok_or_else(unknown)?;
    let session = context
        .store()
        .session(id)
        .await
        .map_err(|error| context.refuse(error))?;
    let session = session
        .filter(|session| may_see(&context.caller, session))
        .ok_or_else(unknown)?;
    context.audit.touch(session.id);
    Ok(session)
}

fn may_see(caller: &Caller, session: &Session) -> bool {
    caller.sees_all() || session.user_id == caller.id.to_string()
}
