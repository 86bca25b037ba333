//! x
use crate::index::PackageDb;
use coroner_host::Root;
pub(crate) fn apk(_: &mut PackageDb, _: &Root) {}
