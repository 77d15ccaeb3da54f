//! From the first signal to the end of everything.

use std::net::SocketAddr;
use std::time::Duration;

use axum_server::Handle;
use gate::Gate;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

use crate::listener::Serving;

/// How long open requests get to end after the runs have.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// How long the record gets when the gateway must end at once.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Hears that the gateway is to stop.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Hears from now on.
    ///
    /// # Errors
    /// When signals cannot be received.
    pub(crate) fn hear() -> Result<Self, String> {
        let said = |error: std::io::Error| format!("signals cannot be received: {error}");
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(said)?,
            interrupt: signal(SignalKind::interrupt()).map_err(said)?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Serves until a signal. Then runs get `patience` to end, the rest is
/// interrupted, and the listener closes after the last answer, or a little later
/// when a client does not take it. A second signal ends everything at once.
/// Returns when no run is left, or none is waited for any more.
///
/// # Errors
/// What ended the listener.
pub(crate) async fn serve(
    (mut serving, handle): (Serving, Handle<SocketAddr>),
    mut signals: Signals,
    gate: &Gate,
    patience: Duration,
) -> Result<(), String> {
    tokio::select! {
        served = &mut serving => return told(served),
        () = signals.next() => {}
    }
    tracing::info!(runs = gate.runs_in_progress(), "stopping");
    handle.graceful_shutdown(Some(patience + LAST_ANSWERS));
    tokio::select! {
        served = end(serving, &handle, gate, patience) => told(served),
        () = signals.next() => {
            tracing::warn!(runs = gate.runs_in_progress(), "stopping at once");
            handle.shutdown();
            let _ = timeout(AT_ONCE, gate.drain(Duration::ZERO)).await;
            Ok(())
        }
    }
}

type Served = Result<std::io::Result<()>, tokio::task::JoinError>;

/// Runs without a caller go on for as long as they were promised, also when the
/// last connection closed before.
async fn end(
    mut serving: Serving,
    handle: &Handle<SocketAddr>,
    gate: &Gate,
    patience: Duration,
) -> Served {
    let drained = async {
        let drained = timeout(patience + LAST_ANSWERS, gate.drain(patience)).await;
        if drained.is_err() {
            tracing::error!(runs = gate.runs_in_progress(), "runs do not end");
        }
    };
    tokio::pin!(drained);
    let served = tokio::select! {
        served = &mut serving => {
            drained.await;
            served
        }
        () = &mut drained => match timeout(LAST_ANSWERS, &mut serving).await {
            Ok(served) => served,
            Err(_) => {
                handle.shutdown();
                serving.await
            }
        }
    };
    // What the last answers began.
    let _ = timeout(AT_ONCE, gate.drain(Duration::ZERO)).await;
    served
}

fn told(served: Served) -> Result<(), String> {
    served
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())
}
