//! From the shared snapshot to items.

mod code;
mod mounts;
mod remotes;

use std::collections::BTreeMap;

use coroner_core::{Blocked, Cx, HostPath, Process, Processes, Text, Time};

use crate::items::{ProcessItem, Program, Tracer, Variable};
use remotes::Remotes;

/// Bytes of a command line that an item keeps.
const LONGEST_COMMAND: usize = 4096;

pub(crate) fn everything(cx: &mut Cx<'_>) {
    let Some(processes) = cx.processes() else { return };
    mounts::covering(cx, processes);
    let mut code = code::read(cx, processes);
    let mut remotes = Remotes::default();
    let mut copies: BTreeMap<Text, u32> = BTreeMap::new();
    for process in processes.iter().filter(|process| has_program(process)) {
        let mut item = item(process, processes);
        item.remote = remotes.of(cx, process);
        if let Some(code) = code.remove(&process.pid()) {
            (item.code, item.libraries) = (code.code, code.libraries);
        }
        let copy = copies.entry(item.class()).or_default();
        item.copy = *copy;
        *copy = copy.saturating_add(1);
        name_files(cx, &item);
        note_refusal(cx, process);
        cx.emit(item);
    }
}

/// The auditor itself may well lie in /tmp.
fn has_program(process: &Process) -> bool {
    !process.stat.is_kernel_thread() && !process.stat.is_zombie() && !process.is_auditor
}

fn item(process: &Process, processes: &Processes) -> ProcessItem {
    let arguments: Vec<&[u8]> = process.arguments().collect();
    let command = arguments.join(&b' ');
    let variables = process.environment.iter();
    ProcessItem {
        pid: process.pid(),
        parent: process.stat.parent,
        name: process.stat.comm.clone(),
        called: arguments.first().map(|first| cut(first)).unwrap_or_default(),
        bare: arguments.iter().skip(1).all(|argument| argument.is_empty()),
        command: cut(&command),
        copy: 0,
        uid: process.status.as_ref().map(|status| status.uids[1]),
        started: process.started.map(Time::from_seconds),
        login_uid: process.login_uid,
        terminal: process.stat.terminal != 0,
        place: process.placement.clone(),
        program: process.executable.as_ref().map(Program::from),
        environment: variables
            .map(|(name, value)| Variable { name: name.clone(), value: value.clone() })
            .collect(),
        remote: None,
        tracer: tracer(process, processes),
        bpf: process.descriptors.as_ref().map(|held| held.bpf.clone()).unwrap_or_default(),
        libraries: Vec::new(),
        code: None,
    }
}

fn cut(text: &[u8]) -> Text {
    Text::from(text.get(..LONGEST_COMMAND).unwrap_or(text))
}

fn tracer(process: &Process, processes: &Processes) -> Option<Tracer> {
    let pid = process.status.as_ref().map(|status| status.tracer).filter(|pid| *pid != 0)?;
    let tracer = processes.get(pid);
    let executable = tracer.and_then(|tracer| tracer.executable.as_ref());
    Some(Tracer {
        pid,
        program: executable.map(|executable| executable.path.clone()),
        of_host: executable.is_some_and(|executable| executable.of_host),
        terminal: tracer.is_some_and(|tracer| tracer.stat.terminal != 0),
    })
}

/// The files whose facts judging needs: of the host alone, because its packages know no others.
fn name_files(cx: &mut Cx<'_>, item: &ProcessItem) {
    if !item.is_of_host() {
        return;
    }
    if let Some(program) = item.program.as_ref().filter(|program| program.memory.is_none()) {
        cx.want(&program.path);
    }
    for path in item.environment.iter().flat_map(crate::judge::loaded_by) {
        cx.want(&path);
    }
    for library in &item.libraries {
        cx.want(&library.path);
    }
    if let Some(path) = item.tracer.as_ref().and_then(|tracer| tracer.program.as_ref()) {
        cx.want(path);
    }
}

/// Said once a process: the first thing that the kernel kept back.
fn note_refusal(cx: &mut Cx<'_>, process: &Process) {
    if let Some((path, why)) = &process.refused {
        cx.gap(path, *why);
    }
    let held = process.descriptors.as_ref();
    if process.command_cut || held.is_some_and(|held| held.truncated) {
        let path: HostPath = process.file("fd");
        cx.minor_gap(
            &path,
            Blocked::TooLarge,
            "more descriptors or a longer command than are kept",
        );
    }
}
