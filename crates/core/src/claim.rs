//! What packages claim of a path, and what its content comes to beside it: the word of a pack, and
//! that of the host's own list.

use std::sync::Arc;

use coroner_host::FileType;
use coroner_parse::Text;

use crate::{Digest, FileFacts, PackageState};

/// Set-uid and set-gid.
const SET_ID: u32 = 0o6000;

/// What the database says of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The package that owns it.
    pub package: Text,
    /// An administrator may change it.
    pub conffile: bool,
    /// What its content is, if the database says so.
    pub expected: Option<Digest>,
    /// Its absence is normal (documentation paths excluded, ghost files, removed conffiles).
    pub may_be_missing: bool,
    /// What a pack says of it.
    pub vendor: Option<VendorFile>,
    /// Somebody outside the host vouches for what is expected.
    pub proven: bool,
}

/// What a pack says of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorFile {
    /// The name of the pack.
    pub by: Arc<str>,
    /// Whether agreement proves anything: with a pack that nobody signed it does not.
    pub trusted: bool,
    /// What lies there.
    pub content: Proven,
    /// Permission bits with set-uid, set-gid and sticky that it may have: the vendor's, and those that
    /// the host's administrator asked for by `dpkg-statoverride`.
    pub mode: u32,
}

/// What a package has at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proven {
    /// A regular file.
    File {
        /// Of its content.
        sha256: Digest,
        /// The same content by the algorithm of the host's own lists, as the vendor's list has it; none
        /// for the image of a host, where nobody knows what the vendor shipped.
        listed: Option<Digest>,
    },
    /// A symbolic link and its text.
    Link(Text),
}

impl Claim {
    /// The digest that the content is compared with first: the proof's, else the host's own list's.
    pub fn first(&self) -> Option<&Digest> {
        match self.vendor.as_ref().map(|vendor| &vendor.content) {
            Some(Proven::File { sha256, .. }) => Some(sha256),
            Some(Proven::Link(_)) => None,
            None => self.expected.as_ref(),
        }
    }

    /// Whether the package has a link of another text, or no link at all, where this one stands.
    pub fn is_other_link(&self, target: Option<&Text>) -> bool {
        !self.conffile
            && match self.vendor.as_ref().map(|vendor| &vendor.content) {
                Some(Proven::Link(text)) => Some(text) != target,
                Some(Proven::File { .. }) => target.is_some(),
                None => target.is_some() && self.expected.is_some(),
            }
    }
}

impl FileFacts {
    /// Takes what the packages claim of it. `mode` stands already; the state follows when the content
    /// is known.
    pub fn claimed(&mut self, claim: &Claim) {
        self.package = Some(claim.package.clone());
        let Some(vendor) = &claim.vendor else { return };
        self.proof = Some(vendor.by.to_string());
        let regular = self.file_type == FileType::Regular;
        let added = regular && vendor.trusted && self.mode & SET_ID & !vendor.mode != 0;
        self.vendor_mode = added.then_some(vendor.mode);
        if let Proven::File { listed: Some(listed), .. } = &vendor.content {
            let other = claim.expected.as_ref().filter(|own| *own != listed && !claim.conffile);
            self.listed = other.cloned();
        }
    }
}

/// The state of a file that exists, from what its package claims and what its content is: `first` by
/// the algorithm of [`Claim::first`], and when that disagrees with a proof, `listed` by the algorithm
/// of the host's own list.
pub fn state_of(
    known: bool,
    claim: Option<&Claim>,
    first: Option<&Digest>,
    listed: Option<&Digest>,
) -> PackageState {
    let Some(claim) = claim else {
        return if known { PackageState::Unowned } else { PackageState::Unknown };
    };
    match (claim.first(), first) {
        (Some(expected), Some(actual)) if expected == actual => agreeing(claim),
        (Some(_), Some(_)) if claim.conffile => PackageState::ConffileChanged,
        (Some(_), Some(_)) if is_forged(claim, listed) => PackageState::Forged,
        (Some(_), Some(_)) => PackageState::Modified,
        _ => PackageState::Unknown,
    }
}

fn agreeing(claim: &Claim) -> PackageState {
    let proven = claim.vendor.as_ref().map_or(claim.proven, |vendor| vendor.trusted);
    if proven { PackageState::Vendor } else { PackageState::Local }
}

/// The content agrees with the host's list, and the list says something else than the vendor's.
fn is_forged(claim: &Claim, listed: Option<&Digest>) -> bool {
    let Some(vendor) = claim.vendor.as_ref().filter(|vendor| vendor.trusted) else { return false };
    let Proven::File { listed: Some(vendors), .. } = &vendor.content else { return false };
    listed.is_some_and(|actual| claim.expected.as_ref() == Some(actual) && actual != vendors)
}

#[cfg(test)]
mod tests {
    use coroner_parse::Algorithm;

    use super::*;
    use crate::sha256_of;

    fn md5(byte: u8) -> Digest {
        Digest::new(Algorithm::Md5, &[byte; 16]).unwrap()
    }

    /// The vendor's file is `sha256_of(b"vendor")` and `md5(1)`.
    fn claim(listed: Option<Digest>, trusted: bool, conffile: bool) -> Claim {
        let content = Proven::File { sha256: sha256_of(b"vendor"), listed: Some(md5(1)) };
        let vendor = Some(VendorFile { by: "debian-12".into(), trusted, content, mode: 0o755 });
        let package = Text::from("procps");
        Claim { package, conffile, expected: listed, may_be_missing: false, vendor, proven: false }
    }

    fn state(claim: &Claim, content: &[u8], listed: Option<&Digest>) -> PackageState {
        state_of(true, Some(claim), Some(&sha256_of(content)), listed)
    }

    #[test]
    fn the_proof_is_believed_whatever_the_hosts_list_says() {
        for listed in [None, Some(md5(1)), Some(md5(9))] {
            let claim = claim(listed, true, false);
            assert_eq!(state(&claim, b"vendor", None), PackageState::Vendor);
        }
    }

    #[test]
    fn a_file_that_agrees_with_an_edited_list_is_forged_and_with_an_untouched_one_modified() {
        let edited = claim(Some(md5(9)), true, false);
        assert_eq!(state(&edited, b"trojan", Some(&md5(9))), PackageState::Forged);
        assert_eq!(state(&edited, b"other trojan", Some(&md5(8))), PackageState::Modified);
        let untouched = claim(Some(md5(1)), true, false);
        assert_eq!(state(&untouched, b"trojan", Some(&md5(9))), PackageState::Modified);
        // Two contents of one MD5: the list was not edited.
        assert_eq!(state(&untouched, b"trojan", Some(&md5(1))), PackageState::Modified);
    }

    #[test]
    fn a_pack_that_nobody_signed_proves_nothing_and_accuses_nobody_of_forging() {
        let claim = claim(Some(md5(9)), false, false);
        assert_eq!(state(&claim, b"vendor", None), PackageState::Local);
        assert_eq!(state(&claim, b"other", Some(&md5(9))), PackageState::Modified);
    }

    #[test]
    fn a_conffile_may_be_changed_and_its_digest_in_the_database_with_it() {
        let claim = claim(Some(md5(9)), true, true);
        assert_eq!(state(&claim, b"edited", Some(&md5(9))), PackageState::ConffileChanged);
    }

    #[test]
    fn a_link_must_have_the_packages_text_and_a_file_be_a_file() {
        let mut claim = claim(None, true, false);
        let (own, other) = (Text::from("pgrep"), Text::from("/tmp/x"));
        assert!(claim.is_other_link(Some(&other)) && !claim.is_other_link(None));
        if let Some(vendor) = &mut claim.vendor {
            vendor.content = Proven::Link(own.clone());
        }
        assert!(claim.is_other_link(Some(&other)) && claim.is_other_link(None));
        assert!(!claim.is_other_link(Some(&own)));
    }
}
