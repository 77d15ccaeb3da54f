//! Reading recordings, wherever their events lie.

use model::SessionId;

use super::{RecordingPage, head_of};
use crate::sql::sql;
use crate::{Error, OrgStore};

impl OrgStore {
    /// Reads recorded text from byte `from`, at most `max` bytes and at least
    /// one character. Works on running sessions.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a segment cannot be read.
    pub async fn read_recording(
        &self,
        session: SessionId,
        from: u64,
        max: u64,
    ) -> Result<RecordingPage, Error> {
        let query = sql("SELECT COALESCE(CAST(SUM(length_bytes) AS BIGINT), 0), \
             (SELECT recording FROM session WHERE org_id = $1 AND id = $2) \
             FROM recording_segment WHERE org_id = $1 AND session_id = $2");
        let (mut total_bytes, mut short) = (0, None);
        if let Some(mut row) = self.first(query.id(self.org).id(session)).await? {
            total_bytes = u64::try_from(row.int()?).unwrap_or_default();
            short = row.opt_text()?;
        }
        let mut text = String::new();
        let from = match short {
            Some(events) => {
                total_bytes = text_bytes(&events)?;
                from + take_text(&events, from, max, &mut text)?.0
            }
            None => self.read_segments(session, from, max, &mut text).await?,
        };
        let end = from + text.len() as u64;
        Ok(RecordingPage {
            text,
            total_bytes: total_bytes.max(end),
            next: (end < total_bytes).then_some(end),
        })
    }

    /// Appends what segments hold from byte `from`. Answers where that begins: a
    /// character that `from` is inside of is passed over.
    async fn read_segments(
        &self,
        session: SessionId,
        mut from: u64,
        max: u64,
        text: &mut String,
    ) -> Result<u64, Error> {
        let query = sql(
            "SELECT offset_bytes, object, data FROM recording_segment WHERE org_id = $1 \
             AND session_id = $2 AND offset_bytes + length_bytes > $3 AND offset_bytes < $4 \
             ORDER BY seq",
        );
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let query = query.id(self.org).id(session).int(signed(from));
        let query = query.int(signed(from.saturating_add(max.max(4))));
        for mut row in self.inner.db.all(query).await? {
            let start = u64::try_from(row.int()?).unwrap_or_default();
            let (object, data) = (row.opt_text()?, row.opt_text()?);
            let events = match object {
                Some(name) => {
                    String::from_utf8_lossy(&self.inner.objects.get(&name).await?).into_owned()
                }
                None => data.unwrap_or_default(),
            };
            let (passed, full) = take_text(&events, from.saturating_sub(start), max, text)?;
            from += passed;
            if full {
                break;
            }
        }
        Ok(from)
    }
}

/// Bytes of text in `events`.
fn text_bytes(events: &str) -> Result<u64, Error> {
    events.lines().try_fold(0, |bytes, line| {
        let (_, _, text): (f64, String, String) = serde_json::from_str(line)?;
        Ok(bytes + text.len() as u64)
    })
}

/// Appends the text of `events` after the first `skip` bytes, until `out` has
/// `max` bytes. Answers the bytes that were passed over besides, when `skip`
/// ends inside a character, and whether something did not fit.
fn take_text(events: &str, skip: u64, max: u64, out: &mut String) -> Result<(u64, bool), Error> {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let mut skip = usize::try_from(skip).unwrap_or(usize::MAX);
    let mut passed = 0;
    for line in events.lines() {
        let (_, _, text): (f64, String, String) = serde_json::from_str(line)?;
        let begin = (skip..text.len())
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(text.len());
        passed += begin.saturating_sub(skip) as u64;
        skip = skip.saturating_sub(text.len());
        let rest = &text[begin..];
        let part = head_of(rest, max.saturating_sub(out.len()));
        out.push_str(part);
        if part.len() < rest.len() {
            if out.is_empty() {
                out.extend(rest.chars().next());
            }
            return Ok((passed, true));
        }
    }
    Ok((passed, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_taken_from_the_middle_of_events() {
        let events = "[0.000,\"o\",\"abc\"]\n[0.010,\"e\",\"äö\"]\n";
        let take = |skip, max| {
            let mut out = String::new();
            let (passed, _) = take_text(events, skip, max, &mut out).unwrap();
            assert_eq!(passed, u64::from(skip == 4), "of a character cut in two");
            out
        };
        assert_eq!(take(0, 100), "abcäö");
        assert_eq!(take(1, 3), "bc");
        assert_eq!(take(3, 2), "ä");
        assert_eq!(take(3, 1), "ä", "a page makes progress");
        assert_eq!(take(4, 9), "ö");
        assert_eq!(take(7, 9), "");
    }
}
