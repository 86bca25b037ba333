//! What must outlive the process: what was on the device, and when it comes back.
//!
//! One file for each throttled device below /run/coroner, written beside its place and renamed,
//! under a lock that all commands share.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::object::Object;
use crate::request::Direction;
use crate::snapshot::Snapshot;

const SCHEMA: &str = "coroner.throttle/1";
/// A tree of thousands of filters fits many times.
const LONGEST: u64 = 64 << 20;
const PATIENCE: Duration = Duration::from_secs(15);

/// How far an application got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The device may be anything between the old state and the new.
    Applying,
    /// The new state is there, whole.
    Applied,
}

/// One throttled device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    schema: String,
    /// Tells one application from the next.
    pub token: String,
    /// The boot during which it was made.
    boot: String,
    /// The device's name at the time.
    pub device: String,
    /// The device's number.
    pub index: i32,
    /// Which way.
    pub direction: Direction,
    /// How far it got.
    pub phase: Phase,
    /// What was there before.
    pub before: Snapshot,
    /// What was made, the root first.
    pub made: Vec<Object>,
    /// Names of classes, by handle.
    pub names: Vec<(u32, String)>,
    /// Names of filters, by handle.
    #[serde(default)]
    pub filter_names: Vec<(u32, String)>,
    /// Undone at this second since boot unless somebody confirms.
    pub confirm_by: Option<u64>,
    /// Undone at this second since boot.
    pub until: Option<u64>,
    /// The process that sees to that.
    pub guard: Option<u32>,
    /// Why undoing failed the last time.
    pub trouble: Option<String>,
}

/// The folder of states.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// Held while a device is changed.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Seconds since boot, sleep included.
pub fn now() -> u64 {
    u64::try_from(clock_gettime(ClockId::Boottime).tv_sec).unwrap_or(0)
}

fn boot() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}

/// The number of the network namespace that this process is in.
fn namespace() -> u64 {
    std::fs::metadata("/proc/self/ns/net").map_or(0, |meta| meta.ino())
}

impl State {
    /// A state of this boot, about to be applied.
    pub(crate) fn new(device: &str, index: i32, direction: Direction, before: Snapshot) -> Self {
        let clock = clock_gettime(ClockId::Boottime);
        Self {
            schema: SCHEMA.to_owned(),
            token: format!("{}-{}-{}", std::process::id(), clock.tv_sec, clock.tv_nsec),
            boot: boot(),
            device: device.to_owned(),
            index,
            direction,
            phase: Phase::Applying,
            before,
            made: Vec::new(),
            names: Vec::new(),
            filter_names: Vec::new(),
            confirm_by: None,
            until: None,
            guard: None,
            trouble: None,
        }
    }

    /// The file that it is kept in.
    pub fn file(&self) -> String {
        file_name(self.index, self.direction)
    }

    /// The next moment at which something must be undone.
    pub fn deadline(&self) -> Option<u64> {
        [self.confirm_by, self.until].into_iter().flatten().min()
    }
}

fn no_links() -> i32 {
    i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0)
}

fn file_name(index: i32, direction: Direction) -> String {
    let way = if direction == Direction::Egress { "egress" } else { "ingress" };
    format!("throttle-{}-{index}-{way}.json", namespace())
}

impl Store {
    /// The usual place.
    pub const USUAL: &str = "/run/coroner";

    /// A store in a folder, which need not exist yet.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits for other commands to finish. Makes the folder, for us alone.
    ///
    /// # Errors
    /// The folder cannot be made, belongs to somebody else, or the lock is never free.
    pub fn lock(&self) -> io::Result<Lock> {
        let start = Instant::now();
        loop {
            match self.try_lock() {
                Ok(Some(lock)) => return Ok(lock),
                // Whoever had it last has just taken the folder away.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
                Ok(None) => {}
            }
            if start.elapsed() > PATIENCE {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "another command holds the lock",
                ));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn try_lock(&self) -> io::Result<Option<Lock>> {
        match DirBuilder::new().mode(0o700).create(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        self.check_folder()?;
        let path = self.folder.join("throttle.lock");
        let mut open = OpenOptions::new();
        open.read(true).write(true).create(true).mode(0o600).custom_flags(no_links());
        let file = open.open(&path)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(None);
        }
        // A lock on a file that is no longer there keeps nobody out.
        let current = path.symlink_metadata()?.ino() == file.metadata()?.ino();
        Ok(current.then_some(Lock { _file: file }))
    }

    /// A folder that others can write to could make us "restore" what they like.
    fn check_folder(&self) -> io::Result<()> {
        let meta = self.folder.symlink_metadata()?;
        let ours = meta.uid() == rustix::process::geteuid().as_raw();
        if meta.is_dir() && ours && meta.mode() & 0o022 == 0 {
            return Ok(());
        }
        let message = format!("{} is not a folder of ours alone", self.folder.display());
        Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
    }

    /// The state of one device, when there is one of this boot.
    ///
    /// # Errors
    /// The file is there and cannot be read or understood.
    pub fn load(&self, index: i32, direction: Direction) -> io::Result<Option<State>> {
        self.load_file(&file_name(index, direction))
    }

    /// The same by the name of its file.
    ///
    /// # Errors
    /// The file is there and cannot be read or understood.
    pub fn load_file(&self, name: &str) -> io::Result<Option<State>> {
        let mut open = OpenOptions::new();
        let opened = open.read(true).custom_flags(no_links()).open(self.folder.join(name));
        let file = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        match self.check_folder() {
            // Undone between two of our steps: the guard has just taken the folder away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            checked => checked?,
        }
        let mut bytes = Vec::new();
        file.take(LONGEST).read_to_end(&mut bytes)?;
        let state: State = serde_json::from_slice(&bytes)?;
        let ours = state.schema == SCHEMA && state.boot == boot();
        Ok(ours.then_some(state))
    }

    /// Every state of this network namespace.
    ///
    /// # Errors
    /// A file cannot be read or understood.
    pub fn all(&self) -> io::Result<Vec<State>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let start = format!("throttle-{}-", namespace());
        let mut names: Vec<String> = Vec::new();
        for entry in entries.take(10_000).flatten() {
            names.extend(entry.file_name().into_string());
        }
        names.retain(|name| {
            let json = Path::new(name).extension().is_some_and(|kind| kind == "json");
            name.starts_with(&start) && json
        });
        names.sort();
        let mut states = Vec::new();
        for name in names {
            states.extend(self.load_file(&name)?);
        }
        Ok(states)
    }

    /// Keeps a state: on disk, whole, before the call returns.
    ///
    /// # Errors
    /// It could not be written.
    pub fn save(&self, state: &State) -> io::Result<()> {
        let target = self.folder.join(state.file());
        let beside = self.folder.join(format!(".{}.{}", state.file(), std::process::id()));
        let written = (|| {
            let _ = std::fs::remove_file(&beside);
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
            file.write_all(&serde_json::to_vec(state)?)?;
            file.sync_all()?;
            std::fs::rename(&beside, &target)
        })();
        written.inspect_err(|_| {
            let _ = std::fs::remove_file(&beside);
        })
    }

    /// Forgets a state, and the folder with the last one.
    ///
    /// # Errors
    /// It could not be removed.
    pub fn forget(&self, state: &State) -> io::Result<()> {
        match std::fs::remove_file(self.folder.join(state.file())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Leaves no trace: the lock and the folder go when nothing else is kept there.
    pub fn tidy(&self, lock: Lock) {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        // What a command was writing when it was killed.
        let half_written =
            |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".throttle-");
        let (rubbish, kept): (Vec<_>, Vec<_>) =
            entries.map(|entry| entry.file_name()).partition(|name| half_written(name));
        for name in rubbish {
            let _ = std::fs::remove_file(self.folder.join(name));
        }
        if kept.iter().all(|name| name == "throttle.lock") {
            let _ = std::fs::remove_file(self.folder.join("throttle.lock"));
            let _ = std::fs::remove_dir(&self.folder);
        }
        drop(lock);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(&dir.path().join("state"));
        (dir, store)
    }

    #[test]
    fn a_state_is_kept_and_forgotten_without_a_trace() {
        let (_dir, store) = store();
        let lock = store.lock().unwrap();
        let state = State::new("eth0", 7, Direction::Egress, Snapshot::default());
        store.save(&state).unwrap();
        let loaded = store.load(7, Direction::Egress).unwrap().unwrap();
        assert_eq!(loaded.token, state.token);
        assert!(store.load(7, Direction::Ingress).unwrap().is_none());
        assert_eq!(store.all().unwrap().len(), 1);
        store.forget(&state).unwrap();
        store.tidy(lock);
        assert!(!store.folder().exists());
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let (dir, store) = store();
        drop(store.lock().unwrap());
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(store.folder(), open).unwrap();
        assert!(store.lock().is_err());
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path(), &link).unwrap();
        assert!(Store::at(&link).lock().is_err());
    }

    #[test]
    fn a_broken_file_is_an_error_and_not_absence() {
        let (_dir, store) = store();
        let _lock = store.lock().unwrap();
        let state = State::new("eth0", 7, Direction::Egress, Snapshot::default());
        std::fs::write(store.folder().join(state.file()), b"{\"schema\":").unwrap();
        assert!(store.load(7, Direction::Egress).is_err());
    }
}
