//! x
use coroner_host::Root;
use crate::index::PackageDb;
pub(crate) fn rpm(_: &mut PackageDb, _: &Root) {}
