//! Words of an iptables-save line.

/// A word; quoted ones are values, whatever they look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) bytes: Vec<u8>,
    pub(super) quoted: bool,
}

impl Word {
    /// Looks like `-j` or `--dport`.
    pub(super) fn is_option(&self) -> bool {
        !self.quoted
            && self.bytes.len() > 1
            && self.bytes.first() == Some(&b'-')
            && !self.bytes.get(1).is_some_and(u8::is_ascii_digit)
    }

    /// `!` before an option or a value.
    pub(super) fn is_not(&self) -> bool {
        !self.quoted && self.bytes == b"!"
    }
}

/// Splits as iptables-restore does: blanks part words, double quotes hold them together, a
/// backslash inside quotes takes the next byte as it is. `None` when a quote stays open.
pub(super) fn split(line: &[u8]) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut bytes = line.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            byte if byte.is_ascii_whitespace() => {}
            quote @ (b'"' | b'\'') => words.push(quoted(quote, &mut bytes)?),
            first => {
                let mut word = vec![first];
                while let Some(byte) = bytes.next_if(|byte| !byte.is_ascii_whitespace()) {
                    word.push(byte);
                }
                words.push(Word { bytes: word, quoted: false });
            }
        }
    }
    Some(words)
}

fn quoted(quote: u8, bytes: &mut impl Iterator<Item = u8>) -> Option<Word> {
    let mut word = Vec::new();
    loop {
        match bytes.next()? {
            byte if byte == quote => return Some(Word { bytes: word, quoted: true }),
            b'\\' => word.push(bytes.next()?),
            byte => word.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together_and_make_values_of_dashes() {
        let words = split(br#"-m comment --comment "say \"hi\" -j DROP" "-j""#).unwrap();
        assert_eq!(words[3].bytes, br#"say "hi" -j DROP"#);
        assert!(words[0].is_option() && !words[4].is_option());
    }

    #[test]
    fn an_open_quote_is_no_line() {
        assert_eq!(split(b"--comment \"never closed"), None);
    }
}
