//! The packs that this version is shipped with, by their hashes.

use coroner_parse::Digest;

/// What `sha256sum baselines/*.pack` says, written by baselines/build.sh.
const SUMS: &str = include_str!("../../../baselines/SHA256SUMS");

/// The hashes of the packs that this version is shipped with.
pub fn shipped() -> Vec<Digest> {
    rows().map(|(digest, _)| digest).collect()
}

fn rows() -> impl Iterator<Item = (Digest, &'static str)> {
    SUMS.lines().filter_map(|line| {
        let (hex, name) = line.split_once("  ")?;
        Some((Digest::from_hex(hex.as_bytes())?, name))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Pack;
    use crate::trust::sha256;

    fn folder() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../baselines")
    }

    #[test]
    fn every_line_is_a_hash_of_a_pack_that_is_there_and_reads_to_its_end() {
        assert_eq!(rows().count(), SUMS.lines().count(), "a line that is no hash");
        for (digest, name) in rows() {
            let bytes = std::fs::read(folder().join(name)).unwrap();
            assert_eq!(sha256(&bytes), digest, "{name}");
            let pack = Pack::parse(bytes).unwrap();
            for package in pack.packages() {
                pack.files(package).unwrap();
            }
        }
    }

    #[test]
    fn every_pack_that_is_there_has_a_line() {
        let mut packs = 0;
        for entry in std::fs::read_dir(folder()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "pack") {
                packs += 1;
                let name = path.file_name().unwrap().to_str().unwrap();
                assert!(rows().any(|(_, listed)| listed == name), "{name}");
            }
        }
        assert_eq!(packs, rows().count());
    }
}
