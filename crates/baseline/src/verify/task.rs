//! What is to be verified.

use coroner_core::HostPath;

use crate::package::Entry;

/// A packaged path to look at.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) place: &'a [u8],
    pub(crate) entry: &'a Entry,
}

impl Task<'_> {
    pub(super) fn path(self) -> HostPath {
        HostPath::new(self.place)
    }
}
