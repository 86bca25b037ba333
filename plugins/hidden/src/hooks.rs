//! Functions of the kernel that ftrace diverts.

use coroner_core::{Blocked, Cx, HostPath, ReadError};
use coroner_parse::module::traced_functions;

use crate::items::DivertedFunction;

/// Where systemd mounts tracefs, and where it was before Linux 4.1.
const TRACEFS: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];
const LARGEST: usize = 16 << 20;
/// More than this are a tracer's, which follows every function.
const MOST: usize = 1000;

/// Tells them, where tracefs is mounted; it is not mounted for that.
pub(crate) fn hooks(cx: &mut Cx<'_>) {
    let livepatch = HostPath::new("/sys/kernel/livepatch");
    let patched = cx.host().list(&livepatch, 100).is_ok_and(|listing| !listing.entries.is_empty());
    for dir in TRACEFS {
        let path = HostPath::new(dir).join("enabled_functions");
        match cx.host().read(&path, LARGEST) {
            Ok(content) => {
                let functions = traced_functions(&content.bytes);
                for function in functions.into_iter().take(MOST) {
                    cx.emit(DivertedFunction {
                        function: function.name,
                        replaced: function.replaced,
                        direct: function.direct,
                        callee: function.callee,
                        live_patch: patched,
                    });
                }
                return;
            }
            Err(ReadError::Absent) => {}
            Err(ReadError::Blocked(reason)) => {
                return cx.minor_gap(&path, reason, "which functions of the kernel are diverted");
            }
        }
    }
    let path = HostPath::new(TRACEFS[0]);
    cx.minor_gap(&path, Blocked::Unavailable, "which functions of the kernel are diverted");
}
