//! The rules that reach a connection, compiled once and kept while they stand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mask::{Engine, Keys};
use model::{Connection, ConnectionId, ExposeSecret as _, RuleId};
use moka::sync::Cache;
use policy::{Guardrails, MaskingPlan};
use secrecy::SecretSlice;
use sql::{Dialect, Facts, FactsCache};
use store::{Error, OrgStore, Reach};

use crate::{datamasking_rules, dialect, guardrails, masking_plan};

/// Most connections whose rules are kept compiled.
const MOST: u64 = 10_000;

/// Bytes of statement facts that are kept.
const MOST_FACTS: usize = 16 * 1024 * 1024;

/// Compiled rules by connection, and facts of scripts that are asked again and again.
/// Ids of connections are unique in all organizations; facts are those of the text.
pub(crate) struct Policies {
    /// Number of the next policy.
    next: AtomicU64,
    known: Cache<ConnectionId, Arc<Known>>,
    facts: Arc<FactsCache>,
}

/// What policy says about one connection.
pub(crate) struct Policy {
    /// Unique in the process: what was found under other rules is not taken for this.
    number: u64,
    guardrails: Result<Guardrails, String>,
    /// The masking engine, if anything is to be masked, or why it cannot be.
    masking: Result<Option<Engine>, String>,
    /// What is masked by which rule, for who asks beforehand.
    plan: MaskingPlan,
    /// The language of what is asked.
    dialect: Option<Dialect>,
    facts: Arc<FactsCache>,
}

struct Known {
    /// The generation of the organization at which the rules were read.
    generation: i64,
    /// The rules and their versions: a generation also grows with other changes.
    rules: Vec<(RuleId, i64)>,
    /// Version of the connection, which names entity types itself.
    version: i64,
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

    /// The language of what is asked; `None` when it is no SQL.
    pub(crate) const fn dialect(&self) -> Option<Dialect> {
        self.dialect
    }

    /// What the statements of a script do; `None` when it is no SQL.
    pub(crate) fn facts(&self, script: &str) -> Option<Arc<Facts>> {
        let dialect = self.dialect?;
        Some(self.facts.facts(script, dialect))
    }

    /// Its number among those of the process.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// What is masked by which rule.
    pub(crate) const fn plan(&self) -> &MaskingPlan {
        &self.plan
    }

    /// The masking engine.
    ///
    /// # Errors
    /// When a rule cannot be applied, and nothing may leave.
    pub(crate) fn masking(&self) -> Result<Option<&Engine>, Unusable> {
        self.masking.as_ref().map(Option::as_ref).map_err(|error| {
            tracing::error!(%error, "a connection is blocked");
            Unusable
        })
    }
}

/// A rule cannot be applied; why is in the log.
#[derive(Debug)]
pub(crate) struct Unusable;

impl Default for Policies {
    fn default() -> Self {
        Self {
            next: AtomicU64::default(),
            known: Cache::new(MOST),
            facts: Arc::new(FactsCache::new(MOST_FACTS)),
        }
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
        let known = self.known.get(&connection.id);
        if let Some(known) = &known
            && known.generation >= generation
        {
            return Ok(Arc::clone(&known.policy));
        }
        let reach = store.reach(connection.id).await?;
        let all = reach.guardrails.iter().chain(&reach.masking);
        let rules: Vec<_> = all.map(|rule| (rule.id, rule.version)).collect();
        let version = connection.version;
        let policy = match known {
            Some(known) if known.rules == rules && known.version == version => {
                Arc::clone(&known.policy)
            }
            _ => Arc::new(self.compile(store, connection, &reach).await?),
        };
        let known = Known {
            generation,
            rules,
            version,
            policy: Arc::clone(&policy),
        };
        self.known.insert(connection.id, Arc::new(known));
        Ok(policy)
    }

    async fn compile(
        &self,
        store: &OrgStore,
        connection: &Connection,
        reach: &Reach,
    ) -> Result<Policy, Error> {
        let masking = compile_masking(connection, reach, &store.masking_key().await?);
        let (masking, plan) = match masking {
            Ok((engine, plan)) => (Ok(engine), plan),
            Err(error) => {
                let error = format!("a masking rule cannot be applied: {error}");
                (Err(error), MaskingPlan::default())
            }
        };
        Ok(Policy {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            guardrails: compile_guardrails(reach),
            masking,
            plan,
            dialect: dialect::of(connection),
            facts: Arc::clone(&self.facts),
        })
    }
}

fn compile_masking(
    connection: &Connection,
    reach: &Reach,
    key: &SecretSlice<u8>,
) -> Result<(Option<Engine>, MaskingPlan), String> {
    let read = reach.masking.iter().map(datamasking_rules::read);
    let read = read.collect::<Result<Vec<_>, _>>();
    let read = read.map_err(|error| error.to_string())?;
    let types = &connection.redact_types;
    let plan = MaskingPlan::compile(&read, types, masking_plan::entity_types());
    let plan = plan.map_err(|error| error.to_string())?;
    let keys = Keys::new(key.expose_secret(), &connection.id.to_string());
    let engine = masking_plan::compile(&read, types, keys)?;
    Ok((engine, plan))
}

fn compile_guardrails(reach: &Reach) -> Result<Guardrails, String> {
    let read = reach.guardrails.iter().map(guardrails::read);
    let read = read.collect::<Result<Vec<_>, _>>();
    let read = read.map_err(|error| format!("a stored guardrail cannot be read: {error}"))?;
    Guardrails::compile(&read).map_err(|invalid| format!("a guardrail cannot be used: {invalid}"))
}
