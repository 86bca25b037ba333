//! Keys that packages may be signed with: the vendors', which are part of the binary, and the
//! operator's. Never those of the host: whoever can edit its package database can add a key.

use std::sync::OnceLock;

use coroner_openpgp::{BadKeyring, Keyring};
use rayon::prelude::*;

/// The vendors' keys (`baselines/keys/README.md`).
static SHIPPED: &[&[u8]] = &[
    include_bytes!("../../../baselines/keys/rpm/alma.asc"),
    include_bytes!("../../../baselines/keys/rpm/amazon.asc"),
    include_bytes!("../../../baselines/keys/rpm/azure.asc"),
    include_bytes!("../../../baselines/keys/rpm/centos.asc"),
    include_bytes!("../../../baselines/keys/rpm/epel.asc"),
    include_bytes!("../../../baselines/keys/rpm/fedora.asc"),
    include_bytes!("../../../baselines/keys/rpm/opensuse.asc"),
    include_bytes!("../../../baselines/keys/rpm/oracle.asc"),
    include_bytes!("../../../baselines/keys/rpm/redhat.asc"),
    include_bytes!("../../../baselines/keys/rpm/rocky.asc"),
    include_bytes!("../../../baselines/keys/rpm/suse.asc"),
];

/// Keys that are believed. They are read when the first package asks for them: most hosts have no
/// signed databases.
#[derive(Debug, Default)]
pub struct VendorKeys {
    given: Keyring,
    all: OnceLock<Keyring>,
}

impl VendorKeys {
    /// The vendors' keys that are part of the binary.
    pub fn shipped() -> Self {
        Self::default()
    }

    /// Adds the operator's keys: `OpenPGP` public keys, armored or binary.
    ///
    /// # Errors
    /// When the file is no keyring, or none of its keys can be used.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), BadKeyring> {
        self.given.merge(Keyring::parse(bytes)?);
        self.all = OnceLock::new();
        Ok(())
    }

    /// All of them.
    pub(crate) fn keyring(&self) -> &Keyring {
        self.all.get_or_init(|| {
            let shipped: Vec<_> = SHIPPED.par_iter().map(|file| Keyring::parse(file)).collect();
            let mut all = self.given.clone();
            shipped.into_iter().flatten().for_each(|keys| all.merge(keys));
            all
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_key_can_be_used() {
        for file in SHIPPED {
            let keys = Keyring::parse(file).unwrap();
            assert_eq!(keys.left_out(), []);
        }
        let all = VendorKeys::shipped();
        let all = all.keyring();
        assert!(all.len() >= 45, "{}", all.len());
        let known = |user: &str| all.certificates().any(|(_, id)| id.starts_with(user.as_bytes()));
        for vendor in
            ["Fedora (43)", "Red Hat, Inc. (release key 2)", "CentOS-7 Key", "AlmaLinux OS 9"]
        {
            assert!(known(vendor), "{vendor}");
        }
    }
}
