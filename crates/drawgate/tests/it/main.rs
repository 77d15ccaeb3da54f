//! Whole-process tests: the real binary, real servers, real clients.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on must fail"
)]

mod clients;
mod databases;
mod faults;
mod gateway;
mod kill;
mod long_runs;
mod start;
mod targets;
mod wire;
