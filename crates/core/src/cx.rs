//! What a plugin works with while it collects: the host, bounded, with gaps taken by themselves.

use std::time::{Duration, Instant};

use coroner_host::{
    Blocked, Content, DirEntry, FileType, Host, HostPath, Processes, ReadError, Stat,
};
use coroner_parse::process::net::{InetSocket, PacketSocket, inet_table, packet_table};
use coroner_parse::{BadLine, Text};
use serde::{Deserialize, Serialize};

use crate::room::{Room, Rooms};
use crate::{Gap, Item, ItemKind, Launch, Options, Time, day_of};

/// The time by which some work must be done.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// From now on.
    pub fn after(budget: Duration) -> Self {
        Self(Instant::now() + budget)
    }

    /// Whether it has come.
    pub fn is_over(self) -> bool {
        Instant::now() >= self.0
    }

    /// Time left.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// Bytes of a configuration file that are read unless a plugin asks for more.
const USUAL_READ: usize = 4 << 20;
/// Bytes of a socket table: 100,000 sockets have 15 MB.
const LARGEST_TABLE: usize = 64 << 20;
/// Names in one directory that are looked at.
const MOST_NAMES: usize = 20_000;

/// What one plugin collected.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Collected {
    pub(crate) items: Vec<Item>,
    pub(crate) launches: Vec<Launch>,
    pub(crate) wanted: Vec<HostPath>,
    /// Wanted only if no package owns them.
    pub(crate) wanted_unowned: Vec<HostPath>,
    pub(crate) gaps: Vec<Gap>,
}

/// The collecting side of a plugin's work.
///
/// Every read returns "nothing" for what is absent and for what is blocked; the second also leaves
/// a gap in the report, so a plugin needs no code for it.
#[derive(Debug)]
pub struct Cx<'a> {
    plugin: &'static str,
    host: &'a Host,
    options: &'a Options,
    deadline: Deadline,
    out_of_time_said: bool,
    rooms: Rooms,
    pub(crate) out: Collected,
}

impl<'a> Cx<'a> {
    pub(crate) fn new(plugin: &'static str, host: &'a Host, options: &'a Options) -> Self {
        let deadline = Deadline::after(options.plugin_budget);
        let out = Collected::default();
        let rooms = Rooms::default();
        Self { plugin, host, options, deadline, out_of_time_said: false, rooms, out }
    }

    /// Doors to the running kernel and to work that needs more than files.
    pub fn host(&self) -> &'a Host {
        self.host
    }

    /// What the person who started the audit asked for.
    pub fn options(&self) -> &'a Options {
        self.options
    }

    /// The time of the audit. What is collected with it is never taken from an earlier audit.
    pub fn now(&self) -> Time {
        if let Some(trace) = self.host.trace() {
            trace.unsteady();
        }
        self.options.now.outside_plugins()
    }

    /// The day of the audit, in days since 1970 in UTC. What is collected with it holds that day.
    pub fn today(&self) -> i64 {
        if let Some(trace) = self.host.trace() {
            trace.asked_day();
        }
        day_of(self.options.now.outside_plugins())
    }

    /// The processes, read once for all plugins. Where /proc could not be listed there are none, and a
    /// gap; one that ends while it is read is none.
    pub fn processes(&mut self) -> Option<&'a Processes> {
        let proc = HostPath::new("/proc");
        let read = self.in_time().and_then(|()| self.host.processes());
        let processes = self.or_gap(&proc, read)?;
        if processes.left_out > 0 {
            let detail = format!("{} processes were not looked at", processes.left_out);
            self.gap_because(&proc, Blocked::OutOfTime, detail);
        }
        Some(processes)
    }

    /// A table of internet sockets (`tcp`, `udp6`, `raw`, ...) of the network namespace that a process
    /// lives in. A table that the kernel has not is empty; at most 64 MiB, more is a gap.
    pub fn inet_sockets(&mut self, pid: i32, table: &str) -> Vec<InetSocket> {
        self.socket_table(pid, table, |text| inet_table(text).collect())
    }

    /// The packet sockets of the network namespace that a process lives in; as [`Cx::inet_sockets`].
    pub fn packet_sockets(&mut self, pid: i32) -> Vec<PacketSocket> {
        self.socket_table(pid, "packet", |text| packet_table(text).collect())
    }

    fn socket_table<T>(
        &mut self,
        pid: i32,
        table: &str,
        read: impl Fn(&[u8]) -> Vec<Result<T, BadLine>>,
    ) -> Vec<T> {
        let path = HostPath::new(format!("/proc/{pid}/net/{table}"));
        let Some(content) = self.read_up_to(&path, LARGEST_TABLE) else { return Vec::new() };
        let mut sockets = Vec::new();
        for socket in read(&content.bytes) {
            match socket {
                Ok(socket) => sockets.push(socket),
                Err(bad) => self.bad_line(&path, &bad),
            }
        }
        sockets
    }

    /// Whether the host runs while it is audited. Who asks this of a running host is taken to ask its
    /// kernel, so that what it collects is never taken from an earlier audit.
    pub fn live(&self) -> bool {
        if let Some(trace) = self.host.trace().filter(|_| self.host.is_live()) {
            trace.unsteady();
        }
        self.host.is_live()
    }

    /// By when this plugin must be done; long loops of its own ask it.
    pub fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Reads a configuration file, at most 4 MiB, links followed inside the root.
    pub fn read(&mut self, path: &HostPath) -> Option<Content> {
        self.read_up_to(path, USUAL_READ)
    }

    /// Reads at most `limit` bytes. A longer file is a gap, and its start is still returned.
    pub fn read_up_to(&mut self, path: &HostPath, limit: usize) -> Option<Content> {
        let read = self.in_time().and_then(|()| self.host.read(path, limit));
        let content = self.or_gap(path, read)?;
        if content.truncated {
            self.gap(path, Blocked::TooLarge);
        }
        Some(content)
    }

    /// The names in a directory, sorted; at most 20,000, more is a gap.
    pub fn list(&mut self, dir: &HostPath) -> Vec<DirEntry> {
        let listed = self.in_time().and_then(|()| self.host.list(dir, MOST_NAMES));
        let listed = match listed {
            // A file where a directory could be is not a directory that was not read.
            Err(ReadError::Blocked(Blocked::NotDirectory)) => return Vec::new(),
            other => self.or_gap(dir, other),
        };
        let Some(listing) = listed else { return Vec::new() };
        if listing.truncated {
            self.gap(dir, Blocked::TooLarge);
        }
        listing.entries
    }

    /// Everything below a directory down to `depth` levels, without following links; at most
    /// 20,000 names in all.
    pub fn walk(&mut self, dir: &HostPath, depth: usize) -> Vec<DirEntry> {
        let mut found = Vec::new();
        let mut level = vec![dir.clone()];
        for _ in 0..depth {
            let mut below = Vec::new();
            for dir in level {
                let entries = self.list(&dir);
                let dirs = entries.iter().filter(|entry| entry.kind == FileType::Directory);
                below.extend(dirs.map(|entry| entry.path.clone()));
                found.extend(entries);
                if found.len() > MOST_NAMES {
                    self.gap(&dir, Blocked::TooLarge);
                    found.truncate(MOST_NAMES);
                    return found;
                }
            }
            level = below;
        }
        found
    }

    /// What the path itself is; a link is not followed.
    pub fn stat(&mut self, path: &HostPath) -> Option<Stat> {
        let stat = self.in_time().and_then(|()| self.host.stat(path));
        self.or_gap(path, stat)
    }

    /// What the path leads to.
    pub fn stat_followed(&mut self, path: &HostPath) -> Option<Stat> {
        let stat = self.in_time().and_then(|()| self.host.stat_followed(path));
        self.or_gap(path, stat)
    }

    /// Where a link points, as written; `None` also for what is no link.
    pub fn read_link(&mut self, path: &HostPath) -> Option<Text> {
        match self.in_time().and_then(|()| self.host.read_link(path)) {
            Err(ReadError::Blocked(Blocked::NotRegular)) => None,
            other => self.or_gap(path, other),
        }
    }

    /// Where a path really lies inside the root.
    pub fn resolve(&mut self, path: &HostPath) -> Option<HostPath> {
        let resolved = self.in_time().and_then(|()| self.host.resolve(path));
        self.or_gap(path, resolved)
    }

    /// Adds an item to the report.
    #[allow(clippy::needless_pass_by_value)] // a plugin has no more use for it
    pub fn emit<T: ItemKind>(&mut self, item: T) {
        match self.rooms.for_item() {
            Room::Free => self.out.items.push(Item::of(&item)),
            Room::JustFull => {
                self.gap_because(
                    &HostPath::new("/"),
                    Blocked::TooLarge,
                    "more items than are kept",
                );
            }
            Room::Full => {}
        }
    }

    /// Adds something that starts a program by itself. Its file and its programs get file facts,
    /// their text is kept when no package vouches for them, and the shared judge looks at it all.
    pub fn launch(&mut self, launch: Launch) {
        match self.rooms.for_launch(&launch.file) {
            Room::Free => self.out.launches.push(launch),
            Room::JustFull => {
                self.gap_because(&launch.file, Blocked::TooLarge, "starts more than is kept");
            }
            Room::Full => {}
        }
    }

    /// Asks for the facts of a file: they are in `items.file(path)` when judging.
    pub fn want(&mut self, path: &HostPath) {
        match self.rooms.for_want() {
            Room::Free => self.out.wanted.push(path.clone()),
            Room::JustFull => {
                self.gap_because(path, Blocked::TooLarge, "more files than are examined");
            }
            Room::Full => {}
        }
    }

    /// Asks for the facts of a file only if no package owns it, for walks over directories where
    /// nearly everything is packaged. On a root without a package database it asks for nothing.
    pub fn want_if_unowned(&mut self, path: &HostPath) {
        self.out.wanted_unowned.push(path.clone());
    }

    /// Says that something which the verdict needs could not be seen.
    pub fn gap(&mut self, path: &HostPath, reason: Blocked) {
        self.push_gap(path, None, reason, None, true);
    }

    /// The same with more words.
    pub fn gap_because(&mut self, path: &HostPath, reason: Blocked, detail: impl Into<String>) {
        self.push_gap(path, None, reason, Some(detail.into()), true);
    }

    /// Says that something was not seen which the verdict does not need.
    pub fn minor_gap(&mut self, path: &HostPath, reason: Blocked, detail: impl Into<String>) {
        self.push_gap(path, None, reason, Some(detail.into()), false);
    }

    /// Says that a line could not be understood. Programs skip such lines too, so the verdict does
    /// not wait for it.
    pub fn bad_line(&mut self, path: &HostPath, bad: &BadLine) {
        let detail = match self.rooms.for_bad_line(path) {
            Room::Free => format!("{}: {}", bad.reason, bad.start),
            Room::JustFull => "and more lines after it".to_owned(),
            Room::Full => return,
        };
        self.push_gap(path, Some(bad.number), Blocked::Malformed, Some(detail), false);
    }

    fn push_gap(
        &mut self,
        path: &HostPath,
        line: Option<u32>,
        reason: Blocked,
        detail: Option<String>,
        matters: bool,
    ) {
        let plugin = self.plugin.to_owned();
        self.out.gaps.push(Gap { plugin, path: path.clone(), line, reason, detail, matters });
    }

    fn in_time(&self) -> Result<(), ReadError> {
        if self.deadline.is_over() { Err(Blocked::OutOfTime.into()) } else { Ok(()) }
    }

    fn or_gap<T>(&mut self, path: &HostPath, result: Result<T, ReadError>) -> Option<T> {
        match result {
            Ok(value) => return Some(value),
            // The program whose configuration this would be cannot read a directory either.
            Err(ReadError::Absent | ReadError::Blocked(Blocked::IsDirectory)) => {}
            // Once the time is up every read fails; one gap says it for all of them.
            Err(ReadError::Blocked(Blocked::OutOfTime)) if self.out_of_time_said => {}
            Err(ReadError::Blocked(reason)) => {
                self.out_of_time_said |= reason == Blocked::OutOfTime;
                self.gap(path, reason);
            }
        }
        None
    }
}
