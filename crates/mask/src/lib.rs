#![doc = include_str!("../README.md")]

mod cell;
mod checksum;
mod column;
mod detect;
mod engine;
mod entity;
mod evidence;
mod finding;
mod flow;
mod invalid;
mod jsonl;
mod rows;
mod strategy;
mod stream;

pub use engine::{Detector, Engine, Masked, NO_TYPE, Span};
pub use entity::{Entity, EntitySet};
pub use invalid::Invalid;
pub use jsonl::jsonl_line;
pub use rows::{ColumnHint, Columns, RowsMasker};
pub use strategy::Keys;
pub use stream::TextStream;
