//! The tool about itself.

use std::fs::File;
use std::io::Read;

use coroner_core::{Algorithm, Digest, Hasher, Stat, Time, Tool};

use crate::own_medium;
use crate::state::State;

/// Version, commit and the hash of the very file that runs.
pub(crate) fn describe(state: &State, now: Time) -> Tool {
    Tool {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: option_env!("CORONER_COMMIT").map(str::to_owned),
        sha256: own_hash(state, now),
        medium: own_medium::own().map(|medium| medium.sha256().hex()),
        baselines: Vec::new(),
    }
}

fn own_hash(state: &State, now: Time) -> Option<String> {
    let file = File::open("/proc/self/exe").ok()?;
    let stat = Stat::of(&file).ok()?;
    let digest = state.own_digest(&stat, now).or_else(|| {
        let digest = digest_of(file)?;
        state.keep_own_digest(&stat, &digest, now);
        Some(digest)
    });
    digest.map(|digest| digest.hex())
}

fn digest_of(mut file: File) -> Option<Digest> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer).ok()?;
        if count == 0 {
            return Some(hasher.finish());
        }
        hasher.update(buffer.get(..count)?);
    }
}
