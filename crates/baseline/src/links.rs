//! Directories that are links in the audited root (merged /usr, /var/run), followed once each.

use std::collections::HashMap;
use std::sync::Arc;

use coroner_host::{HostPath, Root};

/// Links followed for one directory before it is left as it is named (`MAXSYMLINKS` is 40).
const MOST_LINKS: usize = 40;
/// Bytes of names remembered; real roots have some ten thousand directories. Beyond it a directory
/// is taken as it is named.
const MOST_REMEMBERED: usize = 32 << 20;

/// Where the directories of a root really lie.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// The real place of each directory that was asked for.
    real: HashMap<Box<[u8]>, Arc<[u8]>>,
    /// The real place of each directory whose last component is a link.
    turned: HashMap<Box<[u8]>, Arc<[u8]>>,
    remembered: usize,
}

impl Links {
    /// The real place of a directory, asking the root for each component that is new.
    ///
    /// A directory is given without a trailing slash, the top as nothing at all.
    pub(crate) fn real(&mut self, root: &Root, directory: &[u8]) -> Arc<[u8]> {
        self.follow(root, directory, MOST_LINKS)
    }

    fn follow(&mut self, root: &Root, directory: &[u8], links_left: usize) -> Arc<[u8]> {
        if let Some(known) = self.real.get(directory) {
            return Arc::clone(known);
        }
        // From the top down, so that a path of ten thousand components needs no deep stack.
        let mut real: Arc<[u8]> = Arc::from(&[][..]);
        for end in component_ends(directory) {
            let prefix = directory.get(..end).unwrap_or_default();
            real = match self.real.get(prefix) {
                Some(known) => Arc::clone(known),
                None => self.step(root, &real, prefix, links_left),
            };
        }
        real
    }

    /// Follows the last component of `prefix`, whose directory really lies at `parent`.
    fn step(&mut self, root: &Root, parent: &[u8], prefix: &[u8], links_left: usize) -> Arc<[u8]> {
        let name = prefix.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        let mut place: Arc<[u8]> = [parent, b"/", name].concat().into();
        if self.remembered > MOST_REMEMBERED {
            return place;
        }
        if let Some(target) = self.target(root, &place, links_left) {
            self.turned.insert(Box::from(&*place), Arc::clone(&target));
            place = target;
        }
        self.remembered += prefix.len() + place.len();
        self.real.insert(Box::from(prefix), Arc::clone(&place));
        place
    }

    /// The real place a link leads to; `None` for what is no link.
    fn target(&mut self, root: &Root, place: &[u8], links_left: usize) -> Option<Arc<[u8]>> {
        if let Some(known) = self.turned.get(place) {
            return Some(Arc::clone(known));
        }
        let links_left = links_left.checked_sub(1)?;
        let written = root.read_link(&HostPath::new(place)).ok()?;
        let written = written.as_bytes();
        let absolute = written.starts_with(b"/");
        let start = if absolute { &[][..] } else { parent(place) };
        Some(self.follow_written(root, start, written, links_left))
    }

    /// Follows a path as a link has it, with `.`, `..` and repeated slashes, from a real directory.
    fn follow_written(
        &mut self,
        root: &Root,
        start: &[u8],
        written: &[u8],
        links_left: usize,
    ) -> Arc<[u8]> {
        let mut real: Arc<[u8]> = start.into();
        for name in written.split(|&byte| byte == b'/') {
            real = match name {
                b"" | b"." => real,
                b".." => parent(&real).into(),
                name => {
                    let below = [&*real, b"/", name].concat();
                    self.follow(root, &below, links_left)
                }
            };
        }
        real
    }

    /// The real place of a path whose directories may be links that were met while loading; its
    /// own last component is not followed.
    pub(crate) fn place(&self, path: &[u8]) -> Vec<u8> {
        let directory = parent(path);
        let mut place = Vec::with_capacity(path.len());
        for name in directory.split(|&byte| byte == b'/').skip(1) {
            place.push(b'/');
            place.extend_from_slice(name);
            if let Some(target) = self.turned.get(place.as_slice()) {
                place.clear();
                place.extend_from_slice(target);
            }
        }
        place.extend_from_slice(path.get(directory.len()..).unwrap_or_default());
        place
    }
}

/// Everything before the last slash; nothing for what lies at the top.
pub(crate) fn parent(path: &[u8]) -> &[u8] {
    let cut = memchr::memrchr(b'/', path).unwrap_or(0);
    path.get(..cut).unwrap_or_default()
}

/// Where each component of `/a/b/c` ends: 2, 4, 6.
fn component_ends(path: &[u8]) -> impl Iterator<Item = usize> {
    memchr::memchr_iter(b'/', path).skip(1).chain((!path.is_empty()).then_some(path.len()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn merged_usr() -> (tempfile::TempDir, Root) {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(at("usr/bin")).unwrap();
        std::fs::create_dir_all(at("usr/lib/x86_64")).unwrap();
        std::fs::create_dir_all(at("run")).unwrap();
        std::fs::create_dir_all(at("var")).unwrap();
        symlink("usr/bin", at("bin")).unwrap();
        symlink("/usr/lib", at("lib")).unwrap();
        symlink("../../../run/./", at("var/run")).unwrap();
        symlink("x86_64", at("usr/lib/current")).unwrap();
        symlink("b", at("a")).unwrap();
        symlink("a", at("b")).unwrap();
        let root = Root::open_plain(dir.path()).unwrap();
        (dir, root)
    }

    fn real(path: &str) -> String {
        let (_dir, root) = merged_usr();
        String::from_utf8(Links::default().real(&root, path.as_bytes()).to_vec()).unwrap()
    }

    #[test]
    fn relative_and_absolute_links_lead_to_their_place_in_the_root() {
        assert_eq!(real("/bin"), "/usr/bin");
        assert_eq!(real("/lib/x86_64"), "/usr/lib/x86_64");
        assert_eq!(real("/lib/current/deep/er"), "/usr/lib/x86_64/deep/er");
        assert_eq!(real("/var/run/x"), "/run/x");
        assert_eq!(real(""), "");
    }

    #[test]
    fn a_loop_ends() {
        assert!(real("/a/x").ends_with("/x"));
    }

    #[test]
    fn a_path_is_placed_by_the_links_that_were_met_and_its_own_name_is_not_followed() {
        let (_dir, root) = merged_usr();
        let mut links = Links::default();
        for directory in ["/bin", "/lib/current"] {
            links.real(&root, directory.as_bytes());
        }
        let place = |path: &str| String::from_utf8(links.place(path.as_bytes())).unwrap();
        assert_eq!(place("/bin/ps"), "/usr/bin/ps");
        assert_eq!(place("/lib/current/a.so"), "/usr/lib/x86_64/a.so");
        assert_eq!(place("/usr/bin/ps"), "/usr/bin/ps");
        assert_eq!(place("/bin"), "/bin");
        assert_eq!(place("/etc/passwd"), "/etc/passwd");
    }

    #[test]
    fn a_path_of_many_components_needs_no_deep_stack() {
        let (_dir, root) = merged_usr();
        let deep = "/x".repeat(4_000);
        assert_eq!(Links::default().real(&root, deep.as_bytes()).len(), deep.len());
    }
}
