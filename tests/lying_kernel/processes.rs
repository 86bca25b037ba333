//! Processes, threads and their time, taken out of what the kernel tells.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use coroner_core::Level;

use crate::liar::{
    BY_NUMBER, BY_PATH, BY_TASK, Hide, Lie, READS, deny, hide, processes_less, shorten,
};
use crate::{audit, found, of, root, says, shown};

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
