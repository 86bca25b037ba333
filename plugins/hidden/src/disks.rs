//! The disk's own blocks beside what the kernel reads: ext4 alone, and only what is old enough to
//! have been written.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;

use coroner_core::{Blocked, Cx, HostPath, Stat, Text, Time};
use coroner_host::Host;
use coroner_host::views::{BlockDevice, DiskFiles};
use coroner_parse::process::{Mount, mounts};

use crate::steady::steady;

/// Seconds that a change may take to its place on the disk: the journal's 5, writing back after 30,
/// and room for a busy disk.
const SETTLED: i64 = 300;
const LARGEST_TABLE: usize = 4 << 20;
const MOST_NAMES: usize = 50_000;
const EXT4: [&str; 3] = ["ext4", "ext3", "ext2"];
/// Those that have no disk to compare with.
const WITHOUT_DISK: [&str; 8] =
    ["tmpfs", "ramfs", "devtmpfs", "devpts", "proc", "sysfs", "cgroup2", "bpf"];

type Numbers = (u32, u32);

/// The file systems that lie below the audited root.
pub(crate) struct Disks<'a> {
    host: &'a Host,
    now: Time,
    mounts: Vec<Mount>,
    open: BTreeMap<Numbers, Result<DiskFiles, Blocked>>,
    refused: BTreeMap<HostPath, Blocked>,
}

impl<'a> Disks<'a> {
    pub(crate) fn new(cx: &mut Cx<'a>) -> Self {
        let path = HostPath::new("/proc/self/mountinfo");
        let table = if cx.host().has_kernel() { cx.read_up_to(&path, LARGEST_TABLE) } else { None };
        let table = table.map(|content| content.bytes).unwrap_or_default();
        Self {
            host: cx.host(),
            now: cx.now(),
            mounts: mounts(&table).flatten().collect(),
            open: BTreeMap::new(),
            refused: BTreeMap::new(),
        }
    }

    /// What holds in every reading ([`steady`]); each after the first opens the devices anew, because
    /// their journals have moved on.
    pub(crate) fn steady<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Option<T>,
        is_quiet: impl Fn(&T) -> bool,
        keep: impl Fn(&mut T, &T),
    ) -> Option<T> {
        let mut again = false;
        let read = || {
            if std::mem::replace(&mut again, true) {
                self.open.clear();
            }
            read(self)
        };
        steady(read, is_quiet, keep)
    }

    /// Says once for each device why its blocks were not read.
    pub(crate) fn say(self, cx: &mut Cx<'_>) {
        for (point, reason) in self.refused {
            cx.minor_gap(&point, reason, "files by the blocks of their disk");
        }
    }

    /// The content that the blocks hold of a file; `None` where that cannot be compared.
    pub(crate) fn content(
        &mut self,
        real: &HostPath,
        stat: &Stat,
        limit: usize,
    ) -> Option<Vec<u8>> {
        let (numbers, inside) = self.place(real, stat)?;
        match self.files(numbers)?.read(&inside, limit as u64) {
            Ok(content) => content,
            Err(reason) => self.refuse(real, reason),
        }
    }

    /// The names that the blocks hold of a directory.
    pub(crate) fn names(&mut self, real: &HostPath, stat: &Stat) -> Option<BTreeSet<Text>> {
        let (numbers, inside) = self.place(real, stat)?;
        match self.files(numbers)?.names(&inside, MOST_NAMES) {
            Ok(names) => Some(names),
            Err(reason) => self.refuse(real, reason),
        }
    }

    fn refuse<T>(&mut self, path: &HostPath, reason: Blocked) -> Option<T> {
        self.refused.entry(path.clone()).or_insert(reason);
        None
    }

    /// The device that a path lies on and its path there, when it has not changed lately.
    fn place(&mut self, real: &HostPath, stat: &Stat) -> Option<(Numbers, HostPath)> {
        let newest = stat.modified.seconds.max(stat.changed.seconds);
        if self.now.seconds() - newest < SETTLED {
            return None;
        }
        let root = HostPath::new(self.host.sources().root.as_os_str().as_bytes());
        let whole = if root == "/" {
            real.clone()
        } else {
            HostPath::new([root.as_bytes(), real.as_bytes()].concat())
        };
        let holds =
            |mount: &&Mount| whole.is_under(HostPath::new(mount.point.as_bytes()).as_bytes());
        let depth = |mount: &&Mount| HostPath::new(mount.point.as_bytes()).components().count();
        // Of several at one place the last covers the others: `max_by_key` gives the last.
        let mount = self.mounts.iter().filter(holds).max_by_key(depth)?;
        if mount.device != stat.device {
            return None;
        }
        let point = HostPath::new(mount.point.as_bytes());
        if WITHOUT_DISK.iter().any(|name| mount.file_system == *name) {
            return None;
        }
        if !EXT4.iter().any(|name| mount.file_system == *name) {
            return self.refuse(&point, Blocked::Unsupported);
        }
        let point_length = if point == "/" { 0 } else { point.as_bytes().len() };
        let below = whole.as_bytes().get(point_length..)?.to_vec();
        let numbers = mount.device;
        let inside = HostPath::new([mount.root.as_bytes(), b"/", &below].concat());
        Some((numbers, inside))
    }

    fn files(&mut self, numbers: Numbers) -> Option<&DiskFiles> {
        if !self.open.contains_key(&numbers) {
            let opened = self.load(numbers);
            if let Err(reason) = &opened {
                let path = HostPath::new(format!("/sys/dev/block/{}:{}", numbers.0, numbers.1));
                self.refused.entry(path).or_insert(*reason);
            }
            self.open.insert(numbers, opened);
        }
        self.open.get(&numbers)?.as_ref().ok()
    }

    fn load(&self, numbers: Numbers) -> Result<DiskFiles, Blocked> {
        let events = format!("/sys/dev/block/{}:{}/uevent", numbers.0, numbers.1);
        let events = self.host.read(&HostPath::new(events), 4096);
        let events = events.map_err(|error| error.blocked().unwrap_or(Blocked::Unavailable))?;
        let mut lines = events.bytes.split(|&byte| byte == b'\n');
        let name = lines.find_map(|line| line.strip_prefix(b"DEVNAME="));
        let name =
            name.and_then(|name| std::str::from_utf8(name).ok()).ok_or(Blocked::Malformed)?;
        DiskFiles::load(BlockDevice::open(&self.host.sources().root, name, numbers)?)
    }
}
