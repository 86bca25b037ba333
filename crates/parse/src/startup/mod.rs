//! What starts by itself: units, init scripts, udev rules, desktop entries, D-Bus services.
//!
//! One module per mechanism. Each takes the bytes of one file and gives what that file would
//! start, with the line that says so; which file wins over which is decided in [`search`] and
//! [`merge`] alone.

pub mod apt;
pub mod binfmt;
pub mod boot;
pub mod dbus;
pub mod desktop;
pub mod environment;
pub mod exec;
pub mod git;
pub mod ifupdown;
pub mod init;
pub mod inittab;
pub mod logrotate;
pub mod merge;
pub mod pam;
pub mod polkit;
pub mod python;
pub mod search;
pub mod shell;
pub mod sysctl;
pub mod trigger;
pub mod udev;
pub mod unit;
pub mod unit_name;

mod ini;

/// A value and the line it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// Counted from 1.
    pub line: u32,
    /// What was found there.
    pub value: T,
}

/// Leading and trailing blanks off (space, tab, carriage return).
fn trim(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii()
}

/// `key=value` at the first `=`, both without blanks around.
fn key_value(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'=', line)?;
    let (key, rest) = line.split_at_checked(at)?;
    Some((trim(key), trim(rest.get(1..)?)))
}
