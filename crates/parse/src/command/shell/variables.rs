//! Variables that a text sets itself, and what `${..}` makes of them.

use std::collections::BTreeMap;

/// Text that an expansion may add in all: a script that doubles a variable stays small.
const EXPANSION_BUDGET: usize = 1 << 20;
/// No variable holds more.
const LONGEST_VALUE: usize = 64 * 1024;

/// Values assigned so far, as far as the text alone tells them.
#[derive(Debug, Clone)]
pub(super) struct Variables {
    known: BTreeMap<Vec<u8>, Value>,
    budget: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Value {
    text: Vec<u8>,
    array: bool,
}

/// What an expansion yields.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expansion {
    /// The text says what it is.
    Known(Vec<u8>),
    /// `"${array[@]}"`: separate words even inside quotes.
    Words(Vec<u8>),
    /// Only the run would tell.
    Unknown,
}

impl Variables {
    pub(super) fn new() -> Self {
        let mut known = BTreeMap::new();
        // Tricks such as ${PATH:0:1} for a slash need the first bytes only.
        let usual: [(&str, &str); 4] =
            [("IFS", " \t\n"), ("PATH", "/usr/"), ("PWD", "/"), ("SHELL", "/bin/sh")];
        for (name, value) in usual {
            let value = Value { text: value.into(), array: false };
            known.insert(name.as_bytes().to_vec(), value);
        }
        Self { known, budget: EXPANSION_BUDGET }
    }

    pub(super) fn set(&mut self, name: &[u8], text: &[u8], array: bool) {
        if self.budget < text.len() || text.len() > LONGEST_VALUE {
            return;
        }
        self.budget -= text.len();
        self.known.insert(name.to_vec(), Value { text: text.to_vec(), array });
    }

    pub(super) fn append(&mut self, name: &[u8], text: &[u8]) {
        let mut whole = self.known.get(name).map(|value| value.text.clone()).unwrap_or_default();
        whole.extend_from_slice(text);
        self.set(name, &whole, false);
    }

    /// The name now holds what only a run would tell.
    pub(super) fn forget(&mut self, name: &[u8]) {
        self.known.remove(name);
    }

    pub(super) fn get(&mut self, name: &[u8]) -> Expansion {
        // The value of PATH and its like is known well enough for ${PATH:0:1} alone.
        if matches!(name, b"PATH" | b"PWD" | b"SHELL") {
            return Expansion::Unknown;
        }
        match self.value(name) {
            Some(value) => Expansion::Known(value.text),
            None => Expansion::Unknown,
        }
    }

    fn value(&mut self, name: &[u8]) -> Option<Value> {
        let value = self.known.get(name)?;
        if value.text.len() > self.budget {
            return None;
        }
        self.budget -= value.text.len();
        Some(value.clone())
    }

    /// The inside of `${..}`: plain, default, substring, array (bash(1), "Parameter Expansion").
    pub(super) fn parameter(&mut self, inside: &[u8]) -> Expansion {
        let length = inside.iter().position(|&byte| !is_name(byte)).unwrap_or(inside.len());
        let (name, operation) = inside.split_at_checked(length).unwrap_or((inside, &[]));
        match operation {
            [] => self.get(name),
            b"[@]" | b"[*]" => match self.value(name) {
                Some(value) => Expansion::Words(value.text),
                None => Expansion::Unknown,
            },
            [b':', b'-' | b'=', default @ ..] | [b'-' | b'=', default @ ..] => {
                self.or_default(name, default)
            }
            [b':', range @ ..] => self.substring(name, range),
            _ => Expansion::Unknown,
        }
    }

    fn or_default(&mut self, name: &[u8], default: &[u8]) -> Expansion {
        match self.get(name) {
            Expansion::Unknown if default.iter().all(|&byte| byte != b'$' && byte != b'`') => {
                Expansion::Known(default.to_vec())
            }
            other => other,
        }
    }

    fn substring(&mut self, name: &[u8], range: &[u8]) -> Expansion {
        let mut parts = range.splitn(2, |&byte| byte == b':');
        let from = parts.next().and_then(decimal);
        let length = parts.next().map(decimal);
        let (Some(from), Some(value)) = (from, self.value(name)) else {
            return Expansion::Unknown;
        };
        let tail = value.text.get(from..).unwrap_or_default();
        match length {
            None => Expansion::Known(tail.to_vec()),
            Some(Some(length)) => Expansion::Known(tail.iter().take(length).copied().collect()),
            Some(None) => Expansion::Unknown,
        }
    }
}

fn decimal(text: &[u8]) -> Option<usize> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// Bytes of a variable's name.
pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// `NAME=` or `NAME+=` at the start of a word: the length of the name and whether it appends.
pub(super) fn assignment_name(word: &[u8]) -> Option<(usize, bool)> {
    let length = word.iter().position(|&byte| !is_name(byte))?;
    let starts_well = word.first().is_some_and(|byte| !byte.is_ascii_digit());
    let after = word.get(length..)?;
    if length == 0 || !starts_well {
        return None;
    }
    match after {
        [b'=', ..] => Some((length, false)),
        [b'+', b'=', ..] => Some((length, true)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_can_be_cut_out_of_path() {
        assert_eq!(Variables::new().parameter(b"PATH:0:1"), Expansion::Known(b"/".to_vec()));
    }

    #[test]
    fn path_itself_is_not_guessed() {
        assert_eq!(Variables::new().parameter(b"PATH"), Expansion::Unknown);
    }

    #[test]
    fn doubling_a_variable_ends_at_the_budget() {
        let mut variables = Variables::new();
        variables.set(b"a", &[b'x'; 1024], false);
        for _ in 0..64 {
            if let Expansion::Known(text) = variables.get(b"a") {
                variables.append(b"a", &text);
            }
        }
        assert!(variables.known[&b"a"[..]].text.len() <= LONGEST_VALUE);
    }
}
