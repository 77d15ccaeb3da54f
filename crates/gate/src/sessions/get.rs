//! `sessions_get`.

use model::{Refusal, Role, Scope, Session};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Context, Hints, Operation};

/// Shows one session: who asked what, through which door, what was decided and
/// how it ended.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct SessionsGet {
    /// Id of the session.
    #[schemars(length(min = 1, max = 254))]
    id: String,
}

impl Operation for SessionsGet {
    const NAME: &'static str = "sessions_get";
    const TITLE: &'static str = "Show a session";
    const ROLE: Role = Role::Any;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = Session;

    async fn run(self, context: &Context) -> Result<Session, Refusal> {
        super::find(context, &self.id).await
    }
}
