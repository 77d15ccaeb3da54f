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
    /// Trace context of the client's request, a `traceparent`.
    pub correlation_id: Option<String>,
    /// Fired when the caller cancels the call.
    pub cancel: CancellationToken,
    /// Tells the door how far the call is.
    pub progress: Progress,
}

/// How far a call is, for doors that show it.
#[derive(Clone)]
pub struct Progress {
    state: Arc<watch::Sender<ProgressState>>,
    shown: bool,
}

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
        Self {
            state: Arc::new(watch::Sender::new(ProgressState::default())),
            shown: false,
        }
    }
}

impl Progress {
    /// Progress that the door sends on to its client, who then waits longer.
    #[must_use]
    pub fn shown() -> Self {
        Self {
            shown: true,
            ..Self::default()
        }
    }

    /// Whether the client sees it.
    #[must_use]
    pub const fn is_shown(&self) -> bool {
        self.shown
    }

    /// Says what the call is doing now.
    pub fn say(&self, message: &str) {
        self.state.send_if_modified(|state| {
            let changed = state.message != message;
            if changed {
                message.clone_into(&mut state.message);
            }
            changed
        });
    }

    /// Says how long the call may take at most.
    pub fn limit(&self, seconds: u32) {
        self.state
            .send_modify(|state| state.total_seconds = Some(seconds));
    }

    /// Follows the state.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<ProgressState> {
        self.state.subscribe()
    }
}
