//! Reading one process after another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use coroner_parse::process::{
    Placement, cgroup_paths, interesting_variables, process_stat, process_status,
};

use crate::{Blocked, HostPath, ReadError, Root};

use super::{Descriptors, Executable, Namespaces, Process, ProcessDir};

/// More processes than any kernel allows (`PID_MAX_LIMIT`).
const MOST_PROCESSES: usize = 4 << 20;
/// libvirt's longest command lines have some 20 KiB.
const LONGEST_COMMAND: usize = 128 << 10;
/// Command lines of all processes together; those beyond it are cut at `SHORT_COMMAND`.
const ALL_COMMANDS: usize = 128 << 20;
const SHORT_COMMAND: usize = 2 << 10;
const LONGEST_ENVIRONMENT: usize = 1 << 20;
const LONGEST_TEXT: usize = 64 << 10;
/// `(uid_t) -1`: nobody logged in; the audit session has the same mark.
const UNSET: u32 = u32::MAX;

/// The numbers of all processes that /proc lists.
pub(crate) fn pids(tree: &Root) -> Result<Vec<i32>, ReadError> {
    let listing = tree.list(&HostPath::new("/"), MOST_PROCESSES)?;
    let number = |name: &str| name.parse().ok().filter(|pid: &i32| *pid > 0);
    Ok(listing.entries.iter().filter_map(|entry| number(entry.name.as_str()?)).collect())
}

/// What came of one process.
pub(crate) enum Outcome {
    Read(Box<Process>),
    Vanished,
    LeftOut,
}

/// Reads processes for one snapshot.
pub(crate) struct Reader {
    pub(crate) host: Arc<Root>,
    /// Seconds since 1970; `None` when the kernel does not say.
    pub(crate) boot: Option<i64>,
    pub(crate) until: Instant,
    commands: AtomicUsize,
}

impl Reader {
    pub(crate) fn new(host: Arc<Root>, boot: Option<i64>, until: Instant) -> Self {
        Self { host, boot, until, commands: AtomicUsize::new(0) }
    }

    pub(crate) fn read(&self, tree: &Root, pid: i32) -> Outcome {
        if Instant::now() >= self.until {
            return Outcome::LeftOut;
        }
        match self.process(tree, pid) {
            Some(process) => Outcome::Read(Box::new(process)),
            None => Outcome::Vanished,
        }
    }

    fn process(&self, tree: &Root, pid: i32) -> Option<Process> {
        let dir = ProcessDir::open(tree, pid).ok()?;
        let stat = process_stat(&dir.read("stat", LONGEST_TEXT).ok()?.0)?;
        let has_program = !stat.is_kernel_thread() && !stat.is_zombie();
        let mut asked = Asked { dir: &dir, refused: None };
        let status = asked.text("status").and_then(|text| process_status(&text));
        let cgroups = asked.text("cgroup").map(|text| cgroup_paths(&text)).unwrap_or_default();
        let mut process = Process {
            started: self.boot.map(|boot| boot.saturating_add(seconds(stat.started))),
            stat,
            status,
            command: Vec::new(),
            command_cut: false,
            executable: None,
            login_uid: asked.audit_number("loginuid"),
            session: asked.audit_number("sessionid"),
            placement: Placement::of(&cgroups),
            cgroups,
            namespaces: Namespaces::default(),
            descriptors: None,
            environment: Vec::new(),
            directory: None,
            root: None,
            is_auditor: false,
            refused: None,
        };
        // Every answer above came by one handle: the number now belongs to the process it names.
        process.stat.pid = pid;
        if has_program {
            self.fill(&mut process, &mut asked);
        }
        let refused = asked.refused;
        process.refused = refused.map(|(name, why)| (process.file(name), why));
        Some(process)
    }

    /// What only a process with a program has.
    fn fill(&self, process: &mut Process, asked: &mut Asked<'_>) {
        let dir = asked.dir;
        let spent = self.commands.load(Ordering::Relaxed);
        let limit = if spent < ALL_COMMANDS { LONGEST_COMMAND } else { SHORT_COMMAND };
        let command = dir.read("cmdline", limit);
        (process.command, process.command_cut) = asked.note("cmdline", command).unwrap_or_default();
        self.commands.fetch_add(process.command.len(), Ordering::Relaxed);
        process.executable = asked.note("exe", Executable::read(dir, &self.host));
        process.namespaces = Namespaces {
            pid: asked.namespace("ns/pid"),
            mount: asked.namespace("ns/mnt"),
            network: asked.namespace("ns/net"),
            user: asked.namespace("ns/user"),
        };
        process.descriptors = asked.note("fd", Descriptors::read(dir));
        let environment = asked.note("environ", dir.read("environ", LONGEST_ENVIRONMENT));
        process.environment =
            environment.map(|(text, _)| interesting_variables(&text)).unwrap_or_default();
        process.directory = asked.note("cwd", dir.link("cwd"));
        process.root = asked.note("root", dir.link("root"));
        process.is_auditor = is_auditor(process);
    }
}

/// By the number in this process's own namespace, and by the file: a number alone may be another's.
fn is_auditor(process: &Process) -> bool {
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let number = process.status.as_ref().and_then(|status| status.pids.last()) == Some(&own);
    let stat = process.executable.as_ref().and_then(|executable| executable.stat);
    let file = || rustix::fs::stat("/proc/self/exe").ok();
    number && stat.zip(file()).is_some_and(|(stat, file)| stat.inode == file.st_ino)
}

fn seconds(ticks: u64) -> i64 {
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    i64::try_from(ticks / per_second).unwrap_or(i64::MAX)
}

/// Questions to one process; the first refusal is kept.
struct Asked<'a> {
    dir: &'a ProcessDir,
    refused: Option<(&'static str, Blocked)>,
}

impl Asked<'_> {
    fn note<T>(&mut self, name: &'static str, answer: Result<T, ReadError>) -> Option<T> {
        match answer {
            Ok(value) => Some(value),
            Err(ReadError::Blocked(why @ Blocked::Denied)) => {
                self.refused.get_or_insert((name, why));
                None
            }
            Err(_) => None,
        }
    }

    fn text(&mut self, name: &'static str) -> Option<Vec<u8>> {
        let read = self.dir.read(name, LONGEST_TEXT);
        self.note(name, read).map(|(text, _)| text)
    }

    fn audit_number(&mut self, name: &'static str) -> Option<u32> {
        let text = self.text(name)?;
        let number: u32 = std::str::from_utf8(&text).ok()?.trim().parse().ok()?;
        (number != UNSET).then_some(number)
    }

    /// `net:[4026531840]`
    fn namespace(&mut self, name: &'static str) -> Option<u64> {
        let link = self.dir.link(name);
        let link = self.note(name, link)?;
        let (_, number) = link.as_str()?.split_once(":[")?;
        number.strip_suffix(']')?.parse().ok()
    }
}
