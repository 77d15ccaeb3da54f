//! The statements of a group of writes: one per kind and chunk of rows.

use crate::sql::{Bind, Sql, assembled, placeholders};

/// Rows in one statement. Every number has a text of its own, and every mix of
/// texts too, so few enough for the engine's statement caches.
const ROWS: [usize; 4] = [8, 4, 2, 1];

/// One write.
pub(crate) enum Op {
    /// A new session.
    Open(Box<Opened>),
    /// A session moves on.
    Close(Box<Closed>),
    /// A segment of a recording.
    Segment(Segment),
    /// An audit row: organization, id, time in microseconds, JSON.
    Audit([String; 4]),
}

impl Op {
    /// Id of the session whose row is written.
    pub(crate) fn session(&self) -> Option<&str> {
        match self {
            Self::Open(opened) => opened.head.first().map(String::as_str),
            Self::Close(closed) => Some(&closed.id),
            Self::Segment(_) | Self::Audit(_) => None,
        }
    }
}

/// Columns of a new session.
pub(crate) struct Opened {
    pub(crate) head: [String; 9],
    pub(crate) created_at: i64,
    pub(crate) replica: String,
    pub(crate) detail: String,
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
    pub(crate) detail: String,
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

/// The statements of `ops`, in an order in which none needs a later one.
pub(crate) fn of<'a>(ops: impl Iterator<Item = &'a Op>) -> Vec<Sql> {
    let (mut open, mut close, mut segment, mut audit) = (vec![], vec![], vec![], vec![]);
    for op in ops {
        match op {
            Op::Open(opened) => open.push(opened.binds()),
            Op::Close(closed) => close.push(closed.binds()),
            Op::Segment(row) => segment.push(row.binds()),
            Op::Audit([org, id, at, detail]) => audit.push(vec![
                Bind::Text(org.clone()),
                Bind::Text(id.clone()),
                Bind::Int(at.parse().unwrap_or_default()),
                Bind::text(detail.clone()),
            ]),
        }
    }
    let mut statements = Vec::new();
    for (kind, rows) in [
        (Kind::Open, open),
        (Kind::Segment, segment),
        (Kind::Close, close),
        (Kind::Audit, audit),
    ] {
        let mut left = rows.len();
        let mut rows = rows.into_iter();
        for size in ROWS {
            while left >= size {
                statements.push(kind.statement(rows.by_ref().take(size).collect()));
                left -= size;
            }
        }
    }
    statements
}

#[derive(Clone, Copy)]
enum Kind {
    Open,
    Segment,
    Close,
    Audit,
}

impl Kind {
    fn statement(self, rows: Vec<Vec<Bind>>) -> Sql {
        let width = rows.first().map_or(0, Vec::len);
        let values = placeholders(rows.len(), width);
        let text = match self {
            Self::Open => format!(
                "INSERT INTO session (id, org_id, user_id, connection_id, connection, \
                 connection_type, verb, origin, status, created_at, replica, detail, \
                 input, version) VALUES {values}"
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
                 replica = v.column8, detail = v.column9 FROM (VALUES {values}) AS v \
                 WHERE session.id = v.column1 AND session.org_id = v.column2 \
                 AND session.status <> 'done'"
            ),
            Self::Audit => {
                format!("INSERT INTO audit_event (org_id, id, at, detail) VALUES {values}")
            }
        };
        rows.into_iter().flatten().fold(assembled(text), Sql::bind)
    }
}

impl Opened {
    fn binds(&self) -> Vec<Bind> {
        let mut binds: Vec<Bind> = self
            .head
            .iter()
            .map(|text| Bind::text(text.clone()))
            .collect();
        binds.extend([
            Bind::Int(self.created_at),
            Bind::Text(self.replica.clone()),
            Bind::text(self.detail.clone()),
            Bind::text(self.input.clone()),
            Bind::Int(1),
        ]);
        binds
    }
}

impl Closed {
    fn binds(&self) -> Vec<Bind> {
        vec![
            Bind::Text(self.id.clone()),
            Bind::Text(self.org.clone()),
            Bind::Text(self.status.to_owned()),
            Bind::opt_text(self.outcome),
            Bind::opt_text(self.review_status.clone()),
            Bind::opt_text(self.risk_level.clone()),
            Bind::Int(self.version),
            Bind::Text(self.replica.clone()),
            Bind::text(self.detail.clone()),
        ]
    }
}

impl Segment {
    fn binds(&self) -> Vec<Bind> {
        vec![
            Bind::Text(self.session.clone()),
            Bind::Text(self.org.clone()),
            Bind::Int(self.seq),
            Bind::Int(self.offset),
            Bind::Int(self.length),
            Bind::opt_text(self.object.clone()),
            Bind::opt_text(self.data.clone()),
        ]
    }
}
