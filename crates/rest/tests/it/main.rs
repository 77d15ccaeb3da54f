//! The REST door over a real gate and a real store.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod calls;
mod frame;
mod house;
mod login;
