//! What came of a run as CSV.

use serde_json::Value;

use super::pages::Pages;
use super::recorded;
use crate::answer::Answer;
use crate::api::Api;
use crate::csv;
use crate::failure::Failure;
use crate::output::Output;

/// Prints the rows of an envelope; the rest of a cut answer is read from the
/// recording. What is no row goes to standard error.
///
/// # Errors
/// When rows cannot be had or printed.
pub(super) async fn envelope(api: &Api, out: Output, answer: &Answer) -> Result<(), Failure> {
    let envelope = &answer.value;
    if envelope["output_status"] == "blocked" {
        return Ok(());
    }
    if let Some(text) = envelope["output"].as_str().filter(|text| !text.is_empty()) {
        out.note(text.trim_end());
    }
    if let Some(sets) = envelope["result_sets"].as_array() {
        let sets: Vec<String> = sets
            .iter()
            .map(|set| csv::rows(&set["columns"], &set["rows"]))
            .collect();
        out.said(&sets.join("\n"))?;
        return if envelope["truncated"] == true {
            Err(incomplete())
        } else {
            Ok(())
        };
    }
    if !envelope["rows"].is_array() {
        return Ok(());
    }
    out.said(&csv::rows(&envelope["columns"], &envelope["rows"]))?;
    match (
        envelope["next_cursor"].as_str(),
        envelope["session_id"].as_str(),
    ) {
        (Some(cursor), Some(session)) => {
            let rest = Pages::of(api, session, Some(cursor)).rest().await?;
            out.said(&remaining(envelope, &rest).ok_or_else(incomplete)?)
        }
        _ => Ok(()),
    }
}

/// Prints the recording of a run whose rows were not answered, from `cursor` on.
///
/// # Errors
/// When it cannot be had or printed.
pub(super) async fn recording(
    api: &Api,
    out: Output,
    session: &str,
    cursor: Option<&str>,
) -> Result<(), Failure> {
    let text = Pages::of(api, session, cursor).rest().await?;
    match recorded::result(&text) {
        Some(csv) => out.said(&csv),
        None => {
            out.note("warning: this is not one table, here is the recording as it is");
            out.said(&text)
        }
    }
}

/// The rows of a cut answer that its recording still has.
fn remaining(envelope: &Value, rest: &str) -> Option<String> {
    let shown = envelope["rows"].as_array()?.len();
    let count = usize::try_from(envelope["row_count"].as_u64()?).ok()?;
    recorded::rows(
        rest,
        count.checked_sub(shown)?,
        envelope["columns"].as_array()?.len(),
    )
}

fn incomplete() -> Failure {
    Failure::Local("the answer is too long for CSV, rows are missing".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cut_answer_is_completed_or_refused() {
        let envelope = json!({"columns": [{"name": "a"}], "rows": [[1]], "row_count": 3});
        assert_eq!(remaining(&envelope, "2\n3\n(3 rows)\n").unwrap(), "2\n3\n");
        assert_eq!(remaining(&envelope, "2\n"), None);
        assert_eq!(remaining(&json!({"columns": [], "rows": [[1]]}), ""), None);
    }
}
