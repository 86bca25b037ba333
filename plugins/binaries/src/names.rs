//! What a file's name and place alone tell.

use coroner_core::HostPath;

use crate::table::{self, Tool};

/// Endings under which originals are kept.
static KEPT: &[&str] = &[
    ".original",
    ".orig",
    ".real",
    ".bak",
    ".back",
    ".backup",
    ".old",
    ".save",
    ".saved",
    ".distrib",
    ".dist",
    ".1",
    ".0",
    ".o",
    ".ori",
    ".org",
    ".true",
    ".sys",
    ".x",
    ".prev",
    ".copy",
    "_original",
    "_orig",
    "_real",
    "_bak",
    "_old",
    "_backup",
    "-original",
    "-orig",
    "-real",
    "-bak",
    "-old",
    "~",
    ".hidden",
    ".tmp",
    ".disabled",
];

/// The tool or library that `name` is a renamed copy of, if it looks like one.
pub(crate) fn renamed_from(name: &[u8]) -> Option<&[u8]> {
    let plain = plain_name(name)?;
    (known(plain) && !known(name)).then_some(plain)
}

/// Programs of the table, its libraries, and PAM modules.
pub(crate) fn known(name: &[u8]) -> bool {
    table::tool(name).is_some_and(|tool| tool.name.as_bytes() == name) || is_relied_on_library(name)
}

/// A library that relied-on programs load.
pub(crate) fn is_relied_on_library(name: &[u8]) -> bool {
    let pam = name.starts_with(b"pam_") && name.ends_with(b".so");
    pam || (table::library(name).is_some() && ends_as_library(name))
}

/// `.so`, or `.so.` and a version.
pub(crate) fn ends_as_library(name: &[u8]) -> bool {
    let version = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let end = name.iter().rposition(|byte| !version(byte)).map_or(0, |last| last + 1);
    name.get(..end).is_some_and(|stem| stem.ends_with(b".so"))
}

fn plain_name(name: &[u8]) -> Option<&[u8]> {
    let trimmed = name.trim_ascii();
    let undotted = trimmed.strip_prefix(b".").unwrap_or(trimmed);
    let ending = KEPT.iter().find_map(|ending| undotted.strip_suffix(ending.as_bytes()));
    let start = [&b"orig_"[..], b"orig-", b"real_", b"real-", b"old_", b"old-"];
    let start = start.iter().find_map(|start| undotted.strip_prefix(*start));
    let plain = ending.or(start).unwrap_or(undotted);
    (plain != name && !plain.is_empty()).then_some(plain)
}

/// A name made to be misread: blanks at an end, control or invisible characters. `Text` shows the
/// latter escaped, which is how they are known.
pub(crate) fn is_misleading(name: &[u8]) -> bool {
    let shown = coroner_core::Text::from(name).to_string();
    name.trim_ascii() != name || shown.as_bytes() != name
}

/// Hidden names that packages and their tools leave without owning them.
static ORDINARY_HIDDEN: &[&str] = &[
    ".build-id",
    ".debug",
    ".dwz",
    ".placeholder",
    ".keep",
    ".gitignore",
    ".updated",
    ".relocation-tag",
    ".uuid",
    ".lock",
    ".kernel-install",
];

/// A hidden name that is not one of the ordinary ones.
pub(crate) fn is_hidden(name: &[u8]) -> bool {
    let hmac = name.ends_with(b".hmac") || name.ends_with(b".jinfo");
    let ordinary = hmac || ORDINARY_HIDDEN.iter().any(|known| known.as_bytes() == name);
    name.starts_with(b".") && !ordinary
}

/// Where programs and libraries of packages lie.
pub(crate) fn in_system_directory(path: &HostPath) -> bool {
    let own = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/usr", "/boot"];
    own.iter().any(|dir| path.is_under(dir)) && !path.is_under("/usr/local")
}

/// Directories of programs that are typed.
pub(crate) fn in_program_directory(path: &HostPath) -> bool {
    let dir = path.parent();
    dir.is_some_and(|dir| table::PROGRAM_DIRS.iter().any(|known| dir == **known))
}

/// Directories where anybody may write, or that are private or hidden.
pub(crate) fn is_odd_place(path: &HostPath) -> bool {
    let odd = [
        "/tmp",
        "/var/tmp",
        "/dev",
        "/run/shm",
        "/run/user",
        "/proc",
        "/home",
        "/root",
        "/var/www",
        "/var/spool",
    ];
    odd.iter().any(|dir| path.is_under(dir)) || path.is_hidden()
}

/// Directories where anybody may write.
pub(crate) fn is_temporary(path: &HostPath) -> bool {
    ["/tmp", "/var/tmp", "/dev/shm", "/run/shm", "/dev/mqueue"].iter().any(|dir| path.is_under(dir))
}

/// Whether a path reads like a system directory below another root: a chroot, an unpacked image.
pub(crate) fn is_in_other_root(path: &HostPath) -> bool {
    let dir = path.parent();
    let inner = |dir: &HostPath, own: &&str| {
        let bytes = dir.as_bytes();
        bytes.len() > own.len() && bytes.ends_with(own.as_bytes())
    };
    let own = [
        "/usr/bin",
        "/usr/sbin",
        "/bin",
        "/sbin",
        "/usr/libexec",
        "/usr/lib/openssh",
        "/usr/lib/polkit-1",
    ];
    dir.is_some_and(|dir| !in_system_directory(path) && own.iter().any(|own| inner(&dir, own)))
}

/// The tool a path is, when it lies where packages put it.
pub(crate) fn tool_at(path: &HostPath) -> Option<&'static Tool> {
    let helper = || {
        let dir = path.parent();
        dir.is_some_and(|dir| table::HELPER_DIRS.iter().any(|known| dir == **known))
    };
    table::tool(path.name()).filter(|_| in_program_directory(path) || helper())
}

/// Documentation, translations and caches: nothing runs them.
pub(crate) fn is_data(path: &HostPath) -> bool {
    let shares = [
        "/usr/share/doc",
        "/usr/share/man",
        "/usr/share/info",
        "/usr/share/locale",
        "/usr/share/help",
        "/usr/share/icons",
        "/usr/share/fonts",
        "/usr/share/mime",
        "/usr/share/i18n",
        "/usr/share/gtk-doc",
        "/usr/share/lintian",
        "/usr/share/common-licenses",
        "/usr/share/licenses",
        "/usr/share/zoneinfo",
        "/usr/share/pixmaps",
        "/usr/share/sounds",
        "/usr/share/applications",
        "/usr/share/metainfo",
        "/usr/lib/locale",
        "/var/cache",
        "/var/lib",
    ];
    let name = path.name();
    let ending = [
        &b".pyc"[..],
        b".pyo",
        b".mo",
        b".gz",
        b".cache",
        b".md",
        b".txt",
        b".html",
        b".png",
        b".svg",
    ];
    shares.iter().any(|dir| path.is_under(dir))
        || ending.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renamed_originals_are_known_and_ordinary_names_are_not() {
        let from = |name: &'static str| renamed_from(name.as_bytes());
        assert_eq!(from("ps.original"), Some(&b"ps"[..]));
        assert_eq!(from(".ps"), Some(&b"ps"[..]));
        assert_eq!(from("ps "), Some(&b"ps"[..]));
        assert_eq!(from("pam_unix.so.bak"), Some(&b"pam_unix.so"[..]));
        assert_eq!(from("libc.so.6.old"), Some(&b"libc.so.6"[..]));
        assert_eq!(from("orig_ls"), Some(&b"ls"[..]));
        for ordinary in ["ps", "vim.tiny", "python3.11", "ls1", "mkfs.bak", "", "."] {
            assert_eq!(from(ordinary), None, "{ordinary}");
        }
    }

    #[test]
    fn blanks_and_invisible_characters_mislead() {
        assert!(is_misleading(b"nologin "));
        assert!(is_misleading(" ps".as_bytes()));
        assert!(is_misleading("ps\u{200b}".as_bytes()));
        assert!(is_misleading(b"ls\x1b[8m"));
        assert!(!is_misleading("größe".as_bytes()));
        assert!(!is_misleading(b"ps"));
    }

    #[test]
    fn places_are_told_apart_by_whole_components() {
        assert!(in_system_directory(&HostPath::new("/usr/bin/ps")));
        assert!(!in_system_directory(&HostPath::new("/usr/local/bin/ps")));
        assert!(!in_system_directory(&HostPath::new("/usr-old/ps")));
        assert!(is_odd_place(&HostPath::new("/usr/lib/.x/libc.so.6")));
        assert!(tool_at(&HostPath::new("/usr/lib/systemd/systemd-journald")).is_some());
        assert!(tool_at(&HostPath::new("/usr/share/bash/bash")).is_none());
    }
}
