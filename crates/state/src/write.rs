//! Files that are whole or not there at all.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use coroner_core::{Time, sha256_of};
use coroner_medium::deliver;

use crate::read::Head;

/// Only the owner may read what is here: reports tell an intruder what was seen.
const OWNERS: u32 = 0o600;

/// Writes a file that [`crate::read::checked`] reads.
pub(crate) fn checked(
    dir: &Path,
    (name, schema): (&str, &str),
    begun: Time,
    rest: &[u8],
) -> io::Result<()> {
    let head = Head { schema: schema.to_owned(), begun, sha256: sha256_of(rest).hex() };
    place(dir, name, |temporary| {
        write_new(&dir.join(temporary), |out| {
            serde_json::to_writer(&mut *out, &head)?;
            out.write_all(b"\n")?;
            out.write_all(rest)
        })
    })
}

/// Writes a report, which is read back before it takes its name: it is what people and `--since-last`
/// rely on, while a cache that does not fit its hash is made anew.
pub(crate) fn report(dir: &Path, name: &str, report: &[u8]) -> io::Result<()> {
    place(dir, name, |temporary| {
        deliver(File::open(dir)?, temporary, OWNERS, |out| out.write_all(report))?;
        Ok(())
    })
}

/// Writes beside the target, renames, and syncs the directory.
fn place(dir: &Path, name: &str, write: impl FnOnce(&str) -> io::Result<()>) -> io::Result<()> {
    let temporary = format!(".{name}.new");
    // What a run that was killed left behind; the lock says that no other run is at work.
    let _ = std::fs::remove_file(dir.join(&temporary));
    let written = write(&temporary);
    let placed = written.and_then(|()| std::fs::rename(dir.join(&temporary), dir.join(name)));
    if placed.is_err() {
        let _ = std::fs::remove_file(dir.join(&temporary));
    }
    placed.and_then(|()| File::open(dir)?.sync_all())
}

fn write_new(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(OWNERS).open(path)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    content(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}
