//! The hash of the tool itself: at each audit of an unchanged host, reading the tool through would cost
//! more than anything else in the folder saves.
//!
//! A folder that an intruder forged can give the tool another hash. So can a tool that he replaced, which
//! says of itself what it likes: what tells the tool is a hash that was made elsewhere.

use std::path::Path;

use coroner_core::{Digest, Stat, Time};
use coroner_host::Identity;
use serde::{Deserialize, Serialize};

use crate::cache::{SETTLED, is_young};
use crate::read::{self, Checked};
use crate::write;

const NAME: &str = "tool";
const SCHEMA: &str = "coroner.tool/1";

#[derive(Serialize, Deserialize)]
struct Own {
    identity: Identity,
    digest: Digest,
}

/// The hash that an earlier audit made of this very file, and what is wrong with what was kept.
pub(crate) fn load(dir: &Path, stat: &Stat, now: Time) -> (Option<Digest>, Option<String>) {
    let (begun, bytes) = match read::checked(dir, NAME, SCHEMA) {
        Checked::Absent => return (None, None),
        Checked::Damaged(why) => return (None, Some(why)),
        Checked::Whole { begun, rest } => (begun, rest),
    };
    let own = serde_json::from_slice(&bytes).ok();
    let same = own.filter(|own: &Own| is_young(begun, now) && own.identity == Identity::of(stat));
    (same.map(|own| own.digest), None)
}

/// Keeps a hash. A file that changed a moment ago may change again with the same times.
pub(crate) fn save(dir: &Path, stat: &Stat, digest: &Digest, now: Time) -> std::io::Result<()> {
    if stat.changed.seconds >= now.seconds().saturating_sub(SETTLED) {
        return Ok(());
    }
    let own = Own { identity: Identity::of(stat), digest: digest.clone() };
    write::checked(dir, (NAME, SCHEMA), now, &serde_json::to_vec(&own)?)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use coroner_core::sha256_of;

    use super::*;

    #[test]
    fn the_hash_of_the_same_file_is_known_until_it_changes_or_a_week_has_gone() {
        let dir = tempfile::tempdir().unwrap();
        let stat = Stat::of(File::open(dir.path()).unwrap()).unwrap();
        let now = Time::from_seconds(stat.changed.seconds + 60);
        let digest = sha256_of(b"tool");
        save(dir.path(), &stat, &digest, Time::from_seconds(stat.changed.seconds + 1)).unwrap();
        assert_eq!(load(dir.path(), &stat, now), (None, None));
        save(dir.path(), &stat, &digest, now).unwrap();
        assert_eq!(load(dir.path(), &stat, now), (Some(digest), None));
        let larger = Stat { size: stat.size + 1, ..stat };
        assert_eq!(load(dir.path(), &larger, now), (None, None));
        let later = Time::from_seconds(now.seconds() + 8 * 24 * 3600);
        assert_eq!(load(dir.path(), &stat, later), (None, None));
        std::fs::write(dir.path().join(NAME), "torn").unwrap();
        let (known, said) = load(dir.path(), &stat, now);
        assert!(known.is_none() && said.unwrap().contains("tool: damaged"));
    }
}
