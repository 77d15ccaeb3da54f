#![doc = include_str!("../README.md")]

mod attributes;
mod audit;
mod bindings;
mod bus;
mod callers;
mod config;
mod connections;
mod credentials;
mod db;
mod error;
mod generation;
mod groups;
mod idempotency;
mod key;
mod links;
mod migrate;
mod objects;
mod org;
mod organizations;
mod page;
mod policies;
mod recordings;
mod replicas;
mod row;
mod rules;
mod seal;
mod sessions;
mod signals;
mod sql;
mod store;
mod token;
mod users;
mod wire;
mod writer;

pub use attributes::AttributeLinks;
pub use bindings::Binding;
pub use bus::{Bus, Watch};
pub use config::{Config, StoreUrl, check_recordings};
pub use connections::{ConnectionFields, ConnectionSet, Deleted, NewConnection, SecretsChange};
pub use credentials::{
    CredentialFilter, CredentialOwner, LoginPair, LoginRotation, NewCredential, StoredCredential,
    TokenKind,
};
pub use error::Error;
pub use groups::{GroupCreated, NewGroup};
pub use idempotency::{CallKey, Claim};
pub use org::OrgStore;
pub use page::Keyset;
pub use policies::{ByFile, PolicyChange, PolicyWrite};
pub use recordings::{Recorder, RecordingPage, RecordingTail};
pub use rules::{Reach, Rule, RuleChange, RuleKind};
pub use seal::MasterKey;
pub use sessions::{Cancel, SessionFilter, SessionList, SessionPage, Viewer};
pub use signals::Signal;
pub use store::Store;
pub use token::TokenHash;
pub use users::{NewUser, SignIn, UserChange, UserFilter};
