//! The list of operations that doors show.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;

use model::{Code, Refusal, Role, Scope};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::figures::Figures;
use crate::schema::Checker;
use crate::{Context, Hints, Operation, schema};

/// Every operation, in the order of `docs/reference/tools.json`.
pub struct Catalog {
    entries: Vec<Entry>,
    by_name: HashMap<&'static str, usize>,
}

impl Catalog {
    /// An empty list.
    pub(crate) fn new() -> Self {
        Self {
            entries: Vec::new(),
            by_name: HashMap::new(),
        }
    }

    /// Adds an operation.
    ///
    /// # Errors
    /// When its input type has no usable schema.
    pub(crate) fn add<O: Operation>(&mut self, surface: Surface) -> Result<(), String> {
        let entry = Entry::of::<O>(surface)?;
        self.by_name.insert(entry.name, self.entries.len());
        self.entries.push(entry);
        Ok(())
    }

    /// Every operation.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The operation called `name`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.by_name.get(name).map(|index| &self.entries[*index])
    }
}

/// One operation, as doors see it.
pub struct Entry {
    /// Name of the tool.
    pub name: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// What it does.
    pub description: String,
    /// Role the caller needs.
    pub role: Role,
    /// Scope the credential needs at least.
    pub scope: Scope,
    /// Hints for clients.
    pub hints: Hints,
    /// Doors that show it.
    pub surface: Surface,
    /// JSON Schema 2020-12 of the arguments, root `type: object`.
    pub input_schema: Value,
    /// JSON Schema 2020-12 of results and errors, root `type: object`.
    pub output_schema: Value,
    /// JSON Schema 2020-12 of results alone.
    pub result_schema: Value,
    pub(crate) takes_idempotency_key: bool,
    pub(crate) waits: bool,
    tells_every_mistake: bool,
    pub(crate) figures: Figures,
    /// Compiled at the first call: most processes are never asked most operations.
    checker: OnceLock<Result<Checker, String>>,
    prepare: fn(Value) -> Result<Prepared, Refusal>,
}

/// Doors that show an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// An MCP tool, and REST.
    Everywhere,
    /// REST and the command line only.
    Rest,
}

/// An operation with its arguments, ready to run.
pub(crate) struct Prepared {
    /// Scope that these very arguments need.
    pub(crate) scope: Scope,
    /// Runs it.
    pub(crate) run: Box<dyn for<'a> FnOnce(&'a Context) -> Answer<'a> + Send>,
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Box<RawValue>, Refusal>> + Send + 'a>>;

impl Entry {
    fn of<O: Operation>(surface: Surface) -> Result<Self, String> {
        let mut input_schema = schema::input::<O>();
        let mut result_schema = schema::result::<O::Output>();
        if O::IDEMPOTENCY {
            schema::add_replay(&mut result_schema);
        }
        let description = schema::take_description(&mut input_schema)
            .ok_or_else(|| format!("{} has no description", O::NAME))?;
        Ok(Self {
            name: O::NAME,
            title: O::TITLE,
            description,
            role: O::ROLE,
            scope: O::SCOPE,
            hints: O::HINTS,
            surface,
            takes_idempotency_key: O::IDEMPOTENCY,
            waits: O::WAITS,
            tells_every_mistake: O::EVERY_MISTAKE,
            figures: Figures::default(),
            checker: OnceLock::new(),
            output_schema: schema::result_or_error(&result_schema),
            result_schema,
            prepare: prepare::<O>,
            input_schema,
        })
    }

    /// Checks and decodes arguments.
    ///
    /// # Errors
    /// `invalid_argument` for the first argument that does not fit, or for all.
    pub(crate) fn prepare(&self, arguments: Value) -> Result<Prepared, Refusal> {
        let checker = self.checker()?;
        if self.tells_every_mistake {
            checker.check_every(&arguments)?;
        } else {
            checker.check(&arguments)?;
        }
        (self.prepare)(arguments)
    }

    /// What checks the arguments.
    ///
    /// # Errors
    /// `internal` when the schema is none, a fault of the build: nothing runs.
    fn checker(&self) -> Result<&Checker, Refusal> {
        let compiled = self
            .checker
            .get_or_init(|| Checker::new(&self.input_schema));
        compiled.as_ref().map_err(|error| {
            tracing::error!(operation = self.name, %error, "a schema cannot be compiled");
            Refusal::new(
                Code::Internal,
                "the arguments of this tool cannot be checked",
            )
        })
    }
}

fn prepare<O: Operation>(mut arguments: Value) -> Result<Prepared, Refusal> {
    schema::whole_numbers(&mut arguments);
    let operation: O = serde_json::from_value(arguments)
        .map_err(|_| Refusal::invalid("/", "arguments of the documented types"))?;
    Ok(Prepared {
        scope: operation.scope(),
        run: Box::new(|context| {
            Box::pin(async move {
                let output = operation.run(context).await?;
                serde_json::value::to_raw_value(&output).map_err(|error| {
                    context.fault("an answer could not be written as JSON", &error)
                })
            })
        }),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_schema_of_every_operation_can_be_compiled() {
        for entry in crate::operations().unwrap().entries() {
            assert!(entry.checker().is_ok(), "{}", entry.name);
        }
    }
}
