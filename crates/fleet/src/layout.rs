//! Which columns the tables of a store have, and the key of the numbers that stand for its texts: one
//! line, `2 <32 hexadecimal digits>`.

use std::fs::{self, File};
use std::hash::Hasher;
use std::io::{self, Read};
use std::path::Path;

use siphasher::sip::SipHasher24;

const FILE: &str = ".layout";
/// Goes up when a table gets other columns.
const VERSION: &str = "2";

/// Numbers stand for texts where millions of rows are joined and counted. Without the key nobody finds
/// texts of one number: what a host alone has would be counted as if many had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u128);

impl Key {
    /// The number of something of one kind: 63 bits.
    pub(crate) fn number(self, kind: &str, text: &str) -> i64 {
        let mut hasher = SipHasher24::new_with_key(&self.0.to_be_bytes());
        for part in [kind, "\0", text] {
            hasher.write(part.as_bytes());
        }
        i64::try_from(hasher.finish() >> 1).unwrap_or_default()
    }
}

/// The key of a store whose tables have our columns; none when they have others.
pub(crate) fn key_of(dir: &Path) -> Option<Key> {
    let line = fs::read_to_string(dir.join(FILE)).ok()?;
    let key = line.trim_end().strip_prefix(VERSION)?.strip_prefix(' ')?;
    u128::from_str_radix(key, 16).ok().map(Key)
}

/// Gives a store that holds nothing our columns and a key of its own.
///
/// # Errors
/// It cannot be written.
pub(crate) fn begin(dir: &Path) -> io::Result<Key> {
    let mut key = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    let key = Key(u128::from_be_bytes(key));
    fs::write(dir.join(FILE), format!("{VERSION} {:032x}\n", key.0))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_keeps_its_key_and_no_two_have_the_same() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = begin(one.path()).unwrap();
        assert_eq!(key_of(one.path()), Some(key));
        assert_ne!(begin(other.path()).unwrap(), key);
    }

    #[test]
    fn what_is_of_another_version_or_torn_has_no_key() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(key_of(dir.path()), None);
        for line in ["", "2", "1 00", "3 00000000000000000000000000000000\n", "2 xyz\n"] {
            fs::write(dir.path().join(FILE), line).unwrap();
            assert_eq!(key_of(dir.path()), None, "{line}");
        }
    }

    #[test]
    fn a_number_depends_on_the_key_the_kind_and_the_text_and_is_not_negative() {
        let numbers = [
            Key(1).number("file", "/a"),
            Key(2).number("file", "/a"),
            Key(1).number("unit", "/a"),
            Key(1).number("file", "/b"),
        ];
        assert!(numbers.iter().all(|number| *number >= 0));
        assert_eq!(std::collections::BTreeSet::from(numbers).len(), 4);
        assert_eq!(Key(1).number("file", "/a"), numbers[0]);
    }
}
