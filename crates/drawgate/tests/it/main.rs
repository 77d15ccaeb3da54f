//! Whole-process tests: the real binary, real servers, real clients.

mod gateway;
mod start;
