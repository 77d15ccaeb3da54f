//! The scripts of a session that are kept as prepared statements: what is asked
//! again and again need not be read and planned again.
//!
//! Only scripts that leave nothing in their session are kept, for only between
//! these it is not cleaned. Every other script would see the statements, and so
//! what others asked: they are closed before it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::BytesMut;
use postgres_protocol::message::frontend;

/// Most scripts that a session remembers.
const MOST: usize = 32;
/// Longest script that is remembered, in bytes.
const LONGEST: usize = 4096;

/// What a session remembers of the scripts that it ran. Without a word about
/// whether statements last, it remembers nothing.
#[derive(Default)]
pub(super) struct Prepared {
    lasts: Option<Arc<AtomicBool>>,
    /// The script used last is the last.
    known: Vec<Known>,
    /// Names of statements to be closed with the next message.
    gone: Vec<String>,
}

struct Known {
    script: Box<str>,
    /// The name of its statement; a script that ran once has none.
    name: Option<String>,
}

impl Prepared {
    /// Nothing yet. `lasts` tells for all sessions of a server whether prepared
    /// statements last: a pooler between may lose them.
    pub(super) fn new(lasts: Arc<AtomicBool>) -> Self {
        Self {
            lasts: Some(lasts),
            ..Self::default()
        }
    }

    /// Writes the messages that run `script`, which leaves nothing in its
    /// session. Whether they use a prepared statement: from the second time on
    /// they do. `process` is that of the session.
    ///
    /// # Errors
    /// When `script` contains a NUL character.
    pub(super) fn run(
        &mut self,
        script: &str,
        process: i32,
        messages: &mut BytesMut,
    ) -> io::Result<bool> {
        let lasts = self.lasts.as_ref();
        if !lasts.is_some_and(|it| it.load(Ordering::Relaxed)) {
            self.close(messages)?;
            frontend::query(script, messages)?;
            return Ok(false);
        }
        let Some(mut known) = self.take(script) else {
            self.remember(script);
            self.close_gone(messages)?;
            frontend::query(script, messages)?;
            return Ok(false);
        };
        self.close_gone(messages)?;
        let name = match known.name.take() {
            Some(name) => name,
            None => {
                let name = name(script, process);
                frontend::parse(&name, script, [], messages)?;
                name
            }
        };
        execute(&name, messages)?;
        known.name = Some(name);
        self.known.push(known);
        Ok(true)
    }

    /// Closes all statements, for what comes next would see them.
    ///
    /// # Errors
    /// Never; the names contain no NUL character.
    pub(super) fn close(&mut self, messages: &mut BytesMut) -> io::Result<()> {
        let names = self.known.drain(..).filter_map(|known| known.name);
        self.gone.extend(names);
        self.close_gone(messages)
    }

    /// Forgets a script, for it failed.
    pub(super) fn forget(&mut self, script: &str) {
        let known = self.take(script);
        self.gone.extend(known.and_then(|it| it.name));
    }

    /// Forgets everything, for the server did.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.gone.clear();
    }

    /// Prepares nothing any more at this server: it lost a statement.
    pub(super) fn give_up(&mut self) {
        self.clear();
        if let Some(lasts) = &self.lasts {
            lasts.store(false, Ordering::Relaxed);
        }
    }

    fn take(&mut self, script: &str) -> Option<Known> {
        let at = self.known.iter().rposition(|it| *it.script == *script);
        at.map(|at| self.known.remove(at))
    }

    /// Remembers a script that runs for the first time.
    fn remember(&mut self, script: &str) {
        if script.len() > LONGEST {
            return;
        }
        if self.known.len() >= MOST {
            self.gone.extend(self.known.remove(0).name);
        }
        self.known.push(Known {
            script: script.into(),
            name: None,
        });
    }

    fn close_gone(&mut self, messages: &mut BytesMut) -> io::Result<()> {
        self.gone
            .drain(..)
            .try_for_each(|name| frontend::close(b'S', &name, messages))
    }
}

/// Writes the messages that execute a statement without parameters: all rows,
/// all values as text. The description is that of the portal, made for this
/// run: it is true even when tables changed since the statement was prepared.
///
/// # Errors
/// When `statement` contains a NUL character.
pub(super) fn execute(statement: &str, messages: &mut BytesMut) -> io::Result<()> {
    let nothing = std::iter::empty::<i16>();
    frontend::bind(
        "",
        statement,
        nothing.clone(),
        std::iter::empty::<()>(),
        |(), _| Ok(postgres_protocol::IsNull::Yes),
        nothing,
        messages,
    )
    .map_err(|_| io::Error::other("the statement cannot be bound"))?;
    frontend::describe(b'P', "", messages)?;
    frontend::execute("", 0, messages)?;
    frontend::sync(messages);
    Ok(())
}

/// The name of the statement of `script`. Sessions that share one at the server,
/// behind a pooler, never mean another script by the same name.
fn name(script: &str, process: i32) -> String {
    let mut hasher = DefaultHasher::new();
    script.hash(&mut hasher);
    format!("drawgate_{process:x}_{:x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The types of the messages that run `script`.
    fn run(prepared: &mut Prepared, script: &str) -> String {
        let mut messages = BytesMut::new();
        prepared.run(script, 7, &mut messages).unwrap();
        types(&messages)
    }

    fn types(mut messages: &[u8]) -> String {
        let mut types = String::new();
        while let Some((kind, rest)) = messages.split_first() {
            types.push(char::from(*kind));
            let length: [u8; 4] = rest[..4].try_into().unwrap();
            messages = &rest[u32::from_be_bytes(length) as usize..];
        }
        types
    }

    fn prepared() -> Prepared {
        Prepared::new(Arc::new(AtomicBool::new(true)))
    }

    #[test]
    fn a_script_is_prepared_when_it_comes_again() {
        let mut prepared = prepared();
        assert_eq!(run(&mut prepared, "select 1"), "Q");
        assert_eq!(run(&mut prepared, "select 1"), "PBDES");
        assert_eq!(run(&mut prepared, "select 1"), "BDES");
        prepared.forget("select 1");
        assert_eq!(run(&mut prepared, "select 1"), "CQ");
        assert_eq!(run(&mut prepared, "select 1"), "PBDES");
        prepared.clear();
        assert_eq!(run(&mut prepared, "select 1"), "Q");
        assert_eq!(run(&mut prepared, "select 1"), "PBDES");
        let mut messages = BytesMut::new();
        prepared.close(&mut messages).unwrap();
        assert_eq!(types(&messages), "C");
        assert_eq!(run(&mut prepared, "select 1"), "Q");
    }

    #[test]
    fn the_scripts_used_least_make_room() {
        let mut prepared = prepared();
        let script = |at: usize| format!("select {at}");
        for at in 0..MOST {
            assert_eq!(run(&mut prepared, &script(at)), "Q");
            assert_eq!(run(&mut prepared, &script(at)), "PBDES");
        }
        assert_eq!(run(&mut prepared, &script(0)), "BDES");
        assert_eq!(run(&mut prepared, &script(MOST)), "CQ");
        assert_eq!(run(&mut prepared, &script(0)), "BDES");
        assert_eq!(run(&mut prepared, &script(1)), "CQ");
        assert_eq!(prepared.known.len(), MOST);
        let long = format!("select {}", "1".repeat(LONGEST));
        for _ in 0..2 {
            assert_eq!(run(&mut prepared, &long), "Q");
        }
    }

    #[test]
    fn nothing_is_prepared_where_statements_do_not_last() {
        let lasts = Arc::new(AtomicBool::new(true));
        let mut one = Prepared::new(Arc::clone(&lasts));
        let mut other = Prepared::new(lasts);
        for said in ["Q", "PBDES"] {
            assert_eq!(run(&mut one, "select 1"), said);
        }
        for said in ["Q", "PBDES"] {
            assert_eq!(run(&mut other, "select 1"), said);
        }
        one.give_up();
        for prepared in [&mut one, &mut Prepared::default()] {
            for _ in 0..2 {
                assert_eq!(run(prepared, "select 1"), "Q");
            }
        }
        assert_eq!(run(&mut other, "select 1"), "CQ");
    }

    #[test]
    fn a_name_means_one_script_of_one_session() {
        let names = [
            name("select 1", 1),
            name("select 2", 1),
            name("select 1", 2),
        ];
        assert_eq!(names[0], name("select 1", 1));
        assert!(names[0] != names[1] && names[0] != names[2]);
    }
}
