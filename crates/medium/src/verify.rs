//! A medium against its manifest.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use coroner_pack::trust::Keys;
use coroner_parse::Digest;
use sha2::{Digest as _, Sha256};

use crate::manifest::{LARGEST, MANIFEST, Manifest, SIGNATURE};
use crate::readback;

/// A medium is not what it says it is.
#[derive(Debug, thiserror::Error)]
pub enum Altered {
    /// The manifest, or its signature, is wrong.
    #[error("{}: {why}: do not use this medium", path.display())]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file is wrong.
    #[error("{}: {why}: do not use this medium", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl Altered {
    /// What is wrong, without where.
    pub fn why(&self) -> &str {
        let (Self::Manifest { why, .. } | Self::File { why, .. }) = self;
        why
    }
}

const NOT_LISTED: &str = "not in the medium's manifest";
const DIFFERS: &str = "altered or damaged: not what the medium's manifest says";
/// What file systems of sticks make by themselves.
const OF_THE_FILE_SYSTEM: &[&str] = &["lost+found", "System Volume Information"];

/// A folder with a manifest that reads and, if it names a key, is signed with that key.
///
/// That alone proves that nothing is damaged. Whoever can write the medium can write manifest, key and
/// signature anew: only a key or a hash from elsewhere proves that it is still the one that was made.
#[derive(Debug)]
pub struct Medium {
    dir: PathBuf,
    manifest: Manifest,
    text: Vec<u8>,
    signature: Option<Vec<u8>>,
}

impl Medium {
    /// Opens the medium in this folder; nothing when it holds no manifest.
    ///
    /// # Errors
    /// The manifest is damaged, or its signature does not fit.
    pub fn open(dir: &Path) -> Result<Option<Self>, Altered> {
        let path = dir.join(MANIFEST);
        let wrong = |why: String| Altered::Manifest { path: path.clone(), why };
        let Some(text) = bounded(&path).map_err(|error| wrong(error.to_string()))? else {
            return Ok(None);
        };
        let read = std::str::from_utf8(&text)
            .map_err(|_| wrong("altered or damaged: not a text".to_owned()))?;
        let manifest =
            Manifest::parse(read).map_err(|bad| wrong(format!("altered or damaged: {bad}")))?;
        let signature = bounded(&dir.join(SIGNATURE)).map_err(|error| wrong(error.to_string()))?;
        let medium = Self { dir: dir.to_owned(), manifest, text, signature };
        if let Some(key) = &medium.manifest.key {
            let mut keys = Keys::default();
            keys.add(key).map_err(|bad| wrong(format!("altered or damaged: its key is {bad}")))?;
            medium.signed_by(&keys)?;
        }
        Ok(Some(medium))
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The hash that stands on its label.
    pub fn sha256(&self) -> Digest {
        digest(&self.text)
    }

    /// The key of these that signed the manifest.
    ///
    /// # Errors
    /// None did.
    pub fn signed_by(&self, keys: &Keys) -> Result<String, Altered> {
        let wrong = |why: String| Altered::Manifest { path: self.dir.join(MANIFEST), why };
        let signature = self
            .signature
            .as_deref()
            .ok_or_else(|| wrong("its signature is missing".to_owned()))?;
        match keys.verify(&self.text, signature) {
            Ok(name) => Ok(name.0),
            Err(refused) => Err(wrong(refused.to_string())),
        }
    }

    /// Checks bytes that were read from a path. A path outside the medium is not its concern.
    ///
    /// # Errors
    /// The file lies on the medium, and these are not its bytes.
    pub fn vouch(&self, path: &Path, bytes: &[u8]) -> Result<(), Altered> {
        let Some(name) = self.name_of(path) else { return Ok(()) };
        self.compare(&name, bytes.len() as u64, &digest(bytes))
    }

    /// The name that a path has on the medium, links followed.
    fn name_of(&self, path: &Path) -> Option<String> {
        let (path, dir) = (path.canonicalize().ok()?, self.dir.canonicalize().ok()?);
        Some(path.strip_prefix(dir).ok()?.to_string_lossy().into_owned())
    }

    /// Checks one file by its name on the medium.
    ///
    /// # Errors
    /// It is not what the manifest says.
    pub fn check(&self, name: &str) -> Result<(), Altered> {
        let path = self.dir.join(name);
        let unread =
            |error: std::io::Error| Altered::File { path: path.clone(), why: error.to_string() };
        let folder = File::open(path.parent().unwrap_or(&self.dir)).map_err(unread)?;
        let last = path.file_name().unwrap_or_default().to_string_lossy();
        let (size, sha256, _) = readback::digest(folder, &*last).map_err(unread)?;
        self.compare(name, size, &sha256)
    }

    fn compare(&self, name: &str, size: u64, sha256: &Digest) -> Result<(), Altered> {
        let wrong = |why: &str| Altered::File { path: self.dir.join(name), why: why.to_owned() };
        let entry = self.manifest.files.get(name).ok_or_else(|| wrong(NOT_LISTED))?;
        if entry.size == size && entry.sha256 == *sha256 { Ok(()) } else { Err(wrong(DIFFERS)) }
    }

    /// Checks every file, and that there is no other.
    ///
    /// # Errors
    /// One is missing, altered, or not of the medium.
    pub fn check_all(&self) -> Result<(), Altered> {
        for name in self.manifest.files.keys() {
            self.check(name)?;
        }
        let known = |entry: &walkdir::DirEntry| {
            !OF_THE_FILE_SYSTEM.iter().any(|name| entry.file_name() == *name)
        };
        for entry in walkdir::WalkDir::new(&self.dir).min_depth(1).into_iter().filter_entry(known) {
            let entry = entry.map_err(|error| Altered::File {
                path: self.dir.clone(),
                why: error.to_string(),
            })?;
            let name =
                entry.path().strip_prefix(&self.dir).unwrap_or(entry.path()).to_string_lossy();
            let own = name == MANIFEST || name == SIGNATURE;
            if !entry.file_type().is_dir() && !own && !self.manifest.files.contains_key(&*name) {
                return Err(Altered::File {
                    path: entry.path().to_owned(),
                    why: NOT_LISTED.to_owned(),
                });
            }
        }
        Ok(())
    }
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::sha256(Sha256::digest(bytes).into())
}

/// A small regular file, if there is one.
fn bounded(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = match std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(std::io::Error::other("too large for a manifest"));
    }
    Ok(Some(bytes))
}
