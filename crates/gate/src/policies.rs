//! The rules that reach a connection, compiled once and kept while they stand.

use std::sync::Arc;

use model::{Connection, ConnectionId, RuleId};
use moka::sync::Cache;
use policy::Guardrails;
use sql::Dialect;
use store::{Error, OrgStore, Reach};

use crate::{dialect, guardrails};

/// Most connections whose rules are kept compiled.
const MOST: u64 = 10_000;

/// Compiled rules by connection. Ids of connections are unique in all organizations.
pub(crate) struct Policies(Cache<ConnectionId, Arc<Known>>);

/// What policy says about one connection.
pub(crate) struct Policy {
    guardrails: Result<Guardrails, String>,
    /// The language of what is asked.
    pub(crate) dialect: Option<Dialect>,
}

struct Known {
    /// The generation of the organization at which the rules were read.
    generation: i64,
    /// The rules and their versions: a generation also grows with other changes.
    rules: Vec<(RuleId, i64)>,
    policy: Arc<Policy>,
}

impl Policy {
    /// The guardrails; `None` when they cannot be evaluated, and nothing may run.
    pub(crate) fn guardrails(&self) -> Option<&Guardrails> {
        match &self.guardrails {
            Ok(guardrails) => Some(guardrails),
            Err(error) => {
                tracing::error!(%error, "a connection is blocked");
                None
            }
        }
    }
}

impl Default for Policies {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl Policies {
    /// The policy of a connection; never older than `generation`.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn of(
        &self,
        store: &OrgStore,
        connection: &Connection,
        generation: i64,
    ) -> Result<Arc<Policy>, Error> {
        let known = self.0.get(&connection.id);
        if let Some(known) = &known
            && known.generation >= generation
        {
            return Ok(Arc::clone(&known.policy));
        }
        let reach = store.reach(connection.id).await?;
        let rules: Vec<_> = reach
            .guardrails
            .iter()
            .map(|rule| (rule.id, rule.version))
            .collect();
        let policy = match known {
            Some(known) if known.rules == rules => Arc::clone(&known.policy),
            _ => Arc::new(compile(connection, &reach)),
        };
        let known = Known {
            generation,
            rules,
            policy: Arc::clone(&policy),
        };
        self.0.insert(connection.id, Arc::new(known));
        Ok(policy)
    }
}

fn compile(connection: &Connection, reach: &Reach) -> Policy {
    Policy {
        guardrails: compile_guardrails(reach),
        dialect: dialect::of(connection),
    }
}

fn compile_guardrails(reach: &Reach) -> Result<Guardrails, String> {
    let read = reach.guardrails.iter().map(guardrails::read);
    let read = read.collect::<Result<Vec<_>, _>>();
    let read = read.map_err(|error| format!("a stored guardrail cannot be read: {error}"))?;
    Guardrails::compile(&read).map_err(|invalid| format!("a guardrail cannot be used: {invalid}"))
}
