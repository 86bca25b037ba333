//! The cache: what earlier audits found out about files that have not changed since.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use coroner_core::{Algorithm, ContentFacts, Digest, KnownContent, Stat, Time};
use coroner_host::Identity;

use crate::entries::Entries;
use crate::read::{self, Checked};
use crate::write;

const NAME: &str = "cache";
const SCHEMA: &str = "coroner.cache/1";
/// Seconds after which everything is read anew: what a cache never notices (content changed below
/// the file system, or through a mapping that was open all the time) is noticed within a week.
const LONGEST: i64 = 7 * 24 * 3600;
/// A file whose inode changed this many seconds before the audit may change again within the same
/// tick of the clock, with the same times; so it is not kept.
pub(crate) const SETTLED: i64 = 2;
/// What is known of unchanged files. Every entry of the last audit that this one did not meet is
/// dropped when it is saved.
#[derive(Debug)]
pub struct Cache {
    begun: Time,
    now: Time,
    /// As it was read; most audits ask for nothing of it.
    bytes: Vec<u8>,
    known: OnceLock<Entries>,
    asked: AtomicBool,
    seen: Mutex<Entries>,
    hits: AtomicU64,
}

impl Cache {
    /// One that knows nothing.
    pub fn blank(now: Time) -> Self {
        Self {
            begun: now,
            now,
            bytes: Vec::new(),
            known: OnceLock::new(),
            asked: AtomicBool::new(false),
            seen: Mutex::default(),
            hits: AtomicU64::new(0),
        }
    }

    /// Loads the cache of a folder; the words say why it was thrown away, if it was damaged.
    pub(crate) fn load(dir: &Path, now: Time) -> (Self, Option<String>) {
        let blank = Self::blank(now);
        match read::checked(dir, NAME, SCHEMA) {
            Checked::Absent => (blank, None),
            Checked::Damaged(why) => (blank, Some(why)),
            Checked::Whole { begun, .. } if !is_young(begun, now) => (blank, None),
            Checked::Whole { begun, rest } => (Self { begun, bytes: rest, ..blank }, None),
        }
    }

    /// When it was begun.
    pub(crate) fn begun(&self) -> Time {
        self.begun
    }

    fn known(&self) -> &Entries {
        self.asked.store(true, Ordering::Relaxed);
        self.known.get_or_init(|| Entries::from_json(&self.bytes).unwrap_or_default())
    }

    /// How many files were not read because they had not changed.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Writes what this audit met. One that asked for nothing leaves the file as it is.
    pub(crate) fn save(&self, dir: &Path) -> std::io::Result<()> {
        let asked = self.asked.load(Ordering::Relaxed);
        let Ok(seen) = self.seen.lock() else { return Ok(()) };
        if !asked && seen.len() == 0 {
            return Ok(());
        }
        write::checked(dir, (NAME, SCHEMA), self.begun, &seen.to_json()?)
    }

    /// The time of a settled inode lies before this audit by more than a tick.
    fn is_settled(&self, stat: &Stat) -> bool {
        stat.is_file() && stat.changed.seconds < self.now.seconds().saturating_sub(SETTLED)
    }

    fn keep(&self, put: impl FnOnce(&mut Entries)) {
        if let Ok(mut seen) = self.seen.lock()
            && seen.has_room()
        {
            put(&mut seen);
        }
    }
}

/// A cache from the future was begun under another clock.
pub(crate) fn is_young(begun: Time, now: Time) -> bool {
    (0..LONGEST).contains(&now.seconds().saturating_sub(begun.seconds()))
}

impl KnownContent for Cache {
    fn is_blank(&self) -> bool {
        self.known().len() == 0
    }

    fn digest(&self, stat: &Stat, algorithm: Algorithm) -> Option<Digest> {
        let name = (Identity::of(stat), algorithm);
        let digest = self.known().digests.get(&name).filter(|_| self.is_settled(stat))?.clone();
        self.keep(|seen| drop(seen.digests.insert(name, digest.clone())));
        self.hits.fetch_add(1, Ordering::Relaxed);
        Some(digest)
    }

    fn keep_digest(&self, stat: &Stat, digest: &Digest) {
        if self.is_settled(stat) {
            let name = (Identity::of(stat), digest.algorithm());
            self.keep(|seen| drop(seen.digests.insert(name, digest.clone())));
        }
    }

    fn facts(&self, stat: &Stat) -> Option<ContentFacts> {
        let key = Identity::of(stat);
        let facts = self.known().facts.get(&key).filter(|_| self.is_settled(stat))?.clone();
        self.keep(|seen| drop(seen.facts.insert(key, facts.clone())));
        self.hits.fetch_add(1, Ordering::Relaxed);
        Some(facts)
    }

    fn keep_facts(&self, stat: &Stat, facts: &ContentFacts) {
        if self.is_settled(stat) {
            self.keep(|seen| drop(seen.facts.insert(Identity::of(stat), facts.clone())));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // tests
    use super::*;
    use coroner_core::sha256_of;
    use coroner_host::{HostPath, Root};

    fn stat_of(dir: &Path, name: &str) -> Stat {
        Root::open_plain(dir).unwrap().stat(&HostPath::new(format!("/{name}").as_bytes())).unwrap()
    }

    /// A file, what stat says of it, and a time at which it has settled.
    fn settled() -> (tempfile::TempDir, Stat, Time) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("f"), "x").unwrap();
        let stat = stat_of(dir.path(), "f");
        let later = Time::from_seconds(stat.changed.seconds + 60);
        (dir, stat, later)
    }

    #[test]
    fn what_was_kept_is_known_to_the_next_audit_and_forgotten_after_a_week() {
        let (dir, stat, now) = settled();
        let digest = sha256_of(b"x");
        let first = Cache::blank(now);
        assert!(first.is_blank() && first.digest(&stat, Algorithm::Sha256).is_none());
        first.keep_digest(&stat, &digest);
        first.save(dir.path()).unwrap();
        let (second, said) = Cache::load(dir.path(), now);
        assert_eq!((second.digest(&stat, Algorithm::Sha256), said), (Some(digest), None));
        assert!(second.digest(&stat, Algorithm::Md5).is_none());
        for seconds in [LONGEST, -1] {
            let other = Time::from_seconds(now.seconds() + seconds);
            assert!(Cache::load(dir.path(), other).0.is_blank());
        }
    }

    #[test]
    fn a_file_that_changed_within_the_tick_of_the_audit_is_not_kept() {
        let (_dir, stat, _) = settled();
        let now = Time::from_seconds(stat.changed.seconds + 1);
        let cache = Cache::blank(now);
        cache.keep_digest(&stat, &sha256_of(b"x"));
        assert_eq!(cache.seen.lock().unwrap().len(), 0);
    }

    #[test]
    fn content_changed_with_size_and_mtime_restored_is_not_known() {
        let (dir, stat, now) = settled();
        let cache = Cache::blank(now);
        cache.keep_digest(&stat, &sha256_of(b"x"));
        cache.save(dir.path()).unwrap();
        let path = dir.path().join("f");
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        std::fs::write(&path, "y").unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        let changed = stat_of(dir.path(), "f");
        assert_eq!((changed.size, changed.modified), (stat.size, stat.modified));
        let (next, _) = Cache::load(dir.path(), now);
        assert!(next.digest(&stat, Algorithm::Sha256).is_some());
        assert!(next.digest(&changed, Algorithm::Sha256).is_none());
    }

    #[test]
    fn a_damaged_cache_is_said_and_knows_nothing() {
        let (dir, stat, now) = settled();
        let cache = Cache::blank(now);
        cache.keep_digest(&stat, &sha256_of(b"x"));
        cache.save(dir.path()).unwrap();
        let path = dir.path().join(NAME);
        let whole = std::fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        for bytes in [&b""[..], b"\n", b"{}\n{}", &flipped, whole.get(..whole.len() - 1).unwrap()] {
            std::fs::write(&path, bytes).unwrap();
            let (cache, said) = Cache::load(dir.path(), now);
            assert!(cache.is_blank() && said.unwrap().contains("made anew"));
        }
    }
}
