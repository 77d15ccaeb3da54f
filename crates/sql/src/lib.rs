#![doc = include_str!("../README.md")]

mod assess;
mod cache;
mod catalog;
mod client;
mod comments;
mod facts;
mod fingerprint;
mod harmless;
mod labels;
mod lexer;
mod lineage;
mod nesting;
mod postgres;
mod resolve;
mod stack;
mod standard;
mod tautology;
mod tree;
mod understand;

pub use cache::FactsCache;
pub use catalog::{Catalog, CatalogError, ToldRelation};
pub use client::{Client, facts_for_client};
pub use comments::without_comments;
pub use facts::{Access, Dialect, Facts, Kind, Risk, Statement, TableUse};
pub use labels::{Labels, SENSITIVE_COLUMNS, jsonl_line, labels, labels_with};
pub use lineage::{ResultColumn, lineage, lineages};
pub use understand::{MOST_BYTES, MOST_TOKENS, facts, facts_with};
