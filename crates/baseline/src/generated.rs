//! Files that no package ships and that every host makes for itself: unowned by design.

/// What makes a file, by its path.
enum Place {
    /// This path.
    At(&'static str),
    /// Anything below this directory.
    Below(&'static str),
    /// Anything of this ending, anywhere below the directory.
    Ending(&'static str, &'static str),
}

use Place::{At, Below, Ending};

/// The one list. It explains an unowned file; it vouches for none: an intruder can put a file there
/// as well.
const MADE_ON_HOST: &[(Place, &str)] = &[
    (At("/etc/ld.so.cache"), "ldconfig"),
    (Below("/var/cache/ldconfig"), "ldconfig"),
    (Ending("/usr/lib/python3", ".pyc"), "python"),
    (Ending("/usr/lib", ".pyc"), "python"),
    (Ending("/usr/lib64", ".pyc"), "python"),
    (Ending("/usr/share", ".pyc"), "python"),
    (Below("/usr/share/mime"), "update-mime-database"),
    (Ending("/usr/share/icons", "icon-theme.cache"), "gtk-update-icon-cache"),
    (Ending("/usr/share/applications", "mimeinfo.cache"), "update-desktop-database"),
    (Ending("/usr/share/glib-2.0/schemas", "gschemas.compiled"), "glib-compile-schemas"),
    (Ending("/usr/lib", "giomodule.cache"), "gio-querymodules"),
    (Ending("/usr/lib", "loaders.cache"), "gdk-pixbuf-query-loaders"),
    (At("/usr/share/info/dir"), "install-info"),
    (At("/etc/ssl/certs/ca-certificates.crt"), "update-ca-certificates"),
    (Below("/etc/ssl/certs"), "update-ca-certificates"),
    (Below("/etc/pki/ca-trust/extracted"), "update-ca-trust"),
    (Below("/var/cache/fontconfig"), "fc-cache"),
    (Below("/var/cache/man"), "mandb"),
    (Below("/var/cache/debconf"), "debconf"),
    (Below("/var/cache/apt"), "apt"),
    (Below("/var/lib/apt"), "apt"),
    (Below("/var/lib/dpkg"), "dpkg"),
    (Below("/var/lib/rpm"), "rpm"),
    (Below("/usr/lib/sysimage/rpm"), "rpm"),
    (Below("/var/lib/aspell"), "aspell-autobuildhash"),
    (Below("/var/lib/ispell"), "ispell-autobuildhash"),
    (Below("/var/lib/dkms"), "dkms"),
    (Ending("/usr/lib/modules", "/modules.dep"), "depmod"),
    (Ending("/usr/lib/modules", "/modules.dep.bin"), "depmod"),
    (Ending("/usr/lib/modules", "/modules.alias"), "depmod"),
    (Ending("/usr/lib/modules", "/modules.alias.bin"), "depmod"),
    (Ending("/usr/lib/modules", "/modules.symbols"), "depmod"),
    (Ending("/usr/lib/modules", "/modules.symbols.bin"), "depmod"),
    (Ending("/usr/lib/modules", "/modules.softdep"), "depmod"),
    (Ending("/usr/lib/modules", "/modules.devname"), "depmod"),
    (Ending("/usr/lib/modules", "/modules.builtin.bin"), "depmod"),
    (Ending("/usr/lib/modules", "/modules.builtin.alias.bin"), "depmod"),
    (At("/usr/lib/udev/hwdb.bin"), "systemd-hwdb"),
    (At("/etc/udev/hwdb.bin"), "systemd-hwdb"),
    (At("/usr/lib/locale/locale-archive"), "locale-gen"),
    (At("/etc/.pwd.lock"), "shadow"),
    (At("/etc/.updated"), "systemd-update-done"),
    (At("/var/.updated"), "systemd-update-done"),
];

/// The program that makes this file on every host, when it is one of those that no package ships.
pub fn made_on_host(path: &[u8]) -> Option<&'static str> {
    let boot_image = path.strip_prefix(b"/boot/").is_some_and(|name| name.starts_with(b"initr"));
    if boot_image {
        return Some("update-initramfs");
    }
    MADE_ON_HOST.iter().find(|(place, _)| place.covers(path)).map(|(_, maker)| *maker)
}

impl Place {
    fn covers(&self, path: &[u8]) -> bool {
        match self {
            At(known) => path == known.as_bytes(),
            Below(top) => below(path, top).is_some(),
            Ending(top, ending) => {
                below(path, top).is_some_and(|rest| rest.ends_with(ending.as_bytes()))
            }
        }
    }
}

fn below<'a>(path: &'a [u8], top: &str) -> Option<&'a [u8]> {
    path.strip_prefix(top.as_bytes()).filter(|rest| rest.starts_with(b"/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_host_makes_is_explained_and_what_looks_like_it_is_not() {
        assert_eq!(made_on_host(b"/etc/ld.so.cache"), Some("ldconfig"));
        assert_eq!(
            made_on_host(b"/usr/lib/python3/dist-packages/__pycache__/a.pyc"),
            Some("python")
        );
        assert_eq!(made_on_host(b"/boot/initrd.img-6.1.0-18-amd64"), Some("update-initramfs"));
        assert_eq!(made_on_host(b"/etc/ld.so.preload"), None);
        assert_eq!(made_on_host(b"/usr/lib/python3/dist-packages/a.py"), None);
        assert_eq!(made_on_host(b"/tmp/a.pyc"), None);
        assert_eq!(made_on_host(b"/var/cache/apt-evil/x"), None);
    }
}
