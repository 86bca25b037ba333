//! An .apk of Alpine (apk-package(5)): gzip streams one after another, which unpacked are one tar: the
//! signature, what the package is, its files.

use std::io::Read;

use coroner_pack::{PackageFiles, PackageId};
use coroner_parse::Text;

use crate::Refused;
use crate::bounds::{LARGEST_CONTROL, drain, read_all};
use crate::deb::file;
use crate::tarball;
use crate::tree::Tree;
use crate::unpack::unpack;

const INFO: &[u8] = b".PKGINFO";

/// Reads a package of `packed` bytes to its end.
pub(crate) fn apk(packed: u64, reader: impl Read) -> Result<PackageFiles, Refused> {
    let mut plain = unpack(b".gz", packed, reader)?;
    let (mut tree, mut info) = (Tree::default(), None);
    tarball::each(&mut plain, &mut |item, content| {
        if item.name == INFO {
            let text = read_all(content, LARGEST_CONTROL)?;
            if info.replace(text).is_some() {
                return Err(Refused::entry(INFO, "comes twice"));
            }
        } else if is_control(&item.name) {
            // Signatures and scripts, which are not put on the disk.
        } else if let Some(file) = file(&tree, item, content)? {
            tree.add(file)?;
        }
        Ok(())
    })?;
    drain(plain)?;
    let id = info.as_deref().and_then(id);
    let id = id.ok_or(Refused::Malformed("no .PKGINFO in it that names a package"))?;
    Ok(PackageFiles { id, files: tree.finish()? })
}

/// Names at the top that begin with a dot are the package's own.
fn is_control(name: &[u8]) -> bool {
    name.starts_with(b".") && !name.starts_with(b"./") && !name.contains(&b'/')
}

/// `pkgname = musl`, a line each; `#` begins a comment.
fn id(info: &[u8]) -> Option<PackageId> {
    let value = |wanted: &[u8]| {
        info.split(|byte| *byte == b'\n').find_map(|line| {
            let at = line.iter().position(|byte| *byte == b'=')?;
            let (key, value) = line.split_at(at);
            let value = value.get(1..)?.trim_ascii();
            (key.trim_ascii() == wanted && !value.is_empty()).then(|| Text::from(value))
        })
    };
    Some(PackageId {
        name: value(b"pkgname")?,
        version: value(b"pkgver")?,
        architecture: value(b"arch")?,
    })
}
