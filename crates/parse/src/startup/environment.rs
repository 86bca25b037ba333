//! Variables that make programs load or run something: `LD_PRELOAD` and its like, wherever they
//! are set (`/etc/environment`, `environment.d`, `Environment=`, shell start files).

use crate::{BadLine, Text, lines};

use super::exec::split_words;
use super::{Found, trim};

/// A variable and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// `LD_PRELOAD`
    pub name: Text,
    /// Without quotes.
    pub value: Text,
}

/// Variables naming objects the loader loads into every program (ld.so(8)).
const LOADER: &[&str] = &["LD_PRELOAD", "LD_AUDIT"];

/// Whether the loader loads what this variable names.
pub fn loads_library(name: &Text) -> bool {
    LOADER.iter().any(|known| *name == *known)
}

/// Variables naming a file that an interpreter runs before anything else (bash(1), sh(1),
/// python(1)).
const START_FILES: &[&str] = &["BASH_ENV", "ENV", "PYTHONSTARTUP"];

/// Whether an interpreter runs the file this variable names.
pub fn names_start_file(name: &Text) -> bool {
    START_FILES.iter().any(|known| *name == *known)
}

/// The objects named by the value of a loader's variable: separated by colons or blanks.
pub fn named_objects(value: &Text) -> Vec<Text> {
    let parts = value.as_bytes().split(|byte| byte.is_ascii_whitespace() || *byte == b':');
    parts.filter(|part| !part.is_empty()).map(Text::from).collect()
}

/// Lines `NAME=value` or `export NAME=value` (`pam_env(8)`, environment.d(5), `/etc/default/*`).
pub fn assignments(content: &[u8]) -> Vec<Result<Found<Assignment>, BadLine>> {
    let mut found = Vec::new();
    for line in lines(content) {
        match line {
            Ok(line) => {
                let value = assignment(line.bytes);
                found.extend(value.map(|value| Ok(Found { line: line.number, value })));
            }
            Err(bad) => found.push(Err(bad)),
        }
    }
    found
}

/// Reads one line; `None` for comments and whatever else sets nothing.
pub fn assignment(line: &[u8]) -> Option<Assignment> {
    let line = trim(line);
    let line = line.strip_prefix(b"export ").map_or(line, trim);
    let (name, value) = super::key_value(line)?;
    let named = !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    named.then(|| Assignment { name: Text::from(name), value: unquoted(value) })
}

/// The assignments of one `Environment=` value (systemd.exec(5)).
pub fn of_unit(value: &Text) -> Vec<Assignment> {
    split_words(value.as_bytes()).iter().filter_map(|word| assignment(word.as_bytes())).collect()
}

fn unquoted(value: &[u8]) -> Text {
    let quote = value.first().copied().filter(|byte| matches!(byte, b'"' | b'\''));
    let inner = quote.and_then(|quote| {
        let rest = value.get(1..)?;
        rest.get(..memchr::memrchr(quote, rest)?)
    });
    Text::from(inner.unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_quoted_and_exported_assignments_are_read() {
        let got = assignments(b"A=b\n# LD_AUDIT=no\nexport LD_PRELOAD=\"/lib/x.so /lib/y.so\"\n");
        let last = got[1].as_ref().unwrap();
        assert_eq!(last.line, 3);
        assert!(loads_library(&last.value.name));
        assert_eq!(named_objects(&last.value.value).len(), 2);
    }

    #[test]
    fn a_unit_sets_several_variables_in_one_setting() {
        let got = of_unit(&Text::from("A=1 \"LD_PRELOAD=/tmp/a.so\" B=2"));
        assert_eq!(got.len(), 3);
        assert_eq!(got[1].value, "/tmp/a.so");
    }

    #[test]
    fn the_library_path_is_not_a_library() {
        assert!(!loads_library(&Text::from("LD_LIBRARY_PATH")));
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            assignments(&bytes);
            of_unit(&Text::new(bytes));
        }
    }
}
