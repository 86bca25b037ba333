//! Scripts that logrotate runs, daily and as root.

use coroner_core::{Cx, HostPath, Text, Trigger};
use coroner_parse::startup::logrotate;

use crate::starts;

/// Collects the scripts of the main file and of every drop-in.
pub(crate) fn collect(cx: &mut Cx<'_>) {
    file(cx, &HostPath::new("/etc/logrotate.conf"));
    for entry in cx.list(&HostPath::new("/etc/logrotate.d")) {
        file(cx, &entry.path);
    }
}

fn file(cx: &mut Cx<'_>, path: &HostPath) {
    let Some(content) = cx.read(path) else { return };
    let (scripts, bad) = logrotate::scripts(&content.bytes);
    for bad in &bad {
        cx.bad_line(path, bad);
    }
    for found in scripts {
        let (root, at) = (Text::from("root"), (path, found.line));
        starts::command(cx, Trigger::Time, Some(&root), at, found.value.when, found.value.script);
    }
}
