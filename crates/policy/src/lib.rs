#![doc = include_str!("../README.md")]

mod visibility;

pub use visibility::sees;
