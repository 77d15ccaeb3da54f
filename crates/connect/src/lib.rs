#![doc = include_str!("../README.md")]

#[cfg(any(feature = "mysql", feature = "postgres"))]
mod authorities;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod caret;
mod dial;
mod flow;
#[cfg(any(feature = "mysql", feature = "sqlite"))]
mod hex;
mod introspect;
#[cfg(feature = "mysql")]
mod mysql;
mod native;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod pools;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "process")]
mod process;
mod relations;
mod runner;
#[cfg(feature = "sqlite")]
mod sqlite;
mod supervise;
mod target;
#[cfg(feature = "postgres")]
mod tls;
mod variables;
#[cfg(any(feature = "mysql", feature = "sqlite"))]
mod words;

pub use introspect::{SchemaAsk, SchemaScript, schema_job};
pub use relations::{MOST_COLUMNS, Relation, Relations, relations};
pub use runner::{Config, Runner, drivers};
pub use target::{BoxFuture, Fault, Halt, Job, Probe, Sink, Spec, Stage, Target};
pub use variables::{check_secrets, tls_of};
