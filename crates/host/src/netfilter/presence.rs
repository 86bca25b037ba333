//! What is there already, found out without waking anything.
//!
//! The kernel calls `request_module` (and so the host's modprobe) in two places on our way:
//! `netlink_create` for a protocol nobody registered, and `nfnetlink_rcv_msg` for a subsystem
//! nobody registered. The first is ruled out by /proc/net/netlink: the kernel's own socket of
//! protocol 12 is listed there once nfnetlink is up. The second is ruled out by one of:
//! - /proc/modules or /sys/module names `nf_tables`: it is loaded;
//! - there is no /proc/modules: this kernel cannot load modules at all, asking is harmless;
//! - /proc/kallsyms has `nft_register_expr` without a module's name behind it: it is built in.
//!   (/sys/module lists built-in code only when that has parameters, which `nf_tables` has not.)
//!
//! When kallsyms can be read and does not name it, nftables is absent; when it cannot be read,
//! nobody knows, and that is a gap.

use coroner_parse::Text;

use super::{Unseen, or_unseen};
use crate::{Blocked, Host, HostPath, ReadError};

/// `NETLINK_NETFILTER` (linux/netlink.h).
const NETFILTER: &[u8] = b"12";
/// More than any kernel's list of modules, names or sockets.
const LONGEST_LIST: usize = 8 << 20;
/// kallsyms of a kernel with every module loaded is some 20 MB.
const LONGEST_SYMBOLS: usize = 48 << 20;
/// A symbol that all of nftables' parts link to, so never inlined away.
const SYMBOL: &[u8] = b"nft_register_expr";

/// Tables of iptables-legacy that exist, from `ip_tables_names` or `ip6_tables_names`.
pub(super) fn legacy_tables(host: &Host, names: &HostPath) -> Result<Vec<Text>, Unseen> {
    let Some(list) = or_unseen(host.read(names, LONGEST_LIST), names)? else {
        return Ok(Vec::new());
    };
    let lines = list.split(|&byte| byte == b'\n').filter(|name| !name.is_empty());
    // A name of a table has at most 31 bytes (XT_TABLE_MAXNAMELEN).
    Ok(lines.filter(|name| name.len() < 32).map(Text::from).collect())
}

/// Whether nftables answers in this kernel without anything being loaded for it.
pub(super) fn nftables(host: &Host, net: &HostPath) -> Result<bool, Unseen> {
    let sockets = net.join("netlink");
    let Some(list) = or_unseen(host.read(&sockets, LONGEST_LIST), &sockets)? else {
        // Every kernel that coroner runs on has this file: it is hidden from us (hidepid).
        return Err(Unseen::new(&sockets, Blocked::Denied, "the list of netlink sockets"));
    };
    if !lists_netfilter(&list) {
        return Ok(false);
    }
    let modules = HostPath::new("/proc/modules");
    let Some(loaded) = or_unseen(host.read(&modules, LONGEST_LIST), &modules)? else {
        return Ok(true);
    };
    let directory = host.stat(&HostPath::new("/sys/module/nf_tables"));
    if names_module(&loaded) || directory.is_ok() {
        return Ok(true);
    }
    built_in(host)
}

/// Lines are `sk Eth Pid Groups ...`; `Eth` is the protocol.
fn lists_netfilter(list: &[u8]) -> bool {
    list.split(|&byte| byte == b'\n').any(|line| {
        let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
        fields.nth(1) == Some(NETFILTER)
    })
}

/// Lines are `name size users by state address`.
fn names_module(list: &[u8]) -> bool {
    list.split(|&byte| byte == b'\n').any(|line| {
        let mut fields = line.split(u8::is_ascii_whitespace);
        fields.next() == Some(b"nf_tables") && fields.any(|field| field == b"Live")
    })
}

fn built_in(host: &Host) -> Result<bool, Unseen> {
    let path = HostPath::new("/proc/kallsyms");
    match host.read(&path, LONGEST_SYMBOLS) {
        Ok(content) if has_symbol(&content.bytes) => Ok(true),
        Ok(content) if !content.truncated && !content.bytes.is_empty() => Ok(false),
        Ok(_) | Err(ReadError::Absent) => Err(unknown(&path, Blocked::Unavailable)),
        Err(ReadError::Blocked(reason)) => Err(unknown(&path, reason)),
    }
}

fn unknown(path: &HostPath, reason: Blocked) -> Unseen {
    Unseen::new(
        path,
        reason,
        "nothing tells whether nftables is in this kernel, so it was not asked",
    )
}

/// Lines are `address type name`, and `[module]` for what is not built in.
fn has_symbol(symbols: &[u8]) -> bool {
    symbols.split(|&byte| byte == b'\n').any(|line| {
        let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
        fields.nth(2) == Some(SYMBOL) && fields.next().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        nftables(&host.unwrap(), &HostPath::new("/proc/1/net")).map_err(|unseen| unseen.reason)
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
