//! `coroner medium`.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use coroner_medium::Medium;
use coroner_pack::trust::Keys;

use crate::failure::Failure;
use crate::medium_args::{Action, VerifyArgs};
use crate::own_medium::binary;
use crate::{medium_build, output};

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
