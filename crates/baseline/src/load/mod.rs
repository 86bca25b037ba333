//! Reading each kind of database into the index.

mod apk;
mod diversions;
mod dpkg;
mod pacman;
mod proof;
mod reading;
mod rpm;
mod sqlite;

use coroner_host::Root;

use crate::index::PackageDb;
use crate::keys::VendorKeys;
use crate::packs::Packs;

impl PackageDb {
    /// Reads every database that the root has, without packs.
    pub fn load(root: &Root) -> Self {
        Self::load_with(root, &Packs::default())
    }

    /// Reads every database that the root has, and lays over it what packs say.
    pub fn load_with(root: &Root, packs: &Packs) -> Self {
        Self::load_with_keys(root, packs, &VendorKeys::shipped())
    }

    /// The same with keys that the operator gave, for databases whose entries are signed.
    pub fn load_with_keys(root: &Root, packs: &Packs, keys: &VendorKeys) -> Self {
        let mut db = Self::empty();
        dpkg::load(&mut db, root);
        rpm::load(&mut db, root, keys);
        apk::load(&mut db, root);
        pacman::load(&mut db, root);
        crate::proof::apply(&mut db, root, packs);
        db
    }
}
