//! The only way in.

use std::sync::Arc;

use model::{Caller, Refusal, Scopes};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::{Call, Catalog, Entry};

/// The gateway behind every door.
pub struct Gate {
    catalog: Catalog,
}

/// Why nobody was proven.
#[derive(Debug, thiserror::Error)]
pub enum Unproven {
    /// No bearer was sent.
    #[error("missing access token")]
    Missing,
    /// The bearer is unknown, expired or revoked.
    #[error("invalid access token")]
    Invalid,
    /// The bearer is good, its account is not active.
    #[error("account is not active")]
    Inactive,
    /// The store could not be asked.
    #[error("identity cannot be checked right now")]
    Unavailable,
}

/// Why a call was not answered.
#[derive(Debug)]
pub enum Denied {
    /// The credential lacks these scopes; nothing ran.
    Scope(Scopes),
    /// The call was refused or failed.
    Refused(Refusal),
}

impl Gate {
    /// Every operation.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Proves the caller of one request from its bearer, without the word `Bearer`.
    ///
    /// # Errors
    /// Why nobody was proven.
    pub async fn authenticate(&self, bearer: Option<&str>) -> Result<Arc<Caller>, Unproven> {
        let _ = bearer;
        Err(Unproven::Missing)
    }

    /// Runs one operation: role, scope, arguments, then the operation itself;
    /// counted, traced and audited. The answer is JSON of the operation's output.
    ///
    /// # Errors
    /// [`Denied::Scope`] before anything ran, otherwise the refusal.
    pub async fn call(
        self: &Arc<Self>,
        entry: &Entry,
        caller: &Arc<Caller>,
        arguments: Value,
        call: Call,
    ) -> Result<Box<RawValue>, Denied> {
        let _ = (entry, caller, arguments, call);
        Err(Denied::Scope(Scopes::ALL))
    }
}
