//! How a finding is made unreadable. One file for each way.

mod hash;
mod keys;
mod mask;
mod nullify;
mod partial;
mod redact;
mod token;

use serde::{Deserialize, Serialize};

pub use keys::Keys;

/// A way to make a finding unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// The name of the type in angle brackets.
    #[default]
    Redact,
    /// Four asterisks, whatever the length.
    Mask,
    /// Asterisks but for the last characters.
    Partial,
    /// Sixteen hexadecimal digits of a keyed hash.
    Hash,
    /// Another value of the same shape; equal values give equal tokens.
    Token,
    /// Nothing: null in rows, no characters in text.
    Nullify,
}

impl Strategy {
    /// Rank by how little is left: the highest wins where two apply.
    pub(crate) fn strictness(self) -> u8 {
        match self {
            Self::Nullify => 6,
            Self::Redact => 5,
            Self::Mask => 4,
            Self::Hash => 3,
            Self::Token => 2,
            Self::Partial => 1,
        }
    }
}

/// Whose key `hash` and `token` use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Results can be joined within the connection alone.
    #[default]
    Connection,
    /// Results can be joined between connections of the organization.
    Organization,
}

/// Options of strategies; a strategy ignores what is not its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Characters that `partial` leaves, 1 to 16; 4 when absent.
    pub keep_last: Option<u8>,
    /// Key of `hash` and `token`.
    pub scope: Option<Scope>,
}

/// A strategy ready to be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Treatment {
    pub(crate) strategy: Strategy,
    pub(crate) options: Options,
}

impl Treatment {
    /// What stands for `value`, which is a `name`; `None` is nothing at all.
    pub(crate) fn apply(self, value: &str, name: &str, keys: &Keys) -> Option<String> {
        let scope = self.options.scope.unwrap_or_default();
        match self.strategy {
            Strategy::Redact => Some(redact::apply(name)),
            Strategy::Mask => Some(mask::apply()),
            Strategy::Partial => Some(partial::apply(value, self.options.keep_last.unwrap_or(4))),
            Strategy::Hash => Some(hash::apply(value, keys.of(scope))),
            Strategy::Token => Some(token::apply(value, keys.of(scope))),
            Strategy::Nullify => nullify::apply(),
        }
    }
}
