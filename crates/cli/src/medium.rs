//! The medium that this coroner was started from, and `coroner medium`.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

use coroner_medium::places::{Audited, Places};
use coroner_medium::{Altered, Medium};
use coroner_pack::trust::Keys;

use crate::args::Command;
use crate::baselines::binary;
use crate::medium_args::{Action, VerifyArgs};
use crate::medium_build;
use crate::output::{self, Failure};

/// Where this process came from: it does not change.
static OWN: OnceLock<Medium> = OnceLock::new();

impl From<Altered> for Failure {
    fn from(altered: Altered) -> Self {
        Self::Broken(altered.to_string())
    }
}

/// Started from a medium, manifest and binary are checked before anything is done; what is loaded
/// later is checked as it is read. Checking a medium is not refused by what it may find.
pub(crate) fn start(command: &Command) -> Result<(), Failure> {
    let Some(program) = binary().filter(|_| !matches!(command, Command::Medium(_))) else {
        return Ok(());
    };
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

pub(crate) fn run(action: &Action) -> Result<ExitCode, Failure> {
    match action {
        Action::Build(args) => medium_build::run(args),
        Action::Verify(args) => verify(args),
    }
}

fn verify(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let own = || binary().and_then(|binary| binary.parent().map(Path::to_owned));
    let dir = args.dir.clone().or_else(own);
    let dir = dir.ok_or_else(|| Failure::usage("name the medium's folder"))?;
    if !dir.is_dir() {
        let problem = "not a folder; mount an image first";
        return Err(Failure::usage(format!("{}: {problem}", dir.display())));
    }
    let none = || Failure::usage(format!("{}: no medium: it holds no MANIFEST", dir.display()));
    let medium = Medium::open(&dir)?.ok_or_else(none)?;
    let proof = proof(&medium, args)?;
    medium.check_all()?;
    let (files, shown) = (medium.manifest().files.len(), dir.display());
    let mut text =
        format!("{shown}: {files} files are as the manifest says, and there are no others\n");
    let _ = writeln!(text, "manifest SHA-256  {}", medium.sha256().hex());
    text.push_str(&proof);
    output::write_stdout(&|_, out| out.write_all(text.as_bytes()))?;
    Ok(ExitCode::SUCCESS)
}

/// What the check proves: without a hash or a key from elsewhere, that nothing is damaged.
fn proof(medium: &Medium, args: &VerifyArgs) -> Result<String, Failure> {
    let mut proof = String::new();
    if let Some(label) = &args.hash {
        let found = medium.sha256().hex();
        if !label.trim().eq_ignore_ascii_case(&found) {
            let dir = medium.dir().display();
            let problem = "not the one of the label: do not use this medium";
            return Err(Failure::Broken(format!(
                "{dir}: its manifest has SHA-256 {found}, {problem}"
            )));
        }
        proof.push_str("It is the one of the label.\n");
    }
    if let Some(given) = &args.key {
        let wrong = |why: &dyn std::fmt::Display| Failure::usage(format!("--key {given}: {why}"));
        let text = match std::fs::read_to_string(given) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => given.clone(),
            other => other.map_err(|error| wrong(&error))?,
        };
        let mut keys = Keys::default();
        keys.add(&text).map_err(|error| wrong(&error))?;
        let _ = writeln!(proof, "signed by {}, the key you gave", medium.signed_by(&keys)?);
    }
    if proof.is_empty() {
        proof.push_str(match medium.manifest().key {
            Some(_) => "Its signature fits a key that it names itself: ",
            None => "It is not signed: ",
        });
        proof.push_str(
            "nothing is damaged. That nobody made it anew is proved by --hash (the label) or --key.\n",
        );
    }
    Ok(proof)
}
