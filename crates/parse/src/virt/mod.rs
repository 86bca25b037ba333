//! Virtual machines and their consoles: libvirt XML, qemu command lines.
//!
//! Passwords are never kept: a parser says that there is one, and nothing about it.

mod console;
mod domain;
mod libvirt_conf;
mod qemu_command;
mod qemu_option;
mod settings;

pub use console::{Console, Control, Listen, Protocol};
pub use domain::{Disk, DiskSource, Domain, Interface, Running, SharedDirectory, XmlError, domain};
pub use libvirt_conf::{BadSetting, Setting, Value, libvirt_conf};
pub use qemu_command::{QemuCommand, arguments, qemu_command};
pub use settings::{DaemonConf, QemuConf, SpiceDefaults, VncDefaults};
