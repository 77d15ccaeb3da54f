//! Whole-process tests: the real binary, real servers, real clients.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on must fail"
)]

mod bucket;
mod catalog;
mod clients;
mod command_line;
mod databases;
mod faults;
mod gateway;
mod identity;
mod kill;
mod long_runs;
mod roles;
mod secrets;
mod start;
mod stored;
mod targets;
mod traces;
mod wire;
