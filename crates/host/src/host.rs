//! The audited host: its tree and, while it runs, its kernel's trees.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use coroner_parse::Text;

use crate::aside::Aside;
use crate::processes::{Outcome, Reader, pids, read_code, socket_protocols};
use crate::sources::HostSources;
use crate::views::OpenDir;
use crate::{
    Blocked, Content, HostPath, Listing, OpenFile, Process, ProcessCode, Processes, ReadError,
    Root, Stat, Trace,
};

/// A host under audit.
///
/// Paths below /proc and /sys are read from the running kernel's trees; all others from the root.
#[derive(Debug)]
pub struct Host {
    root: Arc<Root>,
    proc: Option<Arc<Root>>,
    sys: Option<Arc<Root>>,
    aside: Option<Arc<Aside>>,
    sources: HostSources,
    processes: Arc<OnceLock<Result<Processes, ReadError>>>,
    /// Notes what is looked at.
    trace: Option<Arc<Trace>>,
}

/// Time for one snapshot of all processes; 100,000 take some ten seconds.
const SNAPSHOT_BUDGET: Duration = Duration::from_secs(30);
/// Time for one process.
const ONE_BUDGET: Duration = Duration::from_secs(5);
/// How long after its budget an answer is waited for.
const GRACE: Duration = Duration::from_secs(2);

impl Host {
    /// Opens the trees that `sources` names. What other processes show of themselves is read by
    /// threads that are started here, so a host is opened before [`crate::sandbox::restrict`].
    ///
    /// # Errors
    /// A directory that cannot be opened, with its name.
    pub fn open(sources: HostSources) -> std::io::Result<Self> {
        let named = |path: &Path, error: std::io::Error| {
            std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        };
        let root = Root::open(&sources.root).map_err(|error| named(&sources.root, error))?;
        let kernel_tree = |path: &Option<PathBuf>| match path {
            Some(path) => Root::open_plain(path).map(Some).map_err(|error| named(path, error)),
            None => Ok(None),
        };
        let proc = kernel_tree(&sources.proc)?.map(Arc::new);
        let sys = kernel_tree(&sources.sys)?.map(Arc::new);
        let aside = match &sources.proc {
            Some(path) if sources.kernel => {
                let bare = Root::open_bare(path).map_err(|error| named(path, error))?;
                Some(Arc::new(Aside::start(&Arc::new(bare))))
            }
            _ => None,
        };
        let root = Arc::new(root);
        let processes = Arc::new(OnceLock::new());
        Ok(Self { root, proc, sys, aside, sources, processes, trace: None })
    }

    /// The same host, noting in `trace` all that is looked at through it. Whatever is asked of the
    /// running kernel makes the trace unsteady: its answers do not show that they have changed.
    #[must_use]
    pub fn traced(&self, trace: &Arc<Trace>) -> Self {
        Self {
            root: Arc::new(self.root.traced(Arc::clone(trace))),
            proc: self.proc.clone(),
            sys: self.sys.clone(),
            aside: self.aside.clone(),
            sources: self.sources.clone(),
            processes: Arc::clone(&self.processes),
            trace: Some(Arc::clone(trace)),
        }
    }

    /// What notes the looks at this host.
    pub fn trace(&self) -> Option<&Trace> {
        self.trace.as_deref()
    }

    fn asks_kernel(&self) {
        let is_there = self.sources.kernel || self.proc.is_some() || self.sys.is_some();
        if let Some(trace) = self.trace.as_ref().filter(|_| is_there) {
            trace.unsteady();
        }
    }

    /// Whether the host runs while it is audited.
    pub fn is_live(&self) -> bool {
        self.proc.is_some()
    }

    /// Whether system calls of this process speak of the audited host.
    pub fn has_kernel(&self) -> bool {
        self.asks_kernel();
        self.sources.kernel
    }

    /// Whether netlink of this process shows the host's own network: its first process and this
    /// one share a network namespace.
    pub fn has_network(&self) -> bool {
        let first = self.read_link(&HostPath::new("/proc/1/ns/net"));
        let own = std::fs::read_link("/proc/self/ns/net");
        let same = matches!((first, own), (Ok(a), Ok(b)) if a == b.to_string_lossy().as_ref());
        self.has_kernel() && (same || self.sources.root == Path::new("/"))
    }

    /// Whether numbers of processes mean the same to the kernel, to this process and in /proc: it
    /// lives in the first namespace (`PROC_PID_INIT_INO`, `linux/proc_ns.h`), and /proc calls it
    /// by its own number.
    pub fn has_first_pids(&self) -> bool {
        const FIRST: &str = "pid:[4026531836]";
        let space = std::fs::read_link("/proc/self/ns/pid");
        let number = self.read_link(&HostPath::new("/proc/self"));
        let own = std::process::id().to_string();
        self.has_kernel()
            && space.is_ok_and(|space| space == Path::new(FIRST))
            && number.is_ok_and(|number| number == own.as_str())
    }

    /// The directories this host was opened from.
    pub fn sources(&self) -> &HostSources {
        &self.sources
    }

    /// Whether reading can leave no access time changed.
    pub fn keeps_atime(&self) -> bool {
        self.root.keeps_atime()
    }

    /// The tree of files, for work that opens many of them.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// What the path itself is; see [`Root::stat`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn stat(&self, path: &HostPath) -> Result<Stat, ReadError> {
        self.ask(path, Root::stat)
    }

    /// What the path leads to; see [`Root::stat_followed`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn stat_followed(&self, path: &HostPath) -> Result<Stat, ReadError> {
        self.ask(path, Root::stat_followed)
    }

    /// Opens a regular file; see [`Root::open_file`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn open_file(&self, path: &HostPath) -> Result<OpenFile, ReadError> {
        self.ask(path, Root::open_file)
    }

    /// Reads a regular file; see [`Root::read`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn read(&self, path: &HostPath, limit: usize) -> Result<Content, ReadError> {
        let content = self.ask(path, move |tree, inside| tree.read(inside, limit))?;
        let real = Self::outside(path, content.real);
        Ok(Content { path: path.clone(), real, ..content })
    }

    /// Lists a directory; see [`Root::list`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn list(&self, path: &HostPath, limit: usize) -> Result<Listing, ReadError> {
        let mut listing = self.ask(path, move |tree, inside| tree.list(inside, limit))?;
        for entry in &mut listing.entries {
            entry.path = path.join(entry.name.as_bytes());
        }
        Ok(listing)
    }

    /// Opens a directory; see [`Root::open_dir`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn open_dir(&self, path: &HostPath) -> Result<OpenDir, ReadError> {
        self.ask(path, Root::open_dir)
    }

    /// Does `work` on a thread that Landlock does not bind: where /proc is mounted with `hidepid`,
    /// its listing holds only processes that the reader could trace.
    ///
    /// # Errors
    /// [`Blocked::Failed`] when the work panicked.
    pub fn unbound<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Blocked> {
        self.asks_kernel();
        match &self.aside {
            Some(aside) => aside.ask(move |_| work()),
            None => Ok(work()),
        }
    }

    /// Reads a link; see [`Root::read_link`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn read_link(&self, path: &HostPath) -> Result<Text, ReadError> {
        self.ask(path, Root::read_link)
    }

    /// Where a path really lies; see [`Root::resolve`].
    ///
    /// # Errors
    /// Absent, or blocked.
    pub fn resolve(&self, path: &HostPath) -> Result<HostPath, ReadError> {
        Ok(Self::outside(path, self.ask(path, Root::resolve)?))
    }

    /// The processes, read once and shared by all that ask.
    ///
    /// # Errors
    /// [`Blocked::Unavailable`] for a mounted disk, or why /proc could not be listed.
    pub fn processes(&self) -> Result<&Processes, ReadError> {
        self.asks_kernel();
        self.processes.get_or_init(|| self.read_processes()).as_ref().map_err(|error| *error)
    }

    /// The processes, read anew: for what must be seen twice before it is said.
    ///
    /// # Errors
    /// As [`Host::processes`].
    pub fn read_processes(&self) -> Result<Processes, ReadError> {
        self.asks_kernel();
        let proc = self.proc.as_ref().ok_or(Blocked::Unavailable)?;
        let until = Instant::now() + SNAPSHOT_BUDGET;
        let reader = Reader::new(Arc::clone(&self.root), self.boot_time(), until);
        let listed = match &self.aside {
            Some(aside) => aside.ask(pids)??,
            None => pids(proc)?,
        };
        let asked = listed.len();
        let read = move |tree: &Root, pid: &i32| reader.read(tree, *pid);
        let outcomes: Vec<Outcome> = match &self.aside {
            Some(aside) => aside.ask_each(listed, until + GRACE, read),
            None => listed.iter().map(|pid| read(proc, pid)).collect(),
        };
        Ok(Processes::of(asked, outcomes))
    }

    /// One process, read now, whether or not /proc lists it; `None` when there is none of that number.
    pub fn process(&self, pid: u32) -> Option<Process> {
        self.asks_kernel();
        let pid = i32::try_from(pid).ok()?;
        let reader =
            Reader::new(Arc::clone(&self.root), self.boot_time(), Instant::now() + ONE_BUDGET);
        let outcome = match &self.aside {
            Some(aside) => aside.ask(move |tree| reader.read(tree, pid)).ok()?,
            None => reader.read(self.proc.as_ref()?, pid),
        };
        match outcome {
            Outcome::Read(process) => Some(*process),
            Outcome::Vanished | Outcome::LeftOut => None,
        }
    }

    /// The protocol of each socket that a process holds now, by the socket's inode and in the kernel's own
    /// words: `TCP`, `RAWv6`, `PACKET`, ...
    ///
    /// # Errors
    /// Absent when the process has ended, or blocked.
    pub fn socket_protocols(&self, pid: i32) -> Result<BTreeMap<u64, Text>, ReadError> {
        match (&self.aside, &self.proc) {
            (Some(aside), _) => aside.ask(move |tree| socket_protocols(tree, pid))?,
            (None, Some(proc)) => socket_protocols(proc, pid),
            (None, None) => Err(Blocked::Unavailable.into()),
        }
    }

    /// The code in the memory of processes, each by its number and the clock ticks of its start; those that
    /// have ended have no answer.
    pub fn read_code(&self, processes: Vec<(i32, u64)>, budget: Duration) -> Vec<ProcessCode> {
        self.asks_kernel();
        let (until, root) = (Instant::now() + budget, Arc::clone(&self.root));
        let look = move |tree: &Root, (pid, started): &(i32, u64)| {
            read_code(tree, &root, *pid, *started, until)
        };
        let answers: Vec<_> = match (&self.aside, &self.proc) {
            (Some(aside), _) => aside.ask_each(processes, until + GRACE, look),
            (None, Some(proc)) => processes.iter().map(|one| look(proc, one)).collect(),
            (None, None) => Vec::new(),
        };
        let mut found: Vec<_> = answers.into_iter().flatten().collect();
        found.sort_by_key(|code| code.pid);
        found
    }

    /// When the kernel started, in seconds since 1970 (`proc_stat(5)`, `btime`).
    pub fn boot_time(&self) -> Option<i64> {
        let content = self.read(&HostPath::new("/proc/stat"), 1 << 20).ok()?;
        let mut lines = content.bytes.split(|&byte| byte == b'\n');
        let value = lines.find_map(|line| line.strip_prefix(b"btime "))?;
        std::str::from_utf8(value).ok()?.trim().parse().ok()
    }

    /// Asks the tree that a path belongs to, by the thread that may.
    fn ask<T: Send + 'static>(
        &self,
        path: &HostPath,
        question: impl FnOnce(&Root, &HostPath) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let Some(top) = kernel_top(path) else { return question(&self.root, path) };
        self.asks_kernel();
        let inside = HostPath::new(path.as_bytes().get(top.len()..).unwrap_or_default());
        match (top, &self.aside) {
            (PROC, Some(aside)) if is_of_a_process(&inside) => {
                aside.ask(move |tree| question(tree, &inside))?
            }
            (PROC, _) => question(self.proc.as_ref().ok_or(Blocked::Unavailable)?, &inside),
            _ => question(self.sys.as_ref().ok_or(Blocked::Unavailable)?, &inside),
        }
    }

    /// Puts back the top that was cut off a kernel path.
    fn outside(asked: &HostPath, real: HostPath) -> HostPath {
        match kernel_top(asked) {
            Some(top) => HostPath::new([top.as_bytes(), real.as_bytes()].concat()),
            None => real,
        }
    }
}

const PROC: &str = "/proc";
const SYS: &str = "/sys";

/// The kernel's tree that a path lies in.
fn kernel_top(path: &HostPath) -> Option<&'static str> {
    [PROC, SYS].into_iter().find(|top| path.is_under(top))
}

/// Whether a path below /proc is about one process.
fn is_of_a_process(inside: &HostPath) -> bool {
    inside.components().next().is_some_and(|first| first.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture() -> (tempfile::TempDir, Host) {
        let dir = tempfile::tempdir().unwrap();
        for sub in ["etc", "proc/net", "kernel/net"] {
            std::fs::create_dir_all(dir.path().join(sub)).unwrap();
        }
        std::fs::write(dir.path().join("proc/modules"), "of the disk").unwrap();
        std::fs::write(dir.path().join("kernel/modules"), "of the kernel").unwrap();
        let proc = Some(dir.path().join("kernel"));
        let root = dir.path().to_path_buf();
        let sources = HostSources { root, proc, sys: None, kernel: false };
        let host = Host::open(sources).unwrap();
        (dir, host)
    }

    #[test]
    fn kernel_paths_come_from_the_kernel_and_never_from_the_disk() {
        let (_dir, host) = fixture();
        let path = HostPath::new("/proc/modules");
        let content = host.read(&path, 100).unwrap();
        assert_eq!(content.bytes, b"of the kernel");
        assert_eq!((content.path, content.real), (path.clone(), path));
        let listing = host.list(&HostPath::new("/proc"), 100).unwrap();
        assert_eq!(listing.entries[0].path, "/proc/modules");
        assert_eq!(host.resolve(&HostPath::new("/proc/net")).unwrap(), "/proc/net");
    }

    #[test]
    fn a_tree_that_is_not_there_is_said_to_be_unavailable() {
        let (_dir, host) = fixture();
        let missing = host.read(&HostPath::new("/sys/module"), 100).unwrap_err();
        assert_eq!(missing, Blocked::Unavailable.into());
    }

    #[test]
    fn other_processes_are_seen_from_inside_the_sandbox() {
        let mut other = std::process::Command::new("/bin/sleep").arg("60").spawn().unwrap();
        let links = std::thread::spawn({
            let pid = other.id();
            move || {
                let host = Host::open(HostSources::live()).unwrap();
                crate::sandbox::restrict(&[]);
                let read = |name| host.read_link(&HostPath::new(format!("/proc/{pid}/{name}")));
                [read("fd/0"), read("exe"), read("ns/net")]
            }
        })
        .join()
        .unwrap();
        other.kill().unwrap();
        other.wait().unwrap();
        assert!(links.iter().all(Result::is_ok), "{links:?}");
    }
}
