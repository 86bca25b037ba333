//! Shell history files of every home.

use std::collections::BTreeMap;

use coroner_core::{Cx, FileType, HostPath, Stat, Text, Time};

use super::accounts::Accounts;
use crate::items::History;

const NAMES: [&str; 6] = [
    ".bash_history",
    ".zsh_history",
    ".ash_history",
    ".sh_history",
    ".history",
    ".local/share/fish/fish_history",
];
/// Homes looked at; more are a file server's.
const MOST_HOMES: usize = 5_000;

pub(super) fn read(cx: &mut Cx<'_>, accounts: &Accounts) {
    let mut homes: BTreeMap<HostPath, Text> = BTreeMap::new();
    for (name, account) in accounts.all() {
        let kept = homes.entry(account.home.clone()).or_insert_with(|| name.clone());
        // Two accounts may share a home; the same one is named on every run.
        if name < *kept {
            *kept = name;
        }
    }
    for (home, user) in homes.into_iter().take(MOST_HOMES) {
        for name in NAMES {
            let path = home.join(name);
            if let Some(stat) = cx.stat(&path) {
                let link = (stat.kind == FileType::Link).then(|| cx.read_link(&path)).flatten();
                cx.emit(history(path, user.clone(), &stat, link));
            }
        }
    }
}

fn history(path: HostPath, user: Text, stat: &Stat, link: Option<Text>) -> History {
    History {
        path,
        user,
        size: stat.size,
        link,
        special: !matches!(stat.kind, FileType::Regular | FileType::Link),
        immutable: stat.immutable == Some(true),
        links: stat.links,
        modified: stat.modified.into(),
        born: stat.born.map(Time::from),
    }
}
