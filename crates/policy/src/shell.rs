//! What a POSIX shell would make of a text: its commands, with quotes, escapes and
//! expansions taken away, so that a rule about `rm -rf` also finds `r''m "-rf"`.
//!
//! Nothing is run and nothing is known about variables: they are taken as empty, except
//! for `IFS`, which is white space, and for defaults (`${x:-rm}`). Bodies of `$(…)`, of
//! backticks and of here-documents are read as scripts of their own, and so is quoted
//! text that looks like one (`sh -c "…"`). The grammar is that of POSIX.1-2024, Shell
//! Command Language, sections 2.2 to 2.7, with `$'…'` and `{a,b}` as in Bash.

mod reader;

use self::reader::Reader;

/// How deep scripts within scripts are read. The whole time is linear in the text for
/// each level.
const MAX_DEPTH: usize = 8;

/// The commands of a script, each as its words joined by one space; a pipeline is one
/// command. In no particular order.
#[must_use]
pub fn commands(script: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut scripts = vec![(script.to_owned(), 0)];
    while let Some((script, depth)) = scripts.pop() {
        let mut lexer = Lexer::new(&script);
        lexer.run();
        commands.append(&mut lexer.commands);
        if depth < MAX_DEPTH {
            scripts.extend(lexer.scripts.into_iter().map(|inner| (inner, depth + 1)));
        }
    }
    commands
}

struct Lexer<'a> {
    reader: Reader<'a>,
    /// The word that is being read, once it has begun.
    word: Option<String>,
    /// Whether a part of the word was quoted.
    is_quoted: bool,
    /// The command so far.
    command: String,
    /// How many braces are open.
    braces: usize,
    /// Delimiters of here-documents that begin after this line.
    delimiters: Vec<String>,
    /// Whether the next word is such a delimiter.
    is_delimiter: bool,
    commands: Vec<String>,
    /// Scripts found within this one.
    scripts: Vec<String>,
}

impl<'a> Lexer<'a> {
    const fn new(script: &'a str) -> Self {
        Self {
            reader: Reader::new(script),
            word: None,
            is_quoted: false,
            command: String::new(),
            braces: 0,
            delimiters: Vec::new(),
            is_delimiter: false,
            commands: Vec::new(),
            scripts: Vec::new(),
        }
    }

    fn run(&mut self) {
        while let Some(c) = self.reader.next() {
            match c {
                '\'' => {
                    let text = self.reader.until('\'');
                    self.quoted(text);
                }
                '"' => self.double_quoted(),
                '\\' => match self.reader.next() {
                    None | Some('\n') => {}
                    Some(next) => self.put(next),
                },
                '$' => self.expansion(false),
                '`' => self.backticks(),
                '#' if self.word.is_none() => self.reader.skip_until('\n'),
                _ => self.operator(c),
            }
        }
        self.end_command();
    }

    /// What stands outside of quotes: operators, white space, and plain characters.
    fn operator(&mut self, c: char) {
        match c {
            '\n' => {
                self.end_command();
                self.here_documents();
            }
            ';' | '&' | '(' | ')' => self.end_command(),
            '|' if self.reader.take('|') => self.end_command(),
            '|' => self.sign('|'),
            '>' => self.sign('>'),
            '<' => {
                self.sign('<');
                if self.reader.take('<') && !self.reader.take('<') {
                    self.is_delimiter = true;
                    self.reader.take('-');
                }
            }
            '{' => {
                self.end_word();
                self.braces += 1;
            }
            '}' => {
                self.end_word();
                self.braces = self.braces.saturating_sub(1);
            }
            ',' if self.braces > 0 => self.end_word(),
            c if c.is_ascii_whitespace() => self.end_word(),
            c => self.put(c),
        }
    }

    fn put(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn quoted(&mut self, text: &str) {
        self.is_quoted = true;
        self.word.get_or_insert_default().push_str(text);
    }

    fn double_quoted(&mut self) {
        self.quoted("");
        while let Some(c) = self.reader.next() {
            match c {
                '"' => return,
                '\\' => match self.reader.next() {
                    None | Some('\n') => {}
                    Some(next @ ('$' | '`' | '"' | '\\')) => self.put(next),
                    Some(next) => {
                        self.put('\\');
                        self.put(next);
                    }
                },
                '$' => self.expansion(true),
                '`' => self.backticks(),
                c => self.put(c),
            }
        }
    }

    /// What follows a `$`.
    fn expansion(&mut self, is_quoted: bool) {
        match self.reader.peek() {
            Some('(') => {
                self.reader.next();
                let body = self.reader.substitution();
                self.scripts.push(body.to_owned());
            }
            Some('{') => {
                self.reader.next();
                let body = self.reader.braces();
                self.parameter(body, is_quoted);
            }
            Some('\'') if !is_quoted => {
                self.reader.next();
                let text = self.reader.ansi_c();
                self.quoted(&text);
            }
            Some('"') if !is_quoted => {}
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let name = self.reader.name();
                self.parameter(name, is_quoted);
            }
            Some(c) if c.is_ascii_digit() || "@*#?!$-".contains(c) => {
                self.reader.next();
            }
            Some(_) | None => self.put('$'),
        }
    }

    fn parameter(&mut self, body: &str, is_quoted: bool) {
        if body == "IFS" {
            if is_quoted {
                self.put(' ');
            } else {
                self.end_word();
            }
        } else if let Some((_, default)) = body.split_once(":-").or(body.split_once(":=")) {
            self.word.get_or_insert_default().push_str(default);
        }
    }

    fn backticks(&mut self) {
        let body = self.reader.backticks();
        self.scripts.push(body);
    }

    /// An operator that belongs to the command.
    fn sign(&mut self, sign: char) {
        self.end_word();
        if !self.command.is_empty() && !self.command.ends_with(sign) {
            self.command.push(' ');
        }
        self.command.push(sign);
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        if !word.is_empty() {
            if !self.command.is_empty() {
                self.command.push(' ');
            }
            self.command.push_str(&word);
        }
        if std::mem::take(&mut self.is_delimiter) {
            self.delimiters.push(word);
        } else if self.is_quoted && looks_like_a_script(&word) {
            self.scripts.push(word);
        }
        self.is_quoted = false;
    }

    fn end_command(&mut self) {
        self.end_word();
        self.is_delimiter = false;
        if !self.command.is_empty() {
            self.commands.push(std::mem::take(&mut self.command));
        }
    }

    fn here_documents(&mut self) {
        for delimiter in std::mem::take(&mut self.delimiters) {
            let body = self.reader.here_document(&delimiter);
            self.scripts.push(body.to_owned());
        }
    }
}

/// Whether quoted text holds what a shell that reads it would take away or split at.
fn looks_like_a_script(word: &str) -> bool {
    word.contains(['\'', '"', '\\', '$', '`', ';', '|', '&', '\t', '\n', '{'])
        || word.contains("  ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(script: &str) -> Vec<String> {
        let mut commands = commands(script);
        commands.sort();
        commands
    }

    #[test]
    fn what_a_shell_takes_away_is_taken_away() {
        for hidden in [
            "rm -rf /",
            "r''m -rf /",
            "\"rm\" -rf '/'",
            "r\\m -r\\f /",
            "rm  \t -rf  /",
            "rm \\\n -rf /",
            "rm${IFS}-rf$IFS/",
            "r$@m -r${x}f $1/",
            "$'\\x72\\155' -rf /",
            "{rm,-rf,/}",
            "${x:-rm} -rf /",
            "rm -rf / # gone",
            "r$()m -rf /",
        ] {
            assert_eq!(sorted(hidden)[0], "rm -rf /", "{hidden}");
        }
    }

    #[test]
    fn scripts_within_scripts_are_read_too() {
        for script in [
            "echo $(r''m -rf /)",
            "echo \"`r''m -rf /`\"",
            "echo \"$(echo \")\"; r''m -rf /)\"",
            "bash -c \"r''m -rf /\"",
            "bash <<E\nit''s\nr''m -rf /\nE\nls",
            "cat <<'E'\n'\nE\nr''m -rf /",
            "cat <<-E\n\t'\n\tE\nr''m -rf /",
            "sh -c 'sh -c \"r\\m -rf /\"'",
            "true; r''m -rf / && ls",
        ] {
            let found = sorted(script);
            assert!(
                found.iter().any(|command| command == "rm -rf /"),
                "{script}: {found:?}"
            );
        }
    }

    #[test]
    fn commands_are_told_apart_and_pipelines_are_not() {
        assert_eq!(
            sorted("a b; c | d 'e f' >>g & h || i"),
            ["a b", "c | d e f >> g", "h", "i"]
        );
        assert_eq!(sorted("  "), [""; 0]);
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{}x{}", "$(".repeat(100_000), ")".repeat(100_000));
        assert!(commands(&deep).len() < 100);
        let open = "$(".repeat(100_000);
        assert!(commands(&open).len() < 100);
    }

    proptest! {
        #[test]
        fn no_text_is_a_panic(text in "[a-z '\"\\\\$(){}`<>|;&#\\n\\-xé]{0,200}") {
            let _ = commands(&text);
        }

        #[test]
        fn plain_words_stay_as_they_are(words in proptest::collection::vec("[a-z/.=-]{1,8}", 1..6)) {
            let script = words.join(" ");
            prop_assert_eq!(commands(&script), vec![script]);
        }
    }
}
