//! The kernel's command line, now and at the next boot.

use coroner_core::{Cx, HostPath, Text};
use coroner_parse::module::{
    KernelLine, KernelParameter, boot_entry, grub_config, grub_defaults, kernel_command,
    module_name,
};

use crate::items::{Autoload, StartParameter};
use crate::trees::ModuleFiles;

/// Parameters worth an item: what starts first, what guards the kernel, what is loaded.
const TOLD: [&str; 14] = [
    "init",
    "rdinit",
    "module.sig_enforce",
    "lockdown",
    "selinux",
    "enforcing",
    "apparmor",
    "security",
    "lsm",
    "nokaslr",
    "audit",
    "modules_load",
    "rd.modules_load",
    "ima_appraise",
];

/// How each boot loader's file is read.
type Reader = fn(&[u8]) -> Vec<KernelLine>;

/// What boot loaders will hand to the kernel.
pub(crate) fn configured(cx: &mut Cx<'_>) {
    let mut sources: Vec<(HostPath, Reader)> = vec![
        (HostPath::new("/boot/grub/grub.cfg"), grub_config),
        (HostPath::new("/boot/grub2/grub.cfg"), grub_config),
        (HostPath::new("/etc/default/grub"), grub_defaults),
        (HostPath::new("/etc/kernel/cmdline"), whole_line),
    ];
    let dirs: [(&str, &[u8], Reader); 3] = [
        ("/etc/default/grub.d", b".cfg", grub_defaults),
        ("/boot/loader/entries", b".conf", boot_entry),
        ("/boot/efi/loader/entries", b".conf", boot_entry),
    ];
    for (dir, suffix, reader) in dirs {
        let entries = cx.list(&HostPath::new(dir)).into_iter();
        let wanted = entries.filter(|entry| entry.name.as_bytes().ends_with(suffix));
        sources.extend(wanted.map(|entry| (entry.path, reader)));
    }
    for (path, reader) in sources {
        let Some(content) = cx.read(&path) else { continue };
        for line in reader(&content.bytes) {
            for parameter in kernel_command(line.parameters.as_bytes()) {
                tell(cx, &path, line.line, &parameter, true);
            }
        }
    }
}

fn whole_line(content: &[u8]) -> Vec<KernelLine> {
    vec![KernelLine { line: 1, parameters: Text::from(content) }]
}

/// What the running kernel was handed.
pub(crate) fn running(cx: &mut Cx<'_>, files: &ModuleFiles) {
    let path = HostPath::new("/proc/cmdline");
    let Some(content) = cx.read(&path) else { return };
    let parameters = kernel_command(&content.bytes);
    // GRUB and its kin say which image they loaded; a hypervisor that brings the kernel does not.
    let by_boot_loader =
        parameters.iter().any(|given| given.is("BOOT_IMAGE") || given.is("initrd"));
    for parameter in &parameters {
        tell(cx, &path, 0, parameter, by_boot_loader);
        if parameter.is("modules_load") || parameter.is("rd.modules_load") {
            load(cx, files, &path, parameter);
        }
    }
}

/// systemd loads what the command line names (systemd-modules-load.service(8)).
fn load(cx: &mut Cx<'_>, files: &ModuleFiles, path: &HostPath, parameter: &KernelParameter) {
    let value = parameter.value.as_ref().map(Text::as_bytes).unwrap_or_default();
    for module in value.split(|&byte| byte == b',').filter(|module| !module.is_empty()) {
        let paths = files.of(&module_name(module));
        cx.emit(Autoload { file: path.clone(), line: 0, module: Text::from(module), paths });
    }
}

fn tell(
    cx: &mut Cx<'_>,
    file: &HostPath,
    line: u32,
    given: &KernelParameter,
    by_boot_loader: bool,
) {
    let Some(name) = TOLD.iter().find(|name| given.is(name)) else { return };
    cx.emit(StartParameter {
        file: file.clone(),
        line,
        name: Text::from(*name),
        value: given.value.clone(),
        by_boot_loader,
    });
}
