//! lastlog: one slot per uid (lastlog(5), glibc `bits/utmp.h`). The file is sparse and its length
//! is the highest uid times the slot: it is read slot by slot, never whole.

use super::terminated;
use super::utmp::Layout;
use crate::Text;

/// The last login of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastLogin {
    /// Whose: the number of the slot.
    pub uid: u32,
    /// Seconds since 1970.
    pub seconds: i64,
    /// The terminal.
    pub line: Text,
    /// The host as the program that logged in named it.
    pub host: Text,
    /// A name has text behind its terminator.
    pub residue: bool,
}

/// Bytes of one slot: a time, 32 of line, 256 of host.
pub const fn slot_size(layout: Layout) -> usize {
    match layout {
        Layout::Narrow => 292,
        Layout::Wide => 296,
    }
}

/// Where the slot of `uid` begins.
pub fn slot_offset(uid: u32, layout: Layout) -> u64 {
    u64::from(uid).saturating_mul(slot_size(layout) as u64)
}

/// Reads the slot of `uid`; `None` when it is empty or cut short: the account never logged in.
pub fn slot(uid: u32, bytes: &[u8], layout: Layout) -> Option<LastLogin> {
    let bytes = bytes.get(..slot_size(layout))?;
    if bytes.iter().all(|&byte| byte == 0) {
        return None;
    }
    let (seconds, names) = match layout {
        Layout::Narrow => (i64::from(super::le_i32(bytes, 0)?), bytes.get(4..)?),
        Layout::Wide => (super::le_i64(bytes, 0)?, bytes.get(8..)?),
    };
    let (line, host) = names.split_at_checked(32)?;
    let (line, line_residue) = terminated(line);
    let (host, host_residue) = terminated(host);
    Some(LastLogin {
        uid,
        seconds,
        line: Text::from(line),
        host: Text::from(host),
        residue: line_residue || host_residue,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_slot_gives_time_line_and_host_and_an_empty_one_nothing() {
        let mut raw = vec![0; 292];
        assert_eq!(slot(1000, &raw, Layout::Narrow), None);
        raw[..4].copy_from_slice(&1_700_000_000_i32.to_le_bytes());
        raw[4..9].copy_from_slice(b"pts/0");
        raw[36..45].copy_from_slice(b"192.0.2.7");
        let got = slot(1000, &raw, Layout::Narrow).unwrap();
        assert_eq!((got.uid, got.seconds), (1000, 1_700_000_000));
        assert_eq!((got.line, got.host, got.residue), ("pts/0".into(), "192.0.2.7".into(), false));
    }

    #[test]
    fn the_highest_uid_has_an_offset_beyond_a_terabyte() {
        assert_eq!(slot_offset(u32::MAX, Layout::Narrow), 4_294_967_295 * 292);
    }

    proptest! {
        #[test]
        fn any_bytes_do_not_panic(uid: u32, bytes: Vec<u8>) {
            let _ = (slot(uid, &bytes, Layout::Narrow), slot(uid, &bytes, Layout::Wide));
        }
    }
}
