//! What earlier audits' work came to, with all that it looked at: one look at each path tells whether
//! it would come to the same again.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use coroner_core::{Digest, Done, HostPath, Memory, Time, day_of};
use coroner_host::{Root, Sightings};

use crate::cache::SETTLED;
use crate::kept::{Kept, Masks};
use crate::read::{self, Checked};
use crate::write;

const NAME: &str = "work";
const SCHEMA: &str = "coroner.work/1";

/// The work of earlier audits, and of this one.
#[derive(Debug)]
pub struct Memo {
    begun: Time,
    now: Time,
    known: Kept,
    /// The works that saw something which has changed since.
    stale: OnceLock<Masks>,
    recalled: Mutex<HashSet<String>>,
    anew: Mutex<Vec<(Done, Sightings)>>,
    files: AtomicU64,
}

impl Memo {
    /// One that knows nothing yet.
    pub(crate) fn blank(begun: Time, now: Time) -> Self {
        Self {
            begun,
            now,
            known: Kept::default(),
            stale: OnceLock::new(),
            recalled: Mutex::default(),
            anew: Mutex::default(),
            files: AtomicU64::new(0),
        }
    }

    /// Loads what a folder has, if it was begun together with the cache; the words say why it was
    /// thrown away, if it was damaged.
    pub(crate) fn load(dir: &Path, begun: Time, now: Time) -> (Self, Option<String>) {
        let blank = Self::blank(begun, now);
        let (at, bytes) = match read::checked(dir, NAME, SCHEMA) {
            Checked::Absent => return (blank, None),
            Checked::Damaged(why) => return (blank, Some(why)),
            Checked::Whole { begun, rest } => (begun, rest),
        };
        match Kept::from_bytes(&bytes) {
            None => (blank, Some(read::damaged(&dir.join(NAME), "damaged"))),
            Some(known) if at == begun => (Self { known, ..blank }, None),
            Some(_) => (blank, None),
        }
    }

    /// How many files were not read because the work on them need not be done again.
    pub fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }

    /// The works that were not done again, by name.
    pub fn recalled(&self) -> Vec<String> {
        let mut names: Vec<_> =
            self.recalled.lock().map(|names| names.iter().cloned().collect()).unwrap_or_default();
        names.sort();
        names
    }

    /// Writes what was recalled and what is new; nothing when all was recalled.
    pub(crate) fn save(&self, dir: &Path) -> std::io::Result<()> {
        let (Ok(mut anew), Ok(recalled)) = (self.anew.lock(), self.recalled.lock()) else {
            return Ok(());
        };
        if anew.is_empty() && recalled.len() == self.known.works.len() {
            return Ok(());
        }
        let known = self.known.only(&recalled);
        let kept = known.with(std::mem::take(&mut *anew));
        write::checked(dir, (NAME, SCHEMA), self.begun, &kept.to_bytes())
    }

    fn is_settled(&self, seen: &Sightings) -> bool {
        let before = self.now.seconds().saturating_sub(SETTLED);
        seen.places.values().all(|identity| identity.changed() < before)
    }

    /// Looks at everything once.
    fn stale(&self, root: &Root) -> Masks {
        *self.stale.get_or_init(|| look(&self.known, root))
    }

    fn fresh(&self, root: &Root, name: &str) -> Option<&Done> {
        let index = self.known.works.iter().position(|work| work.name == name)?;
        let work = self.known.works.get(index)?;
        let today = work.day.is_none_or(|day| day == day_of(self.now));
        (today && self.stale(root) & (1 << index) == 0).then_some(work)
    }
}

/// The works that saw something which lies otherwise now.
fn look(known: &Kept, root: &Root) -> Masks {
    let mut stale = 0;
    for dir in &known.dirs {
        let place = root.place(&HostPath::new(&dir.path));
        let now = |name: &[u8]| place.as_ref().and_then(|at| at.identity(name));
        for seen in &dir.names {
            if seen.works & !stale != 0 && now(&seen.name) != Some(seen.identity) {
                stale |= seen.works;
            }
        }
    }
    for (asked, led, works) in &known.led {
        if works & !stale != 0 && root.leads(asked) != *led {
            stale |= works;
        }
    }
    stale
}

impl Memory for Memo {
    fn keeps(&self) -> bool {
        true
    }

    fn may_recall(&self, root: &Root, name: &str) -> bool {
        self.fresh(root, name).is_some()
    }

    fn recall(&self, root: &Root, name: &str, inputs: &Digest) -> Option<Vec<u8>> {
        let work = self.fresh(root, name).filter(|work| work.inputs == *inputs)?;
        self.files.fetch_add(work.files, Ordering::Relaxed);
        self.recalled.lock().ok()?.insert(name.to_owned());
        Some(work.result.clone())
    }

    fn keep(&self, work: Done, seen: Sightings) {
        if self.is_settled(&seen)
            && let Ok(mut anew) = self.anew.lock()
        {
            anew.push((work, seen));
        }
    }
}
