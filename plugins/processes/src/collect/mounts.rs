//! Mounts of the host's own namespace that cover a process or a program.

use coroner_core::{Cx, HostPath, Processes};
use coroner_parse::process::{Mount, mounts};

use crate::items::CoveringMount;

/// A host with a thousand containers has some 20,000 lines.
const LONGEST_TABLE: usize = 64 << 20;
/// Where programs and their libraries lie.
const PROGRAMS: [&str; 9] = [
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/libexec",
];
/// What container engines put in the place of a container's first program.
const OF_ENGINES: [&str; 2] = ["docker-init", "catatonit"];

pub(super) fn covering(cx: &mut Cx<'_>, processes: &Processes) {
    let path = HostPath::new("/proc/1/mountinfo");
    let Some(table) = cx.read_up_to(&path, LONGEST_TABLE) else { return };
    for mount in mounts(&table.bytes) {
        match mount {
            Ok(mount) => covers(cx, processes, &mount),
            Err(bad) => cx.bad_line(&path, &bad),
        }
    }
}

fn covers(cx: &mut Cx<'_>, processes: &Processes, mount: &Mount) {
    let point = HostPath::new(mount.point.as_bytes());
    let process = process(&point);
    if process.is_none() && !is_program(cx, &point) {
        return;
    }
    let covered = process.and_then(|pid| processes.get(pid)).map(|process| {
        let program = process.executable.as_ref().map(|executable| executable.path.text().clone());
        program.unwrap_or_else(|| process.stat.comm.clone())
    });
    if process.is_none() {
        cx.want(&point);
    }
    cx.emit(CoveringMount {
        point,
        source: mount.source.clone(),
        root: mount.root.clone(),
        file_system: mount.file_system.clone(),
        process,
        covered,
    });
}

/// `/proc/4711` or anything below it.
fn process(point: &HostPath) -> Option<i32> {
    let mut parts = point.components();
    let number = parts.next().filter(|top| *top == b"proc").and_then(|_| parts.next())?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

fn is_program(cx: &mut Cx<'_>, point: &HostPath) -> bool {
    let here = PROGRAMS.iter().any(|dir| point.is_under(dir));
    let of_engine = OF_ENGINES.iter().any(|name| name.as_bytes() == point.name());
    here && !of_engine && cx.stat(point).is_some_and(|stat| stat.is_file())
}
