//! Reads a script character by character, and whole constructs of it.

/// A script, and how far it is read.
pub(super) struct Reader<'a> {
    rest: &'a str,
}

/// What encloses a place within `$(…)`.
#[derive(PartialEq)]
enum Within {
    Parentheses,
    Quotes,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(script: &'a str) -> Self {
        Self { rest: script }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next();
        self.rest = chars.as_str();
        c
    }

    /// Reads `c` if it comes next.
    pub(super) fn take(&mut self, c: char) -> bool {
        let rest = self.rest.strip_prefix(c);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Reads up to `end` and over it; without one, everything.
    pub(super) fn until(&mut self, end: char) -> &'a str {
        let (text, rest) = self.rest.split_once(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        text
    }

    /// Reads up to `end`, which comes next then.
    pub(super) fn skip_until(&mut self, end: char) {
        let length = self.rest.find(end).unwrap_or(self.rest.len());
        self.skip(length);
    }

    /// Reads a name.
    pub(super) fn name(&mut self) -> &'a str {
        let is_other = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        let length = self.rest.find(is_other).unwrap_or(self.rest.len());
        self.skip(length)
    }

    /// Reads the body of `$(…)` from behind its parenthesis, and over its end.
    pub(super) fn substitution(&mut self) -> &'a str {
        let text = self.rest;
        let mut within = vec![Within::Parentheses];
        let mut previous = ' ';
        while let Some(c) = self.next() {
            let is_quoted = within.last() == Some(&Within::Quotes);
            match c {
                '\\' => {
                    self.next();
                }
                '\'' if !is_quoted => {
                    self.until('\'');
                }
                '"' if is_quoted => {
                    within.pop();
                }
                '"' => within.push(Within::Quotes),
                '(' if !is_quoted || previous == '$' => within.push(Within::Parentheses),
                ')' if !is_quoted => {
                    within.pop();
                }
                _ => {}
            }
            if within.is_empty() {
                let length = text.len() - self.rest.len() - 1;
                return text.get(..length).unwrap_or(text);
            }
            previous = c;
        }
        text
    }

    /// Reads the body of `${…}` from behind its brace, and over its end.
    pub(super) fn braces(&mut self) -> &'a str {
        let text = self.rest;
        let mut depth = 1_usize;
        while let Some(c) = self.next() {
            match c {
                '\\' => {
                    self.next();
                }
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                let length = text.len() - self.rest.len() - 1;
                return text.get(..length).unwrap_or(text);
            }
        }
        text
    }

    /// Reads the body of backticks from behind the first, and over the second.
    pub(super) fn backticks(&mut self) -> String {
        let mut body = String::new();
        while let Some(c) = self.next() {
            match c {
                '`' => break,
                '\\' => match self.next() {
                    Some(next @ ('`' | '\\' | '$')) => body.push(next),
                    Some(next) => body.extend(['\\', next]),
                    None => {}
                },
                c => body.push(c),
            }
        }
        body
    }

    /// Reads the text of `$'…'` from behind the first quote, and over the second.
    pub(super) fn ansi_c(&mut self) -> String {
        let mut text = String::new();
        while let Some(c) = self.next() {
            match c {
                '\'' => break,
                '\\' => text.extend(self.escape()),
                c => text.push(c),
            }
        }
        text
    }

    /// Reads the rest of an escape of `$'…'`.
    fn escape(&mut self) -> Option<char> {
        match self.peek()? {
            'x' => {
                self.next();
                self.digits(2, 16)
            }
            'u' => {
                self.next();
                self.digits(4, 16)
            }
            'U' => {
                self.next();
                self.digits(8, 16)
            }
            '0'..='7' => self.digits(3, 8),
            _ => self.next().map(|c| match c {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'e' | 'E' => '\u{1b}',
                other => other,
            }),
        }
    }

    fn digits(&mut self, most: usize, radix: u32) -> Option<char> {
        let length = self
            .rest
            .bytes()
            .take(most)
            .take_while(|byte| char::from(*byte).is_digit(radix))
            .count();
        let digits = self.skip(length);
        u32::from_str_radix(digits, radix)
            .ok()
            .and_then(char::from_u32)
    }

    /// Reads the lines up to the one that is `delimiter`, and over it. Leading tabs of
    /// that line are passed over, as after `<<-`.
    pub(super) fn here_document(&mut self, delimiter: &str) -> &'a str {
        let text = self.rest;
        let mut length = 0;
        while !self.rest.is_empty() {
            let line = self.until('\n');
            if line.trim_start_matches('\t') == delimiter {
                return text.get(..length).unwrap_or(text);
            }
            length = text.len() - self.rest.len();
        }
        text
    }

    fn skip(&mut self, length: usize) -> &'a str {
        let (text, rest) = self
            .rest
            .split_at_checked(length)
            .unwrap_or((self.rest, ""));
        self.rest = rest;
        text
    }
}
