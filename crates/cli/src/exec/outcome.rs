//! The exit code of a run.

use serde_json::Value;

use crate::failure::Failure;

/// The exit code that an envelope of `exec` means: the target's own where it
/// ended, 254 when policy blocked it, 1 when it never ran.
pub(crate) fn of_envelope(envelope: &Value) -> i32 {
    match envelope["status"].as_str() {
        Some("completed" | "running") => 0,
        Some("failed") if envelope["output_status"] == "blocked" => Failure::BLOCKED,
        Some("failed") => of_target(&envelope["exit_code"]),
        _ => Failure::OTHER,
    }
}

/// The exit code that an ended session means.
pub(crate) fn of_session(session: &Value) -> i32 {
    match session["outcome"].as_str() {
        Some("success") => 0,
        Some("blocked") => Failure::BLOCKED,
        _ => of_target(&session["exit_code"]),
    }
}

/// A failed run never looks like a success, whatever its exit code.
fn of_target(code: &Value) -> i32 {
    match code.as_i64().and_then(|code| i32::try_from(code).ok()) {
        Some(code @ 1..=255) => code,
        _ => Failure::OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_exit_code_is_the_targets() {
        for (envelope, code) in [
            (json!({"status": "completed", "exit_code": 0}), 0),
            (
                json!({"status": "failed", "exit_code": 3, "output_status": "failed"}),
                3,
            ),
            (
                json!({"status": "failed", "exit_code": 143, "output_status": "failed"}),
                143,
            ),
            (
                json!({"status": "failed", "exit_code": -2, "output_status": "failed"}),
                1,
            ),
            (
                json!({"status": "failed", "exit_code": 0, "output_status": "failed"}),
                1,
            ),
            (
                json!({"status": "failed", "exit_code": 254, "output_status": "blocked"}),
                254,
            ),
            (json!({"status": "pending_approval"}), 1),
            (json!({"status": "oauth_required"}), 1),
            (json!({"status": "running"}), 0),
            (json!({}), 1),
        ] {
            assert_eq!(of_envelope(&envelope), code, "{envelope}");
        }
    }

    #[test]
    fn an_ended_session_means_the_same() {
        for (session, code) in [
            (json!({"outcome": "success", "exit_code": 0}), 0),
            (json!({"outcome": "failed", "exit_code": 7}), 7),
            (json!({"outcome": "blocked", "exit_code": 254}), 254),
            (json!({"outcome": "killed", "exit_code": 143}), 143),
            (json!({"outcome": "interrupted", "exit_code": null}), 1),
            (json!({"outcome": null, "exit_code": 0}), 1),
        ] {
            assert_eq!(of_session(&session), code, "{session}");
        }
    }
}
