//! dpkg-divert: what a package ships lies under another name.

use std::collections::HashMap;

use coroner_host::{HostPath, Root};
use coroner_parse::package::dpkg::diversions;

use crate::index::{PackageDb, Trouble, TroubleKind};

const DIVERSIONS: &str = "/var/lib/dpkg/diversions";
const LARGEST: usize = 1 << 20;

/// The diversions of a root, by the real place of what is diverted.
#[derive(Debug, Default)]
pub(crate) struct Diversions {
    moved: HashMap<Box<[u8]>, Moved>,
}

#[derive(Debug)]
struct Moved {
    to: Box<[u8]>,
    /// The package whose own file stays; `None` when every package's file is moved.
    stays: Option<Box<[u8]>>,
}

impl Diversions {
    pub(crate) fn load(db: &mut PackageDb, root: &Root) -> Self {
        let mut out = Self::default();
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
                    out.moved.insert(from, Moved { to, stays: record.package.map(Box::from) });
                }
                Err(bad) => db.troubles.push(Trouble {
                    path: path.clone(),
                    kind: TroubleKind::Blocked(coroner_host::Blocked::Malformed),
                    line: Some(bad.number),
                    detail: Some(bad.reason.to_owned()),
                }),
            }
        }
        out
    }

    /// Where `package`'s file of this place really lies, when it was moved.
    pub(crate) fn moved(&self, place: &[u8], package: &[u8]) -> Option<&[u8]> {
        let moved = self.moved.get(place)?;
        (moved.stays.as_deref() != Some(package)).then_some(&*moved.to)
    }
}
