//! Things that break around the gateway.

mod bus;
mod clients;
mod disk;
mod store;
mod targets;
