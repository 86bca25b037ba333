//! Tables of iptables-legacy, by getsockopt (`linux/netfilter_ipv4/ip_tables.h`,
//! `linux/netfilter_ipv6/ip6_tables.h`).

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use coroner_parse::Text;
use coroner_parse::firewall::xtables::{INFO_SIZE, TableInfo, parse_entries};
use coroner_parse::firewall::{Family, RuleSet};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto, socket_with};

use crate::presence::{LONGEST_LIST, or_unseen};
use crate::{Blocked, Host, HostPath, Unseen};

/// `IPT_SO_GET_INFO` and `IP6T_SO_GET_INFO` (`IPT_BASE_CTL`).
const GET_INFO: libc::c_int = 64;
/// `IPT_SO_GET_ENTRIES` and `IP6T_SO_GET_ENTRIES`.
const GET_ENTRIES: libc::c_int = 65;
/// `XT_TABLE_MAXNAMELEN`.
const NAME: usize = 32;
/// Bytes in front of the entries in `struct ipt_get_entries`: name, size, padding to 8.
const ENTRIES_HEAD: usize = 40;
/// A table of a hundred thousand rules has some 20 MB.
const LARGEST_TABLE: usize = 64 << 20;
/// A table that keeps changing under us is read again this often.
const TRIES: usize = 5;

/// Tables that exist, from `ip_tables_names` or `ip6_tables_names`.
pub(super) fn tables(host: &Host, names: &HostPath) -> Result<Vec<Text>, Unseen> {
    let Some(list) = or_unseen(host.read(names, LONGEST_LIST), names)? else {
        return Ok(Vec::new());
    };
    let lines = list.split(|&byte| byte == b'\n').filter(|name| !name.is_empty());
    Ok(lines.filter(|name| name.len() < NAME).map(Text::from).collect())
}

/// Reads one table. The caller has seen its name in `ip_tables_names`.
pub(super) fn read(family: Family, table: &Text) -> Result<RuleSet, Blocked> {
    if !cfg!(target_pointer_width = "64") {
        // A 32-bit process gets another layout, which is not decoded.
        return Err(Blocked::Unsupported);
    }
    let (domain, level) = match family {
        Family::Ip6 => (AddressFamily::INET6, libc::IPPROTO_IPV6),
        _ => (AddressFamily::INET, libc::IPPROTO_IP),
    };
    let opened = socket_with(domain, SocketType::RAW, SocketFlags::CLOEXEC, Some(ipproto::RAW));
    let socket = opened.map_err(Blocked::from_errno)?;
    for _ in 0..TRIES {
        match read_once(&socket, level, family, table) {
            Err(Errno::AGAIN) => {}
            other => return other.map_err(Blocked::from_errno),
        }
    }
    Err(Blocked::Vanished)
}

/// `AGAIN` when the table was replaced between the questions.
fn read_once(
    socket: &OwnedFd,
    level: libc::c_int,
    family: Family,
    table: &Text,
) -> Result<RuleSet, Errno> {
    let before = info(socket, level, table)?;
    let size = usize::try_from(before.size).map_err(|_| Errno::FBIG)?;
    if size > LARGEST_TABLE {
        return Err(Errno::FBIG);
    }
    let mut answer = question(table, ENTRIES_HEAD + size);
    if let Some(field) = answer.get_mut(NAME..NAME + 4) {
        field.copy_from_slice(&before.size.to_ne_bytes());
    }
    ask(socket, level, GET_ENTRIES, &mut answer)?;
    if info(socket, level, table)? != before {
        return Err(Errno::AGAIN);
    }
    let entries = answer.get(ENTRIES_HEAD..).unwrap_or_default();
    Ok(parse_entries(entries, &before, family, table))
}

fn info(socket: &OwnedFd, level: libc::c_int, table: &Text) -> Result<TableInfo, Errno> {
    let mut answer = question(table, INFO_SIZE);
    ask(socket, level, GET_INFO, &mut answer)?;
    TableInfo::parse(&answer).ok_or(Errno::BADMSG)
}

/// A buffer that begins with the table's name.
fn question(table: &Text, length: usize) -> Vec<u8> {
    let mut buffer = vec![0; length];
    for (byte, letter) in buffer.iter_mut().take(NAME - 1).zip(table.as_bytes()) {
        *byte = *letter;
    }
    buffer
}

fn ask(
    socket: &OwnedFd,
    level: libc::c_int,
    option: libc::c_int,
    buffer: &mut [u8],
) -> Result<(), Errno> {
    let socket: BorrowedFd<'_> = std::os::fd::AsFd::as_fd(socket);
    let mut length = libc::socklen_t::try_from(buffer.len()).map_err(|_| Errno::FBIG)?;
    // SAFETY: getsockopt(2) reads and writes at most `length` bytes at the pointer, which is the
    // length of `buffer`, and one socklen_t; both outlive the call, and `socket` is open. These
    // options read the table's name from the buffer (net/ipv4/netfilter/ip_tables.c,
    // do_ipt_get_ctl), so it is passed as mutable memory that is initialised throughout.
    #[allow(unsafe_code)]
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            level,
            option,
            buffer.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
    }
}
