//! The writes that are grouped, and the columns of each.

use std::borrow::Cow;

/// One write.
pub(crate) enum Op {
    /// A new session.
    Open(Box<Opened>),
    /// A session moves on.
    Close(Box<Closed>),
    /// A segment of a recording.
    Segment(Segment),
    /// An audit row.
    Audit(Audit),
}

/// The table and the way in which a write touches it, in an order in which no
/// write needs a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Open,
    Segment,
    Close,
    Audit,
}

/// The value of one column.
pub(crate) enum Cell<'a> {
    Text(Cow<'a, str>),
    Int(i64),
    /// A missing text.
    Null,
}

/// Columns of a new session: id, organization, user, connection by id and name,
/// its type, verb, origin and status, and the rest.
pub(crate) struct Opened {
    pub(crate) head: [String; 9],
    pub(crate) outcome: Option<&'static str>,
    pub(crate) review_status: Option<String>,
    pub(crate) risk_level: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) version: i64,
    pub(crate) replica: String,
    /// What it is from its beginning.
    pub(crate) detail: String,
    /// Where it stands.
    pub(crate) moved: String,
    pub(crate) input: String,
}

/// Columns of a session that moves on.
pub(crate) struct Closed {
    pub(crate) id: String,
    pub(crate) org: String,
    pub(crate) status: &'static str,
    pub(crate) outcome: Option<&'static str>,
    pub(crate) review_status: Option<String>,
    pub(crate) risk_level: Option<String>,
    pub(crate) version: i64,
    pub(crate) replica: String,
    pub(crate) moved: String,
    /// All of its recording, when that is short.
    pub(crate) recording: Option<String>,
}

/// Columns of a segment.
#[derive(Clone)]
pub(crate) struct Segment {
    pub(crate) session: String,
    pub(crate) org: String,
    pub(crate) seq: i64,
    pub(crate) offset: i64,
    pub(crate) length: i64,
    pub(crate) object: Option<String>,
    pub(crate) data: Option<String>,
}

/// Columns of an audit row.
pub(crate) struct Audit {
    pub(crate) org: String,
    pub(crate) id: String,
    /// Microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) detail: String,
}

impl Kind {
    /// Every kind, in its order.
    pub(crate) const ALL: [Self; 4] = [Self::Open, Self::Segment, Self::Close, Self::Audit];

    /// Columns of one row.
    pub(crate) const fn width(self) -> usize {
        match self {
            Self::Open => 19,
            Self::Segment => 7,
            Self::Close => 10,
            Self::Audit => 4,
        }
    }

    /// The statement that writes `values`, the placeholders of some rows.
    pub(crate) fn statement(self, values: &str) -> String {
        match self {
            Self::Open => format!(
                "INSERT INTO session (id, org_id, user_id, connection_id, connection, \
                 connection_type, verb, origin, status, outcome, review_status, risk_level, \
                 created_at, version, replica, detail, moved, input, recording) VALUES {values}"
            ),
            // A segment is written again when it is not known to be stored.
            Self::Segment => format!(
                "INSERT INTO recording_segment (session_id, org_id, seq, offset_bytes, \
                 length_bytes, object, data) VALUES {values} \
                 ON CONFLICT (session_id, seq) DO NOTHING"
            ),
            // A session that is done stays as it is.
            Self::Close => format!(
                "UPDATE session SET status = v.column3, outcome = v.column4, \
                 review_status = v.column5, risk_level = v.column6, version = v.column7, \
                 replica = v.column8, moved = v.column9, recording = v.column10 \
                 FROM (VALUES {values}) AS v \
                 WHERE session.id = v.column1 AND session.org_id = v.column2 \
                 AND session.status <> 'done'"
            ),
            Self::Audit => {
                format!("INSERT INTO audit_event (org_id, id, at, detail) VALUES {values}")
            }
        }
    }
}

impl Op {
    /// What it writes to.
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Open(_) => Kind::Open,
            Self::Close(_) => Kind::Close,
            Self::Segment(_) => Kind::Segment,
            Self::Audit(_) => Kind::Audit,
        }
    }

    /// Id of the session whose row is written.
    pub(crate) fn session(&self) -> Option<&str> {
        match self {
            Self::Open(opened) => opened.head.first().map(String::as_str),
            Self::Close(closed) => Some(&closed.id),
            Self::Segment(_) | Self::Audit(_) => None,
        }
    }

    /// How many sessions more are under way after it.
    pub(crate) const fn sessions(&self) -> i64 {
        match self {
            Self::Open(_) => 1,
            Self::Close(_) => -1,
            Self::Segment(_) | Self::Audit(_) => 0,
        }
    }

    /// Tells the values of its row, as many as its kind is wide.
    pub(crate) fn tell<'a>(&'a self, mut cell: impl FnMut(Cell<'a>)) {
        match self {
            Self::Open(row) => {
                row.head.iter().for_each(|text| cell(Cell::text(text)));
                cell(Cell::opt(row.outcome));
                cell(Cell::opt(row.review_status.as_deref()));
                cell(Cell::opt(row.risk_level.as_deref()));
                cell(Cell::Int(row.created_at));
                cell(Cell::Int(row.version));
                cell(Cell::plain(&row.replica));
                cell(Cell::plain(&row.detail));
                cell(Cell::plain(&row.moved));
                cell(Cell::text(&row.input));
                cell(Cell::Null);
            }
            Self::Close(row) => {
                cell(Cell::plain(&row.id));
                cell(Cell::plain(&row.org));
                cell(Cell::plain(row.status));
                cell(row.outcome.map_or(Cell::Null, Cell::plain));
                cell(Cell::opt(row.review_status.as_deref()));
                cell(Cell::opt(row.risk_level.as_deref()));
                cell(Cell::Int(row.version));
                cell(Cell::plain(&row.replica));
                cell(Cell::plain(&row.moved));
                cell(row.recording.as_deref().map_or(Cell::Null, Cell::plain));
            }
            Self::Segment(row) => {
                cell(Cell::plain(&row.session));
                cell(Cell::plain(&row.org));
                cell(Cell::Int(row.seq));
                cell(Cell::Int(row.offset));
                cell(Cell::Int(row.length));
                cell(Cell::opt(row.object.as_deref()));
                cell(row.data.as_deref().map_or(Cell::Null, Cell::plain));
            }
            Self::Audit(row) => {
                cell(Cell::plain(&row.org));
                cell(Cell::plain(&row.id));
                cell(Cell::Int(row.at));
                cell(Cell::plain(&row.detail));
            }
        }
    }
}

impl<'a> Cell<'a> {
    /// Text, with U+0000 as U+FFFD: PostgreSQL cannot hold it, and both engines
    /// shall hold the same.
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(if memchr::memchr(0, text.as_bytes()).is_some() {
            text.replace('\0', "\u{fffd}").into()
        } else {
            text.into()
        })
    }

    /// Text that holds no U+0000: an id, a word of the model, or JSON, which
    /// escapes it (RFC 8259, section 7).
    const fn plain(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    fn opt(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_never_reaches_the_engine() {
        assert!(matches!(Cell::text("a\0b"), Cell::Text(text) if text == "a\u{fffd}b"));
    }
}
