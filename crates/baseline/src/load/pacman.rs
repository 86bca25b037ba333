//! x
use crate::index::PackageDb;
use coroner_host::Root;
pub(crate) fn pacman(_: &mut PackageDb, _: &Root) {}
