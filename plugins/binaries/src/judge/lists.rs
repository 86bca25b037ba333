//! The host's lists of files and digests, against packs and against their own times.

use std::collections::BTreeSet;

use coroner_core::packages::{EditedLine, Package};
use coroner_core::{FileFacts, Findings, HostPath, Items, PackageState};

use crate::rules;

/// Lines that are shown of one package.
const SHOWN: usize = 12;

pub(super) fn judge(items: &Items, out: &mut Findings) {
    // What was replaced along with its line is told with the file.
    let told: BTreeSet<HostPath> = items
        .all::<FileFacts>()
        .filter(|file| matches!(file.state, PackageState::Forged | PackageState::Modified))
        .map(|file| file.path)
        .collect();
    for package in items.all::<Package>() {
        edited(&package, &told, out);
        rewritten(&package, out);
    }
}

fn edited(package: &Package, told: &BTreeSet<HostPath>, out: &mut Findings) {
    let lines: Vec<&EditedLine> =
        package.edited.iter().filter(|line| !told.contains(&line.path)).collect();
    let Some(first) = lines.first() else { return };
    let draft = out.raise(&rules::LIST_EDITED, package);
    draft.in_file(&first.path);
    draft.evidence("package", package.name.clone()).evidence("lines", lines.len().to_string());
    for line in lines.iter().take(SHOWN) {
        let listed = line.listed.as_ref().map(ToString::to_string);
        let listed = listed.unwrap_or_else(|| "nothing".to_owned());
        let said = format!("{}: the host says {listed}, the vendor {}", line.path, line.vendor);
        draft.evidence("line", said);
    }
}

fn rewritten(package: &Package, out: &mut Findings) {
    let Some(times) = &package.rewritten else { return };
    let draft = out.raise(&rules::LIST_NEWER, package);
    let info = HostPath::new("/var/lib/dpkg/info");
    let list = [package.name.as_bytes(), b".md5sums"].concat();
    draft.in_file(&info.join(&list));
    draft.evidence("package", package.name.clone());
    draft.evidence("digests written", times.digests.to_string());
    draft.evidence("package installed", times.installed.to_string());
}
