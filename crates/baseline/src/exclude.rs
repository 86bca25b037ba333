//! Packaged files that need not be there: documentation, and what dpkg is told to leave out
//! (`path-exclude` in `dpkg(1)`, which container images use).

use coroner_host::{HostPath, Root};

/// Nothing runs what lies below these, and minimised systems, `localepurge` and container builds
/// take them away.
const DOCUMENTATION: &[&str] = &[
    "/usr/share/doc/",
    "/usr/share/man/",
    "/usr/share/locale/",
    "/usr/share/info/",
    "/usr/share/lintian/",
    "/usr/share/linda/",
    "/usr/share/groff/",
    "/usr/share/gnome/help/",
    "/usr/share/help/",
    "/usr/share/omf/",
    "/usr/share/gtk-doc/",
];

const CONFIG: &str = "/etc/dpkg/dpkg.cfg";
const CONFIG_DIRECTORY: &str = "/etc/dpkg/dpkg.cfg.d";
const LARGEST_CONFIG: usize = 1 << 20;
const MOST_CONFIGS: usize = 1000;
const MOST_PATTERNS: usize = 1000;
const LONGEST_PATTERN: usize = 1024;

/// dpkg's patterns, in the order in which it reads them.
#[derive(Debug, Default)]
pub(crate) struct Excludes {
    patterns: Vec<Pattern>,
}

#[derive(Debug, PartialEq, Eq)]
struct Pattern {
    excludes: bool,
    glob: Box<[u8]>,
}

impl Excludes {
    /// Reads dpkg's configuration. Failing to read it means only that fewer absences are explained.
    pub(crate) fn load(root: &Root) -> Self {
        let mut files = vec![HostPath::new(CONFIG)];
        if let Ok(listing) = root.list(&HostPath::new(CONFIG_DIRECTORY), MOST_CONFIGS) {
            let taken =
                listing.entries.into_iter().filter(|entry| is_config(entry.name.as_bytes()));
            files.extend(taken.map(|entry| entry.path));
        }
        let mut out = Self::default();
        for file in files {
            if let Ok(content) = root.read(&file, LARGEST_CONFIG) {
                out.take(&content.bytes);
            }
        }
        out
    }

    fn take(&mut self, content: &[u8]) {
        let patterns =
            coroner_parse::lines(content).flatten().filter_map(|line| pattern(line.bytes));
        let room = MOST_PATTERNS.saturating_sub(self.patterns.len());
        self.patterns.extend(patterns.take(room));
    }

    /// Whether the absence of a packaged file is explained.
    pub(crate) fn covers(&self, path: &[u8]) -> bool {
        let documentation = DOCUMENTATION.iter().any(|top| path.starts_with(top.as_bytes()));
        let last = || self.patterns.iter().rev().find(|pattern| matches(&pattern.glob, path));
        documentation || last().is_some_and(|pattern| pattern.excludes)
    }
}

/// dpkg takes files whose names are letters, digits, `_` and `-` alone.
fn is_config(name: &[u8]) -> bool {
    name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte))
}

fn pattern(line: &[u8]) -> Option<Pattern> {
    let line = line.trim_ascii();
    let (excludes, rest) = match line.strip_prefix(b"path-exclude") {
        Some(rest) => (true, rest),
        None => (false, line.strip_prefix(b"path-include")?),
    };
    let value = match rest {
        [b'=', value @ ..] => value,
        [b' ' | b'\t', ..] => rest,
        _ => return None,
    };
    let glob = value.trim_ascii();
    let glob = glob.strip_prefix(b"\"").and_then(|g| g.strip_suffix(b"\"")).unwrap_or(glob);
    (glob.len() <= LONGEST_PATTERN).then(|| Pattern { excludes, glob: glob.into() })
}

/// `fnmatch(3)` without flags, as dpkg calls it: `*` and `?` also take slashes.
fn matches(glob: &[u8], path: &[u8]) -> bool {
    let (mut glob, mut path) = (glob, path);
    // Where to go on when what follows the last star does not fit: one byte later.
    let mut again: Option<(&[u8], &[u8])> = None;
    loop {
        match one(glob, path) {
            Fit::Done => return true,
            Fit::Star(rest) => {
                again = Some((rest, path));
                glob = rest;
            }
            Fit::Byte(rest) => {
                glob = rest;
                path = path.get(1..).unwrap_or_default();
            }
            Fit::Not => match again {
                Some((rest, [_, later @ ..])) => {
                    again = Some((rest, later));
                    (glob, path) = (rest, later);
                }
                _ => return false,
            },
        }
    }
}

enum Fit<'a> {
    Done,
    Star(&'a [u8]),
    Byte(&'a [u8]),
    Not,
}

fn one<'a>(glob: &'a [u8], path: &[u8]) -> Fit<'a> {
    match (glob, path) {
        ([], []) => Fit::Done,
        ([b'*', rest @ ..], _) => Fit::Star(rest),
        ([b'?', rest @ ..], [_, ..]) => Fit::Byte(rest),
        ([b'[', rest @ ..], [byte, ..]) => match class(rest, *byte) {
            Some((true, rest)) => Fit::Byte(rest),
            None if *byte == b'[' => Fit::Byte(rest),
            _ => Fit::Not,
        },
        ([b'\\', literal, rest @ ..] | [literal, rest @ ..], [byte, ..]) if literal == byte => {
            Fit::Byte(rest)
        }
        _ => Fit::Not,
    }
}

/// Whether `byte` is in the class whose `[` was taken off, and what follows it; `None` when the
/// class has no end.
fn class(glob: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let (negated, mut rest) = match glob {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, glob),
    };
    let mut found = false;
    let mut first = true;
    loop {
        rest = match rest {
            [b']', rest @ ..] if !first => return Some((found != negated, rest)),
            [low, b'-', high, rest @ ..] if *high != b']' => {
                found |= (*low..=*high).contains(&byte);
                rest
            }
            [one, rest @ ..] => {
                found |= *one == byte;
                rest
            }
            [] => return None,
        };
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_take_slashes_as_dpkg_has_it() {
        assert!(matches(b"/usr/share/doc/*", b"/usr/share/doc/a/b"));
        assert!(matches(b"*.pyc", b"/usr/lib/x.pyc"));
        assert!(!matches(b"*.pyc", b"/usr/lib/x.py"));
        assert!(matches(b"/a/*/c*e", b"/a/b/x/cde"));
        assert!(matches(b"/usr/share/locale/[a-df-z]*/x", b"/usr/share/locale/de/x"));
        assert!(!matches(b"/usr/share/locale/[!de]*", b"/usr/share/locale/de"));
        assert!(matches(b"/x/\\*", b"/x/*"));
        assert!(!matches(b"/x/\\*", b"/x/y"));
    }

    #[test]
    fn the_last_pattern_that_fits_wins() {
        let mut excludes = Excludes::default();
        excludes.take(
            b"# comment\npath-exclude=/opt/doc/*\npath-include /opt/doc/*/copyright\nno-debsig\n",
        );
        assert!(excludes.covers(b"/opt/doc/bash/README"));
        assert!(!excludes.covers(b"/opt/doc/bash/copyright"));
        assert!(!excludes.covers(b"/usr/bin/ps"));
    }

    #[test]
    fn documentation_may_always_be_missing_and_programs_never() {
        let none = Excludes::default();
        assert!(none.covers(b"/usr/share/man/man1/ls.1.gz"));
        assert!(!none.covers(b"/usr/share/manual"));
        assert!(!none.covers(b"/usr/bin/ls"));
    }

    proptest! {
        #[test]
        fn no_pattern_makes_it_panic_or_run_on(glob in "[*?a\\[\\]!\\\\-]{0,40}", path in "[a-]{0,200}") {
            let _ = matches(glob.as_bytes(), path.as_bytes());
        }

        #[test]
        fn a_pattern_without_signs_fits_itself_alone(a in "[a-z/]{0,20}", b in "[a-z/]{0,20}") {
            prop_assert_eq!(matches(a.as_bytes(), b.as_bytes()), a == b);
        }
    }
}
