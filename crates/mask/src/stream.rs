//! Masking of text that comes in pieces.

use std::collections::BTreeMap;

use crate::engine::{Engine, Masked};
use crate::flow::{Flow, Window};

/// Masks a stream of text. What is pushed comes out as soon as it is sure that nothing
/// in it can change any more: after a line, or after the first rows of a table.
///
/// The output does not depend on how the input is cut. Memory is bounded: a line longer
/// than 64 KiB is judged in pieces that are cut between values where that is possible.
pub struct TextStream<'e> {
    engine: &'e Engine,
    flow: Flow,
    buffer: String,
    /// The beginning of a character whose end has not come yet.
    partial: Vec<u8>,
    counts: BTreeMap<String, u64>,
}

impl<'e> TextStream<'e> {
    /// A stream that has seen nothing.
    pub fn new(engine: &'e Engine) -> Self {
        Self {
            engine,
            flow: Flow::new(),
            buffer: String::new(),
            partial: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Takes text and gives what can leave.
    pub fn push(&mut self, text: &str) -> String {
        if !self.partial.is_empty() {
            self.partial.clear();
            self.buffer.push(char::REPLACEMENT_CHARACTER);
        }
        self.buffer.push_str(text);
        self.advance(false)
    }

    /// Takes bytes and gives what can leave. What is not UTF-8 becomes U+FFFD; a
    /// character may be split between two calls.
    pub fn push_bytes(&mut self, bytes: &[u8]) -> String {
        self.partial.extend_from_slice(bytes);
        let pending = std::mem::take(&mut self.partial);
        let mut rest = pending.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.buffer.push_str(text);
                    break;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    self.buffer
                        .push_str(std::str::from_utf8(valid).unwrap_or_default());
                    let Some(length) = error.error_len() else {
                        self.partial = after.to_vec();
                        break;
                    };
                    self.buffer.push(char::REPLACEMENT_CHARACTER);
                    rest = after.get(length..).unwrap_or_default();
                }
            }
        }
        self.advance(false)
    }

    /// Ends the stream: the rest of the text, and how many of each type were masked in
    /// all of it.
    pub fn finish(mut self) -> Masked {
        if !self.partial.is_empty() {
            self.buffer.push(char::REPLACEMENT_CHARACTER);
        }
        let text = self.advance(true);
        Masked {
            text,
            counts: self.counts,
        }
    }

    fn advance(&mut self, last: bool) -> String {
        let mut found = Vec::new();
        let end = self.flow.advance(
            self.engine,
            Window {
                text: &self.buffer,
                at: 0,
                last,
            },
            &mut found,
        );
        let mut masked = Masked {
            text: String::with_capacity(end),
            counts: std::mem::take(&mut self.counts),
        };
        self.engine
            .rewrite(&self.buffer, 0..end, &found, &mut masked);
        self.buffer.drain(..end);
        self.counts = masked.counts;
        masked.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::Keys;

    #[test]
    fn what_is_sure_leaves_at_once() {
        let engine = Engine::everything(Keys::new(b"k", "c"));
        let mut stream = TextStream::new(&engine);
        assert_eq!(stream.push("mail to jane@ac"), "");
        assert_eq!(
            stream.push("me.com now\nand"),
            "mail to <EMAIL_ADDRESS> now\n"
        );
        let rest = stream.finish();
        assert_eq!(rest.text, "and");
        assert_eq!(rest.counts.get("EMAIL_ADDRESS"), Some(&1));
    }

    #[test]
    fn split_and_broken_characters_are_read() {
        let engine = Engine::everything(Keys::new(b"k", "c"));
        let mut stream = TextStream::new(&engine);
        let mut out = String::new();
        for byte in "é\u{fffd} ".as_bytes().iter().chain(b"\xff\n") {
            out.push_str(&stream.push_bytes(&[*byte]));
        }
        out.push_str(&stream.finish().text);
        assert_eq!(out, "é\u{fffd} \u{fffd}\n");
    }

    #[test]
    fn a_private_key_that_is_cut_off_does_not_leave() {
        let engine = Engine::everything(Keys::new(b"k", "c"));
        let body = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo".repeat(2);
        let text = format!("key:\n-----BEGIN {} KEY-----\n{body}\n{body}\n", "PRIVATE");
        let masked = engine.mask_text(&text).text;
        assert!(!masked.contains("QUJD"), "{masked}");
    }
}
