//! Real servers and gateways for tests.

pub mod servers;
