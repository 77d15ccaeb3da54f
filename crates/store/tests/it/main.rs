//! The store on both of its engines.

mod basics;
mod calls;
mod harness;
mod links;
mod logins;
mod recordings;
mod sessions;
