#![doc = include_str!("../README.md")]

mod call;
mod catalog;
mod operation;
mod turnstile;

pub use call::{Call, Progress, ProgressState};
pub use catalog::{Catalog, Entry, Surface};
pub use operation::{Context, Hints, Operation};
pub use turnstile::{Denied, Gate, Unproven};
