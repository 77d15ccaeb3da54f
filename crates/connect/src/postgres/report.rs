//! Errors and notices as psql prints them.

use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::ErrorFields;

use crate::caret::point_at;

/// The fields of an error or notice that are shown. The letters are those of
/// the protocol, "Error and Notice Message Fields".
#[derive(Default)]
pub(super) struct Report {
    severity: String,
    /// Severity in English whatever the server's language.
    plain_severity: String,
    /// SQLSTATE.
    pub(super) code: Option<String>,
    /// The primary message.
    pub(super) message: String,
    detail: Option<String>,
    hint: Option<String>,
    position: Option<usize>,
    inner_position: Option<usize>,
    inner_query: Option<String>,
    context: Option<String>,
}

impl Report {
    /// Reads the fields; malformed ones are left out.
    pub(super) fn read(mut fields: ErrorFields<'_>) -> Self {
        let mut report = Self::default();
        while let Ok(Some(field)) = fields.next() {
            let value = String::from_utf8_lossy(field.value_bytes()).into_owned();
            match field.type_() {
                b'S' => report.severity = value,
                b'V' => report.plain_severity = value,
                b'C' => report.code = Some(value),
                b'M' => report.message = value,
                b'D' => report.detail = Some(value),
                b'H' => report.hint = Some(value),
                b'P' => report.position = value.parse().ok(),
                b'p' => report.inner_position = value.parse().ok(),
                b'q' => report.inner_query = Some(value),
                b'W' => report.context = Some(value),
                _ => {}
            }
        }
        report
    }

    /// Whether it is a warning.
    pub(super) fn is_warning(&self) -> bool {
        self.plain_severity == "WARNING"
    }

    /// The text of an error in `script`.
    pub(super) fn error_text(&self, script: &str) -> String {
        // As psql's verbose mode shows it, so that a caller sees the SQLSTATE.
        let mut text = match &self.code {
            Some(code) => format!("{}:  {code}: {}", self.severity, self.message),
            None => self.notice_head(),
        };
        let place = match (self.position, self.inner_position, &self.inner_query) {
            (Some(position), _, _) => point_at(script, position),
            (None, Some(position), Some(query)) => point_at(query, position),
            _ => None,
        };
        if let Some(line) = place {
            text.push('\n');
            text.push_str(&line);
        }
        self.append(&mut text);
        for (label, value) in [("QUERY", &self.inner_query), ("CONTEXT", &self.context)] {
            if let Some(value) = value {
                text.push_str(&format!("\n{label}:  {value}"));
            }
        }
        text
    }

    /// The text of a notice.
    pub(super) fn notice_text(&self) -> String {
        let mut text = self.notice_head();
        self.append(&mut text);
        text
    }

    fn notice_head(&self) -> String {
        format!("{}:  {}", self.severity, self.message)
    }

    fn append(&self, text: &mut String) {
        for (label, value) in [("DETAIL", &self.detail), ("HINT", &self.hint)] {
            if let Some(value) = value {
                text.push_str(&format!("\n{label}:  {value}"));
            }
        }
    }
}
