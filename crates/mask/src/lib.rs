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
mod jsonl;
mod plan;
mod rows;
mod strategy;
mod stream;

pub use engine::{Detector, Engine, Masked, Span};
pub use entity::{Entity, EntitySet, PRESETS, preset};
pub use jsonl::jsonl_line;
pub use plan::{ColumnRule, Custom, NO_TYPE, Plan, PlanError, Selection};
pub use rows::{ColumnHint, RowsMasker};
pub use strategy::{Keys, Options, Scope, Strategy};
pub use stream::TextStream;
