//! What the bytes say that a loaded value is compared with, and how nft writes them.

use super::super::address::{AddressRange, Peer, PortRange};
use super::super::bytes::{address, array, c_string, native_u32};
use super::super::model::Condition;
use super::super::names;
use super::field::{Field, Ranges, Test};
use crate::Text;

pub(super) fn braces(members: &[String]) -> String {
    match members {
        [one] => one.clone(),
        many => format!("{{ {} }}", many.join(", ")),
    }
}

pub(super) fn list<T: std::fmt::Display>(members: &[T]) -> String {
    braces(&members.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// Keys shorter than an address are networks: nft loads three bytes for a /24.
pub(super) fn peers(ranges: &Ranges, mask: Option<&[u8]>, six: bool) -> Option<Vec<Peer>> {
    let width = if six { 16 } else { 4 };
    let fill = |bytes: &[u8], with: u8| {
        let mut whole = bytes.to_vec();
        whole.resize(width, with);
        address(&whole, 0, six)
    };
    ranges
        .iter()
        .map(|(first, last)| {
            let range = match mask {
                Some(mask) => AddressRange::masked(fill(first, 0)?, fill(mask, 0)?)?,
                None => AddressRange { first: fill(first, 0)?, last: fill(last, 0xff)? },
            };
            Some(Peer::Address(range))
        })
        .collect()
}

pub(super) fn ports(ranges: &Ranges) -> Option<Vec<PortRange>> {
    let port = |bytes: &[u8]| array(bytes, 0).map(u16::from_be_bytes);
    ranges
        .iter()
        .map(|(first, last)| Some(PortRange { first: port(first)?, last: port(last)? }))
        .collect()
}

pub(super) fn flags(ranges: &Ranges, mask: Option<&[u8]>) -> Option<(Condition, String)> {
    let mask = mask.map_or(Some(0xff), |mask| mask.first().copied())?;
    let values: Option<Vec<u8>> = ranges
        .iter()
        .map(|(first, last)| first.first().filter(|_| first == last).copied())
        .collect();
    let values = values?;
    let shown: Vec<String> =
        values.iter().map(|value| names::tcp_flag_names(*value).to_ascii_lowercase()).collect();
    let shown =
        format!("{} / {}", braces(&shown), names::tcp_flag_names(mask).to_ascii_lowercase());
    Some((Condition::TcpFlags { mask, values }, shown))
}

/// Names with their NUL are whole; a shorter comparison is a beginning (`eth*`). Index 1 is `lo`.
pub(super) fn devices(field: &Field, ranges: &Ranges) -> Option<Vec<Text>> {
    let by_index = matches!(field, Field::Meta(4 | 5));
    ranges
        .iter()
        .map(|(first, _)| {
            if by_index {
                let index = host_number(first)?;
                return Some(if index == 1 {
                    Text::from("lo")
                } else {
                    Text::from(format!("#{index}"))
                });
            }
            let name = c_string(first);
            let open = !first.contains(&0) && first.len() < 16;
            Some(if open { Text::new([name.as_bytes(), b"+"].concat()) } else { name })
        })
        .collect()
}

pub(super) fn ids(ranges: &Ranges) -> Option<Vec<Text>> {
    ranges
        .iter()
        .map(|(first, last)| {
            let (low, high) = (host_number(first)?, host_number(last)?);
            Some(Text::from(if low == high { low.to_string() } else { format!("{low}-{high}") }))
        })
        .collect()
}

pub(super) fn mark(ranges: &Ranges, mask: Option<&[u8]>) -> Option<String> {
    let [(first, _)] = ranges.as_slice() else { return None };
    let value = host_number(first)?;
    Some(match mask {
        Some(mask) => format!("{value:#x}/{:#x}", host_number(mask)?),
        None => format!("{value:#x}"),
    })
}

/// `ct state new,established` is "these bits, and the result is not zero".
pub(super) fn states(test: &Test, mask: Option<&[u8]>) -> Option<(Vec<Text>, bool)> {
    let [(first, _)] = test.ranges.as_slice() else { return None };
    let value = host_number(first)?;
    match mask {
        Some(mask) if value == 0 => {
            Some((names::state_names(host_number(mask)?, 1 << 6), !test.negated))
        }
        Some(_) => None,
        None => Some((names::state_names(value, 1 << 6), test.negated)),
    }
}

/// The number of a data value in the kernel's own byte order (marks, user ids, states).
fn host_number(value: &[u8]) -> Option<u32> {
    native_u32(value, 0)
}
