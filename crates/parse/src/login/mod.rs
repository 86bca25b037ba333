//! Login records: utmp and its kin, lastlog, authentication logs, the systemd journal.

pub mod event;
pub mod journal;
pub mod lastlog;
pub mod rotation;
pub mod syslog;
pub mod utmp;

/// The bytes up to the first NUL, and whether anything but NUL follows it.
///
/// A writer that clears its buffer first leaves only NULs; text behind the terminator is what an
/// editor of records leaves behind when it puts a shorter name over a longer one.
fn terminated(field: &[u8]) -> (&[u8], bool) {
    let end = memchr::memchr(0, field).unwrap_or(field.len());
    let (text, rest) = field.split_at_checked(end).unwrap_or((field, &[]));
    (text, rest.iter().any(|&byte| byte != 0))
}

/// A little-endian number at `offset`.
fn le_i32(bytes: &[u8], offset: usize) -> Option<i32> {
    Some(i32::from_le_bytes(*bytes.get(offset..)?.first_chunk()?))
}

/// A little-endian number at `offset`.
fn le_i64(bytes: &[u8], offset: usize) -> Option<i64> {
    Some(i64::from_le_bytes(*bytes.get(offset..)?.first_chunk()?))
}
