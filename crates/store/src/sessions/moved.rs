//! What changes of a session after it was opened and no column tells. It lies
//! beside what a session is from its beginning, so that moving on writes a
//! fraction of it. Members that are empty are left out.

use std::borrow::Cow;

use model::{Failure, Person, Session, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::figures::Figures;
use super::is_default;
use super::moment::Moment;

type Object = Map<String, Value>;

/// The members of a session that move, as they are now.
#[derive(Serialize, Deserialize)]
pub(super) struct Moved<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) executed_by: Cow<'a, Option<Person>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) started_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) exit_code: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Cow<'a, Option<Failure>>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) labels: Cow<'a, Object>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) integrations_metadata: Cow<'a, Object>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) metrics: Figures<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) review: Cow<'a, Option<Object>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ai_analysis: Cow<'a, Option<Object>>,
    #[serde(default, skip_serializing_if = "<[Object]>::is_empty")]
    pub(super) guardrails_info: Cow<'a, [Object]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated_at: Option<Moment>,
}

impl<'a> Moved<'a> {
    /// Where `session` stands.
    pub(super) fn of(session: &'a Session) -> Self {
        let start = session.created_at;
        let moment = |at: Timestamp| Moment::of(at, start);
        let is_usual = session.updated_at == session.ended_at.unwrap_or(start);
        Self {
            executed_by: Cow::Borrowed(&session.executed_by),
            started_at: session.started_at.map(moment),
            ended_at: session.ended_at.map(moment),
            exit_code: session.exit_code,
            failure: Cow::Borrowed(&session.failure),
            labels: Cow::Borrowed(&session.labels),
            integrations_metadata: Cow::Borrowed(&session.integrations_metadata),
            metrics: Figures::from(&session.metrics),
            review: Cow::Borrowed(&session.review),
            ai_analysis: Cow::Borrowed(&session.ai_analysis),
            guardrails_info: Cow::Borrowed(session.guardrails_info.as_slice()),
            updated_at: (!is_usual).then(|| moment(session.updated_at)),
        }
    }

    /// When a session that was made at `start` was last changed. What is not
    /// told is its end, or the beginning of one that goes on.
    pub(super) fn updated_at(&self, start: Timestamp) -> Timestamp {
        let told = self.updated_at.or(self.ended_at);
        told.map_or(start, |moment| moment.at(start))
    }
}
