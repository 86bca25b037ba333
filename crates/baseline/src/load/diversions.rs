//! The file of dpkg-divert.

use coroner_host::{HostPath, Root};
use coroner_parse::package::dpkg::diversions;

use super::reading::{bad_line, read};
use crate::diversions::Diversions;
use crate::index::PackageDb;

const DIVERSIONS: &str = "/var/lib/dpkg/diversions";
const LARGEST: usize = 1 << 20;

pub(super) fn load(db: &mut PackageDb, root: &Root) -> Diversions {
    let mut out = Diversions::default();
    let path = HostPath::new(DIVERSIONS);
    let Some(content) = read(db, root, &path, LARGEST) else { return out };
    for record in diversions(&content) {
        match record {
            Ok(record) => {
                let places = (db.place(root, record.from), db.place(root, record.to));
                let (Some(from), Some(to)) = places else { continue };
                out.add(from, to, record.package);
            }
            Err(bad) => bad_line(db, &path, &bad),
        }
    }
    out
}
