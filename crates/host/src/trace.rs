//! What a piece of work saw of a root, so that a later audit can tell whether it would see the same.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::{Blocked, HostPath, Stat, Timestamp};

/// What stat says of something unchanged: device, inode, size, content and inode last changed. The
/// last is the kernel's own, so that restored sizes and times do not fool it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Identity(u32, u32, u64, u64, i64, u32, i64, u32);

impl Identity {
    /// Of what was looked at.
    pub fn of(stat: &Stat) -> Self {
        let ((major, minor), modified, changed) = (stat.device, stat.modified, stat.changed);
        let Timestamp { seconds, nanoseconds } = modified;
        let (inode, size) = (stat.inode, stat.size);
        Self(major, minor, inode, size, seconds, nanoseconds, changed.seconds, changed.nanoseconds)
    }

    /// When the inode last changed, in seconds since 1970.
    pub fn changed(&self) -> i64 {
        self.6
    }
}

/// Where a path led that leads elsewhere than it says, or nowhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Led {
    /// To this real place.
    To(HostPath),
    /// Nothing is there.
    Nowhere,
    /// It could not be told.
    Blocked(Blocked),
}

/// A path as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Asked {
    /// The path.
    pub path: HostPath,
    /// Whether a link in its last component was followed.
    pub follow: bool,
}

/// All that a piece of work looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sightings {
    /// What lay at each real place.
    pub places: HashMap<HostPath, Identity>,
    /// Names that a directory at its real place did not have.
    pub absent: BTreeSet<HostPath>,
    /// Paths that are not themselves such a place.
    pub led: BTreeMap<Asked, Led>,
}

/// Paths of one piece of work that are remembered; more than the files of any host's packages.
const MOST: usize = 2_000_000;

/// Notes what is looked at through a [`crate::Root`] while some work goes on.
#[derive(Debug, Default)]
pub struct Trace {
    seen: Mutex<Seen>,
    unsteady: AtomicBool,
    asked_day: AtomicBool,
}

#[derive(Debug, Default)]
struct Seen {
    sightings: Sightings,
    /// Directories that lie where they say. If one is moved meanwhile, what is noted of it does not
    /// hold later, which costs time and hides nothing.
    real: HashSet<HostPath>,
}

impl Trace {
    /// Says that the work looked at what changes by itself: the running kernel.
    pub fn unsteady(&self) {
        self.unsteady.store(true, Ordering::Relaxed);
    }

    /// Says that the work asked what day it is.
    pub fn asked_day(&self) {
        self.asked_day.store(true, Ordering::Relaxed);
    }

    /// Whether the work asked what day it is.
    pub fn knows_day(&self) -> bool {
        self.asked_day.load(Ordering::Relaxed)
    }

    /// What was seen; `None` when it cannot be seen again.
    pub fn finish(&self) -> Option<Sightings> {
        let sightings = std::mem::take(&mut self.seen.lock().ok()?.sightings);
        (!self.unsteady.load(Ordering::Relaxed)).then_some(sightings)
    }

    /// Whether this name of an unfollowed path is known to be its real place.
    pub(crate) fn is_real(&self, path: &HostPath) -> bool {
        if path.name() == b".." {
            return false;
        }
        let parent = path.parent();
        parent.is_none_or(|dir| self.is_real_dir(&dir))
    }

    /// Whether a directory is known to lie where this says.
    fn is_real_dir(&self, dir: &HostPath) -> bool {
        self.seen.lock().is_ok_and(|seen| seen.real.contains(dir))
    }

    /// Where a directory is known to lie, links followed.
    pub(crate) fn leads(&self, dir: &HostPath) -> Option<HostPath> {
        let seen = self.seen.lock().ok()?;
        if seen.real.contains(dir) {
            return Some(dir.clone());
        }
        match seen.sightings.led.get(&Asked { path: dir.clone(), follow: true })? {
            Led::To(real) => Some(real.clone()),
            Led::Nowhere | Led::Blocked(_) => None,
        }
    }

    /// A directory was reached: the path asked for, and where it really lies.
    pub(crate) fn reached(&self, asked: Asked, real: &HostPath) {
        if asked.path != *real {
            self.led(asked, Led::To(real.clone()));
        }
        if let Ok(mut seen) = self.seen.lock() {
            seen.real.insert(real.clone());
        }
    }

    /// A real directory does not have the last name of this path.
    pub(crate) fn lacks(&self, missing: HostPath) {
        let Ok(mut seen) = self.seen.lock() else { return };
        let appeared = seen.sightings.places.contains_key(&missing);
        seen.sightings.absent.insert(missing);
        if appeared || seen.sightings.absent.len() > MOST {
            self.unsteady();
        }
    }

    /// Something was looked at: the path asked for, and where it really lies.
    pub(crate) fn found(&self, asked: Asked, real: HostPath, stat: &Stat) {
        if asked.path != real {
            self.led(asked, Led::To(real.clone()));
        }
        self.lies(real, stat);
    }

    /// Something lies at a real place.
    pub(crate) fn lies(&self, real: HostPath, stat: &Stat) {
        let Ok(mut seen) = self.seen.lock() else { return };
        let identity = Identity::of(stat);
        if let Some(parent) = real.parent()
            && !seen.real.contains(&parent)
        {
            seen.real.insert(parent);
        }
        let appeared = seen.sightings.absent.contains(&real);
        let before = seen.sightings.places.insert(real, identity);
        let changed = appeared || before.is_some_and(|before| before != identity);
        if changed || seen.sightings.places.len() > MOST {
            self.unsteady();
        }
    }

    /// A path leads elsewhere than it says, nowhere, or nobody can tell.
    pub(crate) fn led(&self, asked: Asked, led: Led) {
        let Ok(mut seen) = self.seen.lock() else { return };
        let changed = seen.sightings.led.get(&asked).is_some_and(|before| *before != led);
        seen.sightings.led.insert(asked, led);
        if changed || seen.sightings.led.len() > MOST {
            self.unsteady();
        }
    }
}
