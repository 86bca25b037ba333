//! Which parts of the kernel are there already, found out without waking any.
//!
//! The kernel calls `request_module` (and so the host's modprobe) for what nobody registered: in
//! `netlink_create` for a protocol, in `nfnetlink_rcv_msg` for a subsystem, in `sock_diag.c` and
//! `inet_diag.c` for a family. The first is ruled out by /proc/net/netlink: the kernel's own
//! socket of a protocol is listed there once the protocol is up. The others are ruled out by one of:
//! - /proc/modules or /sys/module names the part's module: it is loaded;
//! - there is no /proc/modules: this kernel cannot load modules at all, asking is harmless;
//! - /proc/kallsyms has a function of the part without a module's name behind it: it is built in.
//!   (/sys/module lists built-in code only when that has parameters.)
//!
//! When kallsyms can be read and does not name it, the part is absent; when it cannot be read,
//! nobody knows, and that is a gap.

use std::cell::OnceCell;

use crate::{Blocked, Content, Host, HostPath, ReadError, Unseen};

/// More than any kernel's list of modules, names or sockets.
pub(crate) const LONGEST_LIST: usize = 8 << 20;
/// kallsyms of a kernel with every module loaded is some 20 MB.
const LONGEST_SYMBOLS: usize = 48 << 20;

/// A part of the kernel that may be a module.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// The module, as `/proc/modules` names it.
    pub(crate) module: &'static str,
    /// A function of it that no compiler inlines away: another part links to it, or a table points to it.
    pub(crate) symbol: &'static str,
}

/// What a read says, or the gap that it is; `None` is absence.
pub(crate) fn or_unseen(
    result: Result<Content, ReadError>,
    path: &HostPath,
) -> Result<Option<Vec<u8>>, Unseen> {
    match result {
        Ok(content) if content.truncated => {
            Err(Unseen::new(path, Blocked::TooLarge, "longer than any kernel writes it"))
        }
        Ok(content) => Ok(Some(content.bytes)),
        Err(ReadError::Absent) => Ok(None),
        Err(ReadError::Blocked(reason)) => Err(Unseen::new(path, reason, "not readable")),
    }
}

/// Whether a protocol of netlink is up, by the sockets that the directory `net` lists.
pub(crate) fn netlink_protocol(
    host: &Host,
    net: &HostPath,
    protocol: isize,
) -> Result<bool, Unseen> {
    let sockets = net.join("netlink");
    let Some(list) = or_unseen(host.read(&sockets, LONGEST_LIST), &sockets)? else {
        // Every kernel that coroner runs on has this file: it is hidden from us (hidepid).
        return Err(Unseen::new(&sockets, Blocked::Denied, "the list of netlink sockets"));
    };
    let protocol = protocol.to_string();
    // Lines are `sk Eth Pid Groups ...`; `Eth` is the protocol.
    Ok(list
        .split(|&byte| byte == b'\n')
        .any(|line| words(line).nth(1) == Some(protocol.as_bytes())))
}

/// The parts of one kernel.
pub(crate) struct Parts<'a> {
    host: &'a Host,
    /// `None` for a kernel that cannot load any.
    modules: Option<Vec<u8>>,
    symbols: OnceCell<Result<Content, ReadError>>,
}

impl<'a> Parts<'a> {
    pub(crate) fn of(host: &'a Host) -> Result<Self, Unseen> {
        let path = HostPath::new("/proc/modules");
        let modules = or_unseen(host.read(&path, LONGEST_LIST), &path)?;
        Ok(Self { host, modules, symbols: OnceCell::new() })
    }

    /// Whether a part answers without anything being loaded for it.
    pub(crate) fn have(&self, part: Part) -> Result<bool, Unseen> {
        let Some(modules) = &self.modules else { return Ok(true) };
        let directory = HostPath::new("/sys/module").join(part.module);
        if is_live(modules, part.module) || self.host.stat(&directory).is_ok() {
            return Ok(true);
        }
        self.is_built_in(part)
    }

    /// The symbols are read once, when they are needed.
    fn is_built_in(&self, part: Part) -> Result<bool, Unseen> {
        let path = HostPath::new("/proc/kallsyms");
        let unknown = |reason| {
            let what =
                format!("nothing tells whether {} is there, so it was not asked", part.module);
            Err(Unseen::new(&path, reason, what))
        };
        match self.symbols.get_or_init(|| self.host.read(&path, LONGEST_SYMBOLS)) {
            Ok(content) if has_symbol(&content.bytes, part.symbol) => Ok(true),
            Ok(content) if !content.truncated && !content.bytes.is_empty() => Ok(false),
            Ok(_) | Err(ReadError::Absent) => unknown(Blocked::Unavailable),
            Err(ReadError::Blocked(reason)) => unknown(*reason),
        }
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// Lines are `name size users by state address`.
fn is_live(list: &[u8], module: &str) -> bool {
    list.split(|&byte| byte == b'\n').any(|line| {
        let mut fields = words(line);
        fields.next() == Some(module.as_bytes()) && fields.any(|field| field == b"Live")
    })
}

/// Lines are `address type name`, and `[module]` for what is not built in.
fn has_symbol(symbols: &[u8], symbol: &str) -> bool {
    symbols.split(|&byte| byte == b'\n').any(|line| {
        // The name is nearly always another one: no line is split in vain.
        line.ends_with(symbol.as_bytes()) && {
            let mut fields = words(line);
            fields.nth(2) == Some(symbol.as_bytes()) && fields.next().is_none()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Part = Part { module: "nf_tables", symbol: "nft_register_expr" };
    const SOCKETS: &str = "sk               Eth Pid        Groups   Rmem\n\
        0000000000000000 0   0          00000000 0\n0000000000000000 12  0          00000000 0\n";

    fn asked(files: &[(&str, &str)]) -> Result<bool, Blocked> {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        for tree in ["proc", "sys"] {
            std::fs::create_dir_all(dir.path().join(tree)).unwrap();
        }
        let host = Host::open(crate::HostSources {
            root: dir.path().into(),
            proc: Some(dir.path().join("proc")),
            sys: Some(dir.path().join("sys")),
            kernel: false,
        });
        let (host, net) = (host.unwrap(), HostPath::new("/proc/1/net"));
        let up = netlink_protocol(&host, &net, 12);
        let both = up.and_then(|up| Ok(up && Parts::of(&host)?.have(PART)?));
        both.map_err(|unseen| unseen.reason)
    }

    #[test]
    fn a_loaded_module_is_there() {
        let modules = "nf_tables 200704 3 - Live 0x0000000000000000\n";
        assert_eq!(asked(&[("proc/1/net/netlink", SOCKETS), ("proc/modules", modules)]), Ok(true));
        let unloading = "nf_tables 200704 0 - Unloading 0x0\n";
        let files = [
            ("proc/1/net/netlink", SOCKETS),
            ("proc/modules", unloading),
            ("proc/kallsyms", "0 T a\n"),
        ];
        assert_eq!(asked(&files), Ok(false));
    }

    #[test]
    fn without_the_kernel_s_netfilter_socket_nothing_is_asked() {
        assert_eq!(asked(&[("proc/1/net/netlink", "sk Eth Pid\n0 0 12\n")]), Ok(false));
    }

    #[test]
    fn a_kernel_without_modules_can_be_asked() {
        assert_eq!(asked(&[("proc/1/net/netlink", SOCKETS)]), Ok(true));
    }

    #[test]
    fn built_in_code_is_told_from_another_module_s_and_from_nothing() {
        let with = |symbols| {
            asked(&[
                ("proc/1/net/netlink", SOCKETS),
                ("proc/modules", "x 1 0 - Live 0\n"),
                ("proc/kallsyms", symbols),
            ])
        };
        assert_eq!(with("0000000000000000 T nft_register_expr\n"), Ok(true));
        assert_eq!(with("0000000000000000 T nft_register_expr\t[nf_tables]\n"), Ok(false));
        assert_eq!(with("0000000000000000 T nft_register_expr_ops\n"), Ok(false));
        assert_eq!(with(""), Err(Blocked::Unavailable));
    }

    #[test]
    fn what_cannot_be_told_is_a_gap_and_not_absence() {
        assert_eq!(asked(&[]), Err(Blocked::Denied));
        let files = [("proc/1/net/netlink", SOCKETS), ("proc/modules", "x 1 0 - Live 0\n")];
        assert_eq!(asked(&files), Err(Blocked::Unavailable));
    }
}
