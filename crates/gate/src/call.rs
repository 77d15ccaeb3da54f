//! What a door knows about one call.

use std::sync::Arc;

use model::{Client, Origin};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// One call through a door.
#[derive(Clone)]
pub struct Call {
    /// The door.
    pub origin: Origin,
    /// The program that asks, as it names itself.
    pub client: Option<Client>,
    /// Address of the client.
    pub address: Option<String>,
    /// Id of the request, for logs and audit.
    pub request_id: String,
    /// Trace id of the client's request.
    pub correlation_id: Option<String>,
    /// Fired when the caller cancels the call.
    pub cancel: CancellationToken,
    /// Tells the door how far the call is.
    pub progress: Progress,
}

/// How far a call is, for doors that show it.
#[derive(Clone)]
pub struct Progress(Arc<watch::Sender<ProgressState>>);

/// The state of a call at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgressState {
    /// One word or short sentence, for instance `running`.
    pub message: String,
    /// The call's own time limit in seconds, once it is known.
    pub total_seconds: Option<u32>,
}

impl Default for Progress {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(ProgressState::default())))
    }
}

impl Progress {
    /// Says what the call is doing now.
    pub fn say(&self, message: &str) {
        self.0.send_if_modified(|state| {
            let changed = state.message != message;
            if changed {
                message.clone_into(&mut state.message);
            }
            changed
        });
    }

    /// Says how long the call may take at most.
    pub fn limit(&self, seconds: u32) {
        self.0
            .send_modify(|state| state.total_seconds = Some(seconds));
    }

    /// Follows the state.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<ProgressState> {
        self.0.subscribe()
    }
}
