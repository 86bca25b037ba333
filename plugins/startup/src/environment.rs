//! Libraries that an environment variable has the loader put into every program.
//!
//! `LD_PRELOAD` and `LD_AUDIT` in `/etc/environment`, `environment.d`, a unit or a shell start
//! file do what `/etc/ld.so.preload` does, and fewer people look there.

use coroner_core::{
    Confidence, Cx, FileFacts, Findings, HostPath, ItemKind, Items, PackageState, Severity, Text,
    Trigger,
};
use coroner_parse::startup::environment::{self, Assignment};
use coroner_parse::startup::merge::Merged;
use coroner_parse::startup::unit::UnitFile;
use serde::{Deserialize, Serialize};

use crate::homes::Home;
use crate::{place, rules, starts};

/// How far a variable reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Every login, every session or every service.
    Everything,
    /// One account.
    Account,
    /// One unit.
    Unit,
}

/// A library named by a loader's variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Preload {
    /// The file that sets the variable.
    pub file: HostPath,
    /// The line.
    pub line: u32,
    /// `LD_PRELOAD` or `LD_AUDIT`.
    pub variable: Text,
    /// As written.
    pub library: Text,
    /// See [`Reach`].
    pub reach: Reach,
}

impl ItemKind for Preload {
    const KIND: &'static str = "startup.preload";

    fn key(&self) -> Text {
        let line = self.line.to_string();
        let parts: [&[u8]; 5] =
            [self.file.as_bytes(), b":", line.as_bytes(), b":", self.library.as_bytes()];
        Text::new(parts.concat())
    }
}

/// Directories a bare library name is looked for in.
const LIBRARY_DIRS: &[&str] = &[
    "/usr/local/lib",
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
];
/// Memory allocators and test helpers that people preload into one service.
const WELL_KNOWN: &[&str] = &[
    "libjemalloc",
    "libtcmalloc",
    "libmimalloc",
    "libeatmydata",
    "libfaketime",
    "libnss_wrapper",
    "libhugetlbfs",
    "libasan",
    "libnosync",
    "libarmmem",
    "liboneagentproc",
];

/// Records what an assignment makes the loader load or an interpreter run.
pub(crate) fn record(cx: &mut Cx<'_>, file: &HostPath, line: u32, set: &Assignment, reach: Reach) {
    if environment::names_start_file(&set.name) && set.value.as_bytes().starts_with(b"/") {
        let (name, value) = (set.name.clone(), set.value.clone());
        starts::command(cx, Trigger::Program, None, (file, line), name, value);
    }
    if !environment::loads_library(&set.name) {
        return;
    }
    for library in environment::named_objects(&set.value).into_iter().take(16) {
        for path in candidates(&library) {
            cx.want(&path);
        }
        let variable = set.name.clone();
        cx.emit(Preload { file: file.clone(), line, variable, library, reach });
    }
}

fn candidates(library: &Text) -> Vec<HostPath> {
    match library.as_bytes() {
        path @ [b'/', ..] => vec![HostPath::new(path)],
        name => LIBRARY_DIRS.iter().map(|dir| HostPath::new(dir).join(name)).collect(),
    }
}

/// `/etc/environment` and its kin, and each home's.
pub(crate) fn collect(cx: &mut Cx<'_>, homes: &[Home]) {
    file(cx, &HostPath::new("/etc/environment"), Reach::Everything);
    for dir in [
        "/etc/environment.d",
        "/run/environment.d",
        "/usr/local/lib/environment.d",
        "/usr/lib/environment.d",
    ] {
        directory(cx, &HostPath::new(dir), Reach::Everything);
    }
    for home in homes {
        file(cx, &home.path.join(".pam_environment"), Reach::Account);
        file(cx, &home.path.join(".ssh/environment"), Reach::Account);
        directory(cx, &home.path.join(".config/environment.d"), Reach::Account);
    }
}

fn directory(cx: &mut Cx<'_>, dir: &HostPath, reach: Reach) {
    for entry in cx.list(dir) {
        if entry.name.as_bytes().ends_with(b".conf") {
            file(cx, &entry.path, reach);
        }
    }
}

fn file(cx: &mut Cx<'_>, path: &HostPath, reach: Reach) {
    let Some(content) = cx.read(path) else { return };
    for found in environment::assignments(&content.bytes) {
        match found {
            Ok(found) => record(cx, path, found.line, &found.value, reach),
            Err(bad) => cx.bad_line(path, &bad),
        }
    }
}

/// `Environment=` of a unit.
pub(crate) fn of_unit(cx: &mut Cx<'_>, merged: &Merged<HostPath>) {
    for section in ["Service", "Socket"] {
        for entry in merged.list(section, "Environment") {
            for set in environment::of_unit(&entry.setting.value) {
                record(cx, &entry.file, entry.setting.line, &set, Reach::Unit);
            }
        }
    }
}

/// The files that a unit names by `EnvironmentFile=`.
pub(crate) fn files_of_unit(cx: &mut Cx<'_>, merged: &Merged<HostPath>) {
    for entry in merged.list("Service", "EnvironmentFile").into_iter().take(16) {
        let named = entry.setting.value.as_bytes();
        let named = named.strip_prefix(b"-").unwrap_or(named);
        if named.starts_with(b"/") && !named.iter().any(|byte| b"*?[%".contains(byte)) {
            file(cx, &HostPath::new(named), Reach::Unit);
        }
    }
}

/// `DefaultEnvironment=` of the managers: every service gets it.
pub(crate) fn of_managers(cx: &mut Cx<'_>) {
    for name in ["system.conf", "user.conf"] {
        manager_file(cx, &HostPath::new("/etc/systemd").join(name));
        for top in ["/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"] {
            for entry in cx.list(&HostPath::new(top).join(name).with_suffix(".d")) {
                manager_file(cx, &entry.path);
            }
        }
    }
}

fn manager_file(cx: &mut Cx<'_>, path: &HostPath) {
    let Some(content) = cx.read(path) else { return };
    for setting in UnitFile::parse(&content.bytes).settings {
        if setting.is("Manager", "DefaultEnvironment")
            || setting.is("Manager", "ManagerEnvironment")
        {
            for set in environment::of_unit(&setting.value) {
                record(cx, path, setting.line, &set, Reach::Everything);
            }
        }
    }
}

pub(crate) fn judge(items: &Items, out: &mut Findings) {
    for preload in items.all::<Preload>() {
        let found = candidates(&preload.library).into_iter().find_map(|path| items.file(&path));
        let Some((severity, confidence)) = grade(&preload, found.as_ref()) else { continue };
        let draft = out.raise(&rules::LIBRARY_PRELOADED, &preload);
        draft.at(&preload.file, preload.line).graded(severity, confidence);
        draft
            .evidence("variable", preload.variable.clone())
            .evidence("library", preload.library.clone());
        if let Some(file) = found {
            place::show(draft, items, "file", &file.path);
        }
    }
}

fn grade(preload: &Preload, found: Option<&FileFacts>) -> Option<(Severity, Confidence)> {
    let path = HostPath::new(preload.library.as_bytes());
    if preload.library.as_bytes().starts_with(b"/") && place::is_odd(&path) {
        return Some((Severity::High, Confidence::Certain));
    }
    let file = found.filter(|file| file.state == PackageState::Unowned)?;
    let name = file.path.name().to_vec();
    let known = WELL_KNOWN.iter().any(|known| name.starts_with(known.as_bytes()));
    let vendors = file.path.is_under("/opt");
    match preload.reach {
        Reach::Unit if known || vendors => None,
        Reach::Unit => Some((Severity::Medium, Confidence::Possible)),
        Reach::Account | Reach::Everything if known => Some((Severity::Low, Confidence::Possible)),
        Reach::Account | Reach::Everything => Some((Severity::High, Confidence::Likely)),
    }
}
