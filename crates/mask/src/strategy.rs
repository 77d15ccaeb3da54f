//! How a finding is made unreadable. One file for each way.

mod hash;
mod keys;
mod mask;
mod nullify;
mod partial;
mod redact;
mod token;

use model::{Strategy, StrategyOptions};

pub use keys::Keys;

/// A strategy ready to be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Treatment {
    pub(crate) strategy: Strategy,
    pub(crate) options: StrategyOptions,
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
