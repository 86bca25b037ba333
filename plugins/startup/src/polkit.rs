//! polkit rules that let everybody do everything.
//!
//! One rule without a condition turns every account into root, without a password and without a
//! line in sudoers.

use coroner_core::{Cx, Findings, HostPath, ItemKind, Items, Text, Trigger};
use coroner_parse::startup::polkit;
use serde::{Deserialize, Serialize};

use crate::{place, rules, starts};

/// A rule that says yes to everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PolkitGrant {
    /// The rules file.
    pub file: HostPath,
    /// The line.
    pub line: u32,
    /// The line's text, or what the entry says.
    pub says: Text,
}

impl ItemKind for PolkitGrant {
    const KIND: &'static str = "polkit.grant";

    fn key(&self) -> Text {
        let line = self.line.to_string();
        Text::new([self.file.as_bytes(), b":", line.as_bytes()].concat())
    }
}

const RULES: &[&str] = &[
    "/etc/polkit-1/rules.d",
    "/run/polkit-1/rules.d",
    "/usr/local/share/polkit-1/rules.d",
    "/usr/share/polkit-1/rules.d",
];
const LOCAL_AUTHORITY: [&str; 2] =
    ["/etc/polkit-1/localauthority", "/var/lib/polkit-1/localauthority"];

/// Collects rules of both forms, and rules that run a program.
pub(crate) fn collect(cx: &mut Cx<'_>) {
    for dir in RULES {
        for entry in cx.list(&HostPath::new(dir)) {
            if entry.name.as_bytes().ends_with(b".rules") {
                rules_file(cx, &entry.path);
            }
        }
    }
    for dir in LOCAL_AUTHORITY {
        for entry in cx.walk(&HostPath::new(dir), 2) {
            if entry.name.as_bytes().ends_with(b".pkla") {
                pkla_file(cx, &entry.path);
            }
        }
    }
}

fn rules_file(cx: &mut Cx<'_>, path: &HostPath) {
    let Some(content) = cx.read(path) else { return };
    for found in polkit::unconditional_yes(&content.bytes) {
        cx.want(path);
        cx.emit(PolkitGrant { file: path.clone(), line: found.line, says: found.value });
    }
    if content.bytes.windows(12).any(|part| part == b"polkit.spawn") {
        starts::file(cx, Trigger::Activation, Some(&Text::from("polkitd")), path, true);
    }
}

fn pkla_file(cx: &mut Cx<'_>, path: &HostPath) {
    let Some(content) = cx.read(path) else { return };
    let (entries, bad) = polkit::pkla(&content.bytes);
    for bad in &bad {
        cx.bad_line(path, bad);
    }
    for entry in entries.iter().filter(|entry| entry.is_catch_all()) {
        cx.want(path);
        let (identity, action) = (entry.identity.as_bytes(), entry.action.as_bytes());
        let says = Text::new([&b"Identity="[..], identity, b" Action=", action].concat());
        cx.emit(PolkitGrant { file: path.clone(), line: entry.line, says });
    }
}

pub(crate) fn judge(items: &Items, out: &mut Findings) {
    for grant in items.all::<PolkitGrant>().filter(|grant| !place::is_packaged(items, &grant.file))
    {
        let draft = out.raise(&rules::POLKIT_ALLOWS_EVERYTHING, &grant);
        draft.at(&grant.file, grant.line).evidence("rule", grant.says.clone());
        place::show(draft, items, "file", &grant.file);
    }
}
