//! The manifest: a text that `sha256sum -c` and `minisign -V` read as well.
//!
//! ```text
//! # coroner medium 1
//! # tool 0.1.0
//! # key RWQ...
//! # 14417920
//! 9f86d081...  coroner
//! ```
//!
//! There is one way to write a manifest down, and a text that is written in another way is refused:
//! nothing can be hidden in comments.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use coroner_parse::{Algorithm, Digest};

/// Its name on a medium.
pub const MANIFEST: &str = "MANIFEST";
/// The name of its signature.
pub const SIGNATURE: &str = "MANIFEST.minisig";

const FIRST_LINE: &str = "# coroner medium 1";
const MOST_FILES: usize = 4096;
/// Largest text of a manifest.
pub(crate) const LARGEST: u64 = 1 << 20;
const LONGEST_NAME: usize = 200;

/// What one file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Bytes.
    pub size: u64,
    /// SHA-256.
    pub sha256: Digest,
}

/// What a medium holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The version of coroner that made it.
    pub tool: String,
    /// The minisign key that it is signed with.
    pub key: Option<String>,
    /// Every file but the manifest and its signature, by name.
    pub files: BTreeMap<String, Entry>,
}

/// Not a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not what a manifest has there")]
pub struct BadManifest {
    line: usize,
}

impl Manifest {
    /// The text.
    pub fn text(&self) -> String {
        let mut text = format!("{FIRST_LINE}\n# tool {}\n", self.tool);
        if let Some(key) = &self.key {
            let _ = writeln!(text, "# key {key}");
        }
        for (name, entry) in &self.files {
            let _ = writeln!(text, "# {}\n{}  {name}", entry.size, entry.sha256.hex());
        }
        text
    }

    /// Reads one.
    ///
    /// # Errors
    /// The text is not exactly what [`Manifest::text`] writes.
    pub fn parse(text: &str) -> Result<Self, BadManifest> {
        let mut lines = text.lines().enumerate().peekable();
        let mut head = |prefix: &str| {
            let (_, line) = lines.next_if(|(_, line)| line.starts_with(prefix))?;
            line.strip_prefix(prefix).map(str::to_owned)
        };
        head(FIRST_LINE).ok_or(BadManifest { line: 1 })?;
        let tool = head("# tool ").ok_or(BadManifest { line: 2 })?;
        let key = head("# key ");
        let mut files = BTreeMap::new();
        while let Some((at, size)) = lines.next() {
            let pair = lines.next().and_then(|(_, file)| file_of(size, file));
            let (name, entry) =
                pair.filter(|_| files.len() < MOST_FILES).ok_or(BadManifest { line: at + 1 })?;
            files.insert(name, entry);
        }
        let read = Self { tool, key, files };
        // Whatever is left (an order, a name twice, blanks, a missing end of line) shows here.
        let written = read.text();
        if written == text {
            Ok(read)
        } else {
            Err(BadManifest { line: first_difference(&written, text) })
        }
    }
}

fn first_difference(one: &str, other: &str) -> usize {
    1 + one.lines().zip(other.lines()).take_while(|(one, other)| one == other).count()
}

fn file_of(size: &str, file: &str) -> Option<(String, Entry)> {
    let size = size.strip_prefix("# ")?.parse().ok()?;
    let (sha256, name) = file.split_once("  ")?;
    let sha256 =
        Digest::from_hex(sha256.as_bytes()).filter(|d| d.algorithm() == Algorithm::Sha256)?;
    is_name(name).then(|| (name.to_owned(), Entry { size, sha256 }))
}

/// Whether a manifest can hold this name: plain characters, no way out of the medium.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+/".contains(c);
    let steps = |name: &str| name.split('/').all(|step| !matches!(step, "" | "." | ".."));
    name.len() <= LONGEST_NAME
        && name.chars().all(plain)
        && steps(name)
        && name != MANIFEST
        && name != SIGNATURE
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "# coroner medium 1\n# tool 0.1.0\n# key RWQx\n# 5\n\
        2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  baselines/a.pack\n# 0\n\
        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  coroner\n";

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let manifest = Manifest::parse(TEXT).unwrap();
        assert_eq!(manifest.key.as_deref(), Some("RWQx"));
        assert_eq!(manifest.files["baselines/a.pack"].size, 5);
        assert_eq!(manifest.text(), TEXT);
    }

    #[test]
    fn whatever_is_written_in_another_way_is_refused() {
        let no_end = TEXT.trim_end().to_owned();
        for other in [
            no_end,
            TEXT.replace("# 5", "# 05"),
            TEXT.replace("# 5", "#  5"),
            TEXT.replace("  coroner", "  ../coroner"),
            TEXT.replace("  coroner", "  /coroner"),
            TEXT.replace("  coroner", "  MANIFEST"),
            TEXT.replace("  coroner", "  a\u{202e}b"),
            TEXT.replace("  coroner", "  aaa"),
            TEXT.replace("  coroner", "  baselines/a.pack"),
            TEXT.replace("e3b0", "E3B0"),
            TEXT.replace("medium 1", "medium 2"),
            TEXT.replace("# tool", "# a note\n# tool"),
            format!("{TEXT}# a note\n"),
            TEXT.replace('\n', "\r\n"),
            String::new(),
        ] {
            assert!(Manifest::parse(&other).is_err(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(# |[0-9a-f]{64}  |[a-z./]{1,5}|\\PC|\n){0,40}") {
            let _ = Manifest::parse(&text);
        }

        #[test]
        fn one_changed_byte_never_reads_as_the_same(at in 0..TEXT.len(), byte in 0x20_u8..0x7f) {
            let mut changed = TEXT.as_bytes().to_vec();
            changed[at] = byte;
            prop_assume!(changed != TEXT.as_bytes());
            let read = Manifest::parse(std::str::from_utf8(&changed).unwrap());
            prop_assert!(read.is_err() || read != Manifest::parse(TEXT));
        }
    }
}
