//! Everything that is wrong with a file of policies, looked at with what is stored.

use std::collections::{HashMap, HashSet};

use model::{Connection, Guardrail, PolicyFile, Refusal};

use super::stored::{Known, Stored};
use crate::mistakes::Mistakes;
use crate::{datamasking_rules, guardrails, naming};

/// Checks a file as a whole: what every entry says, by the checks of the operation that
/// makes one, and that everything it names is there.
///
/// # Errors
/// `invalid_argument` with every mistake.
pub(super) async fn check(file: &PolicyFile, stored: &Stored, prune: bool) -> Result<(), Refusal> {
    size(file)?;
    let mut looked_at = Check {
        file,
        stored,
        prune,
        mistakes: Mistakes::default(),
    };
    looked_at.attributes();
    looked_at.guardrails().await;
    looked_at.masking_rules().await;
    looked_at.access_control();
    looked_at.followed();
    looked_at.mistakes.check()
}

/// Most links of a file. They are written in one transaction, during which nobody else
/// changes the organization.
const MOST_LINKS: usize = 20_000;
/// Most rules of all guardrails and entries of all masking rules of a file. Each is
/// compiled.
const MOST_RULES: usize = 10_000;

/// What a file says must be done in a moment.
///
/// # Errors
/// `invalid_argument` for a file that says too much.
fn size(file: &PolicyFile) -> Result<(), Refusal> {
    let guardrails = || file.guardrails.iter();
    let masking = || file.datamasking_rules.iter();
    let attributes = file.attributes.iter();
    let links: usize = attributes
        .map(|entry| entry.connections.len() + entry.groups.len())
        .chain(guardrails().map(|entry| entry.connections.len() + entry.attributes.len()))
        .chain(masking().map(|entry| entry.connections.len() + entry.attributes.len()))
        .chain(file.access_control.iter().map(|entry| entry.groups.len()))
        .sum();
    let directions = guardrails().flat_map(|entry| [&entry.input, &entry.output]);
    let rules: usize = directions
        .map(|rules| rules.as_ref().map_or(0, |rules| rules.rules.len()))
        .chain(masking().map(|entry| {
            let (supported, custom) = (&entry.supported_entity_types, &entry.custom_entity_types);
            supported.len() + custom.len() + entry.column_rules.len()
        }))
        .sum();
    let mut mistakes = Mistakes::default();
    if links > MOST_LINKS {
        let names = "names of connections, attributes and groups";
        mistakes.add(
            "/file",
            format!("{links} {names}; {MOST_LINKS} at most"),
            "give connections an attribute, and link rules to that",
        );
    }
    if rules > MOST_RULES {
        let message = format!("{rules} rules in all; {MOST_RULES} at most");
        mistakes.add(
            "/file",
            message,
            "join words and globs to lists in one rule",
        );
    }
    mistakes.check()
}

struct Check<'a> {
    file: &'a PolicyFile,
    stored: &'a Stored,
    prune: bool,
    mistakes: Mistakes,
}

impl Check<'_> {
    fn attributes(&mut self) {
        let entries = &self.file.attributes;
        self.doubled(
            "attributes",
            "name",
            entries.iter().map(|entry| &entry.name),
        );
        for (index, entry) in entries.iter().enumerate() {
            let at = format!("/file/attributes/{index}");
            if let Err(refusal) = naming::check_resource_name(&entry.name) {
                self.mistakes.add_refusal(&at, refusal);
            }
            self.owned(&at, self.stored.attributes.get(&entry.name));
            self.connections(&at, &entry.connections, None);
            self.groups(&at, &entry.groups);
        }
    }

    async fn guardrails(&mut self) {
        let entries = &self.file.guardrails;
        self.doubled(
            "guardrails",
            "name",
            entries.iter().map(|entry| &entry.name),
        );
        let defined = self.defined_attributes();
        for (index, entry) in entries.iter().enumerate() {
            let at = format!("/file/guardrails/{index}");
            let guardrail = entry.guardrail();
            // Compiling takes a while; other calls go on in between.
            tokio::task::yield_now().await;
            for refusal in guardrails::faults(&guardrail) {
                self.mistakes.add_refusal(&at, refusal);
            }
            self.owned(&at, self.stored.guardrails.get(&entry.name));
            self.connections(&at, &entry.connections, Some(&guardrail));
            self.links(&at, &entry.attributes, &defined);
        }
    }

    async fn masking_rules(&mut self) {
        let entries = &self.file.datamasking_rules;
        let names = entries.iter().map(|entry| &entry.name);
        self.doubled("datamasking_rules", "name", names);
        let defined = self.defined_attributes();
        for (index, entry) in entries.iter().enumerate() {
            let at = format!("/file/datamasking_rules/{index}");
            tokio::task::yield_now().await;
            for refusal in datamasking_rules::faults(&entry.masking_rule()) {
                self.mistakes.add_refusal(&at, refusal);
            }
            self.owned(&at, self.stored.masking.get(&entry.name));
            self.connections(&at, &entry.connections, None);
            self.links(&at, &entry.attributes, &defined);
        }
    }

    fn access_control(&mut self) {
        let entries = &self.file.access_control;
        let names = entries.iter().map(|entry| &entry.connection);
        self.doubled("access_control", "connection", names);
        for (index, entry) in entries.iter().enumerate() {
            let at = format!("/file/access_control/{index}");
            self.connection(&format!("{at}/connection"), &entry.connection);
            self.groups(&at, &entry.groups);
        }
    }

    /// Names may stand once in a list.
    fn doubled<'n>(&mut self, section: &str, key: &str, names: impl Iterator<Item = &'n String>) {
        let mut seen = HashMap::new();
        for (index, name) in names.enumerate() {
            if let Some(first) = seen.insert(name, index) {
                self.mistakes.add(
                    &format!("/file/{section}/{index}/{key}"),
                    format!("{name:?} is already at /file/{section}/{first}"),
                    "say everything about it in one entry",
                );
            }
        }
    }

    /// What somebody else owns cannot be changed by a file.
    fn owned<I, E>(&mut self, at: &str, known: Option<&Known<I, E>>) {
        if let Some(owner) = known.and_then(|known| known.managed_by.as_ref()) {
            self.mistakes.add(
                at,
                format!("it is managed by {owner}"),
                "change it there, and leave it out of the file",
            );
        }
    }

    /// Connections that are named must exist, and a guardrail must fit them.
    fn connections(&mut self, at: &str, names: &[String], guardrail: Option<&Guardrail>) {
        for (index, name) in names.iter().enumerate() {
            let at = format!("{at}/connections/{index}");
            let Some(connection) = self.connection(&at, name) else {
                continue;
            };
            if guardrail.is_some_and(|guardrail| !guardrails::fits(guardrail, connection)) {
                let expected = format!("expected {}", guardrails::no_dialect(connection));
                self.mistakes.add(&at, expected, "");
            }
        }
    }

    fn connection(&mut self, at: &str, name: &str) -> Option<&Connection> {
        let found = self.stored.connections.by_name(name);
        if found.is_none() {
            let hint = "correct the name, or make the connection first: a file makes none";
            let message = format!("connection {name:?} not found");
            self.mistakes.add(at, message, hint);
        }
        found.map(|connection| &**connection)
    }

    fn groups(&mut self, at: &str, names: &[String]) {
        for (index, name) in names.iter().enumerate() {
            if !self.stored.groups.contains(name) {
                self.mistakes.add(
                    &format!("{at}/groups/{index}"),
                    format!("group {name:?} not found"),
                    "correct the name, or make the group first: a file makes none",
                );
            }
        }
    }

    /// The attributes of the file, and their places.
    fn defined_attributes(&self) -> HashMap<String, usize> {
        let entries = self.file.attributes.iter().enumerate();
        entries
            .map(|(index, entry)| (entry.name.clone(), index))
            .collect()
    }

    /// Attributes that are named must be there when all is done.
    fn links(&mut self, at: &str, names: &[String], defined: &HashMap<String, usize>) {
        for (index, name) in names.iter().enumerate() {
            if defined.contains_key(name) {
                continue;
            }
            let at = format!("{at}/attributes/{index}");
            match self.stored.attributes.get(name) {
                None => self.mistakes.add(
                    &at,
                    format!("attribute {name:?} not found"),
                    "add it to the attributes of the file",
                ),
                Some(known) if self.prune && known.is_by_file => self.mistakes.add(
                    &at,
                    format!("attribute {name:?} would be deleted: the file does not define it"),
                    "add it to the attributes of the file, or do not prune",
                ),
                Some(_) => {}
            }
        }
    }

    /// An attribute does not leave under a rule that stays and is not the file's: that
    /// rule would silently reach less.
    fn followed(&mut self) {
        if !self.prune {
            return;
        }
        let (file, stored) = (self.file, self.stored);
        let defined = self.defined_attributes();
        let leaves = |name: &String| {
            let known = stored.attributes.get(name);
            known.is_some_and(|known| known.is_by_file) && !defined.contains_key(name)
        };
        let named: HashSet<&String> = file.guardrails.iter().map(|entry| &entry.name).collect();
        let others = stored.guardrails.values();
        let others = others
            .filter(|known| !known.is_by_file && !named.contains(&known.entry.name))
            .map(|known| ("guardrail", &known.entry.name, &known.entry.attributes));
        let rules = &file.datamasking_rules;
        let named: HashSet<&String> = rules.iter().map(|entry| &entry.name).collect();
        let masking = stored.masking.values();
        let masking = masking
            .filter(|known| !known.is_by_file && !named.contains(&known.entry.name))
            .map(|known| {
                (
                    "data masking rule",
                    &known.entry.name,
                    &known.entry.attributes,
                )
            });
        for (noun, rule, attributes) in others.chain(masking) {
            for name in attributes.iter().filter(|name| leaves(name)) {
                self.mistakes.add(
                    "/file/attributes",
                    format!("attribute {name:?} would be deleted, and {noun} {rule:?} follows it"),
                    "define the attribute in the file, unlink the rule, or do not prune",
                );
            }
        }
    }
}
