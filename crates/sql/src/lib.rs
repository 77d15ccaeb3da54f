#![doc = include_str!("../README.md")]

mod facts;

pub use facts::{Access, Dialect, Facts, Kind, Risk, Statement, TableUse};
