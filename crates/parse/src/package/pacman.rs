//! pacman's /var/lib/pacman/local/NAME-VERSION/{desc,files,mtree} (`alpm-local-desc(5)`,
//! `alpm-files(5)`, `alpm-mtree(5)`, `mtree(5)`).

use std::borrow::Cow;

use crate::Digest;
use crate::{BadLine, Line, lines};

/// What a `desc` file says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Desc<'a> {
    /// The package's name.
    pub name: &'a [u8],
    /// Its version.
    pub version: &'a [u8],
    /// Its architecture.
    pub architecture: &'a [u8],
    /// When it was installed, seconds since 1970.
    pub installed: Option<u64>,
}

/// Reads a `desc` file: `%FIELD%`, then its values, then an empty line.
pub fn desc(content: &[u8]) -> Desc<'_> {
    let mut desc = Desc::default();
    for (section, value) in values(content) {
        match section {
            b"%NAME%" => desc.name = value,
            b"%VERSION%" => desc.version = value,
            b"%ARCH%" => desc.architecture = value,
            b"%INSTALLDATE%" => {
                desc.installed = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
            }
            _ => {}
        }
    }
    desc
}

/// A configuration file that pacman keeps when its owner changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup<'a> {
    /// Relative to the root.
    pub path: &'a [u8],
    /// Its MD5 as shipped.
    pub digest: Option<Digest>,
}

/// The paths of a `files` file, relative to the root; directories end in a slash.
pub fn files(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    values(content).filter(|(section, _)| *section == b"%FILES%").map(|(_, path)| path)
}

/// The configuration files of a `files` file.
pub fn backups(content: &[u8]) -> impl Iterator<Item = Backup<'_>> {
    values(content).filter(|(section, _)| *section == b"%BACKUP%").filter_map(|(_, value)| {
        let (path, hex) = value.split_at_checked(memchr::memrchr(b'\t', value)?)?;
        Some(Backup { path, digest: Digest::from_hex(hex.trim_ascii()) })
    })
}

fn values(content: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut section: &[u8] = b"";
    lines(content).flatten().filter_map(move |line| match line.bytes {
        [] => {
            section = b"";
            None
        }
        name @ [b'%', .., b'%'] if section.is_empty() => {
            section = name;
            None
        }
        value => (!section.is_empty()).then_some((section, value)),
    })
}

/// One entry of an unpacked `mtree` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Relative to the root, without `./`.
    pub path: Cow<'a, [u8]>,
    /// Its own or the file's current defaults.
    pub facts: Facts,
}

/// The keywords of `mtree(5)` that matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// `type=`: what it is.
    pub kind: Kind,
    /// `uid=`.
    pub uid: Option<u32>,
    /// `gid=`.
    pub gid: Option<u32>,
    /// `mode=`, permission bits.
    pub mode: Option<u32>,
    /// `size=`, bytes.
    pub size: Option<u64>,
    /// The strongest of `sha256digest=`, `md5digest=` and their short names.
    pub digest: Option<Digest>,
}

/// An entry's `type=`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    #[default]
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, socket or FIFO.
    Other,
}

/// The entries of an mtree file (after gunzip), pacman's own `.PKGINFO` and the like left out.
pub fn mtree(content: &[u8]) -> impl Iterator<Item = Result<Entry<'_>, BadLine>> {
    let mut defaults = Facts::default();
    lines(content).filter_map(move |line| match line {
        Ok(line) => entry(line, &mut defaults).transpose(),
        Err(bad) => Some(Err(bad)),
    })
}

fn entry<'a>(line: Line<'a>, defaults: &mut Facts) -> Result<Option<Entry<'a>>, BadLine> {
    let mut words = line.bytes.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let path = match words.next() {
        None | Some([b'#', ..]) => return Ok(None),
        Some(b"/set") => {
            words.for_each(|word| take_keyword(defaults, word));
            return Ok(None);
        }
        Some(b"/unset") => {
            *defaults = Facts::default();
            return Ok(None);
        }
        Some([b'.', b'/', path @ ..]) if !path.is_empty() => unescape(path),
        Some(_) => return Err(BadLine::new(line, "not an entry")),
    };
    let mut facts = defaults.clone();
    words.for_each(|word| take_keyword(&mut facts, word));
    let of_pacman = path.starts_with(b".") && !path.contains(&b'/');
    Ok((!of_pacman).then_some(Entry { path, facts }))
}

fn take_keyword(facts: &mut Facts, word: &[u8]) {
    let Some(equals) = memchr::memchr(b'=', word) else { return };
    let (keyword, value) = word.split_at(equals);
    let value = value.get(1..).unwrap_or_default();
    let text = std::str::from_utf8(value).unwrap_or_default();
    match keyword {
        b"type" => facts.kind = kind(value),
        b"uid" => facts.uid = text.parse().ok(),
        b"gid" => facts.gid = text.parse().ok(),
        b"mode" => facts.mode = u32::from_str_radix(text, 8).ok(),
        b"size" => facts.size = text.parse().ok(),
        b"sha256digest" | b"sha256" => {
            facts.digest = Digest::from_hex(value).or(facts.digest.take());
        }
        b"md5digest" | b"md5" if facts.digest.is_none() => facts.digest = Digest::from_hex(value),
        _ => {}
    }
}

fn kind(value: &[u8]) -> Kind {
    match value {
        b"file" => Kind::File,
        b"dir" => Kind::Directory,
        b"link" => Kind::Link,
        _ => Kind::Other,
    }
}

/// mtree writes a backslash and three octal digits for anything that is not plain (`strsvis(3)`).
fn unescape(path: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', path).is_none() {
        return Cow::Borrowed(path);
    }
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&first, after)) = rest.split_first() {
        if let Some((byte, tail)) = (first == b'\\').then(|| octal(after)).flatten() {
            out.push(byte);
            rest = tail;
        } else {
            out.push(first);
            rest = after;
        }
    }
    Cow::Owned(out)
}

fn octal(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, rest) = bytes.split_first_chunk::<3>()?;
    let byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()?;
    Some((byte, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Algorithm;
    use proptest::prelude::*;

    const FILES: &[u8] = b"%FILES%
etc/
etc/pacman.conf
usr/bin/pacman
%odd%

%BACKUP%
etc/pacman.conf\tde541390e52468165b96511c4665bff4
etc/makepkg.conf\t(null)
";

    const MTREE: &[u8] = b"#mtree
/set type=file uid=0 gid=0 mode=644
./.BUILDINFO time=1700000000.0 size=10 sha256digest=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
/set mode=755
./usr time=1700000000.0 type=dir
./usr/bin/pac\\040man time=1700000000.0 size=42 md5digest=d41d8cd98f00b204e9800998ecf8427e sha256digest=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
./usr/bin/vi time=1.0 mode=777 type=link link=vim
";

    #[test]
    fn desc_gives_name_version_and_time() {
        let got = desc(b"%NAME%\npacman\n\n%VERSION%\n6.0.2-9\n\n%INSTALLDATE%\n1700000000\n\n%ARCH%\nx86_64\n\n");
        assert_eq!((got.name, got.version), (&b"pacman"[..], &b"6.0.2-9"[..]));
        assert_eq!((got.architecture, got.installed), (&b"x86_64"[..], Some(1_700_000_000)));
    }

    #[test]
    fn files_and_backups_are_told_apart_even_by_a_name_like_a_section() {
        assert_eq!(
            files(FILES).collect::<Vec<_>>(),
            [&b"etc/"[..], b"etc/pacman.conf", b"usr/bin/pacman", b"%odd%"]
        );
        let got: Vec<_> = backups(FILES).collect();
        assert_eq!(got[0].path, b"etc/pacman.conf");
        assert!(got[0].digest.is_some());
        assert_eq!(got[1].digest, None);
    }

    #[test]
    fn an_entry_takes_the_defaults_and_prefers_sha256() {
        let got: Vec<_> = mtree(MTREE).map(|entry| entry.unwrap()).collect();
        assert_eq!(got.len(), 3, "pacman's own files are left out");
        assert_eq!((got[0].facts.kind, got[0].facts.mode), (Kind::Directory, Some(0o755)));
        assert_eq!(got[1].path.as_ref(), b"usr/bin/pac man");
        assert_eq!(
            (got[1].facts.kind, got[1].facts.uid, got[1].facts.size),
            (Kind::File, Some(0), Some(42))
        );
        assert_eq!(got[1].facts.digest.as_ref().unwrap().algorithm(), Algorithm::Sha256);
        assert_eq!((got[2].facts.kind, got[2].facts.mode), (Kind::Link, Some(0o777)));
    }

    #[test]
    fn a_line_that_is_no_entry_costs_itself_alone() {
        let got: Vec<_> = mtree(b"/etc/shadow mode=777\n./a size=1\n").collect();
        assert!(got[0].is_err());
        assert_eq!(got[1].as_ref().unwrap().facts.size, Some(1));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = (desc(&bytes), files(&bytes).count(), backups(&bytes).count(), mtree(&bytes).count());
        }
    }
}
