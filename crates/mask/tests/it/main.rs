//! Integration tests of masking.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod corpus;
mod dumps;
mod entities;
mod properties;
mod rules;
