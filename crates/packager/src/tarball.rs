//! tar, entry by entry (tar(5)): ustar, GNU's long names, PAX records, all bounded.

use std::io::Read;

use coroner_parse::Text;
use tar::{EntryType, Header};

use crate::Refused;
use crate::bounds::{LARGEST_EXTENSION, MOST_ENTRIES, read_all};

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Regular,
    Directory,
    /// Another name of an earlier entry.
    HardLink(Vec<u8>),
    Link(Vec<u8>),
    Special,
}

/// An entry without its content.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) name: Vec<u8>,
    pub(crate) kind: Kind,
    pub(crate) mode: u32,
    pub(crate) user: Text,
    pub(crate) group: Text,
}

/// Takes entries.
pub(crate) type Take<'t> = dyn FnMut(Item, &mut dyn Read) -> Result<(), Refused> + 't;

/// What the headers before an entry say of it.
#[derive(Default)]
struct Said {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    user: Option<Vec<u8>>,
    group: Option<Vec<u8>>,
}

/// Gives every entry to `take`, with its content.
pub(crate) fn each(reader: impl Read, take: &mut Take<'_>) -> Result<(), Refused> {
    let mut archive = tar::Archive::new(reader);
    let mut said = Said::default();
    for (count, entry) in archive.entries()?.raw(true).enumerate() {
        let mut entry = entry?;
        if count >= MOST_ENTRIES {
            return Err(Refused::Malformed("more files than a package has"));
        }
        let size = entry.size();
        if said.extend(entry.header().entry_type(), &mut entry)? {
            continue;
        }
        let item = item(entry.header(), std::mem::take(&mut said))?;
        let mut content = Whole { inner: &mut entry, left: size };
        take(item, &mut content)?;
    }
    Ok(())
}

/// An entry's content, which must not end early.
struct Whole<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if count == 0 && !buffer.is_empty() && self.left > 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}

impl Said {
    /// Takes what a header that speaks of the next entry says; `false` is an entry itself.
    fn extend(&mut self, kind: EntryType, content: &mut dyn Read) -> Result<bool, Refused> {
        match kind {
            EntryType::GNULongName => self.name = Some(long_name(content)?),
            EntryType::GNULongLink => self.link = Some(long_name(content)?),
            EntryType::XHeader => self.records(&read_all(content, LARGEST_EXTENSION)?)?,
            // Comments, as git writes them; it may not speak of names.
            EntryType::XGlobalHeader => {
                let mut global = Self::default();
                global.records(&read_all(content, LARGEST_EXTENSION)?)?;
                if global.name.is_some() || global.link.is_some() {
                    return Err(Refused::Malformed("a tar header that names every file the same"));
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn records(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        for record in tar::PaxExtensions::new(bytes) {
            let record = record?;
            let value = || Some(record.value_bytes().to_vec());
            match record.key_bytes() {
                b"path" => self.name = value(),
                b"linkpath" => self.link = value(),
                b"uname" => self.user = value(),
                b"gname" => self.group = value(),
                // Sizes over 8 GiB, and holes: not what packages have, and read differently by each tar.
                b"size" => return Err(Refused::Malformed("a PAX header that changes a size")),
                key if key.starts_with(b"GNU.sparse") => {
                    return Err(Refused::Malformed("a sparse file in a tar archive"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn long_name(content: &mut dyn Read) -> Result<Vec<u8>, Refused> {
    let mut name = read_all(content, LARGEST_EXTENSION)?;
    if name.last() == Some(&0) {
        name.pop();
    }
    Ok(name)
}

fn item(header: &Header, said: Said) -> Result<Item, Refused> {
    let name = said.name.unwrap_or_else(|| header.path_bytes().into_owned());
    let link = || {
        let short = || header.link_name_bytes().unwrap_or_default().into_owned();
        said.link.clone().unwrap_or_else(short)
    };
    let kind = match header.entry_type() {
        EntryType::Regular | EntryType::Continuous if name.ends_with(b"/") => {
            return Err(Refused::entry(&name, "is a file with the name of a directory"));
        }
        EntryType::Regular | EntryType::Continuous => Kind::Regular,
        EntryType::Directory => Kind::Directory,
        EntryType::Link => Kind::HardLink(link()),
        EntryType::Symlink => Kind::Link(link()),
        EntryType::Char | EntryType::Block | EntryType::Fifo => Kind::Special,
        _ => return Err(Refused::entry(&name, "is of a kind that packages do not have")),
    };
    let mode = header.mode()? & 0o7777;
    let user = owner(said.user, header.username_bytes(), header.uid()?);
    let group = owner(said.group, header.groupname_bytes(), header.gid()?);
    Ok(Item { name, kind, mode, user, group })
}

/// The name, or the number where there is none.
fn owner(said: Option<Vec<u8>>, short: Option<&[u8]>, number: u64) -> Text {
    let name = said.or_else(|| short.map(<[u8]>::to_vec)).filter(|name| !name.is_empty());
    name.map_or_else(|| Text::from(number.to_string().as_str()), Text::new)
}
