//! What makes modules load at boot, and what modprobe runs in their place.

use std::collections::BTreeSet;

use coroner_core::{Content, Cx, HostPath, Launch, Text, Trigger};
use coroner_parse::BadLine;
use coroner_parse::module::{
    Directive, DirectiveKind, modprobe_config, module_name, wanted_modules,
};

use crate::items::{Autoload, ModprobeCommand};
use crate::trees::ModuleFiles;

const LOAD_DIRS: [&str; 5] = [
    "/etc/modules-load.d",
    "/run/modules-load.d",
    "/usr/local/lib/modules-load.d",
    "/usr/lib/modules-load.d",
    "/lib/modules-load.d",
];
const LOAD_FILES: [&str; 2] = ["/etc/modules", "/etc/initramfs-tools/modules"];
const MODPROBE_DIRS: [&str; 5] = [
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
];
const MODPROBE_FILES: [&str; 1] = ["/etc/modprobe.conf"];

/// The modules that modules-load.d(5) and Debian's `/etc/modules` name.
pub(crate) fn autoloads(cx: &mut Cx<'_>, files: &ModuleFiles) {
    for content in configurations(cx, &LOAD_DIRS, &LOAD_FILES) {
        for wanted in wanted_modules(&content.bytes) {
            match wanted {
                Ok((line, module)) => {
                    let paths = files.of(&module_name(module.as_bytes()));
                    cx.emit(Autoload { file: content.path.clone(), line, module, paths });
                }
                Err(bad) => cx.bad_line(&content.path, &bad),
            }
        }
    }
}

/// The commands of modprobe.d(5).
pub(crate) fn commands(cx: &mut Cx<'_>) {
    for content in configurations(cx, &MODPROBE_DIRS, &MODPROBE_FILES) {
        for directive in modprobe_config(&content.bytes) {
            tell(cx, &content.path, directive);
        }
    }
}

fn tell(cx: &mut Cx<'_>, file: &HostPath, directive: Result<Directive, BadLine>) {
    let directive = match directive {
        Ok(directive) => directive,
        Err(bad) => {
            cx.bad_line(file, &bad);
            return;
        }
    };
    let name = match directive.kind {
        DirectiveKind::Install => "install",
        DirectiveKind::Remove => "remove",
        DirectiveKind::Softdep => "softdep",
        _ => return,
    };
    if directive.kind != DirectiveKind::Softdep {
        cx.launch(launch(file, name, &directive));
    }
    cx.emit(ModprobeCommand {
        file: file.clone(),
        line: directive.line,
        directive: Text::from(name),
        module: directive.module,
        command: directive.rest,
    });
}

/// modprobe hands the command to a shell, as root, whenever anything asks for the module.
fn launch(file: &HostPath, directive: &str, line: &Directive) -> Launch {
    let name = [b"modprobe ", directive.as_bytes(), b" ", line.module.as_bytes()].concat();
    Launch {
        trigger: Trigger::Kernel,
        user: Some(Text::from("root")),
        command: line.rest.clone(),
        file: file.clone(),
        line: line.line,
        name: Text::new(name),
        enabled: true,
        programs: Vec::new(),
    }
}

/// The files of `dirs` that end in `.conf`, and `files`; each once, whatever names lead to it.
fn configurations(cx: &mut Cx<'_>, dirs: &[&str], files: &[&str]) -> Vec<Content> {
    let mut paths: Vec<HostPath> = files.iter().map(HostPath::new).collect();
    for dir in dirs {
        let entries = cx.list(&HostPath::new(dir)).into_iter();
        paths.extend(entries.filter(|e| e.name.as_bytes().ends_with(b".conf")).map(|e| e.path));
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for path in paths {
        let Some(content) = cx.read(&path) else { continue };
        if seen.insert(content.real.clone()) {
            found.push(content);
        }
    }
    found
}
