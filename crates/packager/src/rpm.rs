//! An .rpm (rpm's `docs/manual/format_v4.md`): a lead, a header of signatures, the package's header. The
//! header has every file's digest and is what the vendor signs, so the payload behind it is not unpacked.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coroner_openpgp::{Keyring, Signer, ValidAt};
use coroner_pack::{Content, FileKind, PackFile, PackageFiles, PackageId};
use coroner_parse::package::rpm::{File, Header, Package};
use coroner_parse::{Digest, Text};
use sha2::{Digest as _, Sha256};

use crate::Refused;
use crate::tree::{Tree, absolute};

const LEAD: usize = 96;
const LEAD_MAGIC: &[u8] = &[0xed, 0xab, 0xee, 0xdb];
/// What both headers begin with (`rpm_header_magic`).
const MAGIC: &[u8; 8] = &[0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0];
/// Index entries and bytes of a header: rpm's own limits (`lib/header.c`).
const MOST_TAGS: u64 = 0xffff;
const MOST_BYTES: u64 = 256 << 20;

const TYPE: u16 = 0o170_000;
const REGULAR: u16 = 0o100_000;
const DIRECTORY: u16 = 0o040_000;
const LINK: u16 = 0o120_000;

/// Reads a package's header. Where a keyring is given, one of its keys must have signed it.
pub(crate) fn rpm(
    reader: &mut impl Read,
    keyring: Option<&Keyring>,
) -> Result<(PackageFiles, Option<Signer>), Refused> {
    let mut lead = [0; LEAD];
    reader.read_exact(&mut lead)?;
    if !lead.starts_with(LEAD_MAGIC) {
        return Err(Refused::Malformed("not an .rpm"));
    }
    let signatures = header(reader)?;
    let padding = signatures.len().next_multiple_of(8) - signatures.len();
    reader.read_exact(lead.get_mut(..padding).unwrap_or_default())?;
    let main = header(reader)?;
    let signer = believe(&parse(&signatures)?, &main, keyring)?;
    let package = Package::new(parse(&main)?).map_err(Refused::Malformed)?;
    Ok((read(&package)?, signer))
}

/// A header with its magic, as signatures cover it.
fn header(reader: &mut impl Read) -> Result<Vec<u8>, Refused> {
    let mut bytes = vec![0; MAGIC.len() + 8];
    reader.read_exact(&mut bytes)?;
    let number = |at: usize| {
        let four = bytes.get(at..).and_then(<[u8]>::first_chunk);
        four.map_or(0, |four| u64::from(u32::from_be_bytes(*four)))
    };
    let (tags, data) = (number(8), number(12));
    if !bytes.starts_with(MAGIC) || tags > MOST_TAGS || data > MOST_BYTES {
        return Err(Refused::Malformed("a broken rpm header"));
    }
    let rest = tags * 16 + data;
    // As much as is there, whatever the header says.
    if reader.take(rest).read_to_end(&mut bytes)? as u64 == rest {
        Ok(bytes)
    } else {
        Err(Refused::CutOff)
    }
}

fn parse(bytes: &[u8]) -> Result<Header<'_>, Refused> {
    Header::parse(bytes.get(MAGIC.len()..).unwrap_or_default()).map_err(Refused::Malformed)
}

fn believe(
    signatures: &Header<'_>,
    signed: &[u8],
    keyring: Option<&Keyring>,
) -> Result<Option<Signer>, Refused> {
    let said = signatures.signatures();
    let hash = Digest::sha256(Sha256::digest(signed).into());
    if said.sha256.is_some_and(|hex| Digest::from_hex(hex).as_ref() != Some(&hash)) {
        return Err(Refused::Malformed("its header is not what its own SHA-256 says: damaged"));
    }
    let Some(keyring) = keyring else { return Ok(None) };
    let mut packets = said.packets.concat();
    packets.extend(said.armored.iter().filter_map(|text| STANDARD.decode(text).ok()).flatten());
    // Packages are installed for longer than keys live.
    Ok(Some(keyring.verify_detached(&packets, signed, ValidAt::Signing)?))
}

fn read(package: &Package<'_>) -> Result<PackageFiles, Refused> {
    let epoch = package.epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
    let version = [epoch.as_bytes(), package.version, b"-", package.release].concat();
    let arch = package.arch.ok_or(Refused::Malformed("a package without an architecture"))?;
    let (name, architecture) = (Text::from(package.name), Text::from(arch));
    let mut tree = Tree::default();
    for packaged in package.files().filter(|file| !file.flags.is_ghost()) {
        tree.add(file(&packaged)?)?;
    }
    let id = PackageId { name, version: Text::new(version), architecture };
    Ok(PackageFiles { id, files: tree.finish()? })
}

fn file(packaged: &File<'_>) -> Result<PackFile, Refused> {
    let whole = [packaged.directory, packaged.name].concat();
    let refuse = |reason| Refused::entry(&whole, reason);
    let relative = whole.strip_prefix(b"/").ok_or_else(|| refuse("is not an absolute path"))?;
    let path = absolute(relative)?.ok_or_else(|| refuse("is the root itself"))?;
    let mode = packaged.mode.ok_or_else(|| refuse("has no mode"))?;
    let kind = match mode & TYPE {
        REGULAR => {
            let sha256 =
                packaged.digest.as_ref().and_then(|digest| digest.as_bytes().try_into().ok());
            let sha256 = sha256.ok_or_else(|| refuse("has no SHA-256 in the package"))?;
            let size = packaged.size.ok_or_else(|| refuse("has no size"))?;
            FileKind::Regular(Content { size, sha256, md5: [0; 16], build_id: None })
        }
        DIRECTORY => FileKind::Directory,
        LINK => FileKind::Link(Text::from(packaged.link.unwrap_or_default())),
        _ => FileKind::Special,
    };
    let owner = |name: Option<&[u8]>| Text::from(name.unwrap_or(b"root"));
    Ok(PackFile {
        path,
        kind,
        mode: u32::from(mode & !TYPE),
        user: owner(packaged.user),
        group: owner(packaged.group),
        conffile: packaged.flags.is_config(),
    })
}
