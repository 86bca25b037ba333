//! x
use coroner_host::Root;
use crate::index::PackageDb;
pub(crate) fn apk(_: &mut PackageDb, _: &Root) {}
