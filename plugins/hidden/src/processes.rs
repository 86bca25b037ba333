//! Every number that could be a process, asked for in two ways; those that disagree in all ways.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coroner_core::{Blocked, Cx, HostPath, ReadError, Scope, Text};
use coroner_host::views::{Answer, Family, PidView, Prober};
use coroner_parse::process::{process_stat, process_status};

use crate::groups::Member;
use crate::items::{HiddenProcess, PidViews};
use crate::shown::{Shown, all, listed};
use crate::steady::steady;
use crate::{counts, group_counts, groups, processor};

/// `PID_MAX_LIMIT`, linux/threads.h.
const HIGHEST: u32 = 4_194_304;
/// Processes that start while the numbers are asked for.
const HEADROOM: u32 = 4096;
/// Suspects that are asked for one by one: those that came and went during the scan are among them.
const MOST_SUSPECTS: usize = 20_000;
/// The ways that are cheap enough for every number, the cheapest first.
const BY_TASK: [PidView; 4] =
    [PidView::IoPriority, PidView::Limits, PidView::Scheduling, PidView::Priority];
const BY_NUMBER: [PidView; 2] = [PidView::Clock, PidView::Owner];
/// Ways of each family without which too little was asked.
const FEWEST: [(Family, usize, &str); 3] = [
    (Family::Task, 2, "too few system calls tell whether a process is there"),
    (Family::Number, 2, "too few system calls tell whether a number is a process"),
    (Family::Path, 1, "no path below /proc tells whether a process is there"),
];

/// Tells the processes on which the kernel's answers disagree.
pub(crate) fn processes(cx: &mut Cx<'_>) {
    let dir = HostPath::new("/proc");
    if !cx.host().has_kernel() {
        return cx.gap_because(&dir, Blocked::Unavailable, "this kernel is not the host's own");
    }
    if !cx.host().has_first_pids() {
        let why = "numbers of processes are not the kernel's own in this pid namespace";
        return cx.gap_because(&HostPath::new("/proc/self/ns/pid"), Blocked::Unavailable, why);
    }
    if hides_processes(cx) {
        let why = "/proc is mounted with hidepid, and this process may not trace others";
        return cx.gap_because(&dir, Blocked::Denied, why);
    }
    let opened = cx.host().open_dir(&dir).map_err(ReadError::blocked);
    let prober = opened.and_then(|proc| Prober::new(proc).map_err(Some));
    let prober = match prober {
        Ok(prober) => Arc::new(prober),
        Err(reason) => return cx.gap(&dir, reason.unwrap_or(Blocked::Vanished)),
    };
    let working = prober.working();
    for (family, fewest, why) in FEWEST {
        if working.iter().filter(|view| view.family() == family).count() < fewest {
            cx.gap_because(&dir, Blocked::Unsupported, why);
        }
    }
    counts::counts(cx, &prober);
    group_counts::tasks(cx, &prober);
    processor::time(cx, &prober);
    let highest = highest(cx);
    let scan = scan(cx, &prober, &working, highest);
    let silent = PidView::ALL.into_iter().filter(|view| !working.contains(view)).collect();
    cx.emit(PidViews { working: working.clone(), silent, scanned: scan.views, highest });
    let members = groups::unlisted(cx, &prober);
    let check = move || Check { prober: &prober, working: &working }.disagreements(scan.suspects);
    let mut found = match cx.host().unbound(check) {
        Ok(found) => found,
        Err(reason) => return cx.gap(&dir, reason),
    };
    for (pid, member) in members {
        match found.iter_mut().find(|process| process.pid == pid) {
            Some(process) => process.group = Some(Text::from(&member.group)),
            None => found.push(HiddenProcess::of_group(pid, &member)),
        }
    }
    for process in found {
        let process = described(cx, process);
        cx.emit(process);
    }
}

impl HiddenProcess {
    /// One that no call finds and a control group has.
    fn of_group(pid: u32, member: &Member) -> Self {
        Self {
            pid,
            started: None,
            name: None,
            program: None,
            group: Some(Text::from(&member.group)),
            whole: member.whole,
            listed: false,
            alive: Vec::new(),
            dead: Vec::new(),
        }
    }
}

/// Whether the listing of /proc lacks what this process may not trace (`hidepid`, proc(5)).
fn hides_processes(cx: &mut Cx<'_>) -> bool {
    let first = cx.host().read_link(&HostPath::new("/proc/1/exe"));
    if first.is_ok() {
        return false;
    }
    let mounts = cx.read(&HostPath::new("/proc/self/mounts"));
    let mounts = mounts.map(|content| content.bytes).unwrap_or_default();
    let mut options = mounts.split(|byte| b" ,\n".contains(byte));
    options.any(|option| {
        let hides = option.strip_prefix(b"hidepid=");
        hides.is_some_and(|how| !matches!(how, b"0" | b"off"))
    })
}

/// The highest number to ask for: the kernel's own limit, which takes a second. In scope `quick` it
/// is the last number that was given, as long as the numbers have not started again from below.
fn highest(cx: &mut Cx<'_>) -> u32 {
    let limit = word(cx, "/proc/sys/kernel/pid_max", |text| text.trim().parse().ok());
    let limit = limit.map_or(HIGHEST, |limit: u32| limit.clamp(1, HIGHEST));
    if cx.options().scope != Scope::Quick {
        return limit;
    }
    let last = word(cx, "/proc/loadavg", |text| text.split_whitespace().nth(4)?.parse().ok());
    let forks = word(cx, "/proc/stat", |text| {
        let line = text.lines().find_map(|line| line.strip_prefix("processes "))?;
        line.trim().parse().ok()
    });
    match (last, forks) {
        // Forks that failed took numbers too: half the limit is far from the end.
        (Some(last), Some(forks)) if forks < limit / 2 => {
            limit.min(u32::saturating_add(last, HEADROOM))
        }
        _ => limit,
    }
}

fn word(cx: &mut Cx<'_>, path: &str, find: impl Fn(&str) -> Option<u32>) -> Option<u32> {
    let content = cx.read_up_to(&HostPath::new(path), 1 << 20)?;
    find(std::str::from_utf8(&content.bytes).ok()?)
}

struct Scanned {
    views: Vec<PidView>,
    /// Numbers that one view has and another has not.
    suspects: BTreeSet<u32>,
}

fn scan(cx: &mut Cx<'_>, prober: &Arc<Prober>, working: &[PidView], highest: u32) -> Scanned {
    let dir = HostPath::new("/proc");
    let deadline = cx.deadline();
    let mut scanned = Scanned { views: Vec::new(), suspects: BTreeSet::new() };
    let before = all(cx, prober).unwrap_or_default().processes;
    let mut alive: Vec<BTreeSet<u32>> = Vec::new();
    for ways in [&BY_TASK[..], &BY_NUMBER[..]] {
        let Some(view) = ways.iter().find(|view| working.contains(view)) else { continue };
        let scan = prober.scan(*view, highest, &|| deadline.is_over());
        if !scan.complete {
            cx.gap_because(&dir, Blocked::OutOfTime, "not every number was asked for");
        }
        scanned.views.push(*view);
        alive.push(scan.alive.into_iter().collect());
    }
    let Some(Shown { processes: after, threads, .. }) = all(cx, prober) else {
        cx.gap(&dir, Blocked::Malformed);
        return scanned;
    };
    for alive in &alive {
        let shown =
            |pid: &u32| before.contains(pid) || after.contains(pid) || threads.contains(pid);
        scanned.suspects.extend(alive.iter().filter(|pid| !shown(pid)));
        let stayed = before.intersection(&after).filter(|pid| **pid <= highest);
        scanned.suspects.extend(stayed.filter(|pid| !alive.contains(pid)));
    }
    scanned.suspects.extend(lost_paths(cx, prober, working, before.intersection(&after).copied()));
    if scanned.suspects.len() > MOST_SUSPECTS {
        cx.gap_because(&dir, Blocked::TooLarge, "more numbers disagree than are asked for again");
        scanned.suspects = scanned.suspects.into_iter().take(MOST_SUSPECTS).collect();
    }
    scanned
}

/// Listed processes that a call does not find by their path.
fn lost_paths(
    cx: &Cx<'_>,
    prober: &Arc<Prober>,
    working: &[PidView],
    listed: impl Iterator<Item = u32>,
) -> Vec<u32> {
    let by_path = working.iter().filter(|view| view.family() == Family::Path);
    let (by_path, listed): (Vec<PidView>, Vec<u32>) =
        (by_path.copied().collect(), listed.collect());
    let prober = Arc::clone(prober);
    let lost = move |pid: &u32| by_path.iter().any(|view| prober.ask(*view, *pid) == Answer::Dead);
    cx.host().unbound(move || listed.into_iter().filter(lost).collect()).unwrap_or_default()
}

/// All ways, for a few numbers.
struct Check<'a> {
    prober: &'a Prober,
    working: &'a [PidView],
}

type Disagreements = BTreeMap<u32, HiddenProcess>;

impl Check<'_> {
    fn disagreements(&self, suspects: BTreeSet<u32>) -> Vec<HiddenProcess> {
        let mut left = suspects;
        let read = || {
            let found = self.round(&left)?;
            left = found.keys().copied().collect();
            Some(found)
        };
        let told = steady(read, Disagreements::is_empty, |told, again| {
            told.retain(|pid, process| again.get(pid) == Some(process));
        });
        told.unwrap_or_default().into_values().collect()
    }

    /// Each question is asked on both sides of a listing and each listing taken on both sides of
    /// the questions, so that whoever came or went in between agrees with nobody.
    fn round(&self, suspects: &BTreeSet<u32>) -> Option<Disagreements> {
        if suspects.is_empty() {
            return Some(Disagreements::new());
        }
        let first = listed(self.prober.proc())?;
        let answers: Vec<_> = suspects.iter().map(|pid| (*pid, self.answers(*pid))).collect();
        let second = listed(self.prober.proc())?;
        let mut found = Disagreements::new();
        for (pid, before) in answers {
            let listed = first.contains(&pid);
            let steady = before == self.answers(pid) && listed == second.contains(&pid);
            let process = self.process(pid, &before, listed, &second).filter(|_| steady);
            found.extend(process.map(|process| (pid, process)));
        }
        Some(found)
    }

    fn answers(&self, pid: u32) -> Vec<Answer> {
        self.working.iter().map(|view| self.prober.ask(*view, pid)).collect()
    }

    /// `None` when everything agrees.
    fn process(
        &self,
        pid: u32,
        answers: &[Answer],
        listed: bool,
        processes: &BTreeSet<u32>,
    ) -> Option<HiddenProcess> {
        let saying = |answer| {
            let all = self.working.iter().zip(answers);
            all.filter(move |(_, said)| **said == answer).map(|(view, _)| *view)
        };
        let mut alive: Vec<PidView> = saying(Answer::Alive).collect();
        let mut dead: Vec<PidView> = saying(Answer::Dead).collect();
        let whole = listed || alive.iter().any(|view| view.of_processes_alone());
        let home = if whole { None } else { self.process_of(pid, processes) };
        if home.is_some() {
            dead.retain(|view| !view.of_processes_alone());
        }
        if alive.iter().all(|view| view.counts_groups()) && !listed {
            // Nobody has this number but a process group or a session.
            return None;
        }
        let listed = listed || home.is_some();
        alive.sort();
        dead.sort();
        let agrees = dead.is_empty() && listed || alive.is_empty() && !listed;
        (!agrees).then(|| HiddenProcess {
            pid,
            started: self.started(pid),
            name: None,
            program: None,
            group: None,
            whole,
            listed,
            alive,
            dead,
        })
    }

    /// The process that a thread belongs to, when /proc shows both.
    fn process_of(&self, thread: u32, processes: &BTreeSet<u32>) -> Option<u32> {
        let status = process_status(&self.read(thread, "status")?)?;
        let process = u32::try_from(status.group).ok()?;
        let shown = processes.contains(&process) && process != thread;
        let task = format!("{process}/task/{thread}");
        (shown && self.prober.proc().find(&task).is_ok()).then_some(process)
    }

    fn started(&self, pid: u32) -> Option<u64> {
        Some(process_stat(&self.read(pid, "stat")?)?.started)
    }

    fn read(&self, pid: u32, name: &str) -> Option<Vec<u8>> {
        self.prober.proc().read_file(&format!("{pid}/{name}"), 4096).ok()
    }
}

/// What /proc still says of it.
fn described(cx: &mut Cx<'_>, process: HiddenProcess) -> HiddenProcess {
    let dir = HostPath::new("/proc").join(process.pid.to_string());
    let host = cx.host();
    let text = |name: &str| {
        let content = host.read(&dir.join(name), 4096).ok()?;
        Some(Text::from(content.bytes.trim_ascii()))
    };
    let program = host.read_link(&dir.join("exe")).ok();
    let group = process.group.clone().or_else(|| text("cgroup"));
    HiddenProcess { name: text("comm"), program, group, ..process }
}
