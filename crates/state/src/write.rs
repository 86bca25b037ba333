//! Files that are whole or not there at all.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use coroner_core::{Time, sha256_of};

use crate::read::Head;

/// Writes a file that [`crate::read::checked`] reads.
pub(crate) fn checked(
    dir: &Path,
    (name, schema): (&str, &str),
    begun: Time,
    rest: &[u8],
) -> io::Result<()> {
    let head = Head { schema: schema.to_owned(), begun, sha256: sha256_of(rest).hex() };
    whole(dir, name, |out| {
        serde_json::to_writer(&mut *out, &head)?;
        out.write_all(b"\n")?;
        out.write_all(rest)
    })
}

/// Writes beside the target, syncs, renames, and syncs the directory. Only the owner may read it:
/// reports tell an intruder what was seen.
pub(crate) fn whole(
    dir: &Path,
    name: &str,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let temporary = dir.join(format!(".{name}.new"));
    let written = write_new(&temporary, fill);
    let placed = written.and_then(|()| std::fs::rename(&temporary, dir.join(name)));
    if placed.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    placed.and_then(|()| File::open(dir)?.sync_all())
}

fn write_new(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    // What a run that was killed left behind; the lock says that no other run is at work.
    let _ = std::fs::remove_file(path);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    content(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}
