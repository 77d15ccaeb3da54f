//! Tests of the crate through its doors.

mod catalog;
mod corpus;
mod database;
mod hostile;
mod tables;
