//! The tools of the table, and the diversions that move them aside.

use coroner_core::{Cx, HostPath};
use coroner_parse::package::dpkg;

use super::places::Places;
use crate::items::DivertedTool;
use crate::names;
use crate::table::TOOLS;

/// Asks for every tool by name: one that is packaged and gone is a fact as well.
pub(super) fn want_tools(cx: &mut Cx<'_>, places: &Places) {
    for dir in &places.programs {
        for tool in TOOLS {
            cx.want(&dir.join(tool.name));
        }
    }
    for dir in &places.helpers {
        for entry in cx.list(dir) {
            if names::tool_at(&entry.path).is_some() {
                cx.want(&entry.path);
            }
        }
    }
}

/// Local diversions of relied-on files. A package's own diversions are ordinary.
pub(super) fn diversions(cx: &mut Cx<'_>) {
    let file = HostPath::new("/var/lib/dpkg/diversions");
    let Some(content) = cx.read(&file) else { return };
    // Three lines make a record.
    for (record, line) in dpkg::diversions(&content.bytes).zip((1_u32..).step_by(3)) {
        let Ok(diversion) = record else { continue };
        let (path, to) = (HostPath::new(diversion.from), HostPath::new(diversion.to));
        if diversion.package.is_none() && names::known(path.name()) {
            cx.want(&path);
            cx.emit(DivertedTool { file: file.clone(), line, path, to });
        }
    }
}
