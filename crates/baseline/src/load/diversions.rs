//! The file of dpkg-divert.

use coroner_host::{Blocked, HostPath, Root};
use coroner_parse::package::dpkg::diversions;

use crate::diversions::Diversions;
use crate::index::PackageDb;
use crate::package::{Trouble, TroubleKind};

const DIVERSIONS: &str = "/var/lib/dpkg/diversions";
const LARGEST: usize = 1 << 20;

pub(super) fn load(db: &mut PackageDb, root: &Root) -> Diversions {
    let mut out = Diversions::default();
    let path = HostPath::new(DIVERSIONS);
    let content = match root.read(&path, LARGEST) {
        Ok(content) => content.bytes,
        Err(error) => {
            db.trouble(&path, error);
            return out;
        }
    };
    for record in diversions(&content) {
        match record {
            Ok(record) => {
                let places = (db.place(root, record.from), db.place(root, record.to));
                let (Some(from), Some(to)) = places else { continue };
                out.add(from, to, record.package);
            }
            Err(bad) => db.troubles.push(Trouble {
                path: path.clone(),
                kind: TroubleKind::Blocked(Blocked::Malformed),
                line: Some(bad.number),
                detail: Some(bad.reason.to_owned()),
            }),
        }
    }
    out
}
