//! Host to items.

mod accounts;
mod compare;
mod files;
mod history;
mod journal;
mod lastlog;
mod pages;
mod records;
mod sqlite;
mod stream;
mod tally;
mod text_logs;

use coroner_core::{Cx, HostPath};

use accounts::Accounts;
use files::Log;
use tally::Tally;

/// What the sources share while they are read.
struct Scene {
    accounts: Accounts,
    /// The host's zone, for lines that carry local time.
    zone: Option<Vec<u8>>,
    tally: Tally,
}

/// Reads every source, then compares them.
pub(crate) fn collect(cx: &mut Cx<'_>) {
    let zone = cx.read(&HostPath::new("/etc/localtime")).map(|content| content.bytes);
    let mut scene = Scene { accounts: Accounts::read(cx), zone, tally: Tally::default() };
    // Failures first: a login in wtmp is judged by what btmp says of its address.
    records::btmp(cx, &mut scene);
    records::wtmp(cx, &mut scene);
    records::utmp(cx, &mut scene);
    lastlog::read(cx, &mut scene);
    sqlite::read(cx, &mut scene);
    text_logs::read(cx, &mut scene);
    journal::read(cx, &mut scene);
    history::read(cx, &scene.accounts);
    compare::sources(cx, &scene.tally);
    scene.tally.emit(cx, &scene.accounts);
}

/// A directory of logs and the logs in it that are read.
const LOG_DIR: &str = "/var/log";

fn log(name: &str) -> Log {
    Log { dir: HostPath::new(LOG_DIR), base: name.as_bytes().to_vec() }
}
