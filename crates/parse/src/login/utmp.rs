//! utmp, wtmp and btmp: one fixed-size record per event (utmp(5), glibc `bits/utmp.h`).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{le_i32, le_i64, terminated};
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

/// A session, from its login to whatever ended it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub user: Text,
    /// The terminal.
    pub line: Text,
    /// The address, else the host as written.
    pub from: Text,
    /// Seconds since 1970.
    pub login: i64,
    /// When it ended; `None` while it lasts, or when no record says so.
    pub logout: Option<i64>,
}

/// More terminals than this in use at once are not a host's: the records are forged.
const MOST_OPEN: usize = 16 * 1024;

/// Pairs logins with logouts, terminal by terminal, as last(1) does.
#[derive(Debug, Default)]
pub struct Pairing {
    open: HashMap<Vec<u8>, Session>,
}

impl Pairing {
    /// Takes the next record; gives the sessions it ends.
    pub fn see(&mut self, record: &Record<'_>) -> Vec<Session> {
        match record.kind {
            Kind::Boot => self.finish(Some(record.seconds)),
            Kind::RunLevel if record.user == b"shutdown" => self.finish(Some(record.seconds)),
            Kind::User => self.open(record).into_iter().collect(),
            Kind::Dead => self.close(record.line, record.seconds).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Gives the sessions that are still open, ended at `when`.
    pub fn finish(&mut self, when: Option<i64>) -> Vec<Session> {
        let mut ended: Vec<Session> = self.open.drain().map(|(_, session)| session).collect();
        ended.sort_by(|a, b| (a.login, &a.line).cmp(&(b.login, &b.line)));
        for session in &mut ended {
            session.logout = when;
        }
        ended
    }

    fn open(&mut self, record: &Record<'_>) -> Option<Session> {
        let before = self.close(record.line, record.seconds);
        if self.open.len() < MOST_OPEN {
            let session = Session {
                user: Text::from(record.user),
                line: Text::from(record.line),
                from: record.from(),
                login: record.seconds,
                logout: None,
            };
            self.open.insert(record.line.to_vec(), session);
        }
        before
    }

    fn close(&mut self, line: &[u8], when: i64) -> Option<Session> {
        let mut session = self.open.remove(line)?;
        session.logout = Some(when);
        Some(session)
    }
}

/// Something in a file of records that the programs that write it do not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Oddity {
    /// Records of nothing but NUL, between records that hold something.
    Zeroed {
        /// The first of them.
        first: u64,
        /// How many in a row.
        count: u64,
        /// They fill whole file-system blocks, or lie behind the last record: a power cut does that.
        like_a_power_cut: bool,
    },
    /// `ut_type` 0 with other fields filled: the record was marked as deleted.
    Unmarked {
        /// Which record.
        index: u64,
    },
    /// A record older than the one before it by more than the skew allowed.
    Backwards {
        /// The later record.
        index: u64,
        /// By how many seconds.
        seconds: i64,
    },
    /// Text behind the terminator of a name.
    Residue {
        /// Which record.
        index: u64,
    },
    /// A type that no program writes.
    UnknownType {
        /// Which record.
        index: u64,
    },
}

/// Clocks are stepped by this much without anybody noticing.
const SKEW: i64 = 300;
/// Records after a boot during which the clock may be set without a word.
const SETTLING: u64 = 16;
/// File systems hand out blocks of this size.
const BLOCK: u64 = 4096;

/// Watches a file's records for what their writers do not do.
#[derive(Debug)]
pub struct Watch {
    size: u64,
    zeroes: Option<(u64, u64)>,
    latest: Option<i64>,
    settles_at: u64,
}

impl Watch {
    /// For records of this layout.
    pub fn new(layout: Layout) -> Self {
        Self { size: layout.size() as u64, zeroes: None, latest: None, settles_at: 0 }
    }

    /// Takes the next record.
    pub fn see(&mut self, record: &Record<'_>) -> Vec<Oddity> {
        if record.zero {
            let (_, count) = self.zeroes.get_or_insert((record.index, 0));
            *count = count.saturating_add(1);
            return Vec::new();
        }
        let mut odd: Vec<Oddity> = self.end_of_zeroes(false).into_iter().collect();
        let index = record.index;
        match record.kind {
            Kind::Empty => odd.push(Oddity::Unmarked { index }),
            Kind::Other(raw) if raw != 9 => odd.push(Oddity::UnknownType { index }),
            _ => odd.extend(self.clock(record)),
        }
        if record.residue {
            odd.push(Oddity::Residue { index });
        }
        odd
    }

    /// No more records: zeroed ones at the very end.
    pub fn finish(&mut self) -> Option<Oddity> {
        self.end_of_zeroes(true)
    }

    fn end_of_zeroes(&mut self, at_end: bool) -> Option<Oddity> {
        let (first, count) = self.zeroes.take()?;
        let (start, length) = (first.saturating_mul(self.size), count.saturating_mul(self.size));
        // Lost blocks rarely begin where a record does: the zeroed run then misses at most one
        // record on each side of the blocks.
        let whole_blocks = length.saturating_add(2 * self.size) >= BLOCK
            && start % BLOCK < self.size
            && count >= BLOCK / self.size;
        Some(Oddity::Zeroed { first, count, like_a_power_cut: at_end || whole_blocks })
    }

    fn clock(&mut self, record: &Record<'_>) -> Option<Oddity> {
        if record.kind.around_a_clock_change() {
            self.settles_at = record.index.saturating_add(SETTLING);
            self.latest = None;
            return None;
        }
        let before = self.latest.replace(record.seconds);
        let back = before?.saturating_sub(record.seconds);
        let settled = record.index >= self.settles_at;
        (back > SKEW && settled).then_some(Oddity::Backwards { index: record.index, seconds: back })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(kind: u8, line: &str, user: &str, host: &str, at: i32, v4: [u8; 4]) -> Vec<u8> {
        let mut raw = vec![0; 384];
        raw[0] = kind;
        raw[4..8].copy_from_slice(&42_i32.to_le_bytes());
        raw[8..8 + line.len()].copy_from_slice(line.as_bytes());
        raw[44..44 + user.len()].copy_from_slice(user.as_bytes());
        raw[76..76 + host.len()].copy_from_slice(host.as_bytes());
        raw[340..344].copy_from_slice(&at.to_le_bytes());
        raw[348..352].copy_from_slice(&v4);
        raw
    }

    fn watch(content: &[u8]) -> Vec<Oddity> {
        let mut watch = Watch::new(Layout::Narrow);
        let mut odd: Vec<_> =
            records(content, Layout::Narrow).flat_map(|record| watch.see(&record)).collect();
        odd.extend(watch.finish());
        odd
    }

    fn users(times: &[i32]) -> Vec<u8> {
        times.iter().flat_map(|&at| bytes(7, "pts/0", "ann", "", at, [0; 4])).collect()
    }

    #[test]
    fn a_login_over_ssh_gives_who_where_from_and_when() {
        let content = bytes(7, "pts/0", "ann", "192.0.2.7", 1_700_000_000, [192, 0, 2, 7]);
        let record = records(&content, Layout::Narrow).next().unwrap();
        assert_eq!(
            (record.kind, record.user, record.line),
            (Kind::User, &b"ann"[..], &b"pts/0"[..])
        );
        assert_eq!(record.address, Some("192.0.2.7".parse().unwrap()));
        assert_eq!((record.seconds, record.pid), (1_700_000_000, 42));
        assert!(!record.residue && !record.zero);
    }

    #[test]
    fn ipv6_is_read_and_mapped_ipv4_is_told_as_ipv4() {
        let mut content = bytes(7, "pts/0", "ann", "", 1, [0; 4]);
        content[348..364].copy_from_slice(&"2001:db8::7".parse::<Ipv6Addr>().unwrap().octets());
        content.extend(bytes(7, "pts/0", "ann", "::ffff:192.0.2.9", 1, [0; 4]));
        let from: Vec<_> = records(&content, Layout::Narrow).map(|r| r.from()).collect();
        assert_eq!(from, ["2001:db8::7", "192.0.2.9"].map(Text::from));
    }

    #[test]
    fn records_of_400_bytes_are_recognised_by_their_content() {
        let mut wide = vec![0; 800];
        for at in [0, 400] {
            wide[at] = 7;
            wide[at + 44..at + 47].copy_from_slice(b"ann");
            wide[at + 344..at + 352].copy_from_slice(&5_000_000_000_i64.to_le_bytes());
        }
        assert_eq!(Layout::guess(&wide), Layout::Wide);
        let seconds: Vec<_> = records(&wide, Layout::Wide).map(|r| r.seconds).collect();
        assert_eq!(seconds, [5_000_000_000; 2]);
        assert_eq!(Layout::guess(&users(&[1, 2])), Layout::Narrow);
    }

    #[test]
    fn a_zeroed_record_among_others_is_seen_and_whole_lost_blocks_are_told_apart() {
        let mut content = users(&[100, 200]);
        content[384..768].fill(0);
        content.extend(users(&[300]));
        assert_eq!(
            watch(&content),
            [Oddity::Zeroed { first: 1, count: 1, like_a_power_cut: false }]
        );

        let mut lost = users(&[100; 32]);
        lost[4096..8192].fill(0);
        let zeroed: Vec<_> =
            watch(&lost).into_iter().filter(|o| matches!(o, Oddity::Zeroed { .. })).collect();
        assert!(
            matches!(zeroed[..], [Oddity::Zeroed { like_a_power_cut: true, .. }]),
            "{zeroed:?}"
        );
    }

    #[test]
    fn time_runs_backwards_only_beyond_skew_and_away_from_a_boot() {
        assert_eq!(watch(&users(&[1000, 900])), []);
        assert_eq!(
            watch(&users(&[90_000, 900])),
            [Oddity::Backwards { index: 1, seconds: 89_100 }]
        );
        let mut booted = bytes(2, "~", "reboot", "", 90_000, [0; 4]);
        booted.extend(users(&[90_010, 900]));
        assert_eq!(watch(&booted), [], "a clock set just after boot");
    }

    #[test]
    fn a_record_marked_empty_and_text_behind_a_terminator_are_seen() {
        let mut content = users(&[100, 200]);
        content[384] = 0;
        content[60..63].copy_from_slice(b"oot");
        assert_eq!(watch(&content), [Oddity::Residue { index: 0 }, Oddity::Unmarked { index: 1 }]);
    }

    #[test]
    fn sessions_end_at_logout_at_boot_or_not_at_all() {
        let mut content = bytes(7, "pts/0", "ann", "", 100, [192, 0, 2, 1]);
        content.extend(bytes(8, "pts/0", "", "", 160, [0; 4]));
        content.extend(bytes(7, "tty1", "bob", "", 200, [0; 4]));
        content.extend(bytes(2, "~", "reboot", "", 300, [0; 4]));
        content.extend(bytes(7, "pts/0", "eve", "", 400, [0; 4]));
        let mut pairing = Pairing::default();
        let mut got: Vec<_> =
            records(&content, Layout::Narrow).flat_map(|r| pairing.see(&r)).collect();
        got.extend(pairing.finish(None));
        let ends: Vec<_> = got.iter().map(|s| (s.user.to_string(), s.logout)).collect();
        let wanted = [("ann", Some(160)), ("bob", Some(300)), ("eve", None)];
        assert_eq!(ends, wanted.map(|(user, end)| (user.to_owned(), end)));
    }

    proptest! {
        #[test]
        fn any_bytes_give_records_and_no_panic(content: Vec<u8>, repeat in 1_usize..400) {
            let content = content.repeat(repeat);
            let layout = Layout::guess(&content);
            let mut watch = Watch::new(layout);
            let mut pairing = Pairing::default();
            let mut seen = 0;
            for record in records(&content, layout) {
                let _ = (watch.see(&record), pairing.see(&record), record.from());
                seen += 1;
            }
            let _ = (watch.finish(), pairing.finish(None));
            prop_assert_eq!(seen, content.len() / layout.size());
        }
    }
}
