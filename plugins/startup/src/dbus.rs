//! D-Bus activation and bus policies.
//!
//! A service file makes the bus start a program, as root on the system bus, when anyone calls a
//! name; a policy says who may own the name. An intruder brings both.

use std::collections::HashSet;

use coroner_core::{Blocked, Cx, Findings, HostPath, ItemKind, Items, Launch, Text, Trigger};
use coroner_parse::startup::dbus::{DbusService, OwnGrant, own_grants};
use coroner_parse::startup::exec::split_words;
use serde::{Deserialize, Serialize};

use crate::homes::Home;
use crate::{place, rules};

/// A service that the bus can start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BusService {
    /// The service file.
    pub file: HostPath,
    /// Line of its command.
    pub line: u32,
    /// On the system bus, not a user's session.
    pub system: bool,
    /// The bus name.
    pub name: Text,
    /// The command.
    pub exec: Text,
    /// Who it runs as, on the system bus.
    pub user: Text,
    /// The unit that is started instead.
    pub unit: Text,
}

impl ItemKind for BusService {
    const KIND: &'static str = "dbus.service";

    fn key(&self) -> Text {
        Text::from(&self.file)
    }
}

/// A name that a policy of the system bus lets everybody own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BusGrant {
    /// The policy.
    pub file: HostPath,
    /// The line.
    pub line: u32,
    /// The name, or `*`.
    pub name: Text,
    /// All names below it, too.
    pub prefix: bool,
}

impl ItemKind for BusGrant {
    const KIND: &'static str = "dbus.grant";

    fn key(&self) -> Text {
        let line = self.line.to_string();
        let parts: [&[u8]; 5] =
            [self.file.as_bytes(), b":", line.as_bytes(), b":", self.name.as_bytes()];
        Text::new(parts.concat())
    }
}

const SYSTEM: &[&str] = &[
    "/etc/dbus-1/system-services",
    "/run/dbus-1/system-services",
    "/usr/local/share/dbus-1/system-services",
    "/usr/share/dbus-1/system-services",
    "/usr/lib/dbus-1/system-services",
    "/lib/dbus-1/system-services",
];
const SESSION: &[&str] =
    &["/etc/dbus-1/services", "/usr/local/share/dbus-1/services", "/usr/share/dbus-1/services"];
const POLICIES: &[&str] =
    &["/etc/dbus-1/system.d", "/usr/share/dbus-1/system.d", "/usr/local/share/dbus-1/system.d"];

/// Collects service files and policies.
pub(crate) fn collect(cx: &mut Cx<'_>, homes: &[Home]) {
    let mut seen = HashSet::new();
    for (dirs, system) in [(SYSTEM, true), (SESSION, false)] {
        for dir in dirs {
            services(cx, &HostPath::new(dir), system, None, &mut seen);
        }
    }
    for home in homes {
        let dir = home.path.join(".local/share/dbus-1/services");
        services(cx, &dir, false, Some(&home.account), &mut seen);
    }
    for path in [
        "/etc/dbus-1/system.conf",
        "/etc/dbus-1/system-local.conf",
        "/usr/share/dbus-1/system.conf",
    ] {
        policy(cx, &HostPath::new(path));
    }
    for dir in POLICIES {
        for entry in cx.list(&HostPath::new(dir)) {
            if entry.name.as_bytes().ends_with(b".conf") {
                policy(cx, &entry.path);
            }
        }
    }
}

fn services(
    cx: &mut Cx<'_>,
    dir: &HostPath,
    system: bool,
    user: Option<&Text>,
    seen: &mut HashSet<HostPath>,
) {
    let Some(real) = cx.resolve(dir) else { return };
    if !seen.insert(real) {
        return;
    }
    for entry in cx.list(dir) {
        if entry.name.as_bytes().ends_with(b".service") {
            service(cx, &entry.path, system, user);
        }
    }
}

fn service(cx: &mut Cx<'_>, path: &HostPath, system: bool, account: Option<&Text>) {
    let Some(content) = cx.read(path) else { return };
    let service = DbusService::parse(&content.bytes);
    for bad in &service.bad {
        cx.bad_line(path, bad);
    }
    cx.want(path);
    // With a unit the command is a placeholder; the unit's own command is a launch already.
    if !service.exec.is_empty()
        && (service.systemd_service.is_empty() || !is_placeholder(&service.exec))
    {
        let user = if system { Some(service.user.clone()) } else { account.cloned() };
        cx.launch(Launch {
            trigger: Trigger::Activation,
            user: user.filter(|user| !user.is_empty()),
            command: service.exec.clone(),
            file: path.clone(),
            line: service.exec_line,
            name: service.name.clone(),
            enabled: true,
            programs: Vec::new(),
        });
    }
    cx.emit(BusService {
        file: path.clone(),
        line: service.exec_line,
        system,
        name: service.name,
        exec: service.exec,
        user: service.user,
        unit: service.systemd_service,
    });
}

fn is_placeholder(exec: &Text) -> bool {
    matches!(exec.as_bytes(), b"/bin/false" | b"/usr/bin/false" | b"/bin/true")
}

fn policy(cx: &mut Cx<'_>, path: &HostPath) {
    let Some(content) = cx.read(path) else { return };
    match own_grants(&content.bytes) {
        Ok(grants) => {
            cx.want(path);
            for OwnGrant { line, name, prefix } in grants {
                cx.emit(BusGrant { file: path.clone(), line, name, prefix });
            }
        }
        Err(error) => cx.minor_gap(path, Blocked::Malformed, error.to_string()),
    }
}

pub(crate) fn judge(items: &Items, out: &mut Findings) {
    let services: Vec<BusService> =
        items.all::<BusService>().filter(|service| service.system).collect();
    for grant in items.all::<BusGrant>().filter(|grant| place::is_unowned(items, &grant.file)) {
        let own = OwnGrant { line: grant.line, name: grant.name.clone(), prefix: grant.prefix };
        let root = |service: &&BusService| service.user.is_empty() || service.user == "root";
        let of_root = services.iter().filter(root).filter(|service| own.covers(&service.name));
        for service in of_root.filter(|service| is_nobodys(items, service)).take(1) {
            let draft = out.raise(&rules::BUS_NAME_OPEN_TO_ALL, &grant);
            draft.at(&grant.file, grant.line).evidence("name", service.name.clone());
            draft.evidence("service", &service.file).evidence("command", service.exec.clone());
        }
    }
}

fn is_nobodys(items: &Items, service: &BusService) -> bool {
    let word = split_words(service.exec.as_bytes()).into_iter().next();
    word.is_some_and(|word| place::is_nobodys_or_interpreter(items, &word))
}
