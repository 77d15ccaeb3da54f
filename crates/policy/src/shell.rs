//! What a POSIX shell would make of a text: its commands, with quotes, escapes and
//! expansions taken away, so that a rule about `rm -rf` also finds `r''m "-rf"`.
//!
//! Nothing is run. A text is read twice: with variables taken as empty, except for `IFS`,
//! which is white space, and for defaults (`${x:-rm}`); and with those filled in that the
//! text itself gives values to, `a=rm; $a -rf /`. Bodies of `$(…)`, of
//! backticks and of here-documents are read as scripts of their own, and so is quoted
//! text that looks like one (`sh -c "…"`). The grammar is that of POSIX.1-2024, Shell
//! Command Language, sections 2.2 to 2.7, with `$'…'` and `{a,b}` as in Bash.

mod reader;
#[cfg(test)]
mod tests;
mod variables;

use self::reader::Reader;
use self::variables::Variables;

/// How deep scripts within scripts are read. The whole time is linear in the text for
/// each level.
const MAX_DEPTH: usize = 8;

/// How many times as much text as was given is read and filled in: values may hold scripts
/// that are filled in again. Without them a text is read once for each level.
const MOST_GROWTH: usize = 2 * MAX_DEPTH;

/// The commands of a script, each as its words joined by one space; a pipeline is one
/// command. In no particular order.
#[must_use]
pub fn commands(script: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let is_filled = read(script, None, &mut commands);
    if is_filled {
        read(script, Some(Variables::default()), &mut commands);
    }
    commands
}

/// Reads a script and those within it. Tells whether variables have a part in it.
fn read(script: &str, variables: Option<Variables>, commands: &mut Vec<String>) -> bool {
    let mut has_variables = false;
    let mut left = script.len().saturating_mul(MOST_GROWTH);
    let mut scripts = vec![(script.to_owned(), variables, 0)];
    while let Some((script, variables, depth)) = scripts.pop() {
        let mut lexer = Lexer::new(&script, variables);
        lexer.run();
        let Some(rest) = left.checked_sub(script.len() + lexer.filled) else {
            commands.append(&mut lexer.commands);
            break;
        };
        left = rest;
        has_variables |= lexer.has_variables;
        commands.append(&mut lexer.commands);
        if depth < MAX_DEPTH {
            let within = lexer.scripts.into_iter();
            scripts.extend(within.map(|(inner, variables)| (inner, variables, depth + 1)));
        }
    }
    has_variables
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
    /// Scripts found within this one, with what they know.
    scripts: Vec<(String, Option<Variables>)>,
    /// Values of variables; without, all are empty.
    variables: Option<Variables>,
    /// Whether a variable is named whose value may be known.
    has_variables: bool,
    /// Bytes of values that were filled in.
    filled: usize,
    /// Bytes of the word that stand there plainly, before anything else.
    plain: usize,
    /// Bytes of the word before its first plain `=`, if they are plain themselves.
    assigned: Option<usize>,
}

impl<'a> Lexer<'a> {
    const fn new(script: &'a str, variables: Option<Variables>) -> Self {
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
            variables,
            has_variables: false,
            filled: 0,
            plain: 0,
            assigned: None,
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
            ';' | '&' => self.end_command(),
            '(' | ')' => {
                self.end_command();
                if let Some(variables) = &mut self.variables {
                    match c {
                        '(' => variables.open(),
                        _ => variables.close(),
                    }
                }
            }
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
            c => self.plain(c),
        }
    }

    /// A character that stands for itself.
    fn plain(&mut self, c: char) {
        let length = self.word.as_ref().map_or(0, String::len);
        if length == self.plain {
            if c == '=' && length > 0 && self.assigned.is_none() {
                self.assigned = Some(length);
            }
            self.plain += c.len_utf8();
        }
        self.put(c);
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
                self.found(body.to_owned());
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
            return;
        }
        let (name, default) = match body.split_once(":-").or(body.split_once(":=")) {
            Some((name, default)) => (name, Some(default)),
            None => (body, None),
        };
        self.has_variables = true;
        let variables = self.variables.as_ref();
        let value = variables.and_then(|variables| variables.value(name));
        match (
            value.filter(|value| !value.is_empty()).map(str::to_owned),
            default,
        ) {
            (Some(value), _) => self.fill(&value, is_quoted),
            (None, Some(default)) => self.word.get_or_insert_default().push_str(default),
            (None, None) => {}
        }
    }

    /// The value of a variable, which outside of quotes is split into words.
    fn fill(&mut self, value: &str, is_quoted: bool) {
        self.filled += value.len();
        if is_quoted {
            self.quoted(value);
            return;
        }
        for c in value.chars() {
            match c.is_ascii_whitespace() {
                true => self.end_word(),
                false => self.put(c),
            }
        }
    }

    /// Notes a script within this one.
    fn found(&mut self, script: String) {
        let variables = self.variables.as_ref().map(Variables::within);
        self.scripts.push((script, variables));
    }

    fn backticks(&mut self) {
        let body = self.reader.backticks();
        self.found(body);
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
        self.plain = 0;
        let assigned = self.assigned.take();
        let Some(word) = self.word.take() else { return };
        if let Some(variables) = &mut self.variables {
            variables.word(&word, assigned);
        }
        if !word.is_empty() {
            if !self.command.is_empty() {
                self.command.push(' ');
            }
            self.command.push_str(&word);
        }
        if std::mem::take(&mut self.is_delimiter) {
            self.delimiters.push(word);
        } else if self.is_quoted && looks_like_a_script(&word) {
            self.found(word);
        }
        self.is_quoted = false;
    }

    fn end_command(&mut self) {
        self.end_word();
        self.is_delimiter = false;
        if let Some(variables) = &mut self.variables {
            variables.end_command();
        }
        if !self.command.is_empty() {
            self.commands.push(std::mem::take(&mut self.command));
        }
    }

    fn here_documents(&mut self) {
        for delimiter in std::mem::take(&mut self.delimiters) {
            let body = self.reader.here_document(&delimiter);
            self.found(body.to_owned());
        }
    }
}

/// Whether quoted text holds what a shell that reads it would take away or split at.
fn looks_like_a_script(word: &str) -> bool {
    word.contains(['\'', '"', '\\', '$', '`', ';', '|', '&', '\t', '\n', '{'])
        || word.contains("  ")
}
