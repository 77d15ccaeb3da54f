//! Recorded sessions with what was asked and said, part by part.

use std::collections::VecDeque;

use model::{Code, Refusal, Session};
use store::{SessionFilter, SessionPage, Viewer};

use super::judge::{Past, Was};
use super::rules::FileRules;
use crate::Context;

/// Sessions that are read at a time.
const PAGE: u32 = 200;

/// Bytes of what was asked and said that are judged at a time, roughly.
const PART: usize = 4 * 1024 * 1024;

/// Most bytes of the output of one session that are looked at.
pub(super) const MOST_OUTPUT: u64 = 1024 * 1024;

/// Sessions of a filter, newest first.
pub(super) struct History<'a> {
    context: &'a Context,
    filter: SessionFilter,
    /// Sessions that may still be read.
    left: u32,
    page: VecDeque<Session>,
    place: Option<SessionPage>,
    is_cut: bool,
}

/// The next of a history.
pub(super) enum Part {
    /// Some sessions.
    Pasts(Vec<Past>),
    /// There are no more.
    End,
}

impl<'a> History<'a> {
    /// The newest `limit` sessions of a filter.
    pub(super) const fn new(context: &'a Context, filter: SessionFilter, limit: u32) -> Self {
        Self {
            context,
            filter,
            left: limit,
            page: VecDeque::new(),
            place: Some(SessionPage {
                limit: PAGE,
                offset: 0,
                after: None,
            }),
            is_cut: false,
        }
    }

    /// Whether there were more sessions than were asked for.
    pub(super) const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The next sessions; a part is never empty.
    ///
    /// # Errors
    /// `unavailable` when the store does not answer or the caller went away,
    /// `invalid_argument` when rules cannot be used together.
    pub(super) async fn next(&mut self, rules: &FileRules) -> Result<Part, Refusal> {
        let (mut pasts, mut bytes) = (Vec::new(), 0);
        while bytes < PART && pasts.len() < PAGE as usize {
            let Some(session) = self.session().await? else {
                break;
            };
            let past = self.past(session, rules).await?;
            bytes += past.bytes();
            pasts.push(past);
        }
        Ok(match pasts.is_empty() {
            true => Part::End,
            false => Part::Pasts(pasts),
        })
    }

    async fn session(&mut self) -> Result<Option<Session>, Refusal> {
        still_wanted(self.context)?;
        if self.page.is_empty() {
            self.turn().await?;
        }
        if self.left == 0 {
            self.is_cut = !self.page.is_empty();
            return Ok(None);
        }
        let session = self.page.pop_front();
        self.left -= u32::from(session.is_some());
        Ok(session)
    }

    async fn turn(&mut self) -> Result<(), Refusal> {
        let Some(page) = self.place.take() else {
            return Ok(());
        };
        let store = self.context.store();
        let read = store
            .sessions(&self.filter, &Viewer::All, page.clone())
            .await;
        let read = read.map_err(|error| self.context.refuse(error))?;
        let last = read.items.last().filter(|_| read.has_next_page);
        self.place = last.map(|session| SessionPage {
            after: Some((session.created_at, session.id)),
            ..page
        });
        self.page = read.items.into();
        Ok(())
    }

    async fn past(&self, session: Session, rules: &FileRules) -> Result<Past, Refusal> {
        let store = self.context.store();
        let reached = rules.of(self.context, &session).await?;
        let was = Was::of(&session);
        let mut past = Past {
            reached,
            was,
            input: None,
            output: None,
            is_unreadable: false,
            is_output_cut: false,
            session,
        };
        if past.reached.rules.looks_at_asks() || was == Was::BlockedByGuardrail {
            let input = store.session_input(past.session.id).await;
            past.input = input.map_err(|error| self.context.refuse(error))?;
            past.is_unreadable = past.input.is_none();
        }
        if past.reached.rules.looks_at_answers() && past.session.metrics.event_size > 0 {
            match store.read_recording(past.session.id, 0, MOST_OUTPUT).await {
                Ok(page) => {
                    past.is_output_cut = page.next.is_some();
                    past.output = Some(page.text);
                }
                Err(error) => {
                    tracing::warn!(session_id = %past.session.id, %error, "a recording cannot be read");
                    past.is_unreadable = true;
                }
            }
        }
        Ok(past)
    }
}

/// Goes on only for a caller who is there.
///
/// # Errors
/// `unavailable` when the caller went away; nobody reads it.
pub(super) fn still_wanted(context: &Context) -> Result<(), Refusal> {
    match context.call.cancel.is_cancelled() {
        true => Err(Refusal::new(
            Code::Unavailable,
            "the backtest was cancelled",
        )),
        false => Ok(()),
    }
}
