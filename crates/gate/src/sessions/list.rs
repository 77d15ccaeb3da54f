//! `sessions_list`.

use model::{
    ConnectionType, Cursor, Origin, Refusal, Role, Scope, Session, SessionId, SessionOutcome,
    SessionStatus, Timestamp, Verb,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{SessionFilter, SessionPage, Viewer};

use crate::{Context, Hints, Operation};

/// Sessions per page when the caller names no number.
const DEFAULT_LIMIT: u64 = 20;
/// Most sessions per page; a larger number is read as this.
const MAX_LIMIT: u64 = 100;

/// Lists sessions, newest first: your own; all of them for administrators and
/// auditors.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct SessionsList {
    #[serde(flatten)]
    filters: Filters,
    /// Sessions per page; more than 100 is read as 100.
    #[serde(default)]
    #[schemars(range(min = 1), extend("default" = 20))]
    limit: Option<u64>,
    /// Sessions to skip.
    #[serde(default)]
    #[schemars(range(min = 0, max = 10_000), extend("default" = 0))]
    offset: Option<u32>,
    /// `next_cursor` of the page before; not together with `offset`.
    #[serde(default)]
    #[schemars(length(max = 8192))]
    cursor: Option<String>,
}

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
struct Filters {
    /// User id, e-mail or subject; for a machine identity id or name of its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 254))]
    user: Option<String>,
    /// Id or name of a connection; `*` or `%` match any run of characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 254))]
    connection: Option<String>,
    /// Kind of target.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<ConnectionType>,
    /// Status of the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    review_status: Option<ReviewStatus>,
    /// Where the session stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<SessionStatus>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<SessionOutcome>,
    /// Kind of access.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verb: Option<Verb>,
    /// The door it came through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
    /// Risk that the analysis found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    risk_level: Option<RiskLevel>,
    /// Begun at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    start_date: Option<String>,
    /// Begun at this time or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    end_date: Option<String>,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(inline)]
enum ReviewStatus {
    Pending,
    Approved,
    Rejected,
    Revoked,
    Processing,
    Executed,
    Expired,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum RiskLevel {
    Low,
    Medium,
    High,
}

/// One page of sessions.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SessionPageObject {
    /// Sessions that fit, counted up to 10000.
    total: u64,
    /// Whether the count stopped there.
    total_is_capped: bool,
    has_next_page: bool,
    items: Vec<Session>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Where a list goes on.
#[derive(Serialize, Deserialize)]
struct Place {
    f: Filters,
    t: i64,
    s: SessionId,
}

impl Operation for SessionsList {
    const NAME: &'static str = "sessions_list";
    const TITLE: &'static str = "List sessions";
    const ROLE: Role = Role::Any;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = SessionPageObject;

    async fn run(self, context: &Context) -> Result<Self::Output, Refusal> {
        if self.offset.is_some() && self.cursor.is_some() {
            return Err(Refusal::invalid("/offset", "offset or cursor, not both"));
        }
        let (filters, after) = match &self.cursor {
            None => (self.filters, None),
            Some(cursor) => {
                let place: Place = Cursor::read(cursor)?;
                (place.f, Some((Timestamp::from_micros(place.t), place.s)))
            }
        };
        let page = SessionPage {
            limit: self.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT) as u32,
            offset: self.offset.unwrap_or(0),
            after,
        };
        let viewer = match context.caller.sees_all() {
            true => Viewer::All,
            false => Viewer::Own(context.caller.id),
        };
        let filter = filters.read()?;
        let list = context
            .store()
            .sessions(&filter, &viewer, page)
            .await
            .map_err(|error| context.refuse(error))?;
        let last = list.items.last().filter(|_| list.has_next_page);
        let next_cursor = last.map(|session| {
            Cursor::write(&Place {
                f: filters,
                t: session.created_at.micros(),
                s: session.id,
            })
        });
        Ok(SessionPageObject {
            total: list.total,
            total_is_capped: list.total_is_capped,
            has_next_page: list.has_next_page,
            items: list.items,
            next_cursor,
        })
    }
}

impl Filters {
    fn read(&self) -> Result<SessionFilter, Refusal> {
        let time = |path: &str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => Timestamp::parse(text).map(Some).ok_or_else(|| {
                Refusal::invalid(path, "an RFC 3339 time, for instance 2026-01-31T08:00:00Z")
            }),
        };
        Ok(SessionFilter {
            user: self.user.clone(),
            connection: self.connection.clone(),
            kind: self.kind,
            review_status: self.review_status.map(|status| word(&status)),
            status: self.status,
            outcome: self.outcome,
            verb: self.verb,
            origin: self.origin,
            risk_level: self.risk_level.map(|level| word(&level)),
            start_date: time("/start_date", &self.start_date)?,
            end_date: time("/end_date", &self.end_date)?,
        })
    }
}

/// The word that an enum is on the wire.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
