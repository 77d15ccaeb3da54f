//! The envelope of a run that was waited for, made from its session.

use model::Timestamp;
use serde_json::{Map, Value, json};

/// What `exec` would have answered, had the run ended while it waited: the same
/// keys. Counts of rows are not on record, and are null as for processes; rows are
/// text in `output`.
pub(super) fn of_session(session: &Value) -> Value {
    let mut envelope = Map::new();
    let mut put = |key: &str, value: Value| envelope.insert(key.to_owned(), value);
    put("session_id", session["id"].clone());
    put("connection_name", session["connection"].clone());
    if session["status"] != "done" {
        put("status", "pending_approval".into());
        put("next_step", session["next_step"].clone());
        return Value::Object(envelope);
    }
    let is_success = session["outcome"] == "success";
    let output_status = match session["outcome"].as_str() {
        Some("success") => "success",
        Some("blocked") => "blocked",
        _ => "failed",
    };
    let masking = &session["metrics"]["data_masking"];
    put(
        "status",
        if is_success { "completed" } else { "failed" }.into(),
    );
    put("output", text(&session["output"]));
    put("output_status", output_status.into());
    put("truncated", session["next_cursor"].is_string().into());
    put("output_bytes", session["output_bytes"].clone());
    put("execution_time_ms", duration(session).into());
    // As the gateway says it of a run that never ran, or whose end is unknown.
    let exit_code = session["exit_code"].as_i64().unwrap_or(-2);
    put("exit_code", exit_code.into());
    put("has_review", session["review"].is_object().into());
    put("row_count", Value::Null);
    put("affected_rows", Value::Null);
    put(
        "masking",
        json!({"total": masking["total_redact_count"], "by_type": masking["info_types"]}),
    );
    for (key, value) in [
        ("next_cursor", &session["next_cursor"]),
        ("failure", &session["failure"]),
    ] {
        if !value.is_null() {
            put(key, value.clone());
        }
    }
    let hits = &session["guardrails_info"];
    if hits.as_array().is_some_and(|hits| !hits.is_empty()) {
        put("guardrails", hits.clone());
    }
    Value::Object(envelope)
}

fn text(output: &Value) -> Value {
    output.as_str().unwrap_or_default().into()
}

/// Milliseconds from the start of the run to its end; 0 when it never began.
fn duration(session: &Value) -> i64 {
    let time = |key: &str| session[key].as_str().and_then(Timestamp::parse);
    match (time("started_at"), time("ended_at")) {
        (Some(start), Some(end)) => end.micros_since(start) / 1000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_it_ended_is_told_as_exec_tells_it() {
        let mut session = json!({
            "id": "s", "connection": "pg", "status": "done", "outcome": "success",
            "started_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T00:01:01.5Z",
            "exit_code": 0, "output": "a\n", "output_bytes": 2, "failure": null,
            "guardrails_info": [],
            "metrics": {"data_masking": {"info_types": {"EMAIL": 2}, "total_redact_count": 2}},
        });
        let envelope = of_session(&session);
        assert_eq!(envelope["status"], "completed");
        assert_eq!(envelope["execution_time_ms"], 61_500);
        assert_eq!(
            envelope["masking"],
            json!({"total": 2, "by_type": {"EMAIL": 2}})
        );
        assert!(envelope.get("failure").is_none() && envelope.get("guardrails").is_none());
        for (outcome, output_status) in [
            ("failed", "failed"),
            ("killed", "failed"),
            ("blocked", "blocked"),
        ] {
            session["outcome"] = outcome.into();
            session["exit_code"] = Value::Null;
            let envelope = of_session(&session);
            assert_eq!(envelope["status"], "failed");
            assert_eq!(envelope["output_status"], output_status);
            assert_eq!(envelope["exit_code"], -2);
        }
    }
}
