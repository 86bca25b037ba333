//! Reading the files of the folder that are made anew when they are damaged.

use std::path::Path;

use coroner_core::{Time, sha256_of};
use serde::{Deserialize, Serialize};

/// Larger files are no cache of ours.
const LARGEST: u64 = 512 << 20;

/// The first line of such a file.
#[derive(Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) schema: String,
    /// When it was begun.
    pub(crate) begun: Time,
    /// Of the rest of the file: a torn or rotten one is noticed. (A forged one is not.)
    pub(crate) sha256: String,
}

/// What such a file came to.
pub(crate) enum Checked {
    /// There is none.
    Absent,
    /// It is no such file; why, for a person.
    Damaged(String),
    /// As it was written.
    Whole {
        /// When it was begun.
        begun: Time,
        /// All but the first line.
        rest: Vec<u8>,
    },
}

/// Reads a file with a head of this schema.
pub(crate) fn checked(dir: &Path, name: &str, schema: &str) -> Checked {
    let path = dir.join(name);
    match std::fs::symlink_metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Checked::Absent,
        Ok(found) if found.is_file() && found.len() <= LARGEST => {}
        _ => return Checked::Damaged(damaged(&path, "not a cache")),
    }
    let Ok(bytes) = std::fs::read(&path) else {
        return Checked::Damaged(damaged(&path, "cannot be read"));
    };
    match split(bytes, schema) {
        Some((begun, rest)) => Checked::Whole { begun, rest },
        None => Checked::Damaged(damaged(&path, "damaged, or of another version")),
    }
}

/// What is said of it.
pub(crate) fn damaged(path: &Path, why: &str) -> String {
    format!("{}: {why}; it is made anew", path.display())
}

fn split(mut bytes: Vec<u8>, schema: &str) -> Option<(Time, Vec<u8>)> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    let rest = bytes.split_off(end + 1);
    let head: Head = serde_json::from_slice(bytes.get(..end)?).ok()?;
    let whole = head.schema == schema && sha256_of(&rest).hex() == head.sha256;
    whole.then_some((head.begun, rest))
}
