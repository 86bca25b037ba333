//! An archive's paths, as a tree that could be put on a disk without surprise.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use coroner_pack::{Content, FileKind, PackFile};
use coroner_parse::Text;

use crate::Refused;
use crate::bounds::{LONGEST_PATH, MOST_ENTRIES};

/// Files by absolute path.
#[derive(Debug, Default)]
pub(crate) struct Tree(BTreeMap<Vec<u8>, PackFile>);

impl Tree {
    /// Adds a file; a path may come once.
    pub(crate) fn add(&mut self, file: PackFile) -> Result<(), Refused> {
        if self.0.len() >= MOST_ENTRIES {
            return Err(Refused::Malformed("more files than a package has"));
        }
        match self.0.entry(file.path.as_bytes().to_vec()) {
            Entry::Vacant(slot) => {
                slot.insert(file);
                Ok(())
            }
            Entry::Occupied(slot) => Err(Refused::entry(slot.key(), "comes twice")),
        }
    }

    /// The content of a file that came before.
    pub(crate) fn content(&self, path: &[u8]) -> Option<&Content> {
        match &self.0.get(path)?.kind {
            FileKind::Regular(content) => Some(content),
            _ => None,
        }
    }

    /// Marks a configuration file, if it is there.
    pub(crate) fn mark_conffile(&mut self, path: &[u8]) {
        if let Some(file) = self.0.get_mut(path) {
            file.conffile = true;
        }
    }

    /// The files, if each lies in directories alone: a link in place of a directory would put what
    /// comes behind it elsewhere.
    pub(crate) fn finish(self) -> Result<Vec<PackFile>, Refused> {
        for path in self.0.keys() {
            let slashes = path.iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'/');
            for (at, _) in slashes {
                let above = path.get(..at).and_then(|above| self.0.get(above));
                if above.is_some_and(|above| above.kind != FileKind::Directory) {
                    return Err(Refused::entry(path, "lies below a link or a file"));
                }
            }
        }
        Ok(self.0.into_values().collect())
    }
}

/// The absolute path that an archive's name stands for; `None` is the root itself.
pub(crate) fn absolute(name: &[u8]) -> Result<Option<Text>, Refused> {
    let refuse = |reason| Err(Refused::entry(name, reason));
    if name.contains(&0) {
        return refuse("has a NUL in its name");
    }
    if name.starts_with(b"/") {
        return refuse("is an absolute path");
    }
    let relative = name.strip_prefix(b"./").unwrap_or(name);
    let relative = relative.strip_suffix(b"/").unwrap_or(relative);
    if matches!(relative, b"" | b".") {
        return Ok(None);
    }
    let mut names = relative.split(|byte| *byte == b'/');
    if names.clone().any(|name| name == b"..") {
        return refuse("climbs out of the archive");
    }
    if names.any(|name| matches!(name, b"" | b".")) {
        return refuse("is not in its shortest form");
    }
    if relative.len() >= LONGEST_PATH {
        return refuse("is longer than a path can be");
    }
    Ok(Some(Text::new([b"/", relative].concat())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, kind: FileKind) -> PackFile {
        let root = Text::from("root");
        let path = Text::from(path);
        PackFile { path, kind, mode: 0o755, user: root.clone(), group: root, conffile: false }
    }

    #[test]
    fn names_become_absolute_and_never_leave() {
        let path = |name: &[u8]| absolute(name).unwrap().map(|path| path.to_string());
        assert_eq!(path(b"./usr/bin/").as_deref(), Some("/usr/bin"));
        assert_eq!(path(b"etc/x").as_deref(), Some("/etc/x"));
        assert_eq!((path(b"./"), path(b".")), (None, None));
        for name in [&b"../x"[..], b"./a/../../x", b"/etc/x", b"a//b", b"a/./b", b"a\0b", b"a/.."] {
            assert!(absolute(name).is_err(), "{}", Text::from(name));
        }
        assert!(absolute(&[b'a'; 5000]).is_err());
    }

    #[test]
    fn what_lies_below_a_link_is_refused_whichever_came_first() {
        let link = || file("/usr/lib", FileKind::Link(Text::from("/etc")));
        let below = || file("/usr/lib/x/y", FileKind::Directory);
        for pair in [[link(), below()], [below(), link()]] {
            let mut tree = Tree::default();
            pair.into_iter().try_for_each(|file| tree.add(file)).unwrap();
            assert!(tree.finish().unwrap_err().to_string().contains("below a link"));
        }
    }

    #[test]
    fn a_path_that_comes_twice_is_refused() {
        let mut tree = Tree::default();
        tree.add(file("/a", FileKind::Directory)).unwrap();
        assert!(tree.add(file("/a", FileKind::Special)).is_err());
    }
}
