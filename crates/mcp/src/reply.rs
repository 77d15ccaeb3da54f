//! JSON-RPC answers, written once and straight from raw JSON.

use model::Refusal;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::refused::Fault;

/// The answer to request `id` (raw JSON) with a result (raw JSON).
pub fn result(id: &str, result: &str) -> Vec<u8> {
    let mut out = open(id, result.len());
    out.extend_from_slice(result.as_bytes());
    out.push(b'}');
    out
}

/// The answer of a tool that succeeded: structured content, and the same JSON
/// as one text block. `tail` holds further members of the result, each with a
/// leading comma.
pub fn tool_success(id: &str, answer: &RawValue, tail: &str) -> Vec<u8> {
    tool(id, answer.get(), answer.get(), (false, tail))
}

/// The answer of a tool that was refused: code and sentence as structured
/// content, the sentence as text block.
pub fn tool_refusal(id: &str, refusal: &Refusal, tail: &str) -> Vec<u8> {
    let error = json!({ "error": refusal }).to_string();
    tool(id, &refusal.message, &error, (true, tail))
}

/// A JSON-RPC error. Without a readable request there is no id.
pub fn fault(id: Option<&str>, fault: &Fault) -> Vec<u8> {
    let mut out = b"{\"jsonrpc\":\"2.0\"".to_vec();
    if let Some(id) = id {
        out.extend_from_slice(b",\"id\":");
        out.extend_from_slice(id.as_bytes());
    }
    out.extend_from_slice(b",\"error\":{\"code\":");
    push_json(&mut out, &fault.code);
    out.extend_from_slice(b",\"message\":");
    push_json(&mut out, &fault.message);
    if let Some(data) = &fault.data {
        out.extend_from_slice(b",\"data\":");
        push_json(&mut out, data);
    }
    out.extend_from_slice(b"}}");
    out
}

/// The answers to a batch.
pub fn batch(answers: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    for answer in answers {
        out.push(if out.is_empty() { b'[' } else { b',' });
        out.extend_from_slice(&answer);
    }
    out.push(b']');
    out
}

fn tool(id: &str, text: &str, structured: &str, (is_error, tail): (bool, &str)) -> Vec<u8> {
    // Quotes double in the text block; a quarter more holds most answers.
    let size = text.len() + text.len() / 4 + structured.len() + tail.len() + 96;
    let mut out = open(id, size);
    out.extend_from_slice(b"{\"content\":[{\"type\":\"text\",\"text\":");
    push_json(&mut out, text);
    out.extend_from_slice(b"}],\"structuredContent\":");
    out.extend_from_slice(structured.as_bytes());
    out.extend_from_slice(b",\"isError\":");
    out.extend_from_slice(if is_error { b"true" } else { b"false" });
    out.extend_from_slice(tail.as_bytes());
    out.extend_from_slice(b"}}");
    out
}

fn open(id: &str, size: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(40 + id.len() + size);
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(b",\"result\":");
    out
}

/// Appends a value that always has a JSON form.
fn push_json(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}

#[cfg(test)]
mod tests {
    use model::Code;
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_text_block_is_the_same_compact_json() {
        let answer = json!({"text": "a\"b\\c\u{1}\n", "n": [1, 2.5], "ü": null});
        let raw = serde_json::value::to_raw_value(&answer).unwrap();
        let reply: Value =
            serde_json::from_slice(&tool_success("\"x\"", &raw, ",\"resultType\":\"complete\""))
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
        let reply: Value = serde_json::from_slice(&tool_refusal("7", &refusal, "")).unwrap();
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
        let reply: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(
            reply,
            json!({"jsonrpc": "2.0", "error": {"code": -32700, "message": "no JSON"}})
        );
    }
}
