//! `connections_delete`.

use model::{Refusal, Role, Scope};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::list::Deleted;
use crate::{Context, Hints, Operation, exec, sessions};

/// Deletes a connection. Its open sessions end as killed; sessions on record stay.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ConnectionsDelete {
    /// Id or name.
    #[schemars(length(min = 1, max = 254))]
    name: String,
    /// Refuse the deletion unless this is the stored version.
    #[serde(default)]
    #[schemars(range(min = 1))]
    version: Option<i64>,
}

impl Operation for ConnectionsDelete {
    const NAME: &'static str = "connections_delete";
    const TITLE: &'static str = "Delete a connection";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CHANGE;
    type Output = Deleted;

    async fn run(self, context: &Context) -> Result<Deleted, Refusal> {
        let connection = exec::look_up(context, &self.name).await?;
        context.audit.touch(connection.id);
        let store = context.store();
        let id = connection.id;
        let deleted = store
            .delete_connection(&id.to_string(), self.version)
            .await
            .map_err(|error| super::refuse(context, &self.name, error))?;
        context.gate.targets.forget(id);
        // One that was opened while the deletion was written is not among its own.
        let late = store.cancel_sessions_of_connection(id).await;
        for session in deleted.open.iter().chain(late.iter().flatten()) {
            sessions::wake(context, *session);
        }
        late.map_err(|error| context.refuse(error))?;
        Ok(Deleted::new(id, &connection.name))
    }
}
