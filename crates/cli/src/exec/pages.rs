//! The recorded output of a session, page by page.

use serde_json::Value;

use super::LONGEST_PAGE;
use crate::answer::Answer;
use crate::api::Api;
use crate::failure::Failure;
use crate::request::Request;

/// Reads recorded output.
pub(crate) struct Pages<'a> {
    api: &'a Api,
    session: &'a str,
    cursor: Option<String>,
    is_over: bool,
    /// Whether the recording reached its limit, known at the last page.
    pub(crate) is_cut: bool,
}

impl<'a> Pages<'a> {
    /// Reads the output of `session` from `cursor` on, or all of it.
    pub(crate) fn of(api: &'a Api, session: &'a str, cursor: Option<&str>) -> Self {
        let cursor = cursor.map(str::to_owned);
        Self {
            api,
            session,
            cursor,
            is_over: false,
            is_cut: false,
        }
    }

    /// The next page; `None` after the last. Of a session that still runs it is
    /// what was said up to now.
    ///
    /// # Errors
    /// When the gateway refuses or is not reached.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, Failure> {
        let page = self.read(false).await?;
        Ok(page.map(|page| output(&page.value).to_owned()))
    }

    async fn read(&mut self, with_input: bool) -> Result<Option<Answer>, Failure> {
        if self.is_over {
            return Ok(None);
        }
        let request = Request::get(&["sessions", self.session, "content"])
            .query("include_input", Some(with_input))
            .query("max_output_bytes", Some(LONGEST_PAGE))
            .query("cursor", self.cursor.take());
        let page = self.api.send(request).await?;
        self.is_cut = page.value["truncated"] == true;
        self.cursor = page.value["next_cursor"].as_str().map(str::to_owned);
        // A session that still runs always names a next page; an empty one is the end for now.
        self.is_over = self.cursor.is_none() || output(&page.value).is_empty();
        Ok(Some(page))
    }

    /// Everything that is left, with the input, as one answer. One page is as the
    /// gateway wrote it; of several the last one tells where the session stands.
    ///
    /// # Errors
    /// When the gateway refuses or is not reached.
    pub(crate) async fn joined(&mut self) -> Result<Answer, Failure> {
        let Some(first) = self.read(true).await? else {
            return Ok(Answer::of(Value::Null));
        };
        let mut text = output(&first.value).to_owned();
        let mut last = None;
        while let Some(page) = self.read(false).await? {
            text.push_str(output(&page.value));
            last = Some(page.value);
        }
        let Some(mut joined) = last else {
            return Ok(first);
        };
        joined["output"] = text.into();
        joined["input"] = first.value["input"].clone();
        Ok(Answer::of(joined))
    }

    /// Everything that is left.
    ///
    /// # Errors
    /// When the gateway refuses or is not reached.
    pub(crate) async fn rest(&mut self) -> Result<String, Failure> {
        let mut text = String::new();
        while let Some(page) = self.next().await? {
            text.push_str(&page);
        }
        Ok(text)
    }
}

fn output(page: &Value) -> &str {
    page["output"].as_str().unwrap_or_default()
}
