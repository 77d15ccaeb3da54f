//! The audit row of one call, written once: with the session it closes, or by
//! the turnstile.

use std::sync::Arc;
use std::time::Instant;

use model::{AuditRow, Caller, Id, Timestamp};
use parking_lot::Mutex;

use crate::Call;

/// The row while its call runs. Whoever takes it writes it.
#[derive(Clone)]
pub(crate) struct AuditDraft(Arc<Mutex<Draft>>);

struct Draft {
    row: Option<AuditRow>,
    began: Instant,
}

impl AuditDraft {
    /// A draft for one call of an operation.
    pub(crate) fn new(operation: &str, caller: &Caller, call: &Call) -> Self {
        let row = AuditRow {
            actor: Some(caller.id.to_string()),
            credential: Some(caller.credential.id.to_string()),
            client: call
                .client
                .as_ref()
                .map(|client| format!("{}/{}", client.name, client.version)),
            operation: operation.to_owned(),
            objects: Vec::new(),
            code: String::new(),
            duration_ms: 0,
            address: call.address.clone(),
            request_id: call.request_id.clone(),
            correlation_id: call.correlation_id.clone(),
            at: Timestamp::from_micros(0),
        };
        Self(Arc::new(Mutex::new(Draft {
            row: Some(row),
            began: Instant::now(),
        })))
    }

    /// Notes an object that the call touches.
    pub(crate) fn touch(&self, id: impl Id) {
        if let Some(row) = &mut self.0.lock().row {
            let id = id.to_string();
            if !row.objects.contains(&id) {
                row.objects.push(id);
            }
        }
    }

    /// Notes objects that the call touched, by the ids that the store told.
    pub(crate) fn touch_all(&self, ids: &[String]) {
        if let Some(row) = &mut self.0.lock().row {
            row.objects.extend_from_slice(ids);
        }
    }

    /// The row as it is by now, as if the call ended well, for what is on file with a
    /// row of its own.
    pub(crate) fn row_so_far(&self, now: Timestamp) -> Option<AuditRow> {
        let draft = self.0.lock();
        let mut row = draft.row.clone()?;
        draft.end(&mut row, "ok", now);
        Some(row)
    }

    /// Gives a row back that could not be written: the end of the call writes it.
    pub(crate) fn give_back(&self, row: AuditRow) {
        self.0.lock().row = Some(row);
    }

    /// Takes the row with its end; `None` when somebody took it before.
    pub(crate) fn take(&self, code: &str, now: Timestamp) -> Option<AuditRow> {
        let mut draft = self.0.lock();
        let mut row = draft.row.take()?;
        draft.end(&mut row, code, now);
        Some(row)
    }
}

impl Draft {
    /// Writes the end of the call into its row.
    fn end(&self, row: &mut AuditRow, code: &str, now: Timestamp) {
        let duration = self.began.elapsed().as_millis();
        code.clone_into(&mut row.code);
        row.duration_ms = i64::try_from(duration).unwrap_or(i64::MAX);
        row.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_taken_once_unless_it_is_given_back() {
        let row = AuditRow {
            actor: None,
            credential: None,
            client: None,
            operation: "exec".to_owned(),
            objects: vec!["session".to_owned()],
            code: String::new(),
            duration_ms: 0,
            address: None,
            request_id: "r".to_owned(),
            correlation_id: None,
            at: Timestamp::from_micros(0),
        };
        let draft = AuditDraft(Arc::new(Mutex::new(Draft {
            row: Some(row),
            began: Instant::now(),
        })));
        let now = Timestamp::from_micros(7);
        let taken = draft.take("ok", now).unwrap();
        assert!(draft.take("ok", now).is_none());
        draft.give_back(taken);
        let again = draft.take("unavailable", now).unwrap();
        assert_eq!((again.code.as_str(), again.at), ("unavailable", now));
        assert_eq!(again.objects, ["session"]);
    }
}
