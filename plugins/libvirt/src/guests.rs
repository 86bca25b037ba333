//! The domains that libvirt has on file, defined and running.

use std::collections::{BTreeMap, BTreeSet};

use coroner_core::{Blocked, Cx, DirEntry, HostPath, Text};
use coroner_parse::virt::{Domain, XmlError, domain};

/// Where the system's daemon keeps definitions; autostart links are one level below.
const DEFINED: &str = "/etc/libvirt/qemu";
/// Where it keeps the state of running domains.
const RUNNING: &str = "/run/libvirt/qemu";

/// A domain as one file tells it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) file: HostPath,
    pub(crate) domain: Domain,
}

/// A domain with both files that may tell of it.
#[derive(Debug, Default)]
pub(crate) struct Guest {
    pub(crate) defined: Option<Told>,
    pub(crate) running: Option<Told>,
    pub(crate) autostart: bool,
    /// A user's own domain, which the defaults of the system's `qemu.conf` do not reach.
    pub(crate) of_session: bool,
}

impl Guest {
    /// The file to show: the definition, or else the state.
    pub(crate) fn told(&self) -> Option<&Told> {
        self.defined.as_ref().or(self.running.as_ref())
    }

    /// Its process, by the state file.
    pub(crate) fn pid(&self) -> Option<i32> {
        Some(self.running.as_ref()?.domain.running.as_ref()?.pid)
    }
}

/// What libvirt has on file.
#[derive(Debug, Default)]
pub(crate) struct Guests {
    /// By the place of the definition and the name.
    pub(crate) all: BTreeMap<(HostPath, Text), Guest>,
    /// Processes that libvirt started, by its pid files, which everybody may read.
    pub(crate) pids: BTreeSet<i32>,
    /// This host has libvirt at all.
    pub(crate) libvirt_here: bool,
}

impl Guests {
    pub(crate) fn read(cx: &mut Cx<'_>) -> Self {
        let system = HostPath::new(DEFINED);
        let mut guests = Self { libvirt_here: cx.stat(&system).is_some(), ..Self::default() };
        guests.read_defined(cx, &system, false);
        for home in homes(cx) {
            guests.read_defined(cx, &home.join(".config/libvirt/qemu"), true);
        }
        // The state of domains on a disk at rest is what the last boot left behind.
        if cx.live() {
            guests.read_running(cx, &HostPath::new(RUNNING), &system);
            for user in cx.list(&HostPath::new("/run/user")) {
                let dir = user.path.join("libvirt/qemu/run");
                guests.read_running(cx, &dir, &dir);
            }
        }
        guests
    }

    fn read_defined(&mut self, cx: &mut Cx<'_>, dir: &HostPath, of_session: bool) {
        let autostarted: BTreeSet<Text> =
            cx.list(&dir.join("autostart")).into_iter().map(|link| link.name).collect();
        for entry in xml_files(cx, dir) {
            let Some(told) = read_domain(cx, &entry.path) else { continue };
            let key = (dir.clone(), told.domain.name.clone());
            let guest = self.all.entry(key).or_default();
            guest.autostart = autostarted.contains(&entry.name);
            guest.of_session = of_session;
            guest.defined = Some(told);
        }
    }

    /// `defined` is where the definitions of the same daemon lie.
    fn read_running(&mut self, cx: &mut Cx<'_>, dir: &HostPath, defined: &HostPath) {
        for entry in xml_files(cx, dir) {
            let Some(told) = read_domain(cx, &entry.path) else { continue };
            let key = (defined.clone(), told.domain.name.clone());
            self.all.entry(key).or_default().running = Some(told);
        }
        for entry in cx.list(dir) {
            if entry.name.as_bytes().ends_with(b".pid") {
                let pid = cx.read(&entry.path).and_then(|content| number(&content.bytes));
                self.pids.extend(pid);
            }
        }
        self.pids.extend(self.all.values().filter_map(Guest::pid));
    }
}

fn homes(cx: &mut Cx<'_>) -> Vec<HostPath> {
    let users = cx.list(&HostPath::new("/home")).into_iter().map(|entry| entry.path);
    users.chain([HostPath::new("/root")]).collect()
}

fn xml_files(cx: &mut Cx<'_>, dir: &HostPath) -> Vec<DirEntry> {
    let mut entries = cx.list(dir);
    entries.retain(|entry| entry.name.as_bytes().ends_with(b".xml"));
    entries
}

/// libvirt's own reader is more forgiving than this one, so a file that this one refuses is a gap.
fn read_domain(cx: &mut Cx<'_>, path: &HostPath) -> Option<Told> {
    let content = cx.read(path)?;
    match domain(&content.bytes) {
        Ok(domain) => {
            if domain.truncated {
                cx.gap_because(path, Blocked::TooLarge, "more devices than are read");
            }
            Some(Told { file: path.clone(), domain })
        }
        Err(XmlError::NoDomain) => None,
        Err(error) => {
            cx.gap_because(path, Blocked::Malformed, error.to_string());
            None
        }
    }
}

fn number(text: &[u8]) -> Option<i32> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}
