//! From the host to items.

mod elsewhere;
mod guess;
mod keys;
mod nss;
mod pam;
mod people;
mod private;
mod sshd;
mod sudo;

use coroner_core::{Blocked, Cx, HostPath};
use coroner_parse::BadLine;

use crate::items::OddLine;

/// Collects everything.
pub(crate) fn collect(cx: &mut Cx<'_>) {
    let people = people::collect(cx);
    let config = sshd::collect(cx);
    keys::collect(cx, &people, &config);
    sudo::collect(cx);
    nss::collect(cx);
    pam::collect(cx);
}

/// An account as the other collectors need it.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: Vec<u8>,
    pub(crate) uid: u32,
    pub(crate) home: HostPath,
}

/// Bad lines of one file that are named one by one.
const MOST_BAD_LINES: usize = 50;

/// Names the lines of a file that could not be understood.
fn bad_lines(cx: &mut Cx<'_>, file: &HostPath, bad: &[BadLine]) {
    for bad in bad.iter().take(MOST_BAD_LINES) {
        cx.bad_line(file, bad);
    }
    if bad.len() > MOST_BAD_LINES {
        let detail = format!("{} more lines", bad.len() - MOST_BAD_LINES);
        cx.minor_gap(file, Blocked::Malformed, detail);
    }
}

/// Keeps lines that nobody can read as items: an intruder's typing error, or a hidden account.
fn odd_lines(cx: &mut Cx<'_>, file: &HostPath, bad: &[BadLine]) {
    bad_lines(cx, file, bad);
    for bad in bad.iter().take(MOST_BAD_LINES) {
        cx.emit(OddLine {
            file: file.clone(),
            line: bad.number,
            reason: bad.reason.to_owned(),
            start: bad.start.clone(),
        });
    }
}
