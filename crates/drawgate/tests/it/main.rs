//! Whole-process tests: the real binary, real servers, real clients.

mod catalog;
mod gateway;
mod identity;
mod roles;
mod secrets;
mod start;
