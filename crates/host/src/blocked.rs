//! Why something could not be read, in the words that reports use.

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::HostPath;

/// Why something that exists could not be seen. Each becomes a gap in the report.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    thiserror::Error,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Blocked {
    /// The kernel refused for want of privilege.
    #[error("permission denied")]
    Denied,
    /// The path leads out of the root; on a quiet disk that is an attack on the auditor.
    #[error("leads out of the root")]
    Escaped,
    /// Links that lead to each other.
    #[error("links form a loop")]
    Loop,
    /// A FIFO, socket or device where a regular file belongs.
    #[error("not a regular file")]
    NotRegular,
    /// A directory where a regular file belongs; no program reads one as a file.
    #[error("is a directory")]
    IsDirectory,
    /// Not a directory where one belongs.
    #[error("not a directory")]
    NotDirectory,
    /// More than coroner reads of such a thing; what was read was judged.
    #[error("larger than coroner reads")]
    TooLarge,
    /// It was there a moment ago.
    #[error("vanished while it was read")]
    Vanished,
    /// The time given to this part was used up.
    #[error("time budget used up")]
    OutOfTime,
    /// The content is not in the format it should have.
    #[error("malformed")]
    Malformed,
    /// The tree it lies in is not there (no /proc for a mounted disk).
    #[error("not available here")]
    Unavailable,
    /// The kernel does not know the interface.
    #[error("not supported by this kernel")]
    Unsupported,
    /// The part that should have read it failed.
    #[error("internal failure")]
    Failed,
    /// Any other error; the number is errno.
    #[error("input/output error {0}")]
    Io(i32),
}

/// A view of the kernel that could not be had, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// The file that would have told, or stands for what would.
    pub path: HostPath,
    /// Why.
    pub reason: Blocked,
    /// In words.
    pub detail: String,
}

impl Unseen {
    pub(crate) fn new(path: &HostPath, reason: Blocked, detail: impl Into<String>) -> Self {
        Self { path: path.clone(), reason, detail: detail.into() }
    }

    /// System calls of this process show another network than the audited host's.
    pub(crate) fn not_ours(path: &HostPath) -> Self {
        let why = "this process is not in the host's network namespace";
        Self::new(path, Blocked::Unavailable, why)
    }
}

/// The three ways in which there is nothing to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is not there, which is an answer.
    #[error("not there")]
    Absent,
    /// It is, or may be, there and could not be seen, which is a gap.
    #[error("{0}")]
    Blocked(#[from] Blocked),
}

impl ReadError {
    /// The meaning of an errno of open(2), read(2), getdents64(2) or statx(2) for a reader.
    pub fn from_errno(errno: Errno) -> Self {
        match errno {
            Errno::NOENT | Errno::NOTDIR => Self::Absent,
            other => Self::Blocked(Blocked::from_errno(other)),
        }
    }
}

impl Blocked {
    /// The same for an error that does not mean absence.
    pub fn from_errno(errno: Errno) -> Self {
        match errno {
            Errno::ACCESS | Errno::PERM => Self::Denied,
            Errno::LOOP => Self::Loop,
            Errno::XDEV => Self::Escaped,
            Errno::NXIO | Errno::NODEV => Self::NotRegular,
            Errno::ISDIR => Self::IsDirectory,
            Errno::NOENT | Errno::SRCH | Errno::STALE => Self::Vanished,
            Errno::NOSYS | Errno::OPNOTSUPP => Self::Unsupported,
            other => Self::Io(other.raw_os_error()),
        }
    }
}

impl From<Errno> for ReadError {
    fn from(errno: Errno) -> Self {
        Self::from_errno(errno)
    }
}

impl From<std::io::Error> for ReadError {
    fn from(error: std::io::Error) -> Self {
        Self::from_errno(Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }
}

impl From<pathrs::error::Error> for ReadError {
    fn from(error: pathrs::error::Error) -> Self {
        match error.kind() {
            pathrs::error::ErrorKind::OsError(Some(errno)) => {
                Self::from_errno(Errno::from_raw_os_error(errno))
            }
            pathrs::error::ErrorKind::SafetyViolation => Self::Blocked(Blocked::Escaped),
            pathrs::error::ErrorKind::NotSupported => Self::Blocked(Blocked::Unsupported),
            _ => Self::Blocked(Blocked::Failed),
        }
    }
}
