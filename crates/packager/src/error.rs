//! Why nothing was built.

use std::io;
use std::path::{Path, PathBuf};

use coroner_openpgp::VerifyError;
use coroner_parse::{Digest, Text};

/// A file that cannot be taken, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", Text::new(path.as_os_str().as_encoded_bytes()))]
pub struct BuildError {
    /// The file of the operator's.
    pub path: PathBuf,
    /// Why.
    pub reason: Refused,
}

impl BuildError {
    pub(crate) fn at(path: &Path) -> impl FnOnce(Refused) -> Self {
        let path = path.to_owned();
        move |reason| Self { path, reason }
    }
}

/// Why a file is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It cannot be read.
    #[error("{0}")]
    Read(io::Error),
    /// It ends before its end.
    #[error("cut off: it ends before its end")]
    CutOff,
    /// Decompression fails.
    #[error("cannot be unpacked: {0}")]
    Unpack(io::Error),
    /// The format is broken, or one that is not read.
    #[error("{0}")]
    Malformed(&'static str),
    /// A compression that is not read.
    #[error("{0} is not supported: coroner unpacks gz, xz and zst")]
    Compression(Text),
    /// It unpacks to more than a package can hold.
    #[error("unpacks to more than {0} bytes: refused as a decompression bomb")]
    Bomb(u64),
    /// A path of it that no package may have.
    #[error("'{path}' in it: {reason}")]
    Entry {
        /// As the archive has it.
        path: Text,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It is another file than the one that was signed.
    #[error("its SHA-256 is {found} and the signed index says {expected}: it was changed")]
    Hash {
        /// What was read.
        found: Digest,
        /// What was signed.
        expected: Digest,
    },
    /// As [`Self::Hash`].
    #[error("it has {found} bytes and the signed index says {expected}: it was changed or cut off")]
    Size {
        /// What was read.
        found: u64,
        /// What was signed.
        expected: u64,
    },
    /// A signature that is not believed.
    #[error("{0}")]
    Signature(#[from] VerifyError),
    /// A signed index whose time is over.
    #[error("valid until {0}, which is past: fetch it again, or take it with --allow-expired")]
    Expired(String),
    /// Anything else that breaks the chain.
    #[error("{0}")]
    Chain(String),
}

impl Refused {
    pub(crate) fn entry(path: &[u8], reason: &'static str) -> Self {
        Self::Entry { path: Text::from(path), reason }
    }
}

/// Readers give reasons of ours wrapped in errors of theirs.
impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(ours) => ours,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Self::CutOff,
            Err(error) if error.raw_os_error().is_some() => Self::Read(error),
            Err(error) => Self::Unpack(error),
        }
    }
}

impl From<Refused> for io::Error {
    fn from(refused: Refused) -> Self {
        Self::other(refused)
    }
}
