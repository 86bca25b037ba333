//! How many files were proved from outside, and how many agree with the host's own lists alone.

use std::collections::BTreeMap;

use crate::packages::{Package, Proof, SIGNATURES, Verification};
use crate::{FileFacts, PackUse, PackageState, Verified};

/// What each pack proved, by its name.
#[derive(Default)]
struct Packs(BTreeMap<String, PackUse>);

impl Packs {
    fn named(&mut self, name: &str) -> &mut PackUse {
        let new = || PackUse { name: name.to_owned(), packages: 0, files: 0 };
        self.0.entry(name.to_owned()).or_insert_with(new)
    }
}

/// Adds up what verifying the packages and looking at the named files came to.
pub(crate) fn count(checked: &Verification, named: &[FileFacts], packages: &[Package]) -> Verified {
    let mut packs = Packs::default();
    for (name, files) in &checked.proved {
        packs.named(name).files += files;
    }
    // Each file once: by the name under which it lies.
    let in_state =
        |state| named.iter().filter(move |file| file.real.is_none() && file.state == state);
    for file in in_state(PackageState::Vendor) {
        packs.named(file.proof.as_deref().unwrap_or(SIGNATURES)).files += 1;
    }
    let (mut known, mut of_unknown_version) = (0, 0);
    for package in packages {
        let by = match &package.proof {
            Proof::Pack { name } => name.as_str(),
            Proof::Signed { .. } => SIGNATURES,
            other => {
                of_unknown_version += u64::from(*other == Proof::UnknownVersion);
                continue;
            }
        };
        known += 1;
        packs.named(by).packages += 1;
    }
    let locally = checked.agreed.saturating_sub(checked.proved.values().sum());
    Verified {
        checked: checked.checked,
        agreed: checked.agreed,
        without_digest: checked.without_digest,
        proved: packs.0.values().map(|pack| pack.files).sum(),
        local: locally + in_state(PackageState::Local).count() as u64,
        packages_known: known,
        packages_of_unknown_version: of_unknown_version,
        packs: packs.0.into_values().collect(),
    }
}
