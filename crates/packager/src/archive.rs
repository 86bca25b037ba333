//! A package file by itself: believed because the operator names it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use coroner_openpgp::{Keyring, Signer};
use coroner_pack::{PackageFiles, Source, SourceKind};
use coroner_parse::Digest;
use sha2::{Digest as _, Sha256};

use crate::bounds::drain;
use crate::{BuildError, Refused, apk, deb, rpm};

/// A package and what is known of the file that it came in.
#[derive(Debug)]
pub struct Archive {
    /// The package.
    pub package: PackageFiles,
    /// The file.
    pub source: Source,
    /// The package manager it is for, as packs call it.
    pub manager: &'static str,
}

/// Reads a .deb, .rpm or .apk. The keyring, where one is given, is for what signs its own packages:
/// an .rpm must then be signed by one of its keys.
///
/// # Errors
/// It cannot be read, breaks its format, or is not signed as it should be.
pub fn archive(path: &Path, keyring: Option<&Keyring>) -> Result<Archive, BuildError> {
    guarded(|| read(path, keyring)).map_err(BuildError::at(path))
}

fn read(path: &Path, keyring: Option<&Keyring>) -> Result<Archive, Refused> {
    let mut reader = Counted::open(path)?;
    let mut signer = None;
    let (package, manager) = match path.extension().and_then(OsStr::to_str) {
        Some("deb") => (deb::deb(&mut reader)?, "dpkg"),
        Some("apk") => (apk::apk(reader.whole, &mut reader)?, "apk"),
        Some("rpm") => {
            let (package, by) = rpm::rpm(&mut reader, keyring)?;
            signer = by;
            (package, "rpm")
        }
        _ => return Err(Refused::Malformed("not a package: give .deb, .rpm or .apk files")),
    };
    let (sha256, _) = reader.finish()?;
    let source = Source {
        kind: SourceKind::Archive,
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        sha256: Some(sha256),
        date: None,
        signer: signer.as_ref().map(fingerprint),
    };
    Ok(Archive { package, source, manager })
}

/// As packs hold it.
pub(crate) fn fingerprint(signer: &Signer) -> String {
    signer.fingerprint.to_string().to_lowercase()
}

/// An operator's file, counted and hashed while it is read.
pub(crate) struct Counted {
    file: BufReader<File>,
    hash: Sha256,
    count: u64,
    /// Bytes that it has.
    pub(crate) whole: u64,
}

impl Counted {
    pub(crate) fn open(path: &Path) -> Result<Self, Refused> {
        let file = File::open(path).map_err(Refused::Read)?;
        let whole = file.metadata().map_err(Refused::Read)?;
        if !whole.is_file() {
            return Err(Refused::Malformed("not a regular file"));
        }
        let file = BufReader::with_capacity(256 << 10, file);
        Ok(Self { file, hash: Sha256::new(), count: 0, whole: whole.len() })
    }

    /// Reads what is left; the hash and the count of all.
    pub(crate) fn finish(mut self) -> Result<(Digest, u64), Refused> {
        drain(&mut self)?;
        Ok((Digest::sha256(self.hash.finalize().into()), self.count))
    }
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or_default());
        self.count += count as u64;
        Ok(count)
    }
}

/// Decoders are other people's code: one that gives up on hostile bytes costs that file alone.
fn guarded<T>(read: impl FnOnce() -> Result<T, Refused>) -> Result<T, Refused> {
    let gave_up = |_| Err(Refused::Malformed("its decoder gave up on it"));
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(gave_up)
}

/// What a signed index says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) sha256: Digest,
    pub(crate) size: u64,
}

/// Reads a file of the chain. That it is the signed one is the first thing said of it: what is wrong
/// inside another file does not matter.
pub(crate) fn signed<T>(
    path: &Path,
    expected: &Signed,
    read: impl FnOnce(&mut Counted) -> Result<T, Refused>,
) -> Result<T, BuildError> {
    let attempt = || {
        let mut reader = Counted::open(path)?;
        let read = guarded(|| read(&mut reader));
        let (found, size) = reader.finish()?;
        if size != expected.size {
            return Err(Refused::Size { found: size, expected: expected.size });
        }
        if found != expected.sha256 {
            return Err(Refused::Hash { found, expected: expected.sha256.clone() });
        }
        read
    };
    attempt().map_err(BuildError::at(path))
}
