//! Whole-process tests: the real binary, real servers, real clients.

mod clients;
mod databases;
mod faults;
mod gateway;
mod kill;
mod long_runs;
mod start;
mod targets;
mod wire;
