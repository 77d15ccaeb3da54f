//! Backtests: what the policies of a file would have done to recorded sessions.

mod answer;
mod history;
mod judge;
mod period;
mod rules;
mod seat;
mod tally;

use std::sync::Arc;

use model::{PolicyFile, Refusal, Role, Scope};
use schemars::JsonSchema;
use serde::Deserialize;
use sql::FactsCache;

pub(crate) use self::seat::Backtests;

use self::answer::Backtest;
use self::history::{History, Part};
use self::judge::{Past, judge};
use self::period::Period;
use self::rules::FileRules;
use self::tally::Tally;
use crate::{Context, Hints, Operation, policy_file};

/// Sessions that are judged unless an argument says otherwise.
const DEFAULT_LIMIT: u32 = 10_000;

/// Sessions that are told one by one unless an argument says otherwise.
const DEFAULT_EXAMPLES: u32 = 20;

/// Bytes of statement facts that are kept: agents ask the same again and again.
const MOST_FACTS: usize = 8 * 1024 * 1024;

/// Tells what the policies of a file would have done to recorded runs: which would be
/// blocked, need an approval, be warned about or be masked, and where that differs from
/// what happened. The file is judged alone, without rules that are stored. Nothing runs
/// and nothing is changed. Recorded output is masked already by the rules of its time.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct PoliciesBacktest {
    /// The file.
    file: PolicyFile,
    /// From when on: an RFC 3339 time, or how long ago as minutes, hours, days or weeks,
    /// for instance 12h or 30d.
    #[schemars(length(min = 2, max = 64))]
    since: String,
    /// Until when, in the same forms; now when left out.
    #[serde(default)]
    #[schemars(length(min = 2, max = 64))]
    until: Option<String>,
    /// Id or name of a connection; `*` or `%` match any run of characters.
    #[serde(default)]
    #[schemars(length(min = 1, max = 254))]
    connection: Option<String>,
    /// User id, e-mail or subject; for a machine identity id or name of its key.
    #[serde(default)]
    #[schemars(length(min = 1, max = 254))]
    user: Option<String>,
    /// Most sessions to judge, the newest first.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000), extend("default" = 10_000))]
    limit: Option<u32>,
    /// Most sessions to tell one by one.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100), extend("default" = 20))]
    examples: Option<u32>,
}

impl Operation for PoliciesBacktest {
    const NAME: &'static str = "policies_backtest";
    const TITLE: &'static str = "Try a file of policies on recorded sessions";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    const EVERY_MISTAKE: bool = true;
    type Output = Backtest;

    async fn run(self, context: &Context) -> Result<Backtest, Refusal> {
        let period = Period::read(&self.since, self.until.as_deref(), context.now())?;
        let _seat = context.gate.backtests.take(context.caller.org)?;
        policy_file::check_file(context, &self.file).await?;
        let examples = self.examples.unwrap_or(DEFAULT_EXAMPLES) as usize;
        let mut tally = Tally::new(&self.file, examples);
        let rules = FileRules::new(context, self.file).await?;
        let filter = period.filter(self.connection, self.user);
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        let mut history = History::new(context, filter, limit);
        let facts = Arc::new(FactsCache::new(MOST_FACTS));
        while let Part::Pasts(pasts) = history.next(&rules).await? {
            for (past, found) in judged(context, pasts, &facts).await? {
                tally.add(&past, found);
            }
        }
        Ok(tally.tell(period, history.is_cut()))
    }
}

/// Judges some sessions where blocking is allowed.
///
/// # Errors
/// `unavailable` when the caller went away.
async fn judged(
    context: &Context,
    pasts: Vec<Past>,
    facts: &Arc<FactsCache>,
) -> Result<Vec<(Past, judge::Found)>, Refusal> {
    let (facts, gone) = (Arc::clone(facts), context.call.cancel.clone());
    let work = move || {
        let here = pasts.into_iter().take_while(|_| !gone.is_cancelled());
        here.map(|past| {
            let found = judge(&past, &facts);
            (past, found)
        })
        .collect()
    };
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|error| context.fault("a part of a backtest", &error))?;
    history::still_wanted(context)?;
    Ok(done)
}

#[cfg(test)]
mod tests;
