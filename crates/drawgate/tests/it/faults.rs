//! Things that break around the gateway.

mod clients;
mod disk;
mod store;
mod targets;
