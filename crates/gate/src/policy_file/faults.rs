//! What is wrong with the rules of a file, wherever they would be applied.

use model::{PolicyFile, Refusal};

use crate::mistakes::Mistakes;
use crate::{datamasking_rules, guardrails};

/// Checks what the guardrails and masking rules of a file say, by the checks of the
/// operations that make one. What they are linked to is not looked at.
///
/// # Errors
/// `invalid_argument` with every mistake under `details.mistakes`, each with its path in
/// the file.
pub fn check_policy_rules(file: &PolicyFile) -> Result<(), Refusal> {
    let mut mistakes = Mistakes::default();
    for (index, entry) in file.guardrails.iter().enumerate() {
        for refusal in guardrails::faults(&entry.guardrail()) {
            mistakes.add_refusal(&format!("/guardrails/{index}"), refusal);
        }
    }
    for (index, entry) in file.datamasking_rules.iter().enumerate() {
        for refusal in datamasking_rules::faults(&entry.masking_rule()) {
            mistakes.add_refusal(&format!("/datamasking_rules/{index}"), refusal);
        }
    }
    mistakes.check()
}
