//! Files that tell the dynamic loader what to load: ld.so(8), ldconfig(8).

use crate::{BadLine, Line, Text, lines};

/// A library named in `/etc/ld.so.preload`: loaded into every program of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preload {
    /// Counted from 1.
    pub line: u32,
    /// Its path, which may hold `$LIB`, `$ORIGIN` or `$PLATFORM`.
    pub library: Text,
}

/// The libraries of `/etc/ld.so.preload`: separated by white space or colons, `#` starts a comment.
pub fn preloads(content: &[u8]) -> impl Iterator<Item = Result<Preload, BadLine>> {
    lines(content).flat_map(|line| {
        let (good, bad) = match line {
            Ok(line) => (Some(line), None),
            Err(bad) => (None, Some(Err(bad))),
        };
        good.into_iter().flat_map(preloads_of).map(Ok).chain(bad)
    })
}

fn preloads_of(line: Line<'_>) -> impl Iterator<Item = Preload> {
    let names =
        without_comment(line.bytes).split(|&byte| byte == b':' || byte.is_ascii_whitespace());
    names
        .filter(|name| !name.is_empty())
        .map(move |name| Preload { line: line.number, library: Text::from(name) })
}

/// A line of `/etc/ld.so.conf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LibraryPath {
    /// `include PATTERN`, a glob relative to the file's directory.
    Include(Text),
    /// A directory that is searched.
    Directory(Text),
}

/// The directives of an `ld.so.conf`, with their line numbers; `hwcap` lines mean nothing any more.
pub fn library_paths(content: &[u8]) -> impl Iterator<Item = Result<(u32, LibraryPath), BadLine>> {
    lines(content).filter_map(|line| match line {
        Ok(line) => library_path(without_comment(line.bytes)).map(|path| Ok((line.number, path))),
        Err(bad) => Some(Err(bad)),
    })
}

fn library_path(line: &[u8]) -> Option<LibraryPath> {
    let line = line.trim_ascii();
    let keyword = |word: &[u8]| {
        let rest = line.strip_prefix(word)?;
        rest.first().is_some_and(u8::is_ascii_whitespace).then(|| rest.trim_ascii())
    };
    if let Some(pattern) = keyword(b"include") {
        return Some(LibraryPath::Include(Text::from(pattern)));
    }
    if line.is_empty() || keyword(b"hwcap").is_some() {
        return None;
    }
    // Old configurations name a library type after the directory: `/usr/lib=libc6`.
    let directory = line.split(|&byte| byte == b'=').next().unwrap_or(line);
    Some(LibraryPath::Directory(Text::from(directory.trim_ascii())))
}

fn without_comment(line: &[u8]) -> &[u8] {
    line.split(|&byte| byte == b'#').next().unwrap_or(line)
}

/// A library of `/etc/ld.so.cache`: what the loader takes before it searches any directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedLibrary {
    /// The name that programs ask for.
    pub name: Text,
    /// Where the loader takes it from.
    pub path: Text,
}

/// The format of glibc 2.2 and later (`elf/dl-cache.h`), alone or behind the older one.
const CACHE_MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const CACHE_HEADER: usize = 48;
const CACHE_ENTRY: usize = 24;
/// More libraries than this are not read; a desktop has 3000.
const MOST_CACHED: usize = 100_000;
/// Names longer than this are cut.
const LONGEST_PATH: usize = 4096;

/// The entries of `/etc/ld.so.cache`, in the cache's order; `None` when it is not one.
pub fn cached_libraries(content: &[u8]) -> Option<impl Iterator<Item = CachedLibrary>> {
    let start = memchr::memmem::find(content, CACHE_MAGIC)?;
    let cache = content.get(start..)?;
    // The low bits of the flags give the byte order: 2 little, 3 big, 0 not said.
    let big = cache.get(28)? & 3 == 3;
    let count = number(cache, CACHE_MAGIC.len(), big)?.min(MOST_CACHED);
    let entries = cache.get(CACHE_HEADER..)?.chunks_exact(CACHE_ENTRY).take(count);
    Some(entries.filter_map(move |entry| {
        let text = |at| {
            let text = cache.get(number(entry, at, big)?..)?;
            let text = text.get(..LONGEST_PATH).unwrap_or(text);
            Some(Text::from(super::image::until_nul(text)))
        };
        Some(CachedLibrary { name: text(4)?, path: text(8)? })
    }))
}

fn number(bytes: &[u8], at: usize, big: bool) -> Option<usize> {
    let word: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    let value = if big { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) };
    usize::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn preloads_are_split_at_blanks_and_colons_and_comments_are_not_libraries() {
        let content = b"# ours\n/lib/a.so /lib/b.so:/$LIB/c.so # old\n\n/lib/d.so";
        let got: Vec<_> = preloads(content).map(|entry| entry.unwrap()).collect();
        let got: Vec<_> = got.iter().map(|entry| (entry.line, entry.library.to_string())).collect();
        let want = [(2, "/lib/a.so"), (2, "/lib/b.so"), (2, "/$LIB/c.so"), (4, "/lib/d.so")];
        assert_eq!(got, want.map(|(line, path)| (line, path.to_owned())));
    }

    #[test]
    fn library_paths_keep_includes_and_directories_apart() {
        let content =
            b"include ld.so.conf.d/*.conf\n/usr/local/lib=libc6 # x\nhwcap 1 nosegneg\n\n/opt/a\n";
        let got: Vec<_> = library_paths(content).map(|entry| entry.unwrap()).collect();
        let want = [
            (1, LibraryPath::Include("ld.so.conf.d/*.conf".into())),
            (2, LibraryPath::Directory("/usr/local/lib".into())),
            (5, LibraryPath::Directory("/opt/a".into())),
        ];
        assert_eq!(got, want);
    }

    /// A cache of one library, behind `before` bytes of an older cache.
    fn cache(before: usize, big: bool) -> Vec<u8> {
        let word = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
        let mut out = vec![b'x'; before];
        out.extend(CACHE_MAGIC);
        for value in [1, 28] {
            out.extend(word(value));
        }
        out.push(if big { 3 } else { 2 });
        out.resize(before + CACHE_HEADER, 0);
        for value in [3, 72, 82, 0, 0, 0] {
            out.extend(word(value));
        }
        out.extend(*b"libc.so.6\0/tmp/libc.so.6\0");
        out
    }

    #[test]
    fn cached_libraries_are_read_in_either_byte_order_and_behind_an_older_cache() {
        let want = CachedLibrary { name: "libc.so.6".into(), path: "/tmp/libc.so.6".into() };
        for (before, big) in [(0, false), (24, false), (0, true)] {
            let content = cache(before, big);
            let got: Vec<_> = cached_libraries(&content).unwrap().collect();
            assert_eq!(got, std::slice::from_ref(&want));
        }
        assert!(cached_libraries(b"ld.so-1.7.0").is_none());
    }

    proptest! {
        #[test]
        fn nothing_panics_on_any_bytes(bytes: Vec<u8>, place in 0..100_usize, value: u8) {
            preloads(&bytes).for_each(drop);
            library_paths(&bytes).for_each(drop);
            let mut changed = cache(0, false);
            if let Some(byte) = changed.get_mut(place) {
                *byte = value;
            }
            if let Some(entries) = cached_libraries(&changed) {
                prop_assert!(entries.count() <= 1);
            }
        }
    }
}
