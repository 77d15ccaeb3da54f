//! Targets against real servers and processes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ending;
mod facts;
mod hostile;
mod idle;
mod introspect;
mod mysql;
mod postgres;
mod postgres_types;
mod prepared;
mod process;
mod recorder;
mod relations;
mod slow;
mod sqlite;
mod sqlite_limits;
mod tap;
mod trust;
