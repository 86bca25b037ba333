//! Who vouches for packages.

use std::collections::{BTreeMap, BTreeSet};

use coroner_core::packages::{Package, Proof};
use coroner_core::{Confidence, Draft, Findings, Items, Severity, Text};

use crate::rules;

/// rpm's pseudo-packages, one for each key that it trusts.
const KEY_PACKAGE: &str = "gpg-pubkey";
/// Signed packages of a vendor that make it a vendor who signs everything.
const MANY: usize = 10;
/// One in so many may lack the signature before the vendor counts as one who does not always sign.
const ONE_IN: usize = 10;

pub(super) fn judge(items: &Items, out: &mut Findings) {
    let (keys, packages): (Vec<Package>, Vec<Package>) =
        items.all::<Package>().partition(|package| package.name == *KEY_PACKAGE);
    for package in &packages {
        if let Proof::Broken { reason } = &package.proof {
            let draft = out.raise(&rules::SIGNATURE_BROKEN, package);
            describe(draft, package).evidence("reason", reason.as_str());
        }
    }
    missing(&packages, out);
    unproven(&packages, out);
    for key in &keys {
        if let Proof::UnknownKey { key: fingerprint } = &key.proof {
            out.raise(&rules::FOREIGN_KEY, key).evidence("fingerprint", fingerprint.as_str());
        }
    }
}

/// Packages whose entries were edited.
pub(super) fn broken(items: &Items) -> BTreeSet<Text> {
    let is_broken = |package: &Package| matches!(package.proof, Proof::Broken { .. });
    items.all::<Package>().filter(is_broken).map(|package| package.name).collect()
}

fn describe<'d>(draft: &'d mut Draft, package: &Package) -> &'d mut Draft {
    draft.evidence("package", package.name.clone()).evidence("version", package.version.clone());
    if let Some(vendor) = &package.vendor {
        draft.evidence("vendor", vendor.clone());
    }
    draft
}

/// Packages without the signature that nearly all others of their vendor bear.
fn missing(packages: &[Package], out: &mut Findings) {
    let mut vendors: BTreeMap<&Text, (usize, Vec<&Package>)> = BTreeMap::new();
    for package in packages {
        let Some(vendor) = &package.vendor else { continue };
        let (signed, others) = vendors.entry(vendor).or_default();
        match package.proof {
            Proof::Signed { .. } => *signed += 1,
            Proof::Unsigned | Proof::UnknownKey { .. } => others.push(package),
            _ => {}
        }
    }
    vendors.retain(|_, (signed, others)| *signed >= MANY && others.len() * ONE_IN <= *signed);
    for (signed, others) in vendors.into_values() {
        for package in others {
            let draft = describe(out.raise(&rules::SIGNATURE_MISSING, package), package);
            draft.evidence("signed packages of this vendor", signed.to_string());
            if let Proof::UnknownKey { key } = &package.proof {
                draft.evidence("signed by", key.as_str());
                draft.graded(Severity::Low, Confidence::Possible);
            }
        }
    }
}

/// All packages that are taken at the host's word, in one finding.
fn unproven(packages: &[Package], out: &mut Findings) {
    let why = |package: &Package| match &package.proof {
        Proof::Unsigned => Some("not signed".to_owned()),
        Proof::UnknownKey { key } => Some(format!("signed by the unknown key {key}")),
        Proof::Unbelieved { reason } => Some(reason.clone()),
        _ => None,
    };
    let mut reasons: BTreeMap<String, Vec<&Package>> = BTreeMap::new();
    for package in packages {
        if let Some(reason) = why(package) {
            reasons.entry(reason).or_default().push(package);
        }
    }
    let Some(first) = reasons.values().flatten().next() else { return };
    let draft = out.raise(&rules::NOT_SIGNED, *first);
    let count = reasons.values().map(Vec::len).sum::<usize>();
    draft.evidence("packages", format!("{count} of {}", packages.len()));
    for (reason, packages) in reasons {
        let names = packages.iter().map(|package| package.name.as_bytes());
        draft.evidence(&reason, Text::new(names.collect::<Vec<_>>().join(&b' ')));
    }
}
