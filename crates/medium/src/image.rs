//! Images, by the programs that Debian has for them. This runs on the preparer's machine; an audit
//! has given up running programs before it reads a byte.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// The kinds of image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    /// ISO 9660 with Rock Ridge, by xorriso.
    Iso,
    /// squashfs, by mksquashfs.
    Squashfs,
}

/// Why no image was made.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The program is not here.
    #[error(
        "{program} is not installed on this machine: apt-get install {package}, or name a folder with --out"
    )]
    Missing {
        /// The program.
        program: &'static str,
        /// Debian's package of it.
        package: &'static str,
    },
    /// It failed.
    #[error("{program} failed: {why}")]
    Failed {
        /// The program.
        program: &'static str,
        /// The last that it said.
        why: String,
    },
}

impl Image {
    /// The kind that a file name asks for.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "iso" => Some(Self::Iso),
            "squashfs" | "sqfs" => Some(Self::Squashfs),
            _ => None,
        }
    }

    const fn program(self) -> (&'static str, &'static str) {
        match self {
            Self::Iso => ("xorriso", "xorriso"),
            Self::Squashfs => ("mksquashfs", "squashfs-tools"),
        }
    }

    /// Makes an image of a folder: everything in it root's, every time the same.
    ///
    /// # Errors
    /// The program is missing or fails.
    pub fn make(self, folder: &Path, image: &Path, epoch: u64) -> Result<(), ImageError> {
        let (program, package) = self.program();
        let mut command = Command::new(program);
        match self {
            Self::Iso => {
                command.args(["-as", "mkisofs", "-quiet", "-r", "-V", "CORONER", "-o"]);
                command.arg(image).arg(folder)
            }
            Self::Squashfs => {
                command.arg(folder).arg(image);
                command.args(["-noappend", "-all-root", "-no-xattrs", "-no-progress", "-quiet"])
            }
        };
        command.env("SOURCE_DATE_EPOCH", epoch.to_string()).env("LC_ALL", "C").env("TZ", "UTC");
        let ran = command.stdin(Stdio::null()).output();
        let output = match ran {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ImageError::Missing { program, package });
            }
            other => {
                other.map_err(|error| ImageError::Failed { program, why: error.to_string() })?
            }
        };
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        Err(ImageError::Failed { program, why: last.escape_debug().to_string() })
    }
}
