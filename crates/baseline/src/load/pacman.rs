//! x
use coroner_host::Root;
use crate::index::PackageDb;
pub(crate) fn pacman(_: &mut PackageDb, _: &Root) {}
