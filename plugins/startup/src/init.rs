//! init scripts and their links, `/etc/inittab`, rc.local.
//!
//! An intruder adds a script whose header claims to be a service that everybody knows, or appends
//! to rc.local. systemd still runs both, through its generators.

use std::collections::BTreeSet;

use coroner_core::{Cx, Findings, HostPath, ItemKind, Items, Text, Trigger};
use coroner_parse::startup::{init, inittab};
use serde::{Deserialize, Serialize};

use crate::systemd::Unit;
use crate::{place, rules, starts};

/// A script of `/etc/init.d`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InitScript {
    /// The script.
    pub file: HostPath,
    /// What its header says it provides.
    pub provides: Vec<Text>,
    /// The line that says so; 0 without a header.
    pub line: u32,
    /// Links that start it, in any runlevel.
    pub started_by: Vec<HostPath>,
}

impl ItemKind for InitScript {
    const KIND: &'static str = "init.script";

    fn key(&self) -> Text {
        Text::from(&self.file)
    }
}

/// Names that have always been a service's own, packaged or not.
const CLASSIC: &[&str] = &[
    "ssh",
    "sshd",
    "cron",
    "crond",
    "rsyslog",
    "syslog",
    "networking",
    "network",
    "udev",
    "dbus",
    "procps",
];

/// Collects scripts, links, inittab and rc.local.
pub(crate) fn collect(cx: &mut Cx<'_>) {
    let links = rc_links(cx);
    for entry in cx.list(&HostPath::new("/etc/init.d")) {
        if entry.name != "README" && entry.name != "skeleton" {
            script(cx, &entry.path, &links);
        }
    }
    for path in ["/etc/rc.local", "/etc/rc.d/rc.local", "/etc/init.d/rc.local", "/etc/rc.common"] {
        rc_local(cx, &HostPath::new(path));
    }
    inittab(cx);
}

/// What each link that starts something leads to, and the link.
fn rc_links(cx: &mut Cx<'_>) -> Vec<(HostPath, HostPath)> {
    let mut found = Vec::new();
    for top in ["/etc", "/etc/rc.d"] {
        for level in ["S", "0", "1", "2", "3", "4", "5", "6"] {
            for entry in cx.list(&HostPath::new(format!("{top}/rc{level}.d"))) {
                let starts = init::rc_link(entry.name.as_bytes()).is_some_and(|link| link.starts);
                let Some(real) = cx.resolve(&entry.path).filter(|_| starts) else { continue };
                if !real.is_under("/etc/init.d") && !real.is_under("/etc/rc.d/init.d") {
                    starts::file(cx, Trigger::Boot, Some(&Text::from("root")), &entry.path, true);
                }
                found.push((real, entry.path));
            }
        }
    }
    found
}

fn script(cx: &mut Cx<'_>, path: &HostPath, links: &[(HostPath, HostPath)]) {
    let Some(content) = cx.read(path) else { return };
    let header = match init::lsb_header(&content.bytes) {
        Ok(header) => header.unwrap_or_default(),
        Err(bad) => {
            cx.bad_line(path, &bad);
            init::LsbHeader::default()
        }
    };
    let own = links.iter().filter(|(real, _)| *real == content.real);
    let started_by: Vec<HostPath> = own.map(|(_, link)| link.clone()).collect();
    let enabled = !started_by.is_empty() && content.stat.is_executable();
    starts::file(cx, Trigger::Boot, Some(&Text::from("root")), path, enabled);
    let (provides, line) = (header.provides, header.provides_line);
    cx.emit(InitScript { file: path.clone(), provides, line, started_by });
}

/// systemd and sysvinit run it only when it is executable.
fn rc_local(cx: &mut Cx<'_>, path: &HostPath) {
    if let Some(stat) = cx.stat_followed(path).filter(coroner_core::Stat::is_file) {
        starts::file(cx, Trigger::Boot, Some(&Text::from("root")), path, stat.is_executable());
    }
}

fn inittab(cx: &mut Cx<'_>) {
    let path = HostPath::new("/etc/inittab");
    let Some(content) = cx.read(&path) else { return };
    for entry in inittab::entries(&content.bytes) {
        match entry {
            Ok(entry) if entry.process.is_empty() => {}
            Ok(entry) => {
                let root = Text::from("root");
                starts::command(
                    cx,
                    Trigger::Boot,
                    Some(&root),
                    (&path, entry.line),
                    entry.id,
                    entry.process,
                );
            }
            Err(bad) => cx.bad_line(&path, &bad),
        }
    }
}

pub(crate) fn judge(items: &Items, out: &mut Findings) {
    let scripts: Vec<InitScript> = items.all::<InitScript>().collect();
    let taken = taken_names(items, &scripts);
    for script in scripts.iter().filter(|script| place::is_unowned(items, &script.file)) {
        let own = script.file.name();
        let clash =
            script.provides.iter().find(|name| name.as_bytes() != own && taken.contains(*name));
        if let Some(name) = clash {
            let draft = out.raise(&rules::INIT_SCRIPT_CLAIMS_SERVICE, script);
            draft.at(&script.file, script.line).evidence("provides", name.clone());
            place::show(draft, items, "script", &script.file);
            for link in script.started_by.iter().take(1) {
                draft.evidence("started by", link);
            }
        }
    }
}

/// Facilities of packaged scripts, packaged services, and names everybody knows.
fn taken_names(items: &Items, scripts: &[InitScript]) -> BTreeSet<Text> {
    let mut taken: BTreeSet<Text> = CLASSIC.iter().map(|name| Text::from(*name)).collect();
    for script in scripts.iter().filter(|script| place::is_packaged(items, &script.file)) {
        taken.extend(script.provides.iter().cloned());
    }
    for unit in items.all::<Unit>().filter(|unit| place::is_packaged(items, &unit.file)) {
        let stem = unit.name.as_bytes().strip_suffix(b".service").map(Text::from);
        taken.extend(stem);
    }
    taken
}
