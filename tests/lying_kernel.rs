//! Each lie of a kernel is found by a view that the lie did not reach.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg(target_arch = "x86_64")]
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use coroner_core::{Finding, Level};
use support::liar::{
    self, BY_NUMBER, BY_PATH, BY_TASK, EVERY_READ, Hide, Lie, READ, READS, Told, deny, hide,
    processes_less, rewrite, shorten, untold, without_lines,
};
use support::plant;

/// As many as are counted beside what comes and goes on a busy machine meanwhile.
const MANY: usize = 40;

/// Processes to be hidden, which sleep; they end with the test.
struct Sleepers(Vec<Child>);

impl Sleepers {
    fn start(many: usize) -> Self {
        let start = |_| Command::new("/bin/sleep").arg("300").spawn().unwrap();
        Self((0..many).map(start).collect())
    }

    fn pids(&self) -> Vec<i32> {
        self.0.iter().map(|child| i32::try_from(child.id()).unwrap()).collect()
    }

    fn names(&self) -> Vec<String> {
        self.0.iter().map(|child| child.id().to_string()).collect()
    }

    /// The directory of the first.
    fn dir(&self) -> String {
        format!("/proc/{}", self.0[0].id())
    }
}

impl Drop for Sleepers {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A control group of the sleepers' own, in the tree that counts tasks; it ends with the test.
struct Group {
    tree: &'static str,
    dir: PathBuf,
}

impl Group {
    fn of(sleepers: &Sleepers) -> Self {
        let trees = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/pids"];
        let made = trees.iter().find_map(|tree| {
            let dir = Path::new(tree).join(format!("lying-kernel-{}", std::process::id()));
            let counts =
                Path::new(tree).join("cgroup.procs").exists() && std::fs::create_dir(&dir).is_ok();
            let group = counts.then_some(Self { tree, dir })?;
            group.dir.join("pids.current").exists().then_some(group)
        });
        let group = made.expect("a tree of control groups that counts tasks");
        for name in sleepers.names() {
            std::fs::write(group.dir.join("cgroup.procs"), name).unwrap();
        }
        group
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // It must be empty: what is left of it goes back to the root.
        let left = std::fs::read_to_string(self.dir.join("cgroup.procs")).unwrap_or_default();
        for pid in left.lines() {
            let _ = std::fs::write(Path::new(self.tree).join("cgroup.procs"), pid);
        }
        let _ = std::fs::remove_dir(&self.dir);
    }
}

/// A small root whose files are lied about; processes are the machine's own.
fn root() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    plant(dir.path(), "/etc/passwd", "root:x:0:0::/root:/bin/sh\nghost:x:0:0::/:/bin/sh\n", 0o644);
    plant(dir.path(), "/etc/cron.d/a-first-one", "# nothing\n", 0o644);
    plant(dir.path(), "/etc/cron.d/backdoor", "# nothing\n", 0o644);
    plant(dir.path(), "/etc/cron.d/the-last-one", "# nothing\n", 0o644);
    plant(dir.path(), "/etc/ld.so.preload", "/lib/x.so\n", 0o644);
    std::fs::create_dir(dir.path().join("etc/cron.d/folder")).unwrap();
    dir
}

/// The number that was given to a process last.
fn last_number() -> u32 {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap();
    load.split_whitespace().next_back().unwrap().parse().unwrap()
}

fn audit(root: &Path, lies: &mut [Lie<'_>]) -> Told {
    let some = !lies.is_empty();
    // Numbers far beyond are not asked for, or a machine with four million of them takes minutes here.
    let most = (last_number() + 8192).max(65_536);
    let mut all: Vec<Lie<'_>> = Vec::new();
    if most < 4_194_304 {
        all.push(rewrite("/proc/sys/kernel/pid_max", "4194304", &most.to_string(), &READ));
    }
    all.extend(lies.iter_mut().map(|lie| -> Lie<'_> { Box::new(|call| lie(call)) }));
    let root = root.to_str().unwrap();
    let args = ["--only", "hidden", "--scope", "quick", "--root", root, "--proc", "/proc"];
    let told = liar::audit(&args, &mut all);
    assert!(!some || told.lies > 0, "the calls that were to be edited were not made");
    told
}

fn of<'a>(told: &'a Told, rule: &str) -> Vec<&'a Finding> {
    told.report.findings.iter().filter(|finding| finding.rule == rule).collect()
}

fn shown(told: &Told) -> Vec<String> {
    support::shown(&told.report.findings.iter().collect::<Vec<_>>())
}

/// The one finding of a rule, at a path.
fn found<'a>(told: &'a Told, rule: &str, path: &str) -> &'a Finding {
    let at = of(told, rule).into_iter().find(|f| f.path.as_ref().is_some_and(|p| p == path));
    at.unwrap_or_else(|| panic!("no {rule} at {path}: {:#?}", shown(told)))
}

fn says(finding: &Finding, name: &str, value: &str) -> bool {
    finding.evidence.iter().any(|e| e.name == name && e.value.to_string().contains(value))
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn without_a_lie_nothing_is_found_by_the_same_way() {
    let root = root();
    let told = audit(root.path(), &mut []);
    assert_eq!(shown(&told), Vec::<String>::new());
    assert_eq!(told.report.verdict.level, Level::Clean, "{:?}", told.report.gaps);
    assert_eq!(told.status, 0);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_process_hidden_in_the_record_before_it_is_read_out_of_the_gap() {
    let (root, sleeper) = (root(), Sleepers::start(1));
    let told = audit(root.path(), &mut [hide("/proc", &sleeper.names(), Hide::Grow)]);
    let record = found(&told, "hidden/directory-record", "/proc");
    assert!(says(record, "hidden name", &sleeper.names()[0]), "{:#?}", shown(&told));
    let process = found(&told, "hidden/process", &sleeper.dir());
    assert!(says(process, "name", "sleep") && says(process, "listed", "no"));
    assert_eq!(told.report.verdict.level, Level::Compromised);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn processes_moved_out_of_the_listing_still_answer_calls_and_are_counted() {
    let (root, sleepers) = (root(), Sleepers::start(MANY));
    let told = audit(root.path(), &mut [hide("/proc", &sleepers.names(), Hide::Compact)]);
    found(&told, "hidden/process", &sleepers.dir());
    assert_eq!(of(&told, "hidden/process").len(), MANY);
    found(&told, "hidden/directory-entry", "/proc");
    let count = found(&told, "hidden/count", "/proc");
    let missing = count.evidence.iter().find(|e| e.name == "processes not shown").unwrap();
    let missing: usize = missing.value.to_string().parse().unwrap();
    assert!((1..=MANY).contains(&missing), "{missing}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_process_hidden_from_one_family_of_calls_answers_the_other() {
    let (root, sleeper) = (root(), Sleepers::start(1));
    let pids = sleeper.pids();
    for (family, other) in [(&BY_TASK[..], "clock_getres"), (&BY_NUMBER[..], "ioprio_get")] {
        let mut lies = [
            hide("/proc", &sleeper.names(), Hide::Compact),
            deny(family, Some(&pids)),
            deny(&BY_PATH, Some(&pids)),
        ];
        let told = audit(root.path(), &mut lies);
        let process = found(&told, "hidden/process", &sleeper.dir());
        assert!(says(process, "found by", other), "{:#?}", shown(&told));
        assert!(says(process, "not found by", "openat2"), "{:#?}", shown(&told));
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn processes_whose_calls_all_fail_are_still_counted() {
    let (root, sleepers) = (root(), Sleepers::start(MANY));
    let pids = sleepers.pids();
    let mut lies = [
        hide("/proc", &sleepers.names(), Hide::Compact),
        deny(&BY_TASK, Some(&pids)),
        deny(&BY_NUMBER, Some(&pids)),
        deny(&BY_PATH, Some(&pids)),
        processes_less(u32::try_from(MANY).unwrap()),
    ];
    let told = audit(root.path(), &mut lies);
    found(&told, "hidden/count", "/proc/loadavg");
    // Control groups list them too, where the machine has them.
    let trees = ["/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/unified/cgroup.procs"];
    if trees.iter().any(|tree| Path::new(tree).exists()) {
        let process = found(&told, "hidden/process", &sleepers.dir());
        assert!(says(process, "cgroup", "/sys/fs/cgroup"), "{:#?}", shown(&told));
        assert_eq!(of(&told, "hidden/process").len(), MANY);
    }
    assert!(told.report.verdict.level != Level::Clean);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_listed_process_that_cannot_be_found_by_path_is_told() {
    let (root, sleeper) = (root(), Sleepers::start(1));
    let pids = sleeper.pids();
    for (calls, silent) in
        [(&BY_PATH[..], "statx"), (&BY_PATH[..1], "openat2"), (&BY_PATH[1..], "statx")]
    {
        let told = audit(root.path(), &mut [deny(calls, Some(&pids))]);
        let process = found(&told, "hidden/process", &sleeper.dir());
        assert!(says(process, "listed", "yes") && says(process, "not found by", silent));
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_process_that_every_list_lacks_is_counted_by_its_control_group() {
    let (root, sleepers) = (root(), Sleepers::start(MANY));
    let group = Group::of(&sleepers);
    let (pids, names) = (sleepers.pids(), sleepers.names());
    let mut lies = [
        hide("/proc", &names, Hide::Compact),
        deny(&BY_TASK, Some(&pids)),
        deny(&BY_NUMBER, Some(&pids)),
        deny(&BY_PATH, Some(&pids)),
        processes_less(u32::try_from(MANY).unwrap()),
        shorten("cgroup.procs", &names),
        shorten("cgroup.threads", &names),
        shorten("tasks", &names),
    ];
    let told = audit(root.path(), &mut lies);
    assert_eq!(of(&told, "hidden/process").len(), 0, "{:#?}", shown(&told));
    let count = found(&told, "hidden/count", group.tree);
    assert!(says(count, "tasks not shown", ""), "{:#?}", shown(&told));
    assert!(told.report.verdict.level != Level::Clean);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_thread_taken_out_of_its_process_is_listed_by_its_control_group() {
    let root = root();
    let (say, said) = std::sync::mpsc::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        say.send(nix::unistd::gettid()).unwrap();
        let _ = ended.recv();
    });
    let tid = said.recv().unwrap().to_string();
    let tasks = format!("/proc/{}/task", std::process::id());
    let told = audit(root.path(), &mut [hide(&tasks, std::slice::from_ref(&tid), Hide::Compact)]);
    drop(end);
    thread.join().unwrap();
    let process = found(&told, "hidden/process", &format!("/proc/{tid}"));
    assert!(says(process, "cgroup", "/sys/fs/cgroup"), "{:#?}", shown(&told));
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn time_that_the_kernel_counts_and_no_process_has_is_told() {
    let root = root();
    // Each reading counts a million ticks more than the one before.
    let mut readings = 0_u64;
    let more: Lie<'_> = Box::new(move |call| {
        if call.file() != Path::new("/proc/stat")
            || !READS.contains(&call.number())
            || call.result() <= 0
        {
            return;
        }
        let text = String::from_utf8(call.filled()).unwrap();
        let Some(rest) = text.strip_prefix("cpu  ") else { return };
        let (user, rest) = rest.split_once(' ').unwrap();
        readings += 1;
        let user = user.parse::<u64>().unwrap() + readings * 1_000_000;
        call.refill(format!("cpu  {user} {rest}").as_bytes());
    });
    let told = audit(root.path(), &mut [more]);
    let time = found(&told, "hidden/processor-time", "/proc/stat");
    assert_eq!(time.evidence.len(), 3, "{:#?}", shown(&told));
    assert_eq!(told.report.verdict.level, Level::Suspicious, "{:#?}", shown(&told));
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_kernel_that_answers_no_call_is_never_called_clean() {
    let root = root();
    let mut lies = [deny(&BY_TASK, None), deny(&BY_NUMBER, None), deny(&BY_PATH, None)];
    let told = audit(root.path(), &mut lies);
    assert_eq!(told.report.verdict.level, Level::Inconclusive, "{:#?}", shown(&told));
    assert_eq!(told.status, 3);
    let gaps = told.report.gaps.iter().filter(|gap| gap.plugin == "hidden" && gap.matters);
    assert_eq!(gaps.count(), 3, "{:?}", told.report.gaps);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_file_taken_out_of_its_directory_is_announced_by_the_kernel_itself() {
    for name in ["a-first-one", "backdoor", "the-last-one"] {
        for how in [Hide::Compact, Hide::FalseEnd] {
            let root = root();
            let told = audit(root.path(), &mut [hide("/etc/cron.d", &[name.to_owned()], how)]);
            let entry = found(&told, "hidden/directory-entry", "/etc/cron.d");
            assert!(says(entry, "withheld", "bytes"), "{name}: {:#?}", shown(&told));
        }
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_file_hidden_in_the_record_before_it_is_named() {
    let root = root();
    // The order of names is the file system's: one of three has another before it in any order.
    let mut named = 0;
    for name in ["a-first-one", "backdoor", "the-last-one"] {
        let told = audit(root.path(), &mut [hide("/etc/cron.d", &[name.to_owned()], Hide::Grow)]);
        found(&told, "hidden/directory-entry", "/etc/cron.d");
        let records = of(&told, "hidden/directory-record");
        named += usize::from(records.iter().any(|f| says(f, "hidden name", name)));
    }
    assert!(named >= 2, "{named}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_name_that_opens_and_a_folder_that_is_counted_are_missed_in_their_listing() {
    let root = root();
    let told =
        audit(root.path(), &mut [hide("/etc", &["ld.so.preload".to_owned()], Hide::Compact)]);
    let entry = found(&told, "hidden/directory-entry", "/etc");
    assert!(says(entry, "opens and is not listed", "ld.so.preload"), "{:#?}", shown(&told));
    let told =
        audit(root.path(), &mut [hide("/etc/cron.d", &["folder".to_owned()], Hide::Compact)]);
    let links = found(&told, "hidden/directory-links", "/etc/cron.d");
    assert!(says(links, "directories shown", "0"), "{:#?}", shown(&told));
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_line_cut_out_of_what_is_read_shows_in_the_mapped_file() {
    let root = root();
    for calls in [&READ[..], &READS[..]] {
        let mut lies = [rewrite("/etc/passwd", "ghost:x:0:0::/:/bin/sh\n", "", calls)];
        let told = audit(root.path(), &mut lies);
        let content = found(&told, "hidden/content", "/etc/passwd");
        assert!(says(content, "the mapped file gives", "ghost:x:0:0"), "{:#?}", shown(&told));
        assert_eq!(told.report.verdict.level, Level::Compromised);
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_shortened_list_of_modules_contradicts_the_symbols() {
    let (root, proc) = (root(), tempfile::tempdir().unwrap());
    let line = "rk 16384 0 - Loading 0x0000000000000000\n";
    plant(proc.path(), "/modules", format!("{line}other 1 0 - Loading 0x0\n"), 0o444);
    let symbols = "0000000000000000 t hook\t[rk]\n0000000000000000 t x\t[other]\n";
    plant(proc.path(), "/kallsyms", symbols, 0o444);
    let args = ["--only", "modules", "--scope", "quick"];
    let places = ["--root", root.path().to_str().unwrap(), "--proc", proc.path().to_str().unwrap()];
    let args = [&args[..], &places].concat();
    let honest = liar::audit(&args, &mut []);
    assert_eq!(shown(&honest), Vec::<String>::new());
    let told = liar::audit(&args, &mut [rewrite("/modules", line, "", &READS)]);
    assert!(told.lies > 0);
    let module = found(&told, "modules/hidden-module", "/proc/kallsyms");
    assert!(says(module, "module", "rk"));
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_list_of_modules_shortened_for_read_alone_is_whole_for_another_call() {
    let (root, proc) = (root(), tempfile::tempdir().unwrap());
    let line = "rk 16384 0 - Loading 0x0000000000000000\n";
    plant(proc.path(), "/modules", format!("{line}other 1 0 - Loading 0x0\n"), 0o444);
    let places = ["--root", root.path().to_str().unwrap(), "--proc", proc.path().to_str().unwrap()];
    let args = [&["--only", "modules", "--scope", "quick"][..], &places].concat();
    let told = liar::audit(&args, &mut [rewrite("/modules", line, "", &READ)]);
    let module = found(&told, "modules/hidden-module", "/proc/modules");
    assert!(says(module, "module", "rk"), "{:#?}", shown(&told));
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_packet_socket_taken_out_of_the_table_is_still_counted() {
    let root = root();
    let socket = packet_socket();
    let inode = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap();
    let inode = inode.to_string_lossy().replace("socket:[", "").replace(']', "");
    let table = std::fs::read_to_string("/proc/self/net/packet").unwrap();
    let line = table.lines().find(|line| line.trim_end().ends_with(&inode)).unwrap();
    let gone = format!("{line}\n");
    let told = audit(root.path(), &mut [rewrite("net/packet", &gone, "", &READS)]);
    let count = found(&told, "hidden/socket-count", "/proc/net/packet");
    assert!(says(count, "sockets not listed", "1"), "{:#?}", shown(&told));
    // This kernel may tell packet sockets by sock_diag too.
    if is_told(&told, "packet") {
        let socket = found(&told, "hidden/socket", "/proc/net/packet");
        assert!(says(socket, "missing in the table", "packet"), "{:#?}", shown(&told));
        assert!(says(socket, "held by", "lying_kernel"), "{:#?}", shown(&told));
    }
    let held =
        found(&told, "hidden/socket-descriptor", &format!("/proc/{}/fd", std::process::id()));
    assert!(says(held, "inode", &inode), "{:#?}", shown(&told));
}

/// Whether a table was compared with what the kernel tells by `sock_diag`.
fn is_told(told: &Told, table: &str) -> bool {
    let key = format!("/proc/net/{table}");
    let mut items = told.report.items.iter();
    items.any(|item| item.kind == "hidden.socket-view" && item.key == key.as_str())
}

fn inode_of(socket: &impl AsRawFd) -> u32 {
    let link = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap();
    let link = link.to_string_lossy().into_owned();
    link.strip_prefix("socket:[").unwrap().strip_suffix(']').unwrap().parse().unwrap()
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_port_cut_out_of_the_table_or_out_of_netlink_is_in_the_other() {
    let root = root();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let honest = audit(root.path(), &mut []);
    if !is_told(&honest, "tcp") {
        support::left_out("this kernel has no tcp_diag, and it is not loaded for a test");
        return;
    }
    assert_eq!(shown(&honest), Vec::<String>::new());
    let word = format!(" {} ", inode_of(&listener));
    let lies = [
        ("missing in the table", without_lines("net/tcp", &word, &READS)),
        ("missing in sock_diag", untold(inode_of(&listener), 68)),
    ];
    for (what, lie) in lies {
        let told = audit(root.path(), &mut [lie]);
        let socket = found(&told, "hidden/socket", "/proc/net/tcp");
        assert!(says(socket, what, &port), "{:#?}", shown(&told));
        assert!(says(socket, "held by", "lying_kernel"), "{:#?}", shown(&told));
        assert_eq!(told.report.verdict.level, Level::Compromised);
    }
}

/// One that receives nothing: its protocol is 0.
fn packet_socket() -> OwnedFd {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
    socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None).unwrap()
}

/// The same small root on a disk of its own, whose files have not changed for years.
struct Disk {
    dir: tempfile::TempDir,
}

impl Disk {
    fn mounted() -> Self {
        let (dir, root) = (tempfile::tempdir().unwrap(), root());
        let (image, point) = (dir.path().join("image"), dir.path().join("root"));
        std::fs::File::create(&image).unwrap().set_len(32 << 20).unwrap();
        std::fs::create_dir(&point).unwrap();
        must(Command::new("mkfs.ext4").args(["-q", "-F", "-d"]).arg(root.path()).arg(&image));
        let paths = ["/etc", "/etc/passwd", "/etc/cron.d", "/etc/ld.so.preload"];
        for (path, time) in paths.iter().flat_map(|path| [(path, "ctime"), (path, "mtime")]) {
            let request = format!("set_inode_field {path} {time} @1700000000");
            must(Command::new("debugfs").args(["-w", "-R", &request]).arg(&image));
        }
        must(Command::new("mount").args(["-o", "loop,ro"]).arg(&image).arg(&point));
        Self { dir }
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("root")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.root()).status();
    }
}

fn must(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn what_every_call_hides_still_stands_in_the_blocks_of_the_disk() {
    let disk = Disk::mounted();
    let honest = audit(&disk.root(), &mut []);
    assert_eq!(shown(&honest), Vec::<String>::new());
    let compared = |kind: &str| {
        let of_it = honest.report.items.iter().filter(|item| item.kind == kind);
        of_it
            .filter(|item| {
                item.fields.get("views").is_some_and(|v| v.to_string().contains("blocks"))
            })
            .count()
    };
    assert!(compared("hidden.file") >= 2, "{:?}", honest.report.gaps);
    let line = "ghost:x:0:0::/:/bin/sh\n";
    let mut lies = [
        rewrite("/etc/passwd", line, "", &EVERY_READ),
        hide("/etc/cron.d", &["backdoor".to_owned()], Hide::Compact),
    ];
    let told = audit(&disk.root(), &mut lies);
    let content = found(&told, "hidden/content", "/etc/passwd");
    assert!(says(content, "the disk's blocks hold", "ghost:x:0:0"), "{:#?}", shown(&told));
    assert!(!says(content, "the mapped file gives", ""), "{:#?}", shown(&told));
    let entry = found(&told, "hidden/directory-entry", "/etc/cron.d");
    assert!(says(entry, "in the disk's blocks and not listed", "backdoor"), "{:#?}", shown(&told));
}
