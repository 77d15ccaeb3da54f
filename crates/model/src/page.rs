//! Lists: one page of items and an opaque cursor to the next.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Refusal;

/// One page of a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Pass it back to read on; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The arguments that every list takes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct PageArgs {
    /// Items per page.
    #[serde(default)]
    #[schemars(range(min = 1, max = 200), extend("default" = 50))]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before; as long as the filters it keeps.
    #[serde(default)]
    #[schemars(length(max = 16_384))]
    pub cursor: Option<String>,
}

/// Cursors carry their position and the filters of the first call.
#[derive(Clone, Copy, Debug)]
pub struct Cursor;

impl Cursor {
    /// Writes a cursor: URL-safe base64 of JSON.
    #[must_use]
    pub fn write<T: Serialize>(position: &T) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).unwrap_or_default())
    }

    /// Reads a cursor that [`Cursor::write`] made.
    ///
    /// # Errors
    /// `invalid_argument` when the text is no cursor of this list.
    pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
        URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
            .filter(|place| !holds_nul(place))
            .and_then(|place| serde_json::from_value(place).ok())
            .ok_or_else(|| Refusal::invalid("/cursor", "the next_cursor of the page before"))
    }
}

/// Whether any text holds a NUL character, which no store can look for.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.values().any(holds_nul),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
