//! dpkg-divert: what a package ships lies under another name.

use std::collections::HashMap;

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
    /// Notes that files of one place lie at another, but for the file of the package that stays.
    pub(crate) fn add(&mut self, from: Box<[u8]>, to: Box<[u8]>, stays: Option<&[u8]>) {
        self.moved.insert(from, Moved { to, stays: stays.map(Box::from) });
    }

    /// Where `package`'s file of this place really lies, when it was moved.
    pub(crate) fn moved(&self, place: &[u8], package: &[u8]) -> Option<&[u8]> {
        let moved = self.moved.get(place)?;
        (moved.stays.as_deref() != Some(package)).then_some(&*moved.to)
    }
}
