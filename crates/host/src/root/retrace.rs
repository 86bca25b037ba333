//! Noting what is looked at, and looking at it once more in a later audit.

use std::os::fd::{AsFd, OwnedFd};

use pathrs::flags::OpenFlags;
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;

use super::{Root, stat_of};
use crate::stat::stat_at;
use crate::trace::{Asked, Identity, Led, Trace};
use crate::{Blocked, HostPath, ReadError};

impl Root {
    pub(super) fn note(&self, trace: &Trace, asked: Asked, handle: Result<&OwnedFd, &ReadError>) {
        let handle = match handle {
            Ok(handle) => handle,
            Err(ReadError::Absent) => return self.note_absent(trace, asked),
            Err(ReadError::Blocked(why)) => return trace.led(asked, Led::Blocked(*why)),
        };
        let Ok(stat) = stat_of(handle) else { return trace.unsteady() };
        if !asked.follow && trace.is_real(&asked.path) {
            return trace.lies(asked.path, &stat);
        }
        match self.real_name(handle) {
            Some(real) if self.is_led_by_its_directory(trace, &asked.path, &real) => {
                trace.lies(real, &stat);
            }
            Some(real) => trace.found(asked, real, &stat),
            None => trace.unsteady(),
        }
    }

    /// Whether what the path's directory leads to says all of where the path leads: /lib does, on a
    /// system that keeps everything below /usr, for the thousands of names below it.
    fn is_led_by_its_directory(&self, trace: &Trace, asked: &HostPath, real: &HostPath) -> bool {
        let (Some(dir), Some(real_dir)) = (asked.parent(), real.parent()) else { return false };
        asked.name() == real.name() && self.reach(trace, &dir).is_some_and(|led| led == real_dir)
    }

    /// Most names that are not there are missing from a directory that is, and one directory misses
    /// many. What is left is a link that leads nowhere, or a name below a file.
    fn note_absent(&self, trace: &Trace, asked: Asked) {
        match self.missing(trace, &asked.path) {
            Some(missing) => trace.lacks(missing),
            None => trace.led(asked, Led::Nowhere),
        }
    }

    /// The real path of the uppermost name that keeps this path from leading anywhere.
    fn missing(&self, trace: &Trace, path: &HostPath) -> Option<HostPath> {
        let mut at = path.clone();
        while let Some(dir) = at.parent().filter(|_| at.name() != b"..") {
            if let Some(real) = self.reach(trace, &dir) {
                let missing = real.join(at.name());
                let found = self.take(&missing, OpenFlags::O_NOFOLLOW);
                return (found.err()? == ReadError::Absent).then_some(missing);
            }
            at = dir;
        }
        None
    }

    /// The real place of a directory, as something that work depends on.
    fn reach(&self, trace: &Trace, dir: &HostPath) -> Option<HostPath> {
        if let Some(known) = trace.leads(dir) {
            return Some(known);
        }
        let handle = self.take(dir, OpenFlags::O_DIRECTORY).ok()?;
        let real = self.real_name(&handle)?;
        trace.reached(Asked { path: dir.clone(), follow: true }, &real);
        Some(real)
    }

    /// Where a path leads now, for comparing with what a [`Trace`] noted.
    pub fn leads(&self, asked: &Asked) -> Led {
        let follow = if asked.follow { OpenFlags::empty() } else { OpenFlags::O_NOFOLLOW };
        match self.take(&asked.path, follow) {
            Ok(handle) => self.real_name(&handle).map_or(Led::Blocked(Blocked::Escaped), Led::To),
            Err(error) => error.blocked().map_or(Led::Nowhere, Led::Blocked),
        }
    }

    /// A directory that still lies where this says, for looking at many names in it.
    pub fn place(&self, dir: &HostPath) -> Option<Place> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS;
        let direct = if dir.components().any(|name| name == b"..") {
            Err(Errno::AGAIN)
        } else {
            openat2(self.inner.as_fd(), dir.as_bytes(), flags, Mode::empty(), resolve)
        };
        match direct {
            Ok(handle) => Some(Place(handle)),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => None,
            Err(_) => self.place_by_name(dir),
        }
    }

    /// The same where the kernel has no openat2(2), or would not do it now.
    fn place_by_name(&self, dir: &HostPath) -> Option<Place> {
        let handle = self.take(dir, OpenFlags::O_DIRECTORY | OpenFlags::O_NOFOLLOW).ok()?;
        (self.real_name(&handle)? == *dir).then_some(Place(handle))
    }
}

/// A directory held open.
#[derive(Debug)]
pub struct Place(OwnedFd);

impl Place {
    /// What lies under a name now, links not followed; the empty name is the directory itself.
    /// `None` when the directory has no such name.
    ///
    /// # Errors
    /// It cannot be told.
    pub fn identity(&self, name: &[u8]) -> Result<Option<Identity>, ReadError> {
        match stat_at(self.0.as_fd(), name) {
            Ok(stat) => Ok(Some(Identity::of(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::symlink;
    use std::sync::Arc;

    use super::*;
    use crate::Sightings;

    fn tree() -> (tempfile::TempDir, Root) {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(at("etc/sub")).unwrap();
        std::fs::write(at("etc/passwd"), "inside\n").unwrap();
        symlink("etc", at("linked")).unwrap();
        symlink("nothing", at("dangling")).unwrap();
        let root = Root::open_plain(dir.path()).unwrap();
        (dir, root)
    }

    /// What is noted of looking for each of these paths.
    fn noted(root: &Root, paths: &[&str]) -> Sightings {
        let trace = Arc::new(Trace::default());
        let root = root.traced(Arc::clone(&trace));
        for path in paths {
            assert_eq!(root.stat_followed(&HostPath::new(path)), Err(ReadError::Absent), "{path}");
        }
        trace.finish().unwrap()
    }

    fn absent(seen: &Sightings) -> Vec<String> {
        seen.absent.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_path_that_leads_nowhere_is_one_name_that_a_real_directory_lacks() {
        let (_dir, root) = tree();
        let seen = noted(&root, &["/etc/none", "/etc/none/deeper/still", "/no/such"]);
        assert_eq!(absent(&seen), ["/etc/none", "/no"]);
        assert_eq!(seen.led, BTreeMap::new());
    }

    #[test]
    fn the_link_on_the_way_to_a_missing_name_is_noted_as_well() {
        let (_dir, root) = tree();
        let seen = noted(&root, &["/linked/none", "/etc/sub/../none"]);
        assert_eq!(absent(&seen), ["/etc/none"]);
        let etc = || Led::To(HostPath::new("/etc"));
        let asked = |path: &str| Asked { path: HostPath::new(path), follow: true };
        let led = [(asked("/linked"), etc()), (asked("/etc/sub/.."), etc())];
        assert_eq!(seen.led, BTreeMap::from(led));
    }

    #[test]
    fn a_linked_directory_says_where_the_names_below_it_lead() {
        let (dir, root) = tree();
        symlink("../passwd", dir.path().join("etc/sub/passwd")).unwrap();
        let trace = Arc::new(Trace::default());
        let traced = root.traced(Arc::clone(&trace));
        for path in ["/linked/passwd", "/linked/sub", "/linked/sub/passwd"] {
            traced.stat_followed(&HostPath::new(path)).unwrap();
        }
        let seen = trace.finish().unwrap();
        let led: Vec<_> = seen.led.keys().map(|asked| asked.path.to_string()).collect();
        // The link of a name's own is noted with that name, though it has the same.
        assert_eq!(led, ["/linked", "/linked/sub", "/linked/sub/passwd"]);
        assert!(seen.led.iter().all(|(asked, led)| root.leads(asked) == *led));
        std::fs::remove_file(dir.path().join("linked")).unwrap();
        symlink("etc/sub", dir.path().join("linked")).unwrap();
        assert!(seen.led.iter().any(|(asked, led)| root.leads(asked) != *led));
    }

    #[test]
    fn a_dangling_link_and_a_name_below_a_file_are_missing_from_no_directory() {
        let (dir, root) = tree();
        let seen = noted(&root, &["/dangling", "/etc/passwd/x"]);
        assert_eq!(absent(&seen), Vec::<String>::new());
        assert_eq!(seen.led.len(), 2);
        assert!(seen.led.iter().all(|(asked, led)| root.leads(asked) == *led));
        std::fs::write(dir.path().join("nothing"), "").unwrap();
        let dangling = Asked { path: HostPath::new("/dangling"), follow: true };
        assert_ne!(root.leads(&dangling), Led::Nowhere);
    }

    #[test]
    fn a_name_that_was_missing_and_then_was_there_cannot_be_kept() {
        let (dir, root) = tree();
        let trace = Arc::new(Trace::default());
        let root = root.traced(Arc::clone(&trace));
        let late = HostPath::new("/etc/late");
        assert_eq!(root.stat(&late), Err(ReadError::Absent));
        std::fs::write(dir.path().join("etc/late"), "").unwrap();
        assert!(root.stat(&late).is_ok());
        assert_eq!(trace.finish(), None);
    }

    #[test]
    fn a_directory_lies_where_no_link_leads_to_it() {
        let (_dir, root) = tree();
        let place = |path: &str| root.place(&HostPath::new(path));
        for path in ["/linked", "/linked/sub", "/etc/passwd", "/none", "/etc/sub/.."] {
            assert!(place(path).is_none(), "{path}");
        }
        for path in ["/", "/etc", "/etc/sub"] {
            assert!(place(path).is_some(), "{path}");
            assert!(root.place_by_name(&HostPath::new(path)).is_some(), "{path}");
        }
        let etc = place("/etc").unwrap();
        assert_eq!(etc.identity(b"none"), Ok(None));
        let stat = root.stat(&HostPath::new("/etc/passwd")).unwrap();
        assert_eq!(etc.identity(b"passwd"), Ok(Some(Identity::of(&stat))));
        assert!(etc.identity(b"passwd/x").is_err());
    }
}
