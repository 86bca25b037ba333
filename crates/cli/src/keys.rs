//! `--key`: public keys that the operator gives, told apart by what they are.

use std::path::{Path, PathBuf};

use coroner_baseline::{VendorKeys, holds_public_keys};

use crate::audit;
use crate::output::Failure;

/// The vendors' keys and those of these files.
pub(crate) fn read(files: &[PathBuf]) -> Result<VendorKeys, Failure> {
    let mut keys = VendorKeys::shipped();
    for file in files {
        let bytes = audit::read(file)?;
        if holds_public_keys(&bytes) {
            keys.add(&bytes).map_err(|error| refused(file, &error.to_string()))?;
        } else {
            return Err(refused(file, "no OpenPGP public key in it"));
        }
    }
    Ok(keys)
}

fn refused(file: &Path, why: &str) -> Failure {
    Failure::usage(format!("{}: {why}", file.display()))
}
