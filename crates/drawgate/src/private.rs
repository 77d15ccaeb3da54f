//! Keeps the memory of the gateway from programs of the same user.

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// Lets no process but those of root read the environment and the memory of this
/// one in `/proc`: commands of process connections run as the same user. Programs
/// that are started later are not concerned.
///
/// # Errors
/// When the operating system refuses.
pub(crate) fn hide_memory() -> Result<(), String> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|error| format!("the memory of the gateway cannot be hidden: {error}"))
}

#[cfg(test)]
mod tests {
    use rustix::process::dumpable_behavior;

    use super::*;

    #[test]
    fn memory_is_hidden() {
        hide_memory().unwrap();
        assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
    }
}
