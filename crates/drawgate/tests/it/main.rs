//! Whole-process tests: the real binary, real servers, real clients.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on must fail"
)]

mod audited;
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
mod policy;
mod replicas;
mod roles;
mod rotation;
mod secrets;
mod start;
mod stops;
mod stored;
mod targets;
mod traces;
mod wire;
