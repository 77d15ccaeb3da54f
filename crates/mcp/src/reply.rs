//! JSON-RPC answers, written once and straight from raw JSON.

use model::Refusal;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::refused::Fault;

/// The answer to request `id` (raw JSON) with a result (raw JSON).
pub fn result(id: &str, result: &str) -> String {
    let mut out = open(id, result.len());
    out.push_str(result);
    out.push('}');
    out
}

/// The answer of a tool that succeeded: structured content, and the same JSON
/// as one text block. `tail` holds further members of the result, each with a
/// leading comma.
pub fn tool_success(id: &str, answer: &RawValue, tail: &str) -> String {
    tool(id, answer.get(), answer.get(), (false, tail))
}

/// The answer of a tool that was refused: code and sentence as structured
/// content, the sentence as text block.
pub fn tool_refusal(id: &str, refusal: &Refusal, tail: &str) -> String {
    let mut error = String::from("{\"error\":");
    push_json(&mut error, refusal);
    error.push('}');
    tool(id, &refusal.message, &error, (true, tail))
}

/// A JSON-RPC error. Without a readable request there is no id.
pub fn fault(id: Option<&str>, fault: &Fault) -> String {
    let mut out = String::from("{\"jsonrpc\":\"2.0\"");
    if let Some(id) = id {
        out.push_str(",\"id\":");
        out.push_str(id);
    }
    out.push_str(",\"error\":{\"code\":");
    push_json(&mut out, &fault.code);
    out.push_str(",\"message\":");
    push_json(&mut out, &fault.message);
    if let Some(data) = &fault.data {
        out.push_str(",\"data\":");
        push_json(&mut out, data);
    }
    out.push_str("}}");
    out
}

fn tool(id: &str, text: &str, structured: &str, (is_error, tail): (bool, &str)) -> String {
    let size = text.len() + text.len() / 8 + structured.len() + tail.len() + 96;
    let mut out = open(id, size);
    out.push_str("{\"content\":[{\"type\":\"text\",\"text\":");
    push_json(&mut out, text);
    out.push_str("}],\"structuredContent\":");
    out.push_str(structured);
    out.push_str(if is_error {
        ",\"isError\":true"
    } else {
        ",\"isError\":false"
    });
    out.push_str(tail);
    out.push_str("}}");
    out
}

fn open(id: &str, size: usize) -> String {
    let mut out = String::with_capacity(40 + id.len() + size);
    out.push_str("{\"jsonrpc\":\"2.0\",\"id\":");
    out.push_str(id);
    out.push_str(",\"result\":");
    out
}

/// Appends a value that always has a JSON form.
fn push_json(out: &mut String, value: &(impl Serialize + ?Sized)) {
    match serde_json::to_string(value) {
        Ok(json) => out.push_str(&json),
        Err(_) => out.push_str("null"),
    }
}

#[cfg(test)]
mod tests {
    use model::Code;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_text_block_is_the_same_compact_json() {
        let answer = json!({"text": "a\"b\\c\u{1}\n", "n": [1, 2.5], "ü": null});
        let raw = serde_json::value::to_raw_value(&answer).unwrap();
        let reply: Value =
            serde_json::from_str(&tool_success("\"x\"", &raw, ",\"resultType\":\"complete\""))
                .unwrap();
        assert_eq!(reply["id"], "x");
        let result = &reply["result"];
        assert_eq!(result["structuredContent"], answer);
        assert_eq!(result["content"].as_array().unwrap().len(), 1);
        assert_eq!(result["content"][0]["text"], answer.to_string());
        assert_eq!(result["isError"], false);
        assert_eq!(result["resultType"], "complete");
    }

    #[test]
    fn a_refusal_carries_its_code_and_its_sentence() {
        let refusal = Refusal::new(Code::Busy, "too \"many\" calls").hint("wait");
        let reply: Value = serde_json::from_str(&tool_refusal("7", &refusal, "")).unwrap();
        assert_eq!(
            reply["result"],
            json!({
                "content": [{"type": "text", "text": "too \"many\" calls"}],
                "structuredContent": {"error":
                    {"code": "busy", "message": "too \"many\" calls", "hint": "wait"}},
                "isError": true,
            })
        );
    }

    #[test]
    fn a_fault_without_a_request_has_no_id() {
        let text = fault(None, &Fault::new(-32700, "no JSON"));
        let reply: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            reply,
            json!({"jsonrpc": "2.0", "error": {"code": -32700, "message": "no JSON"}})
        );
    }
}
