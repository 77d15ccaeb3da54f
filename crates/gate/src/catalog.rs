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
    pub(crate) fn add<O: Operation>(&mut self, surface: Surface) {
        let entry = Entry::of::<O>(surface);
        self.by_name.insert(entry.name, self.entries.len());
        self.entries.push(entry);
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
    /// Role the caller needs.
    pub role: Role,
    /// Scope the credential needs at least.
    pub scope: Scope,
    /// Hints for clients.
    pub hints: Hints,
    /// Doors that show it.
    pub surface: Surface,
    pub(crate) takes_idempotency_key: bool,
    pub(crate) waits: bool,
    tells_every_mistake: bool,
    pub(crate) figures: Figures,
    publish: fn() -> Published,
    /// Made at the first call, and compiled: most processes are never asked most
    /// operations.
    input_schema: OnceLock<Value>,
    checker: OnceLock<Result<Checker, String>>,
    prepare: fn(Value) -> Result<Prepared, Refusal>,
}

/// What an operation publishes about itself: JSON Schema 2020-12, roots `type: object`.
pub struct Published {
    /// What it does.
    pub description: String,
    /// The arguments.
    pub input_schema: Value,
    /// Results and errors.
    pub output_schema: Value,
    /// Results alone.
    pub result_schema: Value,
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
    fn of<O: Operation>(surface: Surface) -> Self {
        Self {
            name: O::NAME,
            title: O::TITLE,
            role: O::ROLE,
            scope: O::SCOPE,
            hints: O::HINTS,
            surface,
            takes_idempotency_key: O::IDEMPOTENCY,
            waits: O::WAITS,
            tells_every_mistake: O::EVERY_MISTAKE,
            figures: Figures::default(),
            publish: Published::of::<O>,
            input_schema: OnceLock::new(),
            checker: OnceLock::new(),
            prepare: prepare::<O>,
        }
    }

    /// What it publishes. It is large and asked for rarely, so it is made each time.
    #[must_use]
    pub fn published(&self) -> Published {
        (self.publish)()
    }

    /// The schema of the arguments, as it is published.
    pub fn input_schema(&self) -> &Value {
        self.input_schema
            .get_or_init(|| self.published().input_schema)
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
            .get_or_init(|| Checker::new(self.input_schema()));
        compiled.as_ref().map_err(|error| {
            tracing::error!(operation = self.name, %error, "a schema cannot be compiled");
            Refusal::new(
                Code::Internal,
                "the arguments of this tool cannot be checked",
            )
        })
    }
}

impl Published {
    fn of<O: Operation>() -> Self {
        let mut input_schema = schema::input::<O>();
        let mut result_schema = schema::result::<O::Output>();
        if O::IDEMPOTENCY {
            schema::add_replay(&mut result_schema);
        }
        Self {
            description: schema::take_description(&mut input_schema).unwrap_or_default(),
            output_schema: schema::result_or_error(&result_schema),
            input_schema,
            result_schema,
        }
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
    fn every_operation_says_what_it_does_and_its_schema_can_be_compiled() {
        for entry in crate::operations().entries() {
            assert_ne!(entry.published().description, "", "{}", entry.name);
            assert!(entry.checker().is_ok(), "{}", entry.name);
        }
    }
}
