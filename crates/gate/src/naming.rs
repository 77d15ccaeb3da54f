//! What things may be called.

use model::{Refusal, is_resource_name};

/// Checks the name of a connection, an attribute or a rule.
///
/// # Errors
/// `invalid_argument` for one that is no resource name.
pub(crate) fn check_resource_name(name: &str) -> Result<(), Refusal> {
    if is_resource_name(name) {
        return Ok(());
    }
    Err(Refusal::invalid(
        "/name",
        "3 to 254 letters, digits and underscores, in parts joined by single dots or \
         hyphens, not in the form of a UUID",
    ))
}
