//! Making a medium: the same inputs give the same bytes.

use std::collections::BTreeMap;
use std::fs::{File, FileTimes, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use coroner_parse::Digest;
use sha2::{Digest as _, Sha256};

use crate::manifest::{Entry, MANIFEST, Manifest, SIGNATURE, is_name};
use crate::sign::{SignError, Signer};

/// Where a file of the medium comes from.
#[derive(Debug)]
pub enum Source {
    /// A file of the preparer's machine.
    File(PathBuf),
    /// These bytes.
    Bytes(Vec<u8>),
}

/// What a medium is to hold, by name; and the rest of what decides its bytes.
#[derive(Debug, Default)]
pub struct Content {
    /// Files.
    pub files: BTreeMap<String, Source>,
    /// The name of the one that is run.
    pub program: String,
    /// The version that stands in the manifest.
    pub tool: String,
    /// The time of every file, in seconds since 1970.
    pub epoch: u64,
}

/// What was made.
#[derive(Debug)]
pub struct Made {
    /// How many files are listed.
    pub files: usize,
    /// Their bytes.
    pub size: u64,
    /// The hash of the manifest, for the label.
    pub manifest: Digest,
}

/// Why no medium was made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A name that a manifest cannot hold.
    #[error("{0}: give it a name of plain letters, digits, dots, dashes and underscores")]
    Name(String),
    /// A file could not be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The manifest could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Fills an empty folder. The manifest comes last: without it, it is no medium.
///
/// # Errors
/// Something cannot be read, written or signed.
pub fn build(dir: &Path, content: &Content, signer: Option<&Signer>) -> Result<Made, BuildError> {
    let mut manifest = Manifest {
        tool: content.tool.clone(),
        key: signer.map(Signer::key),
        files: BTreeMap::new(),
    };
    for (name, source) in &content.files {
        if !is_name(name) {
            return Err(BuildError::Name(name.clone()));
        }
        let bytes = match source {
            Source::Bytes(bytes) => bytes.clone(),
            Source::File(path) => {
                std::fs::read(path).map_err(|error| BuildError::Io { path: path.clone(), error })?
            }
        };
        let mode = if *name == content.program { 0o755 } else { 0o644 };
        place(dir, name, &bytes, mode, content.epoch)?;
        let sha256 = Digest::sha256(Sha256::digest(&bytes).into());
        manifest.files.insert(name.clone(), Entry { size: bytes.len() as u64, sha256 });
    }
    let text = manifest.text();
    let sha256 = Digest::sha256(Sha256::digest(text.as_bytes()).into());
    if let Some(signer) = signer {
        let comment = format!("coroner medium {}", sha256.hex());
        let signature = signer.sign(text.as_bytes(), &comment)?;
        place(dir, SIGNATURE, signature.as_bytes(), 0o644, content.epoch)?;
    }
    place(dir, MANIFEST, text.as_bytes(), 0o644, content.epoch)?;
    age_folders(dir, content.epoch)
        .map_err(|error| BuildError::Io { path: dir.to_owned(), error })?;
    let size = manifest.files.values().map(|entry| entry.size).sum();
    Ok(Made { files: manifest.files.len(), size, manifest: sha256 })
}

fn place(dir: &Path, name: &str, bytes: &[u8], mode: u32, epoch: u64) -> Result<(), BuildError> {
    let path = dir.join(name);
    let write = || {
        std::fs::create_dir_all(path.parent().unwrap_or(dir))?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
        file.write_all(bytes)?;
        file.set_times(times(epoch))?;
        file.sync_all()
    };
    write().map_err(|error| BuildError::Io { path: path.clone(), error })
}

fn times(epoch: u64) -> FileTimes {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(epoch);
    FileTimes::new().set_modified(time).set_accessed(time)
}

fn age_folders(dir: &Path, epoch: u64) -> io::Result<()> {
    for entry in walkdir::WalkDir::new(dir).contents_first(true) {
        let entry = entry?;
        if entry.file_type().is_dir() {
            let folder = File::open(entry.path())?;
            // A mounted stick's own folder may refuse; images take their times from elsewhere.
            let aged = folder.set_times(times(epoch));
            if entry.depth() > 0 {
                aged?;
            }
            folder.sync_all()?;
        }
    }
    Ok(())
}
