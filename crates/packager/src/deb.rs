//! A .deb (deb(5)): control.tar says what it is, data.tar has its files.

use std::io::Read;

use coroner_pack::{FileKind, PackFile, PackageFiles};
use coroner_parse::Text;

use crate::Refused;
use crate::ar::{Member, Members};
use crate::bounds::{drain, read_all};
use crate::content::content;
use crate::control::Control;
use crate::tarball::{self, Item, Kind};
use crate::tree::{Tree, absolute};
use crate::unpack::unpack;

const VERSION: &[u8] = b"debian-binary";
const CONTROL: &[u8] = b"control.tar";
const DATA: &[u8] = b"data.tar";

/// Reads a package to its end.
pub(crate) fn deb(reader: impl Read) -> Result<PackageFiles, Refused> {
    let mut members = Members::open(reader)?;
    version(next(&mut members, VERSION)?)?;
    let control = next(&mut members, CONTROL)?;
    let control = open(control, CONTROL, Control::read)?;
    let data = next(&mut members, DATA)?;
    let mut tree = open(data, DATA, read_tree)?;
    while let Some(more) = members.next()? {
        more.finish()?;
    }
    let id = control.id()?;
    control.mark_conffiles(&mut tree);
    control.compare(&tree)?;
    Ok(PackageFiles { id, files: tree.finish()? })
}

/// The member that must come now.
fn next<'m, R: Read>(
    members: &'m mut Members<R>,
    name: &'static [u8],
) -> Result<Member<'m, R>, Refused> {
    let member = members.next()?.ok_or(Refused::CutOff)?;
    if member.name.starts_with(name) {
        Ok(member)
    } else {
        Err(Refused::Malformed("a .deb whose parts are not the ones that deb(5) names"))
    }
}

/// `2.0`; minor numbers may grow.
fn version<R: Read>(mut member: Member<'_, R>) -> Result<(), Refused> {
    let text = read_all(&mut member, 64)?;
    if !text.starts_with(b"2.") {
        return Err(Refused::Malformed("a .deb of a version that is not 2"));
    }
    member.finish()
}

/// Unpacks a part, reads it, and goes on to its very end, where its checksum is.
fn open<R: Read, T>(
    mut member: Member<'_, R>,
    name: &[u8],
    read: impl FnOnce(&mut dyn Read) -> Result<T, Refused>,
) -> Result<T, Refused> {
    let ending = member.name.strip_prefix(name).unwrap_or_default().to_vec();
    let size = member.size;
    let mut plain = unpack(&ending, size, &mut member)?;
    let read = read(&mut plain)?;
    drain(&mut plain)?;
    drop(plain);
    member.finish()?;
    Ok(read)
}

fn read_tree(plain: &mut dyn Read) -> Result<Tree, Refused> {
    let mut tree = Tree::default();
    tarball::each(plain, &mut |item, content| match file(&tree, item, content)? {
        Some(file) => tree.add(file),
        None => Ok(()),
    })?;
    Ok(tree)
}

/// An entry as a pack has it; the root itself is in every archive and nobody's.
pub(crate) fn file(
    tree: &Tree,
    item: Item,
    reader: &mut dyn Read,
) -> Result<Option<PackFile>, Refused> {
    let Some(path) = absolute(&item.name)? else { return Ok(None) };
    let kind = match item.kind {
        Kind::Regular => FileKind::Regular(content(reader)?),
        Kind::Directory => FileKind::Directory,
        Kind::Special => FileKind::Special,
        Kind::Link(target) if is_target(&target) => FileKind::Link(Text::new(target)),
        Kind::Link(_) => return Err(Refused::entry(&item.name, "is a link to nothing")),
        Kind::HardLink(target) => {
            let target = absolute(&target)?.unwrap_or_default();
            let content = tree.content(target.as_bytes()).cloned();
            FileKind::Regular(content.ok_or_else(|| {
                Refused::entry(&item.name, "is another name of a file that did not come before it")
            })?)
        }
    };
    let Item { mode, user, group, .. } = item;
    Ok(Some(PackFile { path, kind, mode, user, group, conffile: false }))
}

fn is_target(target: &[u8]) -> bool {
    !target.is_empty() && target.len() <= crate::bounds::LONGEST_PATH && !target.contains(&0)
}
