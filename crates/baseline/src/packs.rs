//! The packs that speak of a host, with who vouches for them.

use std::sync::Arc;

use coroner_pack::{Pack, PackKind};

/// A pack and what agreement with it is worth.
#[derive(Debug)]
pub struct TrustedPack {
    pub(crate) pack: Pack,
    /// Its name, as reports have it.
    pub(crate) name: Arc<str>,
    /// Whether the binary or the operator's key vouches for it.
    pub(crate) trusted: bool,
}

/// Packs that speak of one distribution, in the order in which they are asked: what a vendor
/// published, then what the operator recorded of a good host.
#[derive(Debug, Default)]
pub struct Packs {
    packs: Vec<TrustedPack>,
    refused: Vec<String>,
}

impl Packs {
    /// Adds a pack; packs of one kind stay in the order in which they came.
    pub fn add(&mut self, pack: Pack, trusted: bool) {
        let name = Arc::from(pack.header().name.as_str());
        self.packs.push(TrustedPack { pack, name, trusted });
        self.packs.sort_by_key(|packed| (packed.is_image(), !packed.trusted));
    }

    /// Asks packs of this release first: a package that is in several is then counted where one looks
    /// for it.
    pub fn prefer(&mut self, release: &str) {
        let other = |packed: &TrustedPack| packed.pack.header().os_version != release;
        self.packs.sort_by_key(|packed| (packed.is_image(), !packed.trusted, other(packed)));
    }

    /// Adds why a pack is not used, for the report's gaps.
    pub fn refuse(&mut self, why: String) {
        self.refused.push(why);
    }

    /// Why packs are not used.
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    pub(crate) fn of_manager(&self, manager: &str) -> impl Iterator<Item = &TrustedPack> {
        self.packs.iter().filter(move |packed| packed.pack.header().manager == manager)
    }
}

impl TrustedPack {
    /// Whether it is a record of one host, where nobody knows what the vendor shipped.
    pub(crate) fn is_image(&self) -> bool {
        self.pack.header().kind == PackKind::Host
    }
}
