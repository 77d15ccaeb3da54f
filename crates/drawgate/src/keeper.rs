//! What must happen now and then: the replica's lease, sessions of replicas
//! that are gone, idle sessions at targets, upkeep of the figures.

use std::sync::Arc;
use std::time::Duration;

use gate::Gate;
use metrics_exporter_prometheus::PrometheusHandle;
use model::{Id as _, SessionId};
use store::Store;

/// A third of the lease, so that two missed beats are survived.
const BEAT: Duration = Duration::from_secs(10);

/// Keeps house for ever.
pub(crate) async fn keep(gate: Arc<Gate>, metrics: PrometheusHandle) {
    let store = gate.store();
    let mut beats = tokio::time::interval(BEAT);
    loop {
        beats.tick().await;
        if let Err(error) = store.heartbeat().await {
            tracing::error!(%error, "the lease of this replica could not be prolonged");
        }
        close_abandoned(store, |session| gate.is_running(session)).await;
        gate.close_idle();
        metrics.run_upkeep();
    }
}

/// Closes sessions whose gateway is gone and those of this one that are no run,
/// so that none stays open for ever.
pub(crate) async fn close_abandoned(store: &Store, is_running: impl Fn(SessionId) -> bool) {
    match store.interrupt_abandoned(is_running).await {
        Ok(closed) => {
            for (org, session) in closed {
                tracing::warn!(org_id = %org, session_id = %session, "a session was closed as interrupted");
                store.bus().publish(session.uuid());
            }
        }
        Err(error) => tracing::error!(%error, "abandoned sessions could not be closed"),
    }
}
