//! What a Debian repository signs: the text of a `Release` file, and the indexes that it lists
//! (<https://wiki.debian.org/DebianRepository/Format>).

use std::collections::HashMap;

use crate::Digest;

/// Files that a Release may list; Debian's lists 2,000.
const MOST_FILES: usize = 200_000;

/// A Release file, without the signature around it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Release<'a> {
    /// Its place in the order of releases, such as `stable`.
    pub suite: &'a [u8],
    /// Its name, such as `bookworm`.
    pub codename: &'a [u8],
    /// Who makes it, such as `Debian`.
    pub origin: &'a [u8],
    /// Its number, such as `12.5`; security archives and updates may have none.
    pub version: Option<&'a [u8]>,
    /// When it was signed, as it is written there.
    pub date: Option<&'a [u8]>,
    /// Until when it may be believed.
    pub valid_until: Option<&'a [u8]>,
    /// SHA-256 and size of its indexes, by their path below it.
    pub files: HashMap<&'a [u8], (Digest, u64)>,
}

impl<'a> Release<'a> {
    /// Reads the text; fields that are not known, and lines that are none, are left out.
    pub fn parse(text: &'a [u8]) -> Self {
        let mut release = Self::default();
        let mut listing = false;
        for line in text.split(|byte| *byte == b'\n') {
            if line.first().is_some_and(u8::is_ascii_whitespace) {
                if listing && release.files.len() < MOST_FILES {
                    release.files.extend(listed(line));
                }
                continue;
            }
            let Some((field, value)) = field(line) else { continue };
            listing = field == b"SHA256";
            match field {
                b"Suite" => release.suite = value,
                b"Codename" => release.codename = value,
                b"Origin" => release.origin = value,
                b"Version" => release.version = Some(value),
                b"Date" => release.date = Some(value),
                b"Valid-Until" => release.valid_until = Some(value),
                _ => {}
            }
        }
        release
    }
}

/// ` SHA256 SIZE PATH`.
fn listed(line: &[u8]) -> Option<(&[u8], (Digest, u64))> {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let digest = Digest::from_hex(words.next()?)?;
    let size = number(words.next()?)?;
    let path = words.next()?;
    (digest.as_bytes().len() == 32 && words.next().is_none()).then_some((path, (digest, size)))
}

fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, value) = line.split_at_checked(memchr::memchr(b':', line)?)?;
    Some((name, value.get(1..)?.trim_ascii()))
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// A package as a `Packages` index lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its version.
    pub version: &'a [u8],
    /// Its architecture, or `all`.
    pub architecture: &'a [u8],
    /// Where its .deb lies below the repository, without `..` or a leading slash.
    pub file: &'a str,
    /// Bytes of the .deb.
    pub size: u64,
    /// SHA-256 of the .deb.
    pub sha256: Digest,
}

/// The packages of a `Packages` index; a stanza that lacks something comes as `None`.
pub fn indexed(text: &[u8]) -> impl Iterator<Item = Option<Indexed<'_>>> {
    let mut rest = text;
    let stanzas = std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let end = memchr::memmem::find(rest, b"\n\n").unwrap_or(rest.len());
        let (stanza, after) = rest.split_at(end);
        rest = after;
        (!stanza.is_empty()).then_some(stanza)
    });
    stanzas.map(stanza)
}

fn stanza(text: &[u8]) -> Option<Indexed<'_>> {
    let [mut name, mut version, mut architecture] = [None; 3];
    let [mut file, mut size, mut sha256] = [None; 3];
    for line in text.split(|byte| *byte == b'\n') {
        let Some((field, value)) = field(line) else { continue };
        let place = match field {
            b"Package" => &mut name,
            b"Version" => &mut version,
            b"Architecture" => &mut architecture,
            b"Filename" => &mut file,
            b"Size" => &mut size,
            b"SHA256" => &mut sha256,
            _ => continue,
        };
        // Of a field that comes twice each reader could take another one.
        if place.replace(value).is_some() {
            return None;
        }
    }
    let (name, version, architecture) = (name?, version?, architecture?);
    let file = std::str::from_utf8(file?).ok().filter(|file| stays_below(file))?;
    let sha256 = Digest::from_hex(sha256?).filter(|digest| digest.as_bytes().len() == 32)?;
    Some(Indexed { name, version, architecture, file, size: number(size?)?, sha256 })
}

fn stays_below(path: &str) -> bool {
    let plain = |name: &str| !matches!(name, "" | "." | "..");
    !path.contains('\0') && path.split('/').all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_release_gives_its_names_its_times_and_the_sha256_of_its_indexes_alone() {
        let text = format!(
            "Origin: Debian\nSuite: oldstable\nVersion: 12.5\nCodename: bookworm\n\
             Date: Sat, 10 Feb 2024 11:07:25 UTC\nValid-Until: Sat, 17 Feb 2024 11:07:25 UTC\n\
             MD5Sum:\n d41d8cd98f00b204e9800998ecf8427e 0 main/x\nSHA256:\n {HEX}  12 main/binary-amd64/Packages.xz\n \
             {HEX} x main/y\n"
        );
        let release = Release::parse(text.as_bytes());
        assert_eq!((release.suite, release.codename), (&b"oldstable"[..], &b"bookworm"[..]));
        assert_eq!(release.version, Some(&b"12.5"[..]));
        assert_eq!(release.valid_until, Some(&b"Sat, 17 Feb 2024 11:07:25 UTC"[..]));
        assert_eq!(release.files.len(), 1);
        assert_eq!(release.files[&b"main/binary-amd64/Packages.xz"[..]].1, 12);
    }

    fn entry(file: &str, more: &str) -> String {
        format!(
            "Package: a\nVersion: 1:2-3\nArchitecture: all\nFilename: {file}\nSize: 7\n\
             SHA256: {HEX}\n{more}Description: x\n Package: no\n"
        )
    }

    #[test]
    fn an_index_gives_each_package_and_where_its_file_lies() {
        let text = format!("{}\n{}", entry("pool/a.deb", ""), entry("pool/b.deb", ""));
        let got: Vec<_> = indexed(text.as_bytes()).map(Option::unwrap).collect();
        assert_eq!((got.len(), got[1].file, got[0].size), (2, "pool/b.deb", 7));
        assert_eq!((got[0].name, got[0].version), (&b"a"[..], &b"1:2-3"[..]));
    }

    #[test]
    fn a_stanza_that_leaves_the_repository_or_says_a_thing_twice_is_none() {
        for file in ["../a.deb", "/etc/a.deb", "pool//a.deb", "pool/../../a.deb"] {
            assert_eq!(indexed(entry(file, "").as_bytes()).next(), Some(None), "{file}");
        }
        assert_eq!(indexed(entry("a.deb", "Size: 8\n").as_bytes()).next(), Some(None));
        assert_eq!(indexed(b"Package: a\n").next(), Some(None));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = (Release::parse(&bytes), indexed(&bytes).count());
        }

        #[test]
        fn no_fields_make_it_panic(text in "((SHA256|Package|Filename|Size|Suite):? ?[ -~]{0,20}\n| [ -~]{0,80}\n|\n){0,20}") {
            let _ = (Release::parse(text.as_bytes()), indexed(text.as_bytes()).count());
        }
    }
}
