//! The first half of a .deb: what the package is, which of its files an administrator may change, and
//! its own list of digests.

use std::io::Read;

use coroner_pack::PackageId;
use coroner_parse::package::dpkg;
use coroner_parse::{Algorithm, Text};

use crate::Refused;
use crate::bounds::{LARGEST_CONTROL, read_all};
use crate::tarball::{self, Item, Kind};
use crate::tree::{Tree, absolute};

/// The files of control.tar that matter here.
#[derive(Debug, Default)]
pub(crate) struct Control {
    stanza: Option<Vec<u8>>,
    conffiles: Option<Vec<u8>>,
    sums: Option<Vec<u8>>,
}

impl Control {
    pub(crate) fn read(plain: &mut dyn Read) -> Result<Self, Refused> {
        let mut control = Self::default();
        tarball::each(plain, &mut |item, content| control.take(&item, content))?;
        Ok(control)
    }

    fn take(&mut self, item: &Item, content: &mut dyn Read) -> Result<(), Refused> {
        let Some(path) = absolute(&item.name)? else { return Ok(()) };
        let place = match path.as_bytes() {
            b"/control" => &mut self.stanza,
            b"/conffiles" => &mut self.conffiles,
            b"/md5sums" => &mut self.sums,
            _ => return Ok(()),
        };
        if item.kind != Kind::Regular || place.is_some() {
            return Err(Refused::entry(&item.name, "comes twice, or is no plain file"));
        }
        *place = Some(read_all(content, LARGEST_CONTROL)?);
        Ok(())
    }

    /// Which package it is.
    pub(crate) fn id(&self) -> Result<PackageId, Refused> {
        let none = Refused::Malformed("no control file in it that names a package");
        let stanza = self.stanza.as_deref().and_then(|text| dpkg::packages(text).next());
        let Some(Ok(stanza)) = stanza else { return Err(none) };
        if [stanza.version, stanza.architecture].iter().any(|word| !is_word(word)) {
            return Err(none);
        }
        let text = Text::from;
        let (name, version) = (text(stanza.name), text(stanza.version));
        Ok(PackageId { name, version, architecture: text(stanza.architecture) })
    }

    /// Marks configuration files: a path a line, perhaps with a flag before it (`deb-conffiles(5)`).
    pub(crate) fn mark_conffiles(&self, tree: &mut Tree) {
        let lines = self.conffiles.as_deref().unwrap_or_default().split(|byte| *byte == b'\n');
        for line in lines.map(<[u8]>::trim_ascii) {
            tree.mark_conffile(line.strip_prefix(b"remove-on-upgrade ").unwrap_or(line));
        }
    }

    /// Compares the package's own list with what was read.
    pub(crate) fn compare(&self, tree: &Tree) -> Result<(), Refused> {
        for sum in dpkg::sums(self.sums.as_deref().unwrap_or_default()) {
            let sum = sum.map_err(|_| Refused::Malformed("a broken line in its md5sums"))?;
            let path = [b"/", &*sum.path].concat();
            let content = tree.content(&path);
            let content =
                content.ok_or_else(|| Refused::entry(&path, "is in its md5sums and not in it"))?;
            let agrees = match sum.digest.algorithm() {
                Algorithm::Md5 => sum.digest.as_bytes() == content.md5,
                Algorithm::Sha256 => sum.digest.as_bytes() == content.sha256,
                _ => true,
            };
            if !agrees {
                return Err(Refused::entry(&path, "is not what its own md5sums says"));
            }
        }
        Ok(())
    }
}

fn is_word(word: &[u8]) -> bool {
    !word.is_empty() && word.len() < 256 && word.iter().all(u8::is_ascii_graphic)
}
