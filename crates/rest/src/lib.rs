#![doc = include_str!("../README.md")]

mod answer;
mod arguments;
mod config;
mod door;
mod headers;
mod openapi;
mod query;
mod request_id;
mod router;
mod routes;
mod sign_in;
mod trace;

pub use config::RestConfig;
pub use openapi::openapi;
pub use router::router;
pub use routes::{Gap, gaps};
