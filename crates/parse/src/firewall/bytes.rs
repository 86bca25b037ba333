//! Checked reads from the kernel's binary records, in its own byte order unless said otherwise.

use std::net::IpAddr;

use crate::Text;

pub(super) fn array<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    data.get(at..)?.first_chunk().copied()
}

pub(super) fn byte(data: &[u8], at: usize) -> Option<u8> {
    data.get(at).copied()
}

pub(super) fn native_u16(data: &[u8], at: usize) -> Option<u16> {
    array(data, at).map(u16::from_ne_bytes)
}

pub(super) fn native_u32(data: &[u8], at: usize) -> Option<u32> {
    array(data, at).map(u32::from_ne_bytes)
}

pub(super) fn native_u64(data: &[u8], at: usize) -> Option<u64> {
    array(data, at).map(u64::from_ne_bytes)
}

pub(super) fn network_u16(data: &[u8], at: usize) -> Option<u16> {
    array(data, at).map(u16::from_be_bytes)
}

pub(super) fn network_u32(data: &[u8], at: usize) -> Option<u32> {
    array(data, at).map(u32::from_be_bytes)
}

pub(super) fn network_u64(data: &[u8], at: usize) -> Option<u64> {
    array(data, at).map(u64::from_be_bytes)
}

/// An address at the start of its field: 4 bytes, or 16 for IPv6.
pub(super) fn address(data: &[u8], at: usize, six: bool) -> Option<IpAddr> {
    if six {
        array::<16>(data, at).map(IpAddr::from)
    } else {
        array::<4>(data, at).map(IpAddr::from)
    }
}

/// Text up to the first NUL.
pub(super) fn c_string(data: &[u8]) -> Text {
    let end = memchr::memchr(0, data).unwrap_or(data.len());
    Text::from(data.get(..end).unwrap_or_default())
}

/// Text in a field of `length` bytes.
pub(super) fn c_field(data: &[u8], at: usize, length: usize) -> Option<Text> {
    data.get(at..at.checked_add(length)?).map(c_string)
}

pub(super) fn hex(data: &[u8]) -> String {
    format!("0x{}", crate::hex(data))
}
