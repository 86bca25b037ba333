//! /var/lib/dpkg/info/PACKAGE.list and PACKAGE.md5sums (`deb-md5sums(5)`).

use std::borrow::Cow;

use crate::Digest;
use crate::{BadLine, Line, lines};

/// One line of a `.md5sums` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum<'a> {
    /// The file's digest as shipped. MD5 by the manual; some vendors write SHA-256.
    pub digest: Digest,
    /// The file, relative to the root, without a leading slash.
    pub path: Cow<'a, [u8]>,
}

/// The absolute paths of a `.list` file: files, links and directories alike. `/.` is the root.
pub fn listed(content: &[u8]) -> impl Iterator<Item = Result<&[u8], BadLine>> {
    lines(content).filter(|line| !matches!(line, Ok(line) if line.bytes.is_empty())).map(|line| {
        let line = line?;
        if line.bytes.starts_with(b"/") { Ok(line.bytes) } else { Err(bad(line, "no path")) }
    })
}

/// The digests of a `.md5sums` file, in every form that vendors' build tools write: one space or
/// two, `*` before the name, a leading `/` or `./`, md5sum's escapes. Rows of the package's own
/// control files (`DEBIAN/...`) and empty lines are left out.
pub fn sums(content: &[u8]) -> impl Iterator<Item = Result<Sum<'_>, BadLine>> {
    lines(content).filter_map(|line| match line {
        Ok(line) => sum(line).transpose(),
        Err(bad) => Some(Err(bad)),
    })
}

fn sum(line: Line<'_>) -> Result<Option<Sum<'_>>, BadLine> {
    let bytes = line.bytes.strip_suffix(b"\r").unwrap_or(line.bytes);
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    let (escaped, bytes) = match bytes.strip_prefix(b"\\") {
        Some(rest) => (true, rest),
        None => (false, bytes),
    };
    let space = bytes.iter().position(u8::is_ascii_whitespace).ok_or(bad(line, "no path"))?;
    let (hex, path) = bytes.split_at(space);
    let digest = Digest::from_hex(hex).ok_or(bad(line, "not a digest"))?;
    let path = relative(path.get(1..).unwrap_or_default());
    if path.is_empty() {
        return Err(bad(line, "no path"));
    }
    if path.starts_with(b"DEBIAN/") {
        return Ok(None);
    }
    let path = if escaped { Cow::Owned(unescape(path)) } else { Cow::Borrowed(path) };
    Ok(Some(Sum { digest, path }))
}

fn bad(line: Line<'_>, reason: &'static str) -> BadLine {
    BadLine::new(line, reason)
}

/// Takes off the second separator (a space, or `*` for binary mode) and leading `/` and `./`.
fn relative(path: &[u8]) -> &[u8] {
    let mut path = path.trim_ascii_start();
    path = path.strip_prefix(b"*").unwrap_or(path);
    while let Some(rest) = path.strip_prefix(b"/").or_else(|| path.strip_prefix(b"./")) {
        path = rest;
    }
    path
}

/// md5sum writes `\\` for a backslash and `\n` for a newline when the line starts with `\`.
fn unescape(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut bytes = path.iter();
    while let Some(&byte) = bytes.next() {
        match (byte, bytes.as_slice().first()) {
            (b'\\', Some(&next @ (b'\\' | b'n' | b'r'))) => {
                bytes.next();
                out.push(match next {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    other => other,
                });
            }
            _ => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

    fn path_of(rest: &str) -> Vec<u8> {
        let line = format!("{MD5}{rest}\n");
        let got: Vec<_> = sums(line.as_bytes()).map(|sum| sum.unwrap()).collect();
        assert_eq!(got.len(), 1, "{rest}");
        got[0].path.to_vec()
    }

    #[test]
    fn every_separator_and_prefix_in_use_gives_the_same_path() {
        for rest in [
            "  usr/bin/a",
            " usr/bin/a",
            " *usr/bin/a",
            "  /usr/bin/a",
            "  ./usr/bin/a",
            "\tusr/bin/a",
            "  .//usr/bin/a",
        ] {
            assert_eq!(path_of(rest), b"usr/bin/a", "{rest}");
        }
        assert_eq!(path_of("  usr/share/a b"), b"usr/share/a b");
        assert_eq!(path_of("  .hidden"), b".hidden");
    }

    #[test]
    fn sha256_in_place_of_md5_is_read_as_sha256() {
        let line = format!("{}  opt/x\n", "ab".repeat(32));
        let got = sums(line.as_bytes()).next().unwrap().unwrap();
        assert_eq!(got.digest.algorithm(), crate::Algorithm::Sha256);
    }

    #[test]
    fn an_escaped_line_gives_the_name_back() {
        let line = format!("\\{MD5}  a\\\\b\\nc\\x\n");
        let got = sums(line.as_bytes()).next().unwrap().unwrap();
        assert_eq!(got.path.as_ref(), b"a\\b\nc\\x");
    }

    #[test]
    fn control_files_are_left_out_and_junk_costs_its_line_alone() {
        let text = format!("{MD5}  DEBIAN/control\nwhat is this\n{MD5}\n\n{MD5}  etc/x\n");
        let got: Vec<_> = sums(text.as_bytes()).collect();
        assert_eq!(got.len(), 3);
        assert_eq!(got[0].as_ref().unwrap_err().number, 2);
        assert_eq!(got[1].as_ref().unwrap_err().reason, "no path");
        assert_eq!(got[2].as_ref().unwrap().path.as_ref(), b"etc/x");
    }

    #[test]
    fn a_list_gives_absolute_paths_alone() {
        let got: Vec<_> = listed(b"/.\n/usr\n/usr/a b\nusr/c\n\n").collect();
        assert_eq!(got.len(), 4);
        assert_eq!(got[2], Ok(&b"/usr/a b"[..]));
        assert!(got[3].is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = (sums(&bytes).count(), listed(&bytes).count());
        }

        #[test]
        fn escaping_a_name_as_md5sum_does_gives_it_back(name in "[a-z\\\\\n\r]{1,20}") {
            prop_assume!(name.trim() == name);
            let escaped = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
            let line = format!("\\{MD5}  {escaped}\n");
            let got = sums(line.as_bytes()).next().unwrap().unwrap();
            prop_assert_eq!(got.path.as_ref(), name.as_bytes());
        }
    }
}
