//! Reading a pack: the index at once, a package's files when they are asked for.

use std::io::Read as _;
use std::ops::Range;

use coroner_parse::Text;
use flate2::read::DeflateDecoder;

use crate::content::{Contents, ROW};
use crate::model::{Header, PackFile, PackageId, SCHEMA};
use crate::wire::Input;
use crate::{MAGIC, PackError, block};

/// Packages of a pack; a distribution's whole archive has 60,000.
const MOST_PACKAGES: usize = 200_000;
/// Bytes that the files of one package may take when unpacked; the largest have some 10 MB.
const LARGEST_BLOCK: usize = 128 << 20;

/// A pack in memory.
#[derive(Debug)]
pub struct Pack {
    bytes: Vec<u8>,
    header: Header,
    index: Vec<Package>,
    contents: Range<usize>,
}

/// A package of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Which.
    pub id: PackageId,
    /// How many files it has.
    pub files: usize,
    plain: usize,
    place: Range<usize>,
}

impl Pack {
    /// Reads the header and the index.
    ///
    /// # Errors
    /// Not a pack, one of another version, or a damaged one.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, PackError> {
        let [header, index, contents, blocks] = sections(&bytes)?;
        let text = bytes.get(header).unwrap_or_default();
        let header = read_header(text)?;
        let index = read_index(bytes.get(index).unwrap_or_default(), &blocks)?;
        if contents.len() % ROW != 0 {
            return Err(PackError::Malformed("a table that is cut off"));
        }
        Ok(Self { bytes, header, index, contents })
    }

    /// What it is about.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The whole pack as it was read.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its packages, by name, version and architecture.
    pub fn packages(&self) -> &[Package] {
        &self.index
    }

    /// How many different file contents it knows.
    pub fn contents(&self) -> usize {
        self.contents.len() / ROW
    }

    /// One package.
    pub fn find(&self, name: &[u8], version: &[u8], architecture: &[u8]) -> Option<&Package> {
        let asked = (name, version, architecture);
        let place = self.index.binary_search_by(|package| sort_key(package).cmp(&asked)).ok()?;
        self.index.get(place)
    }

    /// Every version and architecture of a package.
    pub fn named(&self, name: &[u8]) -> &[Package] {
        let start = self.index.partition_point(|package| package.id.name.as_bytes() < name);
        let rest = self.index.get(start..).unwrap_or_default();
        let count = rest.partition_point(|package| package.id.name.as_bytes() == name);
        rest.get(..count).unwrap_or_default()
    }

    /// The files of one of its packages.
    ///
    /// # Errors
    /// A damaged block.
    pub fn files(&self, package: &Package) -> Result<Vec<PackFile>, PackError> {
        let packed = self.bytes.get(package.place.clone()).unwrap_or_default();
        let mut plain = Vec::with_capacity(package.plain.min(packed.len().saturating_mul(64)));
        let limit = package.plain as u64 + 1;
        DeflateDecoder::new(packed)
            .take(limit)
            .read_to_end(&mut plain)
            .map_err(|_| PackError::Malformed("a block that does not unpack"))?;
        if plain.len() != package.plain {
            return Err(PackError::Malformed("a block of another length"));
        }
        let contents = Contents(self.bytes.get(self.contents.clone()).unwrap_or_default());
        let files = block::read(&plain, contents)?;
        if files.len() == package.files {
            Ok(files)
        } else {
            Err(PackError::Malformed("a block of another package"))
        }
    }
}

fn sort_key(package: &Package) -> (&[u8], &[u8], &[u8]) {
    let id = &package.id;
    (id.name.as_bytes(), id.version.as_bytes(), id.architecture.as_bytes())
}

/// Where header, index, contents and blocks lie.
fn sections(bytes: &[u8]) -> Result<[Range<usize>; 4], PackError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(PackError::NotAPack)?;
    let (lengths, _) = rest.split_first_chunk::<16>().ok_or(PackError::Malformed("cut off"))?;
    let (lengths, _) = lengths.as_chunks::<4>();
    let mut start = MAGIC.len() + 16;
    let mut out = [const { 0..0 }; 4];
    for (range, length) in out.iter_mut().zip(lengths) {
        let end = start.saturating_add(u32::from_le_bytes(*length) as usize);
        *range = start..end;
        start = end;
    }
    if start == bytes.len() { Ok(out) } else { Err(PackError::Malformed("cut off")) }
}

fn read_header(text: &[u8]) -> Result<Header, PackError> {
    #[derive(serde::Deserialize)]
    struct Head {
        schema: String,
    }
    let malformed = |_| PackError::Malformed("its header");
    let head: Head = serde_json::from_slice(text).map_err(malformed)?;
    if head.schema != SCHEMA {
        return Err(PackError::Schema(head.schema));
    }
    serde_json::from_slice(text).map_err(malformed)
}

fn read_index(text: &[u8], blocks: &Range<usize>) -> Result<Vec<Package>, PackError> {
    let mut input = Input::new(text);
    let count = input.size()?;
    if count > MOST_PACKAGES {
        return Err(PackError::TooLarge);
    }
    let mut index: Vec<Package> = Vec::with_capacity(count.min(text.len() / 6));
    let mut start = blocks.start;
    for _ in 0..count {
        let mut text = || input.counted().map(Text::from);
        let id = PackageId { name: text()?, version: text()?, architecture: text()? };
        let (files, plain) = (input.size()?, input.size()?);
        let end = start.checked_add(input.size()?).filter(|end| *end <= blocks.end);
        let end = end.ok_or(PackError::Malformed("blocks that are cut off"))?;
        if plain > LARGEST_BLOCK {
            return Err(PackError::TooLarge);
        }
        if index.last().is_some_and(|last| last.id >= id) {
            return Err(PackError::Malformed("an index out of order"));
        }
        index.push(Package { id, files, plain, place: start..end });
        start = end;
    }
    Ok(index)
}
