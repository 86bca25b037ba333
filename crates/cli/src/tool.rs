//! The tool about itself.

use std::fs::File;
use std::io::Read;

use coroner_core::{Algorithm, Hasher, Tool};

use crate::medium;

/// Version, commit and the hash of the very file that runs.
pub(crate) fn describe() -> Tool {
    Tool {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: option_env!("CORONER_COMMIT").map(str::to_owned),
        sha256: own_hash(),
        medium: medium::own().map(|medium| medium.sha256().hex()),
        baselines: Vec::new(),
    }
}

fn own_hash() -> Option<String> {
    let mut file = File::open("/proc/self/exe").ok()?;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer).ok()?;
        if count == 0 {
            return Some(hasher.finish().hex());
        }
        hasher.update(buffer.get(..count)?);
    }
}
