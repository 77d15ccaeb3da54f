//! Variables that a script gives values to, as far as that is plain to see.

use std::collections::BTreeMap;
use std::rc::Rc;

/// Most variables that are known at a time.
const MOST: usize = 32;
/// Most bytes of a value. A longer one is not known, so that what replaces `$a` stays
/// within a multiple of the text.
const MOST_BYTES: usize = 64;

/// Words before assignments that do not keep them from the shell.
const DECLARING: &[&str] = &["export", "declare", "typeset", "local", "readonly"];

/// Values by name.
type Values = Rc<BTreeMap<String, String>>;

/// What is known of variables at a place of a script. A copy shares what it knows.
#[derive(Clone, Default)]
pub(super) struct Variables {
    known: Values,
    /// What was known where each open subshell begins.
    outside: Vec<Values>,
    /// Assignments of the command that is being read: they hold behind it.
    pending: Vec<(String, String)>,
    /// Whether the command has words beside: then they hold for it alone.
    is_apart: bool,
}

impl Variables {
    /// What a script within this one knows.
    pub(super) fn within(&self) -> Self {
        Self {
            known: Rc::clone(&self.known),
            ..Self::default()
        }
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.known.get(name).map(String::as_str)
    }

    /// Notes a word of a command. `name` is as long as what stands before its first
    /// plain `=`, if it begins with a plain name.
    pub(super) fn word(&mut self, word: &str, name: Option<usize>) {
        let parts = name.and_then(|length| word.split_at_checked(length));
        let Some((name, value)) = parts else {
            self.is_apart |= !DECLARING.contains(&word);
            return;
        };
        let value = value.strip_prefix('=').unwrap_or_default();
        let assignment = match name.strip_suffix('+') {
            Some(name) => {
                let before = self.value(name).unwrap_or_default();
                (name.to_owned(), format!("{before}{value}"))
            }
            None => (name.to_owned(), value.to_owned()),
        };
        if self.pending.len() < MOST {
            self.pending.push(assignment);
        }
    }

    /// Ends a command.
    pub(super) fn end_command(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        if std::mem::take(&mut self.is_apart) || pending.is_empty() {
            return;
        }
        let known = Rc::make_mut(&mut self.known);
        for (name, value) in pending {
            known.remove(&name);
            if value.len() <= MOST_BYTES && known.len() < MOST {
                known.insert(name, value);
            }
        }
    }

    /// Begins a subshell, behind which its assignments are forgotten.
    pub(super) fn open(&mut self) {
        if self.outside.len() < MOST {
            self.outside.push(Rc::clone(&self.known));
        }
    }

    /// Ends a subshell.
    pub(super) fn close(&mut self) {
        if let Some(known) = self.outside.pop() {
            self.known = known;
        }
    }
}
