//! libvirt's hook scripts: run as root when the daemon, a guest or a network starts or stops
//! (<https://libvirt.org/hooks.html>).

use coroner_core::{Cx, DirEntry, FileType, HostPath, Launch, Text, Trigger};

const HOOKS: &str = "/etc/libvirt/hooks";
const NAMES: [&str; 7] = ["daemon", "qemu", "lxc", "libxl", "network", "bhyve", "ch"];

/// Tells every hook there is. One that is not executable is not run.
pub(crate) fn hooks(cx: &mut Cx<'_>) {
    let dir = HostPath::new(HOOKS);
    for entry in cx.list(&dir) {
        let Some(name) = hook_name(&entry) else { continue };
        if entry.kind == FileType::Directory {
            for part in cx.list(&entry.path) {
                hook(cx, &part.path, &name);
            }
        } else {
            hook(cx, &entry.path, &name);
        }
    }
}

/// `qemu`, or `qemu.d` with a hook in each file.
fn hook_name(entry: &DirEntry) -> Option<Text> {
    let name = entry.name.as_bytes();
    let bare = name.strip_suffix(b".d").unwrap_or(name);
    NAMES.iter().any(|known| known.as_bytes() == bare).then(|| Text::from(bare))
}

fn hook(cx: &mut Cx<'_>, file: &HostPath, name: &Text) {
    let Some(stat) = cx.stat_followed(file) else { return };
    let enabled = stat.is_file() && stat.is_executable();
    let trigger = if *name == "daemon" { Trigger::Boot } else { Trigger::Guest };
    cx.launch(Launch {
        trigger,
        user: Some(Text::from("root")),
        command: Text::default(),
        file: file.clone(),
        line: 0,
        name: Text::new([b"libvirt hook ".as_slice(), name.as_bytes()].concat()),
        enabled,
        programs: vec![file.clone()],
    });
}
