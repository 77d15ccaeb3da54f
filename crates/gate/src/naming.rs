//! What things may be called.

use model::{Refusal, is_resource_name, is_uuid_form};

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

/// Checks the name of a guardrail or a masking rule, whose length is checked already.
///
/// # Errors
/// `invalid_argument` for one that is blank or reads as an id.
pub(crate) fn check_rule_name(name: &str) -> Result<(), Refusal> {
    if is_uuid_form(name) || name.trim().is_empty() {
        let expected = "1 to 128 characters that are not in the form of a UUID";
        return Err(Refusal::invalid("/name", expected));
    }
    Ok(())
}
