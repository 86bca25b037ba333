//! The units of all managers of a host: the system's, the users' common part, and each user's own.

use coroner_core::{Blocked, Cx, HostPath, Text};
use coroner_parse::startup::search::{self, UnitDirectory};

use super::index::{Index, UnitDir};
use super::load::Loader;
use super::manager::Manager;
use crate::homes::Home;

/// Commands kept of one host's units; a clean host has a few hundred.
const MOST_COMMANDS: usize = 20_000;

/// Collects the units of the system, of all users and of each home.
pub(crate) fn collect(cx: &mut Cx<'_>, homes: &[Home]) {
    let mut loader = Loader::with_room(MOST_COMMANDS);
    let system =
        Manager { label: Text::from("system"), account: Some(Text::from("root")), from_boot: true };
    let index = Index::of(cx, &absolute(search::SYSTEM));
    loader.units(cx, &system, &index, &Index::default());
    let user = Manager { label: Text::from("user"), account: None, from_boot: false };
    let common = Index::of(cx, &absolute(search::USER));
    loader.units(cx, &user, &common, &Index::default());
    for (manager, dirs) in own_directories(cx, homes) {
        let own = Index::of(cx, &dirs);
        if !own.is_empty() {
            loader.units(cx, &manager, &own, &common);
        }
    }
    if loader.is_full() {
        cx.gap_because(
            &HostPath::new("/etc/systemd/system"),
            Blocked::TooLarge,
            "more commands of units than are kept",
        );
    }
    crate::environment::of_managers(cx);
}

fn absolute(dirs: &[UnitDirectory]) -> Vec<UnitDir> {
    let one = |dir: &UnitDirectory| UnitDir { path: HostPath::new(dir.path), place: dir.place };
    dirs.iter().map(one).collect()
}

fn below(top: &HostPath, dirs: &[UnitDirectory]) -> Vec<UnitDir> {
    let one = |dir: &UnitDirectory| UnitDir { path: top.join(dir.path), place: dir.place };
    dirs.iter().map(one).collect()
}

/// Homes, and what running managers of users keep below `/run/user`.
fn own_directories(cx: &mut Cx<'_>, homes: &[Home]) -> Vec<(Manager, Vec<UnitDir>)> {
    let lingering = cx.list(&HostPath::new("/var/lib/systemd/linger"));
    let named = |account: &Text| Manager {
        from_boot: lingering.iter().any(|entry| entry.name == *account),
        label: Text::new([b"user ", account.as_bytes()].concat()),
        account: Some(account.clone()),
    };
    let mut all: Vec<_> =
        homes.iter().map(|home| (named(&home.account), below(&home.path, search::HOME))).collect();
    for runtime in cx.list(&HostPath::new("/run/user")) {
        let dirs = below(&runtime.path, search::RUNTIME_OF_USER);
        all.push((named(&runtime.name), dirs));
    }
    all
}
