//! `struct ipt_entry` and `struct ip6t_entry`.

use std::collections::HashMap;

use super::super::address::{AddressRange, Peer};
use super::super::bytes::{address, byte, c_field, native_u16, native_u32, native_u64};
use super::super::model::{Condition, Counters, Family, Verdict};
use super::super::names;
use super::{Decoded, bad_entry, decode_target};
use crate::{BadLine, Text};

/// No table that we read has more entries.
const MOST_ENTRIES: usize = 1_000_000;

/// Where the fields are (the address part differs, and so all behind it).
struct Layout {
    six: bool,
    protocol: usize,
    flags: usize,
    inverse: usize,
    target_offset: usize,
    next_offset: usize,
    counters: usize,
    elements: usize,
    interfaces: usize,
}

/// `struct ipt_entry`: `struct ipt_ip` is 84 bytes.
const FOUR: Layout = Layout {
    six: false,
    interfaces: 16,
    protocol: 80,
    flags: 82,
    inverse: 83,
    target_offset: 88,
    next_offset: 90,
    counters: 96,
    elements: 112,
};

/// `struct ip6t_entry`: `struct ip6t_ip6` is 136 bytes.
const SIX: Layout = Layout {
    six: true,
    interfaces: 64,
    protocol: 128,
    flags: 131,
    inverse: 132,
    target_offset: 140,
    next_offset: 142,
    counters: 152,
    elements: 168,
};

/// `IPT_F_GOTO`, `IP6T_F_GOTO`.
const GOTO_FOUR: u8 = 0x02;
const GOTO_SIX: u8 = 0x04;

/// Bytes in front of a match's or target's own data (`struct xt_entry_match`).
const RECORD_HEAD: usize = 32;

/// One entry, with its extent checked.
pub(super) struct Entry<'a> {
    pub(super) offset: u32,
    bytes: &'a [u8],
    layout: &'static Layout,
}

/// All entries, in order.
pub(super) fn walk<'a>(blob: &'a [u8], family: Family, bad: &mut Vec<BadLine>) -> Vec<Entry<'a>> {
    let layout = if family == Family::Ip6 { &SIX } else { &FOUR };
    let mut entries = Vec::new();
    let mut rest = blob;
    while !rest.is_empty() {
        let length = native_u16(rest, layout.next_offset).map(usize::from);
        let fits = length.filter(|length| *length >= layout.elements + RECORD_HEAD);
        let Some((bytes, tail)) = fits.and_then(|length| rest.split_at_checked(length)) else {
            bad.push(bad_entry(entries.len() + 1, "an entry beyond the table's end"));
            break;
        };
        if entries.len() == MOST_ENTRIES {
            bad.push(bad_entry(entries.len(), "too many entries"));
            break;
        }
        let offset = u32::try_from(blob.len() - rest.len()).unwrap_or(u32::MAX);
        entries.push(Entry { offset, bytes, layout });
        rest = tail;
    }
    entries
}

impl<'a> Entry<'a> {
    fn target_record(&self) -> Option<(Text, u8, &'a [u8])> {
        let at = usize::from(native_u16(self.bytes, self.layout.target_offset)?);
        record(self.bytes.get(at..)?).map(|(name, revision, data, _)| (name, revision, data))
    }

    /// Matches lie between the head and the target.
    pub(super) fn match_records(&self) -> Vec<(Text, u8, &'a [u8])> {
        let end = native_u16(self.bytes, self.layout.target_offset).map_or(0, usize::from);
        let mut rest = self.bytes.get(self.layout.elements..end).unwrap_or_default();
        let mut records = Vec::new();
        while let Some((name, revision, data, tail)) = record(rest) {
            records.push((name, revision, data));
            rest = tail;
        }
        records
    }

    /// The name, when this entry is the head of a chain (an `ERROR` target).
    pub(super) fn head(&self) -> Option<Text> {
        let (name, _, data) = self.target_record()?;
        (name == "ERROR").then(|| c_field(data, 0, 30)).flatten()
    }

    /// The number in a standard target.
    pub(super) fn standard(&self) -> Option<i32> {
        let (name, _, data) = self.target_record()?;
        if !name.is_empty() {
            return None;
        }
        native_u32(data, 0).map(u32::cast_signed)
    }

    /// The unconditional RETURN that ends every chain of the user's.
    pub(super) fn is_bare_return(&self) -> bool {
        self.standard() == Some(-5)
            && self.match_records().is_empty()
            && self.header_matches().matches.is_empty()
    }

    pub(super) fn counters(&self) -> Option<Counters> {
        let packets = native_u64(self.bytes, self.layout.counters)?;
        let bytes = native_u64(self.bytes, self.layout.counters + 8)?;
        Some(Counters { packets, bytes })
    }

    /// The conditions of the entry's head: addresses, devices, protocol.
    pub(super) fn header_matches(&self) -> Decoded {
        let mut out = Decoded::default();
        let inverse = byte(self.bytes, self.layout.inverse).unwrap_or(0);
        self.peer(&mut out, 0, "-s", inverse & 0x08 != 0);
        self.peer(&mut out, 1, "-d", inverse & 0x10 != 0);
        self.device(&mut out, 0, "-i", inverse & 0x01 != 0);
        self.device(&mut out, 1, "-o", inverse & 0x02 != 0);
        let protocol = native_u16(self.bytes, self.layout.protocol).unwrap_or(0);
        if let Some(number) = u8::try_from(protocol).ok().filter(|number| *number != 0) {
            let name = names::protocol_name(number);
            out.option(inverse & 0x40 != 0, &format!("-p {name}"), Condition::Protocol(vec![name]));
        }
        let flags = byte(self.bytes, self.layout.flags).unwrap_or(0);
        if !self.layout.six && flags & 0x01 != 0 {
            let condition = Condition::Other(Text::from("-f"));
            out.option(inverse & 0x20 != 0, "-f", condition);
        }
        out
    }

    /// Source (0) or destination (1), with its mask two fields on.
    fn peer(&self, out: &mut Decoded, which: usize, option: &str, negated: bool) {
        let six = self.layout.six;
        let width = if six { 16 } else { 4 };
        let found = address(self.bytes, which * width, six).zip(address(
            self.bytes,
            (which + 2) * width,
            six,
        ));
        let Some((address, mask)) = found else { return };
        let make = |peers| {
            if which == 0 { Condition::Source(peers) } else { Condition::Destination(peers) }
        };
        match AddressRange::masked(address, mask) {
            Some(range) if range.is_everything() && !negated => {}
            Some(range) => {
                let text =
                    format!("{option} {}/{}", range.first, range.prefix_length().unwrap_or(0));
                out.option(negated, &text, make(vec![Peer::Address(range)]));
            }
            None => {
                let text = format!("{option} {address}/{mask}");
                out.option(negated, &text, Condition::Other(Text::from(text.as_str())));
            }
        }
    }

    /// The device a packet came in by (0) or leaves by (1).
    fn device(&self, out: &mut Decoded, which: usize, option: &str, negated: bool) {
        let at = self.layout.interfaces + which * 16;
        let Some(name) = c_field(self.bytes, at, 16).filter(|name| !name.is_empty()) else {
            return;
        };
        let length = name.as_bytes().len();
        // The mask covers the closing NUL of a whole name; without it any rest matches.
        let last = at + 32 + length;
        let open =
            length < 16 && !name.as_bytes().ends_with(b"+") && byte(self.bytes, last) == Some(0);
        let shown = if open { Text::new([name.as_bytes(), b"+"].concat()) } else { name };
        let text = format!("{option} {}", shown.lossy());
        let devices = vec![shown];
        let condition = if which == 0 {
            Condition::InInterface(devices)
        } else {
            Condition::OutInterface(devices)
        };
        out.option(negated, &text, condition);
    }

    /// The verdict, and its text with a blank in front.
    pub(super) fn verdict(&self, starts: &HashMap<u32, Text>, family: Family) -> (Verdict, String) {
        let Some((name, revision, data)) = self.target_record() else {
            return (Verdict::Other(Text::from("unreadable target")), String::new());
        };
        match self.standard() {
            Some(code) => self.standard_verdict(code, starts),
            None => decode_target(&name, revision, data, family),
        }
    }

    fn standard_verdict(&self, code: i32, starts: &HashMap<u32, Text>) -> (Verdict, String) {
        let plain = |verdict, name: &str| (verdict, format!(" -j {name}"));
        let Ok(offset) = u32::try_from(code) else {
            return match code {
                -1 => plain(Verdict::Drop, "DROP"),
                -2 => plain(Verdict::Accept, "ACCEPT"),
                -4 => plain(Verdict::Queue(Text::from("0")), "QUEUE"),
                -5 => plain(Verdict::Return, "RETURN"),
                other => plain(Verdict::Other(Text::from(format!("verdict {other}"))), "?"),
            };
        };
        let length = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        match starts.get(&offset) {
            // A rule without target goes on to the next entry.
            _ if self.offset.checked_add(length) == Some(offset) => {
                (Verdict::Continue, String::new())
            }
            Some(chain) if self.is_goto() => {
                (Verdict::Goto(chain.clone()), format!(" -g {}", chain.lossy()))
            }
            Some(chain) => (Verdict::Jump(chain.clone()), format!(" -j {}", chain.lossy())),
            None => plain(Verdict::Other(Text::from(format!("jump to offset {offset}"))), "?"),
        }
    }

    fn is_goto(&self) -> bool {
        let goto = if self.layout.six { GOTO_SIX } else { GOTO_FOUR };
        byte(self.bytes, self.layout.flags).is_some_and(|flags| flags & goto != 0)
    }
}

/// A match or target: size, name, revision, data; and what follows it.
fn record(bytes: &[u8]) -> Option<(Text, u8, &[u8], &[u8])> {
    let size = usize::from(native_u16(bytes, 0)?);
    let (whole, rest) = bytes.split_at_checked(size)?;
    let name = c_field(whole, 2, 29)?;
    let revision = byte(whole, 31)?;
    Some((name, revision, whole.get(RECORD_HEAD..)?, rest))
}
