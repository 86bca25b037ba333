//! Processes of a fixture: what a case does not say of one is as usual.

use std::collections::BTreeSet;

use crate::{Node, Tree};

/// When the kernel of a fixture started: 2026-05-28.
const BOOT: &str = "btime 1780000000\n";

/// Adds to each /proc/PID of a tree the `stat` and `status` of an ordinary process of root and its `root`,
/// the host's (another one is that of a container), and to /proc the time of the boot.
pub(crate) fn complete(mut tree: Tree) -> Tree {
    let pids: BTreeSet<String> = tree.paths().filter_map(pid).collect();
    for pid in pids {
        let name = name(&tree, &pid);
        let comm = name.get(..15).unwrap_or(&name);
        let stat = [format!("{pid} (").as_bytes(), comm, b") S 1 1 1 0 -1 4194560", STAT].concat();
        let status = format!("Tgid:\t{pid}\nTracerPid:\t0\n{STATUS}");
        tree = or_usual(tree, &format!("/proc/{pid}/stat"), &stat);
        tree = or_usual(tree, &format!("/proc/{pid}/status"), status.as_bytes());
        let root = format!("/proc/{pid}/root");
        tree = if tree.target(&root).is_some() { tree } else { tree.link(root, "/") };
    }
    or_usual(tree, "/proc/stat", BOOT.as_bytes())
}

/// From the page faults to the time of the start: 100 seconds after the boot.
const STAT: &[u8] = b" 0 0 0 0 0 0 0 0 20 0 1 0 10000 0 0\n";
const STATUS: &str = "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nCapEff:\t0000000000000000\n";

fn pid(path: &[u8]) -> Option<String> {
    let rest = std::str::from_utf8(path).ok()?.strip_prefix("/proc/")?;
    let (pid, _) = rest.split_once('/')?;
    pid.bytes().all(|byte| byte.is_ascii_digit()).then(|| pid.to_owned())
}

/// The name that the kernel would have given it: of the file that was started.
fn name(tree: &Tree, pid: &str) -> Vec<u8> {
    if let Some(comm) = tree.content(format!("/proc/{pid}/comm")) {
        return comm.trim_ascii_end().to_vec();
    }
    let command = tree.content(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let program = command.split(|&byte| byte == 0).next().unwrap_or_default();
    let started = match tree.target(format!("/proc/{pid}/exe")) {
        Some(target) => target.strip_suffix(b" (deleted)").unwrap_or(target),
        None => program,
    };
    started.rsplit(|&byte| byte == b'/').next().unwrap_or_default().to_vec()
}

fn or_usual(tree: Tree, path: &str, content: &[u8]) -> Tree {
    if tree.content(path).is_some() { tree } else { tree.node(path, Node::File(content.to_vec())) }
}
