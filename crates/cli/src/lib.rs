#![doc = include_str!("../README.md")]

mod address;
mod admin;
mod answer;
mod api;
mod apply;
mod command;
mod config;
mod connections;
mod csv;
mod doctor;
mod exec;
mod failure;
mod globals;
mod input;
mod login;
mod output;
mod pairs;
mod papers;
mod policy;
mod policy_file;
mod proof;
mod renewal;
mod request;
mod sessions;
mod settings;
mod spinner;
mod table;
mod view;

pub use command::{Command, run};
pub use csv::line as csv_line;
pub use globals::{Globals, OutputFormat};
pub use output::harmless;
pub use policy_file::policy_file;
