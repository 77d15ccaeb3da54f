//! Whole-process tests: the real binary, real servers, real clients.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod catalog;
mod gateway;
mod identity;
mod roles;
mod secrets;
mod start;
