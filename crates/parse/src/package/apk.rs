//! apk's /lib/apk/db/installed (`apk-tools`, `doc/apk-v2.5` and `src/database.c`): one letter, a
//! colon and a value a line, an empty line after each package.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{Algorithm, Digest};
use crate::{BadLine, Line, lines};

/// One installed package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Package<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its version.
    pub version: &'a [u8],
    /// Its architecture.
    pub architecture: &'a [u8],
    /// Bytes that it takes on the disk.
    pub installed_size: Option<u64>,
    /// Its files and links; directories are not among them.
    pub files: Vec<File<'a>>,
}

/// One file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File<'a> {
    /// Its directory, relative to the root; empty for the root itself.
    pub directory: &'a [u8],
    /// Its name in that directory.
    pub name: &'a [u8],
    /// The content's digest; of a symbolic link, the digest of its target.
    pub digest: Option<Digest>,
    /// Owner and permissions, where they are not root's 0644.
    pub access: Option<Access>,
}

/// An `a:` or `M:` line: `UID:GID:MODE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
}

/// Files that one package may have, and bad lines that it may report: a database of nothing but
/// tiny lines must not grow to many times its size in memory.
const MOST_FILES: usize = 500_000;
const MOST_BAD_LINES: usize = 1000;

/// The packages, and the lines that are none of the format's.
pub fn packages(content: &[u8]) -> impl Iterator<Item = Result<Package<'_>, BadLine>> {
    let mut lines = lines(content);
    let mut bad = Vec::new();
    std::iter::from_fn(move || {
        if let Some(bad) = bad.pop() {
            return Some(Err(bad));
        }
        let mut record = Record::default();
        for line in lines.by_ref() {
            match line {
                Ok(line) if line.bytes.is_empty() => break,
                Ok(line) => bad.extend(record.take(line).err()),
                Err(line) => bad.push(line),
            }
            bad.truncate(MOST_BAD_LINES);
        }
        record.finish().map(Ok).or_else(|| bad.pop().map(Err))
    })
}

#[derive(Default)]
struct Record<'a> {
    package: Package<'a>,
    directory: &'a [u8],
}

impl<'a> Record<'a> {
    fn take(&mut self, line: Line<'a>) -> Result<(), BadLine> {
        let [letter, b':', value @ ..] = line.bytes else {
            return Err(BadLine::new(line, "not a field"));
        };
        match letter {
            b'P' => self.package.name = value,
            b'V' => self.package.version = value,
            b'A' => self.package.architecture = value,
            b'I' => self.package.installed_size = number(value),
            b'F' => self.directory = value,
            b'R' if self.package.files.len() >= MOST_FILES => {
                return Err(BadLine::new(line, "too many files"));
            }
            b'R' => self.package.files.push(File {
                directory: self.directory,
                name: value,
                digest: None,
                access: None,
            }),
            b'Z' => self.last_file(line)?.digest = digest(value),
            b'a' => self.last_file(line)?.access = access(value),
            _ => {}
        }
        Ok(())
    }

    fn last_file(&mut self, line: Line<'_>) -> Result<&mut File<'a>, BadLine> {
        self.package.files.last_mut().ok_or_else(|| BadLine::new(line, "belongs to no file"))
    }

    fn finish(self) -> Option<Package<'a>> {
        (!self.package.name.is_empty()).then_some(self.package)
    }
}

/// `Q1` and base64: SHA-1. `Q2`: SHA-256, of which apk keeps the first 20 bytes in some versions;
/// only whole digests are taken. Plain hexadecimal is MD5, from long ago.
fn digest(value: &[u8]) -> Option<Digest> {
    let (algorithm, encoded) = match value {
        [b'Q', b'1', encoded @ ..] => (Algorithm::Sha1, encoded),
        [b'Q', b'2', encoded @ ..] => (Algorithm::Sha256, encoded),
        hex => return Digest::from_hex(hex),
    };
    Digest::new(algorithm, &STANDARD.decode(encoded).ok()?)
}

fn number(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn access(value: &[u8]) -> Option<Access> {
    let mut parts = std::str::from_utf8(value).ok()?.split(':');
    let uid = parts.next()?.parse().ok()?;
    let gid = parts.next()?.parse().ok()?;
    let mode = u32::from_str_radix(parts.next()?, 8).ok()?;
    Some(Access { uid, gid, mode })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INSTALLED: &[u8] = b"C:Q1p78yvTLG094tHE1+dToJGbmYzQE=
P:busybox
V:1.36.1-r2
A:x86_64
S:505208
I:962560
F:bin
R:busybox
a:0:0:755
Z:Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=
R:sh
a:0:0:777
Z:Q1pcfTfDNEbNKQc2s1tia7da05M8Q=
F:etc
R:securetty
Z:Q1mB95Hq2NUTZ599RDiSsj9w5FrOU=
F:
R:.top

P:musl
V:1.2.4-r2
";

    #[test]
    fn files_get_their_directory_digest_and_mode() {
        let got: Vec<_> = packages(INSTALLED).map(|package| package.unwrap()).collect();
        assert_eq!(got.len(), 2);
        assert_eq!((got[0].name, got[1].name), (&b"busybox"[..], &b"musl"[..]));
        assert_eq!(got[0].installed_size, Some(962_560));
        let files = &got[0].files;
        assert_eq!((files[0].directory, files[0].name), (&b"bin"[..], &b"busybox"[..]));
        assert_eq!(files[0].access, Some(Access { uid: 0, gid: 0, mode: 0o755 }));
        assert_eq!(files[0].digest.as_ref().unwrap().algorithm(), Algorithm::Sha1);
        assert_eq!((files[2].directory, files[2].access), (&b"etc"[..], None));
        assert_eq!(
            (files[3].directory, files[3].name, &files[3].digest),
            (&b""[..], &b".top"[..], &None)
        );
    }

    #[test]
    fn a_bad_line_costs_itself_alone() {
        let got: Vec<_> = packages(b"P:a\nZ:Q1xx\nwhat\nV:1\n\nP:b\n").collect();
        assert_eq!(got.iter().filter(|package| package.is_ok()).count(), 2);
        assert_eq!(got.iter().filter(|package| package.is_err()).count(), 2);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = packages(&bytes).count();
        }

        #[test]
        fn no_lines_make_it_panic(text in "([PVAFRZa]:[ -~]{0,12}\n|\n){0,20}") {
            let _ = packages(text.as_bytes()).count();
        }
    }
}
