//! Writing a pack. The same header and packages give the same bytes.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::model::{Header, PackageFiles};
use crate::wire::Output;
use crate::{MAGIC, PackError, block, content};

/// Writes a pack. Packages and files may come in any order.
///
/// # Errors
/// Two packages of one name, version and architecture, two files of one path, or more than the
/// format's 4 GiB.
pub fn write(header: &Header, mut packages: Vec<PackageFiles>) -> Result<Vec<u8>, PackError> {
    packages.sort_by(|a, b| a.id.cmp(&b.id));
    if packages.windows(2).any(|pair| matches!(pair, [a, b] if a.id == b.id)) {
        return Err(PackError::Malformed("a package twice"));
    }
    let (mut index, mut blocks) = (Output::default(), Vec::new());
    let mut contents = content::Table::default();
    index.size(packages.len());
    for package in &mut packages {
        package.files.sort_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
        if package.files.windows(2).any(|pair| matches!(pair, [a, b] if a.path == b.path)) {
            return Err(PackError::Malformed("a path twice in a package"));
        }
        let plain = block::write(&package.files, &mut contents);
        let packed = deflate(&plain)?;
        for text in [&package.id.name, &package.id.version, &package.id.architecture] {
            index.counted(text.as_bytes());
        }
        index.size(package.files.len());
        index.size(plain.len());
        index.size(packed.len());
        blocks.extend_from_slice(&packed);
    }
    let header = serde_json::to_vec(header).map_err(|_| PackError::Malformed("its header"))?;
    join([&header, &index.0, &contents.rows, &blocks])
}

fn deflate(plain: &[u8]) -> Result<Vec<u8>, PackError> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let done = encoder.write_all(plain).and_then(|()| encoder.finish());
    done.map_err(|_| PackError::Malformed("a block that does not compress"))
}

fn join(sections: [&[u8]; 4]) -> Result<Vec<u8>, PackError> {
    let mut out = MAGIC.to_vec();
    for section in sections {
        let length = u32::try_from(section.len()).map_err(|_| PackError::TooLarge)?;
        out.extend_from_slice(&length.to_le_bytes());
    }
    for section in sections {
        out.extend_from_slice(section);
    }
    Ok(out)
}
