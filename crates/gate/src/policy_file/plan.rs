//! From a file and what is stored to what happens, and in which order: attributes
//! first, which rules name, and what leaves last.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;

use model::{
    AccessEntry, AttributeEntry, GuardrailEntry, MaskingRuleEntry, PolicyFile, Refusal, RuleId,
};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{AttributeLinks, PolicyChange, PolicyWrite, RuleChange, RuleKind};

use super::difference::differences;
use super::stored::{Known, Stored};
use super::{Action, Change, Kind, PlanObject};
use crate::{Context, datamasking_rules, guardrails};

/// What applying a file does.
pub(super) struct Plan {
    /// A digest of what happens, and of the versions of what is there.
    pub(super) id: String,
    steps: Vec<Step>,
}

/// What happens to one object.
struct Step {
    change: Change,
    /// Id and version of what is there.
    stored: Option<(String, i64)>,
    write: Option<PolicyWrite>,
}

impl Plan {
    /// The plan of a file that was checked.
    ///
    /// # Errors
    /// `internal` when something cannot be written as JSON.
    pub(super) fn make(
        context: &Context,
        file: &PolicyFile,
        stored: &Stored,
        prune: bool,
    ) -> Result<Self, Refusal> {
        let mut making = Making {
            context,
            stored,
            steps: Vec::new(),
        };
        for entry in &file.attributes {
            making.attribute(entry)?;
        }
        for entry in &file.guardrails {
            making.guardrail(entry)?;
        }
        for entry in &file.datamasking_rules {
            making.masking_rule(entry)?;
        }
        for entry in &file.access_control {
            making.access(entry)?;
        }
        if prune {
            making.prune(file)?;
        }
        let steps = making.steps;
        let seen: Vec<_> = steps
            .iter()
            .map(|step| (&step.change, &step.stored))
            .collect();
        let organization = context.store().id();
        let text = serde_json::to_string(&(organization, prune, seen));
        let text = text.map_err(|error| context.fault("a plan", &error))?;
        let id = context.store().args_digest(&text);
        let id = id.map_err(|error| context.refuse(error))?;
        Ok(Self { id, steps })
    }

    /// What is to be written, in its order; nothing when all is as the file says.
    pub(super) fn writes(&self) -> Vec<PolicyWrite> {
        let writes = self.steps.iter();
        writes.filter_map(|step| step.write.clone()).collect()
    }

    /// The plan as it is answered.
    pub(super) fn shown(self) -> PlanObject {
        PlanObject {
            plan_id: self.id,
            changes: self.steps.into_iter().map(|step| step.change).collect(),
        }
    }
}

struct Making<'a> {
    context: &'a Context,
    stored: &'a Stored,
    steps: Vec<Step>,
}

/// A rule of either kind, with its lists of names in order.
struct RuleEntry<'a> {
    name: &'a str,
    connections: &'a [String],
    attributes: &'a [String],
    /// What it says, as it is kept.
    detail: String,
}

impl Making<'_> {
    fn attribute(&mut self, entry: &AttributeEntry) -> Result<(), Refusal> {
        let entry = AttributeEntry {
            connections: sorted(&entry.connections),
            groups: sorted(&entry.groups),
            ..entry.clone()
        };
        let known = self.stored.attributes.get(&entry.name);
        let description = Some(entry.description.clone()).filter(|text| !text.is_empty());
        let before = known.map(|known| &known.entry);
        let new = |old: Option<&Vec<String>>, now: &Vec<String>| {
            Some(now.clone()).filter(|now| old != Some(now))
        };
        let links = AttributeLinks {
            connections: new(before.map(|old| &old.connections), &entry.connections),
            groups: new(before.map(|old| &old.groups), &entry.groups),
            ..AttributeLinks::default()
        };
        let write = match known {
            None => PolicyWrite {
                operation: "attributes_create",
                change: PolicyChange::CreateAttribute {
                    name: entry.name.clone(),
                    description,
                    links,
                },
            },
            Some(known) => PolicyWrite {
                operation: "attributes_update",
                change: PolicyChange::UpdateAttribute {
                    id: known.id,
                    description,
                    links,
                },
            },
        };
        self.step((Kind::Attribute, &entry.name), &entry, known, write)
    }

    fn guardrail(&mut self, entry: &GuardrailEntry) -> Result<(), Refusal> {
        let entry = tidy_guardrail(entry);
        let rule = RuleEntry {
            name: &entry.name,
            connections: &entry.connections,
            attributes: &entry.attributes,
            detail: guardrails::detail(self.context, &entry.guardrail())?,
        };
        let known = self.stored.guardrails.get(&entry.name).map(|known| Known {
            entry: tidy_guardrail(&known.entry),
            managed_by: known.managed_by.clone(),
            ..*known
        });
        let before = known.as_ref().map(|known| {
            let says = known.entry.guardrail() == entry.guardrail();
            (
                known.id,
                says,
                &*known.entry.connections,
                &*known.entry.attributes,
            )
        });
        let operations = ["guardrails_create", "guardrails_update"];
        let write = written(RuleKind::Guardrail, rule, before, operations);
        self.step(
            (Kind::Guardrail, &entry.name),
            &entry,
            known.as_ref(),
            write,
        )
    }

    fn masking_rule(&mut self, entry: &MaskingRuleEntry) -> Result<(), Refusal> {
        let entry = MaskingRuleEntry {
            connections: sorted(&entry.connections),
            attributes: sorted(&entry.attributes),
            ..entry.clone()
        };
        let rule = RuleEntry {
            name: &entry.name,
            connections: &entry.connections,
            attributes: &entry.attributes,
            detail: datamasking_rules::detail(self.context, &entry.masking_rule())?,
        };
        let known = self.stored.masking.get(&entry.name);
        let before = known.map(|known| {
            let says = known.entry.masking_rule() == entry.masking_rule();
            (
                known.id,
                says,
                &*known.entry.connections,
                &*known.entry.attributes,
            )
        });
        let operations = ["datamasking_rules_create", "datamasking_rules_update"];
        let write = written(RuleKind::Masking, rule, before, operations);
        self.step((Kind::DatamaskingRule, &entry.name), &entry, known, write)
    }

    fn access(&mut self, entry: &AccessEntry) -> Result<(), Refusal> {
        let Some(connection) = self.stored.connections.by_name(&entry.connection) else {
            return Err(Refusal::connection_not_found(&entry.connection));
        };
        let entry = AccessEntry {
            connection: entry.connection.clone(),
            groups: sorted(&entry.groups),
        };
        let write = PolicyWrite {
            operation: "access_control_set",
            change: PolicyChange::Bind {
                connection: connection.id,
                groups: entry.groups.clone(),
            },
        };
        let known = self.stored.access.get(&entry.connection);
        self.step(
            (Kind::AccessControl, &entry.connection),
            &entry,
            known,
            write,
        )
    }

    /// Deletes what files made and this one does not name: rules before the attributes
    /// that they follow.
    fn prune(&mut self, file: &PolicyFile) -> Result<(), Refusal> {
        let stored = self.stored;
        let named = names(file.guardrails.iter().map(|entry| &*entry.name));
        for (name, known) in left(&stored.guardrails, &named) {
            let (kind, id) = (RuleKind::Guardrail, known.id);
            let change = PolicyChange::DeleteRule { kind, id };
            self.gone(
                (Kind::Guardrail, name),
                known,
                ("guardrails_delete", change),
            )?;
        }
        let named = names(file.datamasking_rules.iter().map(|entry| &*entry.name));
        for (name, known) in left(&stored.masking, &named) {
            let (kind, id) = (RuleKind::Masking, known.id);
            let change = PolicyChange::DeleteRule { kind, id };
            let delete = ("datamasking_rules_delete", change);
            self.gone((Kind::DatamaskingRule, name), known, delete)?;
        }
        let named = names(file.attributes.iter().map(|entry| &*entry.name));
        for (name, known) in left(&stored.attributes, &named) {
            let change = PolicyChange::DeleteAttribute(known.id);
            self.gone(
                (Kind::Attribute, name),
                known,
                ("attributes_delete", change),
            )?;
        }
        let named = names(file.access_control.iter().map(|entry| &*entry.connection));
        for (name, known) in left(&stored.access, &named) {
            let change = PolicyChange::Unbind(known.id);
            let delete = ("access_control_unset", change);
            self.gone((Kind::AccessControl, name), known, delete)?;
        }
        Ok(())
    }

    /// An object that the file names.
    fn step<I: Display, E: Serialize>(
        &mut self,
        (kind, name): (Kind, &str),
        entry: &E,
        known: Option<&Known<I, E>>,
        write: PolicyWrite,
    ) -> Result<(), Refusal> {
        let before = known.map(|known| self.says(&known.entry)).transpose()?;
        let after = self.says(entry)?;
        let changes = differences(before.as_ref().unwrap_or(&Map::new()), &after);
        let action = match &before {
            None => Action::Create,
            Some(_) if changes.is_empty() => Action::Unchanged,
            Some(_) => Action::Update,
        };
        self.steps.push(Step {
            write: (action != Action::Unchanged).then_some(write),
            stored: known.map(|known| (known.id.to_string(), known.version)),
            change: Change {
                action,
                kind,
                name: name.to_owned(),
                changes,
            },
        });
        Ok(())
    }

    /// An object that leaves.
    fn gone<I: Display, E: Serialize>(
        &mut self,
        (kind, name): (Kind, &str),
        known: &Known<I, E>,
        (operation, change): (&'static str, PolicyChange),
    ) -> Result<(), Refusal> {
        let before = self.says(&known.entry)?;
        self.steps.push(Step {
            write: Some(PolicyWrite { operation, change }),
            stored: Some((known.id.to_string(), known.version)),
            change: Change {
                action: Action::Delete,
                kind,
                name: name.to_owned(),
                changes: differences(&before, &Map::new()),
            },
        });
        Ok(())
    }

    /// What an entry says, without the name that selects it.
    fn says(&self, entry: &impl Serialize) -> Result<Map<String, Value>, Refusal> {
        let told = serde_json::to_value(entry);
        match told.map_err(|error| self.context.fault("an entry of a file", &error))? {
            Value::Object(mut fields) => {
                fields.retain(|key, _| key != "name" && key != "connection");
                Ok(fields)
            }
            _ => Ok(Map::new()),
        }
    }
}

/// A guardrail with its lists in order, and directions without rules left out.
fn tidy_guardrail(entry: &GuardrailEntry) -> GuardrailEntry {
    let some = |rules: &Option<model::GuardrailRules>| {
        rules.clone().filter(|rules| !rules.rules.is_empty())
    };
    GuardrailEntry {
        input: some(&entry.input),
        output: some(&entry.output),
        connections: sorted(&entry.connections),
        attributes: sorted(&entry.attributes),
        ..entry.clone()
    }
}

/// How a rule is written: as new, or what changes of it. `before` is its id, whether it
/// says the same, and its lists.
fn written(
    kind: RuleKind,
    rule: RuleEntry<'_>,
    before: Option<(RuleId, bool, &[String], &[String])>,
    [create, update]: [&'static str; 2],
) -> PolicyWrite {
    let list = |names: &[String]| names.to_vec();
    let Some((id, says_the_same, connections, attributes)) = before else {
        let change = RuleChange {
            name: None,
            detail: Some(rule.detail),
            connections: Some(list(rule.connections)),
            attributes: Some(list(rule.attributes)),
        };
        let name = rule.name.to_owned();
        return PolicyWrite {
            operation: create,
            change: PolicyChange::CreateRule { kind, name, change },
        };
    };
    let change = RuleChange {
        name: None,
        detail: (!says_the_same).then_some(rule.detail),
        connections: (connections != rule.connections).then(|| list(rule.connections)),
        attributes: (attributes != rule.attributes).then(|| list(rule.attributes)),
    };
    PolicyWrite {
        operation: update,
        change: PolicyChange::UpdateRule { kind, id, change },
    }
}

/// Names in order, each once.
fn sorted(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    names
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> HashSet<&'a str> {
    names.collect()
}

/// What files made and is not named.
fn left<'a, I, E>(
    stored: &'a BTreeMap<String, Known<I, E>>,
    named: &'a HashSet<&str>,
) -> impl Iterator<Item = (&'a String, &'a Known<I, E>)> {
    let stored = stored.iter();
    stored.filter(|(name, known)| known.is_by_file && !named.contains(name.as_str()))
}
