//! Records of fixed size, one for each event.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::{le_i32, le_i64, terminated};
use crate::Text;

/// How wide a record is; it depends on the machine that wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// 384 bytes: x86, x86-64 and every 64-bit machine that kept 32-bit times.
    Narrow,
    /// 400 bytes: aarch64 and others whose utmp holds 64-bit times.
    Wide,
}

impl Layout {
    /// Bytes of one record.
    pub const fn size(self) -> usize {
        match self {
            Self::Narrow => 384,
            Self::Wide => 400,
        }
    }

    /// The layout under which the first records make more sense.
    pub fn guess(content: &[u8]) -> Self {
        let sense = |layout: Layout| {
            let records = content.chunks_exact(layout.size()).take(64);
            records.filter(|bytes| plausible(bytes)).count()
        };
        if sense(Self::Wide) > sense(Self::Narrow) { Self::Wide } else { Self::Narrow }
    }
}

/// A known type, and the padding after it empty: random bytes pass once in 400 million.
fn plausible(record: &[u8]) -> bool {
    matches!(record, [kind, 0, 0, 0, ..] if (1..=9).contains(kind))
}

/// `ut_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `EMPTY`: no valid record. Ordinary in utmp, where slots are reused; not in wtmp.
    Empty,
    /// `RUN_LVL`: a change of run level, or shutdown.
    RunLevel,
    /// `BOOT_TIME`.
    Boot,
    /// `NEW_TIME`: the clock after it was set.
    NewTime,
    /// `OLD_TIME`: the clock before it was set.
    OldTime,
    /// `INIT_PROCESS`.
    Init,
    /// `LOGIN_PROCESS`: a prompt; in btmp, a failed login.
    Prompt,
    /// `USER_PROCESS`: somebody came in.
    User,
    /// `DEAD_PROCESS`: somebody left.
    Dead,
    /// `ACCOUNTING`, or a number that means nothing.
    Other(i16),
}

impl Kind {
    fn from_raw(raw: i16) -> Self {
        match raw {
            0 => Self::Empty,
            1 => Self::RunLevel,
            2 => Self::Boot,
            3 => Self::NewTime,
            4 => Self::OldTime,
            5 => Self::Init,
            6 => Self::Prompt,
            7 => Self::User,
            8 => Self::Dead,
            other => Self::Other(other),
        }
    }

    /// Records made while the clock may still be wrong, or as it is set.
    pub fn around_a_clock_change(self) -> bool {
        matches!(self, Self::RunLevel | Self::Boot | Self::NewTime | Self::OldTime | Self::Init)
    }
}

/// One record, borrowing its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Counted from 0.
    pub index: u64,
    /// What happened.
    pub kind: Kind,
    /// The process.
    pub pid: i32,
    /// The terminal without `/dev/`, or `ssh:notty`, or `~`.
    pub line: &'a [u8],
    /// Who; in btmp, who they said they were.
    pub user: &'a [u8],
    /// The host as the program that logged in named it.
    pub host: &'a [u8],
    /// Where from, when the record has it.
    pub address: Option<IpAddr>,
    /// Seconds since 1970.
    pub seconds: i64,
    /// Every byte of the record is NUL.
    pub zero: bool,
    /// A name has text behind its terminator.
    pub residue: bool,
}

impl Record<'_> {
    /// The address, or what else the record says of where the person came from.
    pub fn from(&self) -> Text {
        match self.address {
            Some(address) => Text::from(address.to_string()),
            None => Text::from(self.host),
        }
    }
}

/// The whole records of `content`; what is left over at the end is no record.
pub fn records(content: &[u8], layout: Layout) -> impl Iterator<Item = Record<'_>> {
    let chunks = content.chunks_exact(layout.size());
    (0_u64..).zip(chunks).filter_map(move |(index, bytes)| record(index, bytes, layout))
}

fn record(index: u64, bytes: &[u8], layout: Layout) -> Option<Record<'_>> {
    let (line, line_residue) = terminated(bytes.get(8..40)?);
    let (user, user_residue) = terminated(bytes.get(44..76)?);
    let (host, host_residue) = terminated(bytes.get(76..332)?);
    let (seconds, address) = match layout {
        Layout::Narrow => (i64::from(le_i32(bytes, 340)?), bytes.get(348..364)?),
        Layout::Wide => (le_i64(bytes, 344)?, bytes.get(360..376)?),
    };
    Some(Record {
        index,
        kind: Kind::from_raw(i16::from_le_bytes(*bytes.first_chunk()?)),
        pid: le_i32(bytes, 4)?,
        line,
        user,
        host,
        address: read_address(address).or_else(|| written_address(host)),
        seconds,
        zero: bytes.iter().all(|&byte| byte == 0),
        residue: line_residue || user_residue || host_residue,
    })
}

/// `ut_addr_v6` in network order; IPv4 fills the first four bytes alone.
fn read_address(bytes: &[u8]) -> Option<IpAddr> {
    let all: [u8; 16] = *bytes.first_chunk()?;
    let [a, b, c, d, rest @ ..] = all;
    if rest.iter().any(|&byte| byte != 0) {
        Some(Ipv6Addr::from(all).to_canonical())
    } else if [a, b, c, d] == [0; 4] {
        None
    } else {
        Some(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
    }
}

/// The host field as an address: sshd writes it there too, perhaps with a zone (`fe80::1%eth0`).
fn written_address(host: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(host).ok()?;
    let bare = text.split_once('%').map_or(text, |(address, _)| address);
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}
