//! Items to findings.

mod kernel;

use coroner_core::{Confidence, Draft, Findings, HostPath, Items, Severity, Text};
use coroner_host::views::PidView;

use crate::items::{
    ContentView, CountedThing, DirectoryView, FileView, HiddenProcess, ProcessorTime, Shortfall,
    Window,
};
use crate::rules;
use crate::steady::READINGS;

pub(crate) fn everything(items: &Items, out: &mut Findings) {
    for process in items.all::<HiddenProcess>() {
        self::process(&process, out);
    }
    for shortfall in items.all::<Shortfall>() {
        count(&shortfall, out);
    }
    for time in items.all::<ProcessorTime>() {
        processor_time(&time, out);
    }
    for view in items.all::<DirectoryView>() {
        records(&view, out);
        entries(&view, out);
        links(&view, out);
    }
    for view in items.all::<FileView>() {
        content(&view, out);
    }
    kernel::everything(items, out);
}

fn process(process: &HiddenProcess, out: &mut Findings) {
    let draft = out.raise(&rules::PROCESS, process);
    draft
        .in_file(&HostPath::new("/proc").join(process.pid.to_string()))
        .evidence("pid", process.pid.to_string())
        .evidence("listed", if process.listed { "yes" } else { "no" })
        .evidence("found by", names(&process.alive))
        .evidence("not found by", names(&process.dead));
    for (name, value) in
        [("name", &process.name), ("program", &process.program), ("cgroup", &process.group)]
    {
        if let Some(value) = value {
            draft.evidence(name, value);
        }
    }
}

fn names(views: &[PidView]) -> String {
    let names: Vec<&str> = views.iter().map(|view| call(*view)).collect();
    names.join(", ")
}

/// The system call's own name.
fn call(view: PidView) -> &'static str {
    match view {
        PidView::IoPriority => "ioprio_get",
        PidView::Limits => "prlimit64",
        PidView::Scheduling => "sched_getattr",
        PidView::Priority => "getpriority",
        PidView::RobustList => "get_robust_list",
        PidView::Compare => "kcmp",
        PidView::Pages => "move_pages",
        PidView::Clock => "clock_getres",
        PidView::Handle => "pidfd_open",
        PidView::Owner => "F_SETOWN",
        PidView::Credentials => "SCM_CREDENTIALS",
        PidView::Open => "openat2",
        PidView::Stat => "statx",
    }
}

fn count(shortfall: &Shortfall, out: &mut Findings) {
    if shortfall.missing == 0 {
        return;
    }
    let (rule, what) = match shortfall.thing {
        CountedThing::Processes => (&rules::COUNT, "processes not shown"),
        CountedThing::Threads => (&rules::COUNT, "threads not shown"),
        CountedThing::GroupTasks => (&rules::COUNT, "tasks not shown"),
        CountedThing::Sockets => (&rules::SOCKET_COUNT, "sockets not listed"),
    };
    let draft = out.raise(rule, shortfall);
    draft.in_file(&shortfall.source).evidence(what, shortfall.missing.to_string());
}

fn processor_time(time: &ProcessorTime, out: &mut Findings) {
    if time.windows.len() < READINGS as usize || !time.windows.iter().all(Window::is_short) {
        return;
    }
    let draft = out.raise(&rules::PROCESSOR_TIME, time);
    draft.in_file(&HostPath::new("/proc/stat"));
    for window in &time.windows {
        let Window { busy, accounted, doubt, .. } = window;
        let counts = format!("{busy} ticks, {accounted} of processes, {doubt} in doubt");
        draft.evidence("in one window", counts);
    }
}

fn records(view: &DirectoryView, out: &mut Findings) {
    if view.oversized.is_empty() && !view.malformed {
        return;
    }
    let draft = out.raise(&rules::DIRECTORY_RECORD, view);
    draft.in_file(&view.dir);
    for record in &view.oversized {
        let (length, needed) = (record.length, record.needed);
        draft.evidence("after the name", &record.name);
        draft.evidence("length", format!("{length} where the name needs {needed}"));
        many(draft, "hidden name", &record.inside);
        if record.inside.is_empty() {
            draft.evidence("bytes in the gap", &record.bytes);
        }
    }
    if view.malformed {
        draft.evidence("records", "bytes that are no records");
    }
}

fn entries(view: &DirectoryView, out: &mut Findings) {
    let told = [&view.after_end, &view.large_alone, &view.small_alone, &view.unlisted];
    let told = !view.withheld.is_empty() || told.iter().any(|names| !names.is_empty());
    if !told && view.on_disk_alone.is_empty() {
        return;
    }
    let draft = out.raise(&rules::DIRECTORY_ENTRY, view);
    draft.in_file(&view.dir);
    if !told {
        // A disk that keeps its writes back for minutes can look so.
        draft.graded(Severity::High, Confidence::Likely);
    }
    for (after, needs) in &view.withheld {
        // 19 bytes stand before a name and one after it.
        let (least, most) = (needs.saturating_sub(27), needs.saturating_sub(20));
        draft.evidence("withheld", format!("a name of {least} to {most} bytes"));
        draft.evidence("after the name", after);
    }
    many(draft, "after the end", &view.after_end);
    many(draft, "shown to a large buffer alone", &view.large_alone);
    many(draft, "shown to a small buffer alone", &view.small_alone);
    many(draft, "opens and is not listed", &view.unlisted);
    many(draft, "in the disk's blocks and not listed", &view.on_disk_alone);
}

fn many(draft: &mut Draft, what: &str, names: &[Text]) {
    for name in names {
        draft.evidence(what, name);
    }
}

fn links(view: &DirectoryView, out: &mut Findings) {
    let Some(counted) = view.counted.filter(|_| view.links_differ) else { return };
    let draft = out.raise(&rules::DIRECTORY_LINKS, view);
    draft
        .in_file(&view.dir)
        .evidence("directories by link count", counted.to_string())
        .evidence("directories shown", view.shown.to_string());
}

fn content(view: &FileView, out: &mut Findings) {
    if view.differences.is_empty() {
        return;
    }
    let draft = out.raise(&rules::CONTENT, view);
    draft.in_file(&view.path);
    if view.differences.iter().all(|difference| difference.view == ContentView::Blocks) {
        // A disk that keeps its writes back for minutes can look so.
        draft.graded(Severity::High, Confidence::Likely);
    }
    for difference in &view.differences {
        let other = match difference.view {
            ContentView::Read => "read() again gives",
            ContentView::Vectored => "preadv2() gives",
            ContentView::Mapped => "the mapped file gives",
            ContentView::Blocks => "the disk's blocks hold",
        };
        draft.evidence("from byte", difference.offset.to_string());
        draft.evidence("read() gives", &difference.read);
        draft.evidence(other, &difference.other);
    }
}
