//! The MCP door in front of a real gate with a real store.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod calls;
mod damaged;
mod gateway;
mod methods;
mod refusals;
mod sessions;
mod streams;
