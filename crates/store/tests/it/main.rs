//! The store on both of its engines.

mod basics;
mod harness;
mod links;
mod logins;
