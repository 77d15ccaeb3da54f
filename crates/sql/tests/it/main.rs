//! Tests of the crate through its doors.

mod catalog;
mod corpus;
mod hostile;
mod tables;
