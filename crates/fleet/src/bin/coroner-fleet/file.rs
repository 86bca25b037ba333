//! An answer in a file: whole or not there.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::failure::Failure;

/// Writes beside the file, syncs and renames; when that fails, what was there is there still.
pub(crate) fn replace(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let broken = |error: io::Error| Failure::Broken(format!("{}: {error}", path.display()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // As any new file: what the umask leaves.
    let usual = Permissions::from_mode(0o666);
    let new = tempfile::Builder::new().permissions(usual).tempfile_in(folder).map_err(broken)?;
    let mut out = BufWriter::with_capacity(1 << 20, new);
    fill(&mut out)?;
    let new = out.into_inner().map_err(|error| broken(error.into_error()))?;
    new.as_file().sync_all().map_err(broken)?;
    new.persist(path).map_err(|error| broken(error.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(broken)
}
