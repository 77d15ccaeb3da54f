//! The store on both of its engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod attributes;
mod basics;
mod bucket;
mod calls;
mod harness;
mod journal;
mod kept;
mod links;
mod logins;
mod policies;
mod readiness;
mod recordings;
mod rules;
mod safety;
mod sessions;
