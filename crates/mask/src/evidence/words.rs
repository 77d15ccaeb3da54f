//! A name taken apart into words.

/// Most words that are kept: the last ones.
const MOST_WORDS: usize = 8;
/// Bytes that the words of a name may take.
const CAPACITY: usize = 128;

/// The words of a name in lower case, joined, on the stack: names are looked at for
/// every key and every number of a text.
pub(super) struct Words {
    joined: [u8; CAPACITY],
    length: usize,
    ends: [usize; MOST_WORDS + 1],
    pub(super) count: usize,
    /// Where the word being read begins.
    begin: usize,
}

impl Words {
    /// Splits at everything but letters and digits and before the capitals of camel
    /// case, and drops digits at the end of words (`email_2`, `phone1`) and numbers.
    pub(super) fn of(name: &str) -> Self {
        let mut words = Self {
            joined: [0; CAPACITY],
            length: 0,
            ends: [0; MOST_WORDS + 1],
            count: 0,
            begin: 0,
        };
        let mut before = ' ';
        for c in name.chars() {
            if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
                words.end();
            }
            if c.is_ascii() {
                if c.is_ascii_alphanumeric() {
                    words.push(c.to_ascii_lowercase());
                }
            } else if c.is_alphanumeric() {
                c.to_lowercase().for_each(|c| words.push(c));
            }
            before = c;
        }
        words.end();
        words
    }

    fn push(&mut self, c: char) {
        let mut bytes = [0; 4];
        let bytes = c.encode_utf8(&mut bytes).as_bytes();
        if let Some(place) = self.joined.get_mut(self.length..self.length + bytes.len()) {
            place.copy_from_slice(bytes);
            self.length += bytes.len();
        }
    }

    /// Ends a word. When there are too many the first is forgotten.
    fn end(&mut self) {
        let word = self.joined.get(self.begin..self.length).unwrap_or_default();
        let digits = word.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        match word.len() - digits {
            // A number says nothing; one letter with digits (`c2`) is a name of its own.
            0 => self.length = self.begin,
            1 => {}
            _ => self.length -= digits,
        }
        if self.length == self.begin {
            return;
        }
        if self.count == MOST_WORDS {
            self.ends.rotate_left(1);
            self.count -= 1;
        }
        self.count += 1;
        if let Some(end) = self.ends.get_mut(self.count) {
            *end = self.length;
        }
        self.begin = self.length;
    }

    /// The words from `first` to before `last`, joined.
    pub(super) fn phrase(&self, first: usize, last: usize) -> &str {
        let end = |i: usize| self.ends.get(i).copied().unwrap_or(0);
        let bytes = self.joined.get(end(first)..end(last)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn names_come_apart() {
        let words = |name| {
            let words = Words::of(name);
            (0..words.count)
                .map(|i| words.phrase(i, i + 1).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(words("customerEmail_2"), ["customer", "email"]);
        assert_eq!(words("ADRESSE-Nr 12"), ["adresse", "nr"]);
        assert_eq!(words("c2"), ["c2"]);
        assert_eq!(
            words("a1b one two three four five six seven eight"),
            [
                "one", "two", "three", "four", "five", "six", "seven", "eight"
            ]
        );
        assert!(words("12 %").is_empty());
    }
}
