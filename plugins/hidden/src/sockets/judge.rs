//! Items about sockets to findings.

use coroner_core::{Confidence, Draft, Findings, HostPath, Items, Severity};

use super::items::{HeldSocket, HiddenSocket, SocketHolder, SocketView};
use super::rules;

pub(crate) fn everything(items: &Items, out: &mut Findings) {
    for view in items.all::<SocketView>() {
        parted(&view, out);
    }
    for socket in items.all::<HeldSocket>() {
        held(&socket, out);
    }
}

fn parted(view: &SocketView, out: &mut Findings) {
    if view.unlisted.is_empty() && view.untold.is_empty() {
        return;
    }
    let draft = out.raise(&rules::SOCKET, view);
    draft.in_file(&view.source);
    describe(draft, "missing in the table", &view.unlisted);
    describe(draft, "missing in sock_diag", &view.untold);
}

fn describe(draft: &mut Draft, what: &str, sockets: &[HiddenSocket]) {
    for socket in sockets {
        draft.evidence(what, &socket.socket);
        for holder in &socket.holders {
            draft.evidence("held by", who(holder));
        }
    }
}

fn who(holder: &SocketHolder) -> Vec<u8> {
    let program = holder.program.as_ref().map(HostPath::as_bytes).unwrap_or_default();
    [format!("{} ", holder.pid).as_bytes(), holder.name.as_bytes(), b" ", program].concat()
}

fn held(socket: &HeldSocket, out: &mut Findings) {
    let draft = out.raise(&rules::SOCKET_DESCRIPTOR, socket);
    if let Some(holder) = &socket.holder {
        draft.in_file(&HostPath::new(format!("/proc/{}/fd", holder.pid)));
        draft.evidence("held by", who(holder));
    }
    draft.evidence("protocol", &socket.protocol);
    draft.evidence("inode", socket.inode.to_string());
    if socket.elsewhere {
        draft.graded(Severity::Info, Confidence::Possible);
        draft.evidence("tables not read", "of network namespaces without a process");
    }
}
