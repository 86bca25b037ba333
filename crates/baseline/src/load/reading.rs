//! Reading a database's files, within what may be read of all.

use coroner_host::{Blocked, HostPath, Root};
use coroner_parse::BadLine;

use crate::index::PackageDb;
use crate::package::{Trouble, TroubleKind};

/// Bad lines told per database; the rest would be the same.
const MOST_BAD_LINES: usize = 20;

/// Reads a database's file; what is longer than `limit`, or than all that may still be read of
/// databases, is cut and told.
pub(super) fn read(
    db: &mut PackageDb,
    root: &Root,
    path: &HostPath,
    limit: usize,
) -> Option<Vec<u8>> {
    match root.read(path, limit.min(db.budget)) {
        Ok(content) => {
            db.budget -= content.bytes.len();
            if content.truncated {
                blocked(db, path, Blocked::TooLarge, None);
            }
            Some(content.bytes)
        }
        Err(error) => {
            db.trouble(path, error);
            None
        }
    }
}

pub(super) fn blocked(
    db: &mut PackageDb,
    path: &HostPath,
    reason: Blocked,
    detail: Option<String>,
) {
    let kind = TroubleKind::Blocked(reason);
    db.troubles.push(Trouble { path: path.clone(), kind, line: None, detail });
}

pub(super) fn bad_line(db: &mut PackageDb, path: &HostPath, bad: &BadLine) {
    if db.troubles.iter().rev().take_while(|told| told.path == *path).count() >= MOST_BAD_LINES {
        return;
    }
    db.troubles.push(Trouble {
        path: path.clone(),
        kind: TroubleKind::Blocked(Blocked::Malformed),
        line: Some(bad.number),
        detail: Some(format!("{}: {}", bad.reason, bad.start)),
    });
}
