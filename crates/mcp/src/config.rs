//! What the door must be told.

use std::sync::Arc;

use identity::Proxies;
use model::Clock;
use tokio::sync::watch;

use crate::{Challenge, Fence, SessionKey};

/// Configuration of the MCP door.
pub struct McpConfig {
    /// Hosts and origins that may reach it.
    pub fence: Fence,
    /// Reverse proxies whose `X-Forwarded-*` headers are believed.
    pub proxies: Proxies,
    /// Signs legacy session ids; the same on every replica.
    pub session_key: SessionKey,
    /// Version of the gateway.
    pub version: String,
    /// How to sign in; `None` while OAuth is off. It may change at any time.
    pub challenge: watch::Receiver<Option<Challenge>>,
    /// Tells the time for request ids.
    pub clock: Arc<dyn Clock>,
}
