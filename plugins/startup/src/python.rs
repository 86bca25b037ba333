//! Code that every start of Python runs: `.pth` files, `sitecustomize`, `usercustomize`.
//!
//! System tools are written in Python, so a line in a `.pth` file runs as root sooner or later.

use coroner_core::{Cx, DirEntry, Findings, HostPath, ItemKind, Items, Text, Trigger};
use coroner_parse::startup::python;
use serde::{Deserialize, Serialize};

use crate::homes::Home;
use crate::{place, rules, starts};

/// Start-up code that does what start-up code of packages does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PythonStart {
    /// The file.
    pub file: HostPath,
    /// The line; 0 when the whole file is meant.
    pub line: u32,
    /// The line's text, cut at 400 bytes.
    pub code: Text,
    /// The calls that stand out.
    pub calls: Vec<Text>,
}

impl ItemKind for PythonStart {
    const KIND: &'static str = "python.start";

    fn key(&self) -> Text {
        let line = self.line.to_string();
        Text::new([self.file.as_bytes(), b":", line.as_bytes()].concat())
    }
}

const LIBRARIES: &[&str] = &["/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64"];
const PACKAGES: &[&str] = &["", "dist-packages", "site-packages"];

/// Collects the start-up code of all Pythons and of every home.
pub(crate) fn collect(cx: &mut Cx<'_>, homes: &[Home]) {
    for top in LIBRARIES.iter().map(HostPath::new).chain([HostPath::new("/etc")]) {
        versions(cx, &top, None);
    }
    for home in homes {
        versions(cx, &home.path.join(".local/lib"), Some(&home.account));
    }
}

/// `python3`, `python3.11`, ... below a library directory.
fn versions(cx: &mut Cx<'_>, top: &HostPath, user: Option<&Text>) {
    let found = cx.list(top);
    for version in found.iter().filter(|entry| entry.name.as_bytes().starts_with(b"python")) {
        for packages in PACKAGES {
            for entry in cx.list(&version.path.join(packages)) {
                start_file(cx, &entry, user);
            }
        }
    }
}

fn start_file(cx: &mut Cx<'_>, entry: &DirEntry, user: Option<&Text>) {
    let name = entry.name.as_bytes();
    if name.ends_with(b".pth") {
        path_file(cx, &entry.path, user);
    } else if matches!(name, b"sitecustomize.py" | b"usercustomize.py") {
        let Some(content) = cx.read(&entry.path) else { return };
        starts::file(cx, Trigger::Program, user, &entry.path, true);
        record(cx, &entry.path, 0, &Text::new(content.bytes));
    }
}

fn path_file(cx: &mut Cx<'_>, path: &HostPath, user: Option<&Text>) {
    let Some(content) = cx.read(path) else { return };
    let mut executes = false;
    for found in python::executed_lines(&content.bytes) {
        match found {
            Ok(found) => {
                executes = true;
                record(cx, path, found.line, &found.value);
            }
            Err(bad) => cx.bad_line(path, &bad),
        }
    }
    if executes {
        starts::file(cx, Trigger::Program, user, path, true);
    }
}

fn record(cx: &mut Cx<'_>, path: &HostPath, line: u32, code: &Text) {
    let calls: Vec<Text> = python::suspicious_calls(code).into_iter().map(Text::from).collect();
    if !calls.is_empty() {
        let start = code.as_bytes().get(..400).unwrap_or(code.as_bytes());
        cx.emit(PythonStart { file: path.clone(), line, code: Text::from(start), calls });
    }
}

pub(crate) fn judge(items: &Items, out: &mut Findings) {
    for start in items.all::<PythonStart>().filter(|start| place::is_unowned(items, &start.file)) {
        let draft = out.raise(&rules::PYTHON_STARTUP_PAYLOAD, &start);
        draft.at(&start.file, start.line).evidence("code", start.code.clone());
        place::show(draft, items, "file", &start.file);
        for call in &start.calls {
            draft.evidence("call", call.clone());
        }
    }
}
