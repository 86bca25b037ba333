//! The medium that this coroner was started from.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use coroner_medium::places::{Audited, Places};
use coroner_medium::{Altered, Medium};

use crate::failure::Failure;

/// Where this process came from: it does not change.
static OWN: OnceLock<Medium> = OnceLock::new();

impl From<Altered> for Failure {
    fn from(altered: Altered) -> Self {
        Self::Broken(altered.to_string())
    }
}

/// Started from a medium, manifest and binary are checked before anything is done; what is loaded
/// later is checked as it is read.
pub(crate) fn check() -> Result<(), Failure> {
    let Some(program) = binary() else { return Ok(()) };
    let (Some(dir), Some(name)) = (program.parent(), program.file_name()) else { return Ok(()) };
    let Some(medium) = Medium::open(dir)? else { return Ok(()) };
    medium.check(&name.to_string_lossy())?;
    let _ = OWN.set(medium);
    Ok(())
}

/// The medium that this coroner was started from.
pub(crate) fn own() -> Option<&'static Medium> {
    OWN.get()
}

/// Checks what was read, when it lies on the medium.
pub(crate) fn vouch(path: &Path, bytes: &[u8]) -> Result<(), Altered> {
    own().map_or(Ok(()), |medium| medium.vouch(path, bytes))
}

/// The files of a folder of the medium that its manifest lists, whether they are there or not.
pub(crate) fn listed(medium: &Medium, folder: &str, ending: &str) -> Vec<PathBuf> {
    let names = medium.manifest().files.keys().map(Path::new);
    let wanted = names.filter(|name| {
        name.parent() == Some(Path::new(folder)) && name.extension().is_some_and(|e| e == ending)
    });
    wanted.map(|name| medium.dir().join(name)).collect()
}

/// Whoever holds the label can compare.
pub(crate) fn say_label() {
    if let Some(medium) = own() {
        let hash = medium.sha256().hex();
        let _ = writeln!(io::stderr(), "coroner: this medium's manifest has SHA-256 {hash}");
    }
}

/// Started from a medium, nothing is written to a disk of the audited host: it may hold what was
/// deleted, and whoever owns the host decides what becomes of the file.
pub(crate) fn keep_off_audited<'p>(
    folders: impl Iterator<Item = &'p Path>,
    root: Option<&Path>,
) -> Result<(), Failure> {
    let Some(medium) = own() else { return Ok(()) };
    let mut folders = folders.peekable();
    if folders.peek().is_none() {
        return Ok(());
    }
    let unknown = |error: io::Error| {
        let problem =
            "cannot tell which disk it is on; --write-on-audited-disk writes all the same";
        Failure::usage(format!("{error}: {problem}"))
    };
    let places = Places::read().map_err(unknown)?;
    let audited = root.map_or(Audited::Machine, Audited::Root);
    for folder in folders {
        let there = folder.ancestors().find(|above| above.exists()).unwrap_or(Path::new("."));
        let found = places.on_audited(there, audited, medium.dir()).map_err(unknown)?;
        if let Some(on) = found {
            let folder = folder.display();
            return Err(Failure::usage(format!(
                "{folder} is on {on}, a disk of the audited host: name a place on another disk, or add --write-on-audited-disk"
            )));
        }
    }
    Ok(())
}

/// The very file that runs.
pub(crate) fn binary() -> Option<PathBuf> {
    std::env::current_exe().ok()
}
