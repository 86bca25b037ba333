//! x
use crate::index::PackageDb;
use coroner_host::Root;
pub(crate) fn rpm(_: &mut PackageDb, _: &Root) {}
