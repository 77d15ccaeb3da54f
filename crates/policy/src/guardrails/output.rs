//! The guard of an answer: a push adapter over chunks of text.
//!
//! It works in windows of two tails from the first character that was not given out yet.
//! The first tail of a window is given out once the whole window is searched, so that a
//! match of up to one tail is found whole wherever it begins. Windows depend on the
//! text alone, and so does the result: how the text is cut into chunks changes nothing.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use model::{Action, Hit};
use regex_automata::Input;

use super::Side;
use super::findings::Findings;
use super::sentence::sentence;
use super::words::Scan;

/// What stands for a match that is replaced.
pub const REPLACEMENT: &str = "<GUARDRAIL>";

/// Longest match in bytes that is found whole.
const TAIL: usize = 4096;
const WINDOW: usize = 2 * TAIL;
/// One character more than a window, because patterns ask what follows.
const AHEAD: usize = 4;

/// Guards the answer of one run.
#[derive(Debug)]
pub struct OutputGuard {
    side: Arc<Side>,
    findings: Findings,
    stream: Stream,
    blocked: Option<OutputBlocked>,
}

/// A rule does not allow the answer; nothing more of it may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputBlocked {
    /// What the caller is told.
    pub message: String,
}

impl fmt::Display for OutputBlocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for OutputBlocked {}

impl OutputGuard {
    pub(super) fn new(side: Arc<Side>) -> Self {
        Self {
            findings: Findings::default(),
            stream: Stream::new(&side),
            side,
            blocked: None,
        }
    }

    /// Takes the next chunk, and appends to `out` what may leave.
    ///
    /// # Errors
    /// When a rule blocks the answer, now or before: what was not given out yet is
    /// withheld, and the run is to be stopped. What `out` holds then may still leave.
    pub fn push(&mut self, chunk: &str, out: &mut String) -> Result<(), OutputBlocked> {
        if self.side.rules.is_empty() {
            out.push_str(chunk);
            return Ok(());
        }
        self.refuse_if_blocked()?;
        let is_clean = self.stream.push(&self.side, &mut self.findings, chunk, out);
        self.conclude(is_clean)
    }

    /// Ends the answer, and appends the rest of it to `out`.
    ///
    /// # Errors
    /// As [`OutputGuard::push`].
    pub fn finish(&mut self, out: &mut String) -> Result<(), OutputBlocked> {
        self.refuse_if_blocked()?;
        let is_clean = self.stream.finish(&self.side, &mut self.findings, out);
        self.stream = Stream::new(&self.side);
        self.conclude(is_clean)
    }

    /// What may leave of a text that stands for itself, the cell of a row for instance:
    /// matches do not reach beyond it.
    ///
    /// # Errors
    /// As [`OutputGuard::push`].
    pub fn whole<'t>(&mut self, text: &'t str) -> Result<Cow<'t, str>, OutputBlocked> {
        if self.side.rules.is_empty() {
            return Ok(Cow::Borrowed(text));
        }
        self.refuse_if_blocked()?;
        // Most texts match nothing, and are in no need of a window that moves.
        if text.len() < WINDOW && !self.side.texts.may_match(text) {
            return Ok(Cow::Borrowed(text));
        }
        let mut out = String::with_capacity(text.len());
        let mut stream = Stream::new(&self.side);
        let is_clean = stream.push(&self.side, &mut self.findings, text, &mut out)
            && stream.finish(&self.side, &mut self.findings, &mut out);
        self.conclude(is_clean)?;
        Ok(Cow::Owned(out))
    }

    /// The rules that matched so far, each once.
    #[must_use]
    pub fn hits(&self) -> Vec<Hit> {
        self.findings.hits(&self.side.rules)
    }

    fn refuse_if_blocked(&self) -> Result<(), OutputBlocked> {
        self.blocked.clone().map_or(Ok(()), Err)
    }

    fn conclude(&mut self, is_clean: bool) -> Result<(), OutputBlocked> {
        if is_clean {
            return Ok(());
        }
        let hits = self.hits();
        let decisive = hits.iter().find(|hit| hit.action == Action::Block);
        let blocked = OutputBlocked {
            message: decisive.map(sentence).unwrap_or_default(),
        };
        self.stream = Stream::new(&self.side);
        self.blocked = Some(blocked.clone());
        Err(blocked)
    }
}

/// One text on its way. Offsets count bytes from its beginning.
#[derive(Debug)]
struct Stream {
    /// What is not given out yet, after one character that is: patterns ask what is
    /// before.
    held: String,
    /// The offset of `held`.
    base: usize,
    /// The first character that is not given out yet.
    at: usize,
    scans: Vec<Scan>,
    /// How far the words are searched.
    scanned: usize,
    /// For each pattern, the end of its last match.
    resume: Vec<usize>,
    /// Places to replace.
    places: Vec<Range<usize>>,
    /// The end of what is replaced already.
    covered: usize,
}

/// The next part of a text: what is due to be given out, and how far is searched for it.
#[derive(Clone, Copy)]
struct Window {
    due: usize,
    end: usize,
}

impl Stream {
    fn new(side: &Side) -> Self {
        Self {
            held: String::new(),
            base: 0,
            at: 0,
            scans: side.texts.scans(),
            scanned: 0,
            resume: vec![0; side.texts.patterns.len()],
            places: Vec::new(),
            covered: 0,
        }
    }

    /// Whether nothing blocked.
    fn push(
        &mut self,
        side: &Side,
        findings: &mut Findings,
        chunk: &str,
        out: &mut String,
    ) -> bool {
        let mut rest = chunk;
        loop {
            let have = self.base + self.held.len() - self.at;
            let need = (WINDOW + AHEAD).saturating_sub(have);
            if rest.len() < need {
                self.held.push_str(rest);
                return true;
            }
            let (head, tail) = rest.split_at(rest.ceil_char_boundary(need));
            self.held.push_str(head);
            rest = tail;
            let window = Window {
                due: self.boundary(self.at + TAIL),
                end: self.boundary(self.at + WINDOW),
            };
            if !self.inspect(side, findings, window) {
                return false;
            }
            self.give(window.due, out);
            self.forget();
        }
    }

    /// Whether nothing blocked.
    fn finish(&mut self, side: &Side, findings: &mut Findings, out: &mut String) -> bool {
        let end = self.base + self.held.len();
        if !self.inspect(side, findings, Window { due: end, end }) {
            return false;
        }
        self.give(end, out);
        true
    }

    /// Searches a window. Whether nothing blocked.
    fn inspect(&mut self, side: &Side, findings: &mut Findings, window: Window) -> bool {
        let fresh = self.scanned - self.base..window.end - self.base;
        side.texts.feed(
            &mut self.scans,
            self.held.as_bytes().get(fresh).unwrap_or_default(),
            findings,
            &mut self.places,
        );
        self.scanned = window.end;
        let span = self.at - self.base..window.end - self.base;
        for pattern in side
            .texts
            .patterns
            .candidates(&Input::new(&self.held).span(span))
        {
            self.search_pattern(side, findings, pattern, window);
        }
        findings
            .rules()
            .filter_map(|index| side.rules.get(index))
            .all(|rule| rule.action() != Action::Block)
    }

    /// Finds the matches of one pattern that begin in the part that is due; of one that
    /// blocks, any.
    fn search_pattern(
        &mut self,
        side: &Side,
        findings: &mut Findings,
        pattern: usize,
        window: Window,
    ) {
        let rule = side.texts.rule_of(pattern);
        let (Some(action), Some(regex), Some(resume)) = (
            side.rules.get(rule).map(super::Rule::action),
            side.texts.patterns.get(pattern),
            self.resume.get_mut(pattern),
        ) else {
            return;
        };
        let last = if action == Action::Block || window.due == window.end {
            usize::MAX
        } else {
            window.due
        };
        let mut start = self.at.max(*resume);
        while start <= window.end && (action == Action::Redact || !findings.is_full(rule)) {
            let span = start - self.base..window.end - self.base;
            let Some(found) = regex.find(Input::new(&self.held).span(span)) else {
                return;
            };
            if self.base + found.start() >= last {
                return;
            }
            if found.is_empty() {
                // It says that the rule matches, and there is nothing to replace.
                side.texts.note(pattern, None, findings);
                let next = self.held.ceil_char_boundary(found.end() + 1);
                start = (self.base + next).max(start + 1);
                continue;
            }
            start = self.base + found.end();
            *resume = start;
            if action == Action::Redact {
                self.places.push(self.base + found.start()..start);
                findings.note_word(rule, REPLACEMENT);
            } else {
                let text = self.held.get(found.range());
                side.texts.note(pattern, text, findings);
            }
        }
    }

    /// Appends what lies before `end` and was not given out yet, with places replaced.
    fn give(&mut self, end: usize, out: &mut String) {
        self.places
            .sort_unstable_by_key(|place| (place.start, place.end));
        let mut at = self.at.max(self.covered);
        let due = self.places.partition_point(|place| place.start < end);
        for place in self.places.drain(..due) {
            if place.start < self.covered {
                self.covered = self.covered.max(place.end);
            } else {
                let clear = at.saturating_sub(self.base)..place.start - self.base;
                out.push_str(self.held.get(clear).unwrap_or_default());
                out.push_str(REPLACEMENT);
                self.covered = place.end;
            }
            at = self.covered;
        }
        if at < end {
            let clear = at - self.base..end - self.base;
            out.push_str(self.held.get(clear).unwrap_or_default());
        }
        self.at = end;
    }

    /// Drops what is given out, but for one character.
    fn forget(&mut self) {
        let given = self.at - self.base;
        let last = self.held.floor_char_boundary(given.saturating_sub(1));
        self.held.drain(..last);
        self.base += last;
    }

    /// The offset of the last character that begins at or before `offset`.
    fn boundary(&self, offset: usize) -> usize {
        self.base + self.held.floor_char_boundary(offset - self.base)
    }
}

#[cfg(test)]
mod tests;
