//! Whose hands a process is in: a login, another host, a tracer.

use coroner_core::Confidence::{Likely, Possible};
use coroner_core::Severity::{High, Info, Low};
use coroner_core::{Findings, PackageState};
use coroner_parse::process::Placement;

use super::Seen;
use crate::items::Tracer;
use crate::names::is_shell;
use crate::rules;

/// Programs whose work is to trace others.
const DEBUGGERS: [&[u8]; 11] = [
    b"gdb",
    b"gdbserver",
    b"strace",
    b"ltrace",
    b"lldb",
    b"lldb-server",
    b"rr",
    b"dlv",
    b"perf",
    b"valgrind",
    b"proot",
];

pub(super) fn judge(seen: &Seen<'_>, out: &mut Findings) {
    login(seen, out);
    remote(seen, out);
    if let Some(tracer) = &seen.item.tracer {
        traced(seen, tracer, out);
    }
}

/// The system starts services with nobody logged in; what a login started stays that login's for ever.
fn login(seen: &Seen<'_>, out: &mut Findings) {
    let item = seen.item;
    let of_system = matches!(item.place, Placement::Unit { .. } | Placement::Host);
    let alone = item.parent == 1 && !item.terminal && of_system;
    if let Some(login) = item.login_uid.filter(|_| alone && item.uid == Some(0)) {
        let draft = out.raise(&rules::LOGIN_ON_DAEMON, item);
        seen.describe(draft);
        draft.evidence("logged in", login.to_string());
    }
}

fn remote(seen: &Seen<'_>, out: &mut Findings) {
    let Some(remote) = &seen.item.remote else { return };
    let draft = out.raise(&rules::SHELL_ON_SOCKET, seen.item);
    seen.describe(draft);
    draft.evidence("peer", format!("{} {}", remote.protocol, remote.peer));
    draft.evidence("local", remote.local.to_string());
    draft.evidence("descriptor", remote.descriptor.to_string());
    // systemd's sockets with Accept=yes and inetd start a service on each connection so.
    let accepted =
        matches!(&seen.item.place, Placement::Unit { unit } if unit.as_bytes().contains(&b'@'));
    if accepted {
        draft.graded(Low, Possible);
    } else if !is_shell(seen.program_name()) {
        draft.graded(High, Likely);
    }
}

fn traced(seen: &Seen<'_>, tracer: &Tracer, out: &mut Findings) {
    let facts =
        tracer.program.as_ref().filter(|_| tracer.of_host).and_then(|path| seen.items.file(path));
    let unowned = facts.as_ref().is_some_and(|facts| facts.state == PackageState::Unowned);
    let name = tracer.program.as_ref().map(|path| path.name().to_vec()).unwrap_or_default();
    let debugger = DEBUGGERS.contains(&name.as_slice());
    let same = tracer.program.as_ref() == seen.path();
    let contained = !seen.item.is_of_host();
    if contained || debugger && tracer.terminal && !unowned || same && !unowned {
        return;
    }
    let draft = out.raise(&rules::TRACED, seen.item);
    seen.describe(draft);
    draft.evidence("tracer", tracer.pid.to_string());
    if let Some(path) = &tracer.program {
        draft.evidence("tracer's program", path.text());
    }
    if debugger && !unowned {
        draft.graded(Info, Possible);
    } else if !unowned {
        draft.graded(Low, Possible);
    }
}
