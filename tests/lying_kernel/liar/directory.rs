//! Lies about what is in a directory: its records, and its count of links.

use std::path::{Path, PathBuf};

use nix::libc;

use super::trace::Lie;

/// Where a record starts, how long it is, and its name.
struct Place {
    start: usize,
    length: usize,
    name: Vec<u8>,
}

fn records(buffer: &[u8]) -> Vec<Place> {
    let mut places = Vec::new();
    let mut start = 0;
    while start < buffer.len() {
        let length = usize::from(u16::from_ne_bytes([buffer[start + 16], buffer[start + 17]]));
        let named = &buffer[start + 19..start + length];
        let name = named.split(|&byte| byte == 0).next().unwrap().to_vec();
        places.push(Place { start, length, name });
        start += length;
    }
    places
}

/// How a name is taken out of a directory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hide {
    /// The record before it is made longer (the first one: what is behind it is moved up).
    Grow,
    /// What is behind it is moved up.
    Compact,
    /// The whole buffer that it is in is not given.
    FalseEnd,
}

/// Takes names out of the directory `dir`, as getdents64(2) gives it.
pub(crate) fn hide<'a>(dir: &str, names: &[String], how: Hide) -> Lie<'a> {
    let dir = PathBuf::from(dir);
    let names: Vec<Vec<u8>> = names.iter().map(|name| name.as_bytes().to_vec()).collect();
    Box::new(move |call| {
        if call.number() != libc::SYS_getdents64 || call.result() <= 0 || !call.is_of(&dir) {
            return;
        }
        let whole = call.filled();
        let mut buffer = whole.clone();
        for name in &names {
            buffer = without(buffer, name, how);
        }
        if buffer != whole {
            call.refill(&buffer);
        }
    })
}

fn without(mut buffer: Vec<u8>, name: &[u8], how: Hide) -> Vec<u8> {
    let places = records(&buffer);
    let Some(index) = places.iter().position(|place| place.name == name) else { return buffer };
    let gone = &places[index];
    match how {
        Hide::Grow if index > 0 => {
            let before = &places[index - 1];
            let length = u16::try_from(before.length + gone.length).unwrap();
            buffer[before.start + 16..before.start + 18].copy_from_slice(&length.to_ne_bytes());
        }
        Hide::FalseEnd => buffer.clear(),
        _ => drop(buffer.drain(gone.start..gone.start + gone.length)),
    }
    buffer
}

/// Takes some from the link count that statx(2) gives of the directory /proc, as if there were so
/// many processes less.
pub(crate) fn processes_less<'a>(less: u32) -> Lie<'a> {
    Box::new(move |call| {
        let asked = call.number() == libc::SYS_statx && call.result() == 0;
        if !asked || !call.path(1).as_os_str().is_empty() || call.file() != Path::new("/proc") {
            return;
        }
        // `stx_nlink` is at byte 16 of `struct statx`, linux/stat.h.
        let at = call.argument(4) + 16;
        let links = u32::from_ne_bytes(call.read(at, 4).try_into().unwrap());
        call.write(at, &(links - less).to_ne_bytes());
        call.set_result(0);
    })
}
