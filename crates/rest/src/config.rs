//! Settings of the REST door.

use std::sync::Arc;
use std::time::Duration;

use identity::Proxies;
use model::{Clock, SystemClock};

/// Settings of the REST door.
#[derive(Clone)]
pub struct RestConfig {
    /// Largest request body in bytes; 4 MiB unless told otherwise, as at the MCP door.
    pub max_body_bytes: usize,
    /// Longest time in which a body must have arrived, against clients that
    /// hold a connection by sending slowly.
    pub body_timeout: Duration,
    /// Reverse proxies whose `X-Forwarded-For` headers are believed.
    pub proxies: Proxies,
    /// Path of the public URL, without trailing slash, for the document.
    pub prefix: String,
    /// Tells the time, for the ids of requests.
    pub clock: Arc<dyn Clock>,
}

impl Default for RestConfig {
    fn default() -> Self {
        Self {
            max_body_bytes: 4 * 1024 * 1024,
            body_timeout: Duration::from_secs(30),
            proxies: Proxies::default(),
            prefix: String::new(),
            clock: Arc::new(SystemClock),
        }
    }
}
