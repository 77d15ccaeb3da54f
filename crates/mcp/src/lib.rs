#![doc = include_str!("../README.md")]

mod accept;
mod address;
mod batch;
mod body;
mod call;
mod cancellations;
mod challenge;
mod config;
mod cors;
mod door;
mod era;
mod fence;
#[cfg(test)]
mod fixture;
mod headers;
mod message;
mod methods;
mod refused;
mod reply;
mod running;
mod session;
mod stream;
mod wire;

pub use challenge::Challenge;
pub use config::McpConfig;
pub use door::router;
pub use fence::{Fence, FenceError};
pub use session::SessionKey;
