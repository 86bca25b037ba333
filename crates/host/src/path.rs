//! Paths inside a root: bytes, absolute, never handed to the standard library.

use std::fmt;

use coroner_parse::Text;
use serde::{Deserialize, Serialize};

/// An absolute path inside the audited root, in bytes.
///
/// Repeated slashes, `.` components and a trailing slash are dropped; `..` stays, because only the
/// root's own links say where it leads. It is not `AsRef<Path>`, so it cannot reach `std::fs`.
#[derive(
    Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(from = "Text", into = "Text")]
#[schemars(with = "Text")]
pub struct HostPath(Text);

impl HostPath {
    /// Takes a path as found in a file or on the command line; a relative one is taken from `/`.
    pub fn new(path: impl AsRef<[u8]>) -> Self {
        let mut out = Vec::with_capacity(path.as_ref().len() + 1);
        for part in path.as_ref().split(|&byte| byte == b'/') {
            if !part.is_empty() && part != b"." {
                out.push(b'/');
                out.extend_from_slice(part);
            }
        }
        if out.is_empty() {
            out.push(b'/');
        }
        Self(Text::new(out))
    }

    /// The path's bytes; the first is `/`.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The path as text.
    pub fn text(&self) -> &Text {
        &self.0
    }

    /// The path when it is valid UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_str()
    }

    /// This directory's child; an absolute `name` replaces the whole path, as in `execve` and links.
    #[must_use]
    pub fn join(&self, name: impl AsRef<[u8]>) -> Self {
        let name = name.as_ref();
        if name.starts_with(b"/") {
            return Self::new(name);
        }
        let mut whole = self.as_bytes().to_vec();
        whole.push(b'/');
        whole.extend_from_slice(name);
        Self::new(whole)
    }

    /// The path with bytes added to its last component, as in `.bak` siblings.
    #[must_use]
    pub fn with_suffix(&self, suffix: impl AsRef<[u8]>) -> Self {
        Self::new([self.as_bytes(), suffix.as_ref()].concat())
    }

    /// The directory that holds it; `None` for `/`.
    pub fn parent(&self) -> Option<Self> {
        let bytes = self.as_bytes();
        let cut = bytes.iter().rposition(|&byte| byte == b'/')?;
        (bytes.len() > 1).then(|| Self::new(bytes.get(..cut).unwrap_or_default()))
    }

    /// The last component, empty for `/`.
    pub fn name(&self) -> &[u8] {
        self.as_bytes().rsplit(|&byte| byte == b'/').next().unwrap_or_default()
    }

    /// Whether it is `dir` or lies below it, by whole components.
    pub fn is_below(&self, dir: &Self) -> bool {
        self.is_under(dir.as_bytes())
    }

    /// The same for a directory given as bytes without a trailing slash.
    pub fn is_under(&self, dir: impl AsRef<[u8]>) -> bool {
        let dir = dir.as_ref();
        match self.as_bytes().strip_prefix(dir) {
            Some(rest) => rest.is_empty() || dir == b"/" || rest.starts_with(b"/"),
            None => false,
        }
    }

    /// The components, from the top.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.as_bytes().split(|&byte| byte == b'/').filter(|part| !part.is_empty())
    }

    /// Whether a component (of those above the last, or the last) starts with a dot.
    pub fn is_hidden(&self) -> bool {
        self.components().any(|part| part.starts_with(b".") && part != b".." && part != b".")
    }
}

impl From<Text> for HostPath {
    fn from(text: Text) -> Self {
        Self::new(text.as_bytes())
    }
}

impl From<&str> for HostPath {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

impl From<HostPath> for Text {
    fn from(path: HostPath) -> Self {
        path.0
    }
}

impl From<&HostPath> for Text {
    fn from(path: &HostPath) -> Self {
        path.0.clone()
    }
}

impl PartialEq<str> for HostPath {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for HostPath {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl fmt::Display for HostPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for HostPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slashes_and_dots_are_folded_and_dotdot_is_left_to_the_root() {
        assert_eq!(HostPath::new("//etc/./cron.d/"), "/etc/cron.d");
        assert_eq!(HostPath::new("../x"), "/../x");
        assert_eq!(HostPath::new(""), "/");
    }

    #[test]
    fn a_path_is_below_its_directory_by_whole_components() {
        let dir = HostPath::new("/etc/cron");
        assert!(HostPath::new("/etc/cron/x").is_below(&dir));
        assert!(!HostPath::new("/etc/cron.d/x").is_below(&dir));
        assert!(dir.is_below(&HostPath::new("/")));
    }

    #[test]
    fn parents_end_at_the_root() {
        let file = HostPath::new("/etc/passwd");
        assert_eq!(file.parent().unwrap(), "/etc");
        assert_eq!(file.parent().unwrap().parent().unwrap(), "/");
        assert_eq!(HostPath::new("/").parent(), None);
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(bytes: Vec<u8>) {
            let once = HostPath::new(&bytes);
            prop_assert_eq!(HostPath::new(once.as_bytes()), once);
        }
    }
}
