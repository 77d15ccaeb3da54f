//! Whole-process tests: the real binary, real servers, real clients.

mod catalog;
mod clients;
mod databases;
mod faults;
mod gateway;
mod identity;
mod kill;
mod long_runs;
mod roles;
mod secrets;
mod start;
mod targets;
mod wire;
