//! Links that enable units, and where they lead.

use coroner_core::{Cx, DirEntry, HostPath, Text};

use super::items::UnitLink;

/// Records a link and gives the path it leads to, also when nothing is there.
pub(super) fn emit(cx: &mut Cx<'_>, entry: &DirEntry, unit: Option<&Text>) -> Option<HostPath> {
    let target = cx.read_link(&entry.path)?;
    let path = entry.path.parent().unwrap_or_else(|| HostPath::new("/")).join(target.as_bytes());
    if target == "/dev/null" {
        return Some(path);
    }
    let leads_to = cx.resolve(&entry.path);
    let last = leads_to.clone().unwrap_or(path);
    cx.want(&last);
    let (file, pulled_in_by) = (entry.path.clone(), unit.cloned());
    cx.emit(UnitLink { file, target, leads_to, pulled_in_by });
    Some(last)
}
