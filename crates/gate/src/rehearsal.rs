//! Policies tried on what is asked and answered, without a connection: the engines and
//! the order of the line of a run, and nothing runs.

use std::sync::Arc;

use mask::{Engine, Keys};
use model::{
    ConnectionType, Guardrail, GuardrailEntry, Hit, MaskingRule, MaskingRuleEntry, Piece,
    PolicyFile,
};
use policy::{Asked, FileReach, Guardrails, MaskingPlan, OutputBlocked, Verdict};
use sql::{Dialect, Facts, FactsCache};

use crate::exec::{Counts, Guards, Masks};
use crate::masking_plan;

/// Guardrails and masking rules that reach one connection, compiled together.
pub struct Rehearsal {
    guardrails: Guardrails,
    plan: MaskingPlan,
    engine: Option<Engine>,
}

/// What would become of an ask.
pub struct AskOutcome {
    /// What the input guardrails say.
    pub verdict: Verdict,
    /// What its statements do; `None` when it is no SQL, or nobody needs to know.
    pub facts: Option<Arc<Facts>>,
}

/// What would become of an answer.
pub struct AnswerOutcome {
    /// What is shown, piece by piece.
    pub pieces: Vec<Piece>,
    /// How many findings of each entity type are masked.
    pub masked: Counts,
    /// The output guardrails that match.
    pub hits: Vec<Hit>,
    /// Why the rest is withheld, if it is.
    pub blocked: Option<String>,
}

impl Rehearsal {
    /// Compiles rules. `seed` stands for the key of `hash` and `token`, whose values it
    /// determines.
    ///
    /// # Errors
    /// Which rule cannot be used and why: nothing would run on the connection.
    pub fn compile(
        guardrails: &[Guardrail],
        masking: &[MaskingRule],
        seed: &[u8],
    ) -> Result<Self, String> {
        let told = |invalid: policy::Invalid| invalid.to_string();
        let plan = MaskingPlan::compile(masking, &[], masking_plan::entity_types());
        Ok(Self {
            guardrails: Guardrails::compile(guardrails).map_err(told)?,
            plan: plan.map_err(told)?,
            engine: masking_plan::compile(masking, &[], Keys::new(seed, ""))?,
        })
    }

    /// Compiles the rules of a file that reach a connection.
    ///
    /// # Errors
    /// As [`Rehearsal::compile`].
    pub fn of_file(file: &PolicyFile, reach: &FileReach, seed: &[u8]) -> Result<Self, String> {
        let guardrails = reach.guardrails.iter();
        let guardrails = guardrails.filter_map(|place| file.guardrails.get(*place));
        let masking = reach.masking.iter();
        let masking = masking.filter_map(|place| file.datamasking_rules.get(*place));
        Self::compile(
            &guardrails
                .map(GuardrailEntry::guardrail)
                .collect::<Vec<_>>(),
            &masking
                .map(MaskingRuleEntry::masking_rule)
                .collect::<Vec<_>>(),
            seed,
        )
    }

    /// What is masked by which rule.
    #[must_use]
    pub const fn plan(&self) -> &MaskingPlan {
        &self.plan
    }

    /// Whether there is anything that an ask could meet.
    #[must_use]
    pub fn looks_at_asks(&self) -> bool {
        self.guardrails.has_input() || !self.plan.columns.is_empty()
    }

    /// Whether there is anything that an answer could meet.
    #[must_use]
    pub fn looks_at_answers(&self) -> bool {
        self.guardrails.has_output() || self.engine.is_some()
    }

    /// Judges what is asked of a connection of this kind and language.
    #[must_use]
    pub fn ask(
        &self,
        kind: ConnectionType,
        dialect: Option<Dialect>,
        text: &str,
        known: &FactsCache,
    ) -> AskOutcome {
        let is_needed = self.guardrails.needs_facts() || !self.plan.columns.is_empty();
        let facts = dialect
            .filter(|_| is_needed)
            .map(|dialect| known.facts(text, dialect));
        let asked = Asked::of(kind, dialect, &[], text, facts.as_deref());
        let mut verdict = self.guardrails.judge(asked);
        if kind == ConnectionType::Database {
            verdict = verdict.with(self.plan.predicates(facts.as_deref()));
        }
        AskOutcome { verdict, facts }
    }

    /// Masks and inspects what is answered, in this order.
    #[must_use]
    pub fn answer(&self, pieces: impl IntoIterator<Item = Piece>) -> AnswerOutcome {
        let mut outcome = AnswerOutcome {
            pieces: Vec::new(),
            masked: Counts::new(),
            hits: Vec::new(),
            blocked: None,
        };
        let mut guards = Guards::of(&self.guardrails);
        let shown = self.shown(pieces, guards.as_mut(), &mut outcome);
        outcome.blocked = shown.err().map(|blocked| blocked.message);
        outcome.hits = guards.as_ref().map(Guards::hits).unwrap_or_default();
        outcome
    }

    fn shown(
        &self,
        pieces: impl IntoIterator<Item = Piece>,
        mut guards: Option<&mut Guards>,
        outcome: &mut AnswerOutcome,
    ) -> Result<(), OutputBlocked> {
        let mut inspect = |piece, shown: &mut Vec<Piece>| {
            shown.push(match &mut guards {
                Some(guards) => guards.inspect(piece)?,
                None => piece,
            });
            Ok(())
        };
        let mut masks = self.engine.as_ref().map(|engine| Masks::new(engine, None));
        for piece in pieces {
            let masked = match &mut masks {
                Some(masks) => masks.mask(piece, &mut outcome.masked),
                None => piece,
            };
            inspect(masked, &mut outcome.pieces)?;
        }
        for rest in masks.map_or_else(Vec::new, |masks| masks.finish(&mut outcome.masked)) {
            inspect(rest, &mut outcome.pieces)?;
        }
        if let Some(guards) = guards {
            outcome.pieces.extend(guards.finish()?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Decision, Stream};
    use serde_json::{Value, json};

    fn rehearsal(guardrail: Value, masking: Value) -> Rehearsal {
        let guardrail = serde_json::from_value(guardrail).unwrap();
        let masking = serde_json::from_value(masking).unwrap();
        Rehearsal::compile(&[guardrail], &[masking], b"seed").unwrap()
    }

    fn mails() -> Value {
        json!({"name": "mails", "column_rules": [{"table": "users", "column": "name"}],
            "supported_entity_types": [
                {"name": "CUSTOM_SELECTION", "entity_types": ["EMAIL_ADDRESS"]}]})
    }

    fn text(pieces: &[Piece]) -> String {
        let mut text = String::new();
        for piece in pieces {
            if let Piece::Output { data, .. } = piece {
                text.push_str(std::str::from_utf8(data).unwrap());
            }
        }
        text
    }

    #[test]
    fn asks_are_judged_and_their_columns_known() {
        let rules = json!([{"type": "sql", "sql": {"deny_statements": ["drop"]}}]);
        let rehearsal = rehearsal(json!({"name": "g", "input": {"rules": rules}}), mails());
        let facts = FactsCache::new(1 << 20);
        let ask = |text| {
            let (kind, dialect) = (ConnectionType::Database, Some(Dialect::Postgres));
            let outcome = rehearsal.ask(kind, dialect, text, &facts);
            let columns = rehearsal.plan().masked_columns(outcome.facts.as_deref());
            (outcome.verdict.decision(), Vec::from_iter(columns))
        };
        assert_eq!(ask("drop table x"), (Decision::Blocked, vec![]));
        let (decision, columns) = ask("select id, name from users");
        assert_eq!(
            (decision, columns),
            (Decision::Allowed, vec!["users.name".to_owned()])
        );
        let command = rehearsal.ask(ConnectionType::Custom, None, "true", &facts);
        assert_eq!(command.verdict.decision(), Decision::Blocked);
    }

    #[test]
    fn answers_are_masked_before_they_are_inspected() {
        let rules = json!([
            {"type": "pattern_match", "action": "redact", "pattern_regex": "EMAIL"},
            {"type": "deny_words_list", "words": ["stop"]}]);
        let rehearsal = rehearsal(json!({"name": "g", "output": {"rules": rules}}), mails());
        let answer = |says: &str| {
            let data = says.to_owned().into();
            rehearsal.answer([Piece::Output {
                stream: Stream::Output,
                data,
            }])
        };
        let shown = answer("to jane@acme.com\n");
        assert_eq!(text(&shown.pieces), "to <<GUARDRAIL>_ADDRESS>\n");
        assert_eq!(shown.masked.get("EMAIL_ADDRESS"), Some(&1));
        assert_eq!((shown.hits.len(), shown.blocked), (1, None));
        let withheld = answer("please stop\n");
        assert!(withheld.blocked.is_some());
        assert_eq!(text(&withheld.pieces), "");
    }

    #[test]
    fn rules_that_cannot_be_used_are_refused() {
        let masking = serde_json::from_value(json!({"name": "none"})).unwrap();
        assert!(Rehearsal::compile(&[], &[masking], b"").is_err());
    }
}
