//! `connections_test`.

use std::time::{Duration, Instant};

use connect::Stage;
use model::{ConnectionId, Failure, Refusal, Role, Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Hints, Operation, exec};

/// Opens and closes a login at the target and tells how far it came. Runs
/// nothing. A target that cannot be reached is a result, not an error.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ConnectionsTest {
    /// Id or name.
    #[schemars(length(min = 1, max = 254))]
    name: String,
    /// Longest wait in seconds.
    #[serde(default)]
    #[schemars(range(min = 1, max = 30), extend("default" = 10))]
    timeout_seconds: Option<u64>,
}

/// How far a login came.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ConnectionTest {
    connection_id: ConnectionId,
    connection_name: String,
    /// Whether the login succeeded.
    ok: bool,
    /// Where it ended: agent, resolve, tcp, tls, auth or ready.
    stage: TestStage,
    duration_ms: u64,
    server_version: Option<String>,
    failure: Option<Failure>,
}

/// Where a login ended.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum TestStage {
    Agent,
    Resolve,
    Tcp,
    Tls,
    Auth,
    Ready,
}

impl Operation for ConnectionsTest {
    const NAME: &'static str = "connections_test";
    const TITLE: &'static str = "Test a connection";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::new(true, false, true, true);
    type Output = ConnectionTest;

    async fn run(self, context: &Context) -> Result<ConnectionTest, Refusal> {
        let connection = exec::look_up(context, &self.name).await?;
        context.audit.touch(connection.id);
        let seconds = self.timeout_seconds.unwrap_or(10);
        let limit = u32::try_from(seconds).unwrap_or(u32::MAX);
        context.call.progress.limit(limit);
        let timeout = Duration::from_secs(seconds);
        let began = Instant::now();
        let (stage, server_version, fault) =
            match context.gate.targets.of(&context.store(), &connection).await {
                Err(fault) => (fault.stage, None, Some(fault)),
                Ok(target) => {
                    let probe = target.probe(timeout).await;
                    (probe.stage, probe.server_version, probe.fault)
                }
            };
        Ok(ConnectionTest {
            connection_id: connection.id,
            connection_name: connection.name.clone(),
            ok: fault.is_none(),
            stage: match stage {
                Stage::Agent => TestStage::Agent,
                Stage::Resolve => TestStage::Resolve,
                Stage::Tcp => TestStage::Tcp,
                Stage::Tls => TestStage::Tls,
                Stage::Auth => TestStage::Auth,
                Stage::Ready => TestStage::Ready,
            },
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            server_version,
            failure: fault.map(|fault| Failure::new(fault.code, fault.message)),
        })
    }
}
