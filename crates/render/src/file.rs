//! Files that are whole or not there.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What fills a file.
pub type Fill<'f> = dyn FnMut(&mut dyn Write) -> io::Result<()> + 'f;

/// Writes beside the target, syncs and renames, so that a file of that name is always whole.
///
/// # Errors
/// It could not be written; what was there is there still.
pub fn replace(path: &Path, fill: &mut Fill<'_>) -> io::Result<()> {
    let temporary = temporary_name(path);
    let written = fill_new(&temporary, fill).and_then(|()| std::fs::rename(&temporary, path));
    written.and_then(|()| sync_dir(path)).inspect_err(|_| {
        let _ = std::fs::remove_file(&temporary);
    })
}

fn temporary_name(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    directory(path).join(name)
}

fn fill_new(temporary: &Path, content: &mut Fill<'_>) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(temporary)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    content(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(directory(path))?.sync_all()
}

/// The directory of a file; it must exist before the work for the file starts.
pub fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
