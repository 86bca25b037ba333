//! The form in which work is kept: every path once, with the works that looked at it.

use std::collections::{BTreeMap, HashSet};

use coroner_core::{Done, HostPath};
use coroner_host::{Asked, Identity, Led, Sightings};
use serde::{Deserialize, Serialize};

/// One bit a work.
pub(crate) type Masks = u64;

/// What lay under a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Named {
    pub(crate) name: Box<[u8]>,
    pub(crate) identity: Identity,
    pub(crate) works: Masks,
}

/// A directory at its real place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Directory {
    pub(crate) path: Box<[u8]>,
    pub(crate) names: Vec<Named>,
}

/// Works and what they saw.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) works: Vec<Done>,
    pub(crate) dirs: Vec<Directory>,
    pub(crate) led: Vec<(Asked, Led, Masks)>,
}

/// More works than a mask has bits are not kept.
const MOST_WORKS: usize = Masks::BITS as usize;

impl Kept {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// `None` for bytes that this version did not write.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (kept, rest): (Self, _) = postcard::take_from_bytes(bytes).ok()?;
        (rest.is_empty() && kept.works.len() <= MOST_WORKS).then_some(kept)
    }

    /// The works of these names, and nothing that only others saw.
    pub(crate) fn only(&self, names: &HashSet<String>) -> Self {
        let (stay, works): (Vec<_>, Vec<_>) = (0..)
            .zip(&self.works)
            .filter(|(_, work)| names.contains(&work.name))
            .map(|(old, work): (u32, _)| (old, work.clone()))
            .unzip();
        let moved = |mask: Masks| -> Masks {
            let bits = (0..).zip(&stay).filter(|(_, old)| mask >> **old & 1 == 1);
            bits.map(|(new, _): (u32, _)| 1 << new).sum()
        };
        let led =
            self.led.iter().map(|(asked, led, mask)| (asked.clone(), led.clone(), moved(*mask)));
        let dirs = self.dirs.iter().map(|dir| {
            let names =
                dir.names.iter().map(|seen| Named { works: moved(seen.works), ..seen.clone() });
            let names = names.filter(|seen| seen.works != 0).collect();
            Directory { path: dir.path.clone(), names }
        });
        Self {
            works,
            dirs: dirs.filter(|dir| !dir.names.is_empty()).collect(),
            led: led.filter(|(_, _, mask)| *mask != 0).collect(),
        }
    }

    /// With more works.
    pub(crate) fn with(self, more: Vec<(Done, Sightings)>) -> Self {
        let mut works = self.works;
        let mut places: BTreeMap<(Box<[u8]>, Box<[u8]>, Identity), Masks> = BTreeMap::new();
        for Directory { path, names } in self.dirs {
            for Named { name, identity, works } in names {
                places.insert((path.clone(), name, identity), works);
            }
        }
        let mut all_led: BTreeMap<(Asked, Led), Masks> = BTreeMap::new();
        all_led.extend(self.led.into_iter().map(|(asked, led, mask)| ((asked, led), mask)));
        for (work, seen) in more.into_iter().take(MOST_WORKS.saturating_sub(works.len())) {
            let mask: Masks = 1 << works.len();
            works.push(work);
            for (path, identity) in seen.places {
                *places.entry(place(&path, identity)).or_default() |= mask;
            }
            for led in seen.led {
                *all_led.entry(led).or_default() |= mask;
            }
        }
        let led = all_led.into_iter().map(|((asked, led), mask)| (asked, led, mask)).collect();
        Self { works, dirs: by_directory(places), led }
    }
}

/// The directory of a path and the name in it; the top is the top's own empty name.
fn place(path: &HostPath, identity: Identity) -> (Box<[u8]>, Box<[u8]>, Identity) {
    let dir = path.parent().unwrap_or_else(|| path.clone());
    (dir.as_bytes().into(), path.name().into(), identity)
}

fn by_directory(places: BTreeMap<(Box<[u8]>, Box<[u8]>, Identity), Masks>) -> Vec<Directory> {
    let mut dirs: Vec<Directory> = Vec::new();
    for ((path, name, identity), works) in places {
        let named = Named { name, identity, works };
        match dirs.last_mut() {
            Some(dir) if dir.path == path => dir.names.push(named),
            _ => dirs.push(Directory { path, names: vec![named] }),
        }
    }
    dirs
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // tests
    use coroner_core::sha256_of;
    use proptest::prelude::*;

    use super::*;

    fn done(name: &str) -> Done {
        let (inputs, result) = (sha256_of(name.as_bytes()), name.as_bytes().to_vec());
        Done { name: name.to_owned(), inputs, day: None, files: 1, result }
    }

    fn seen(paths: &[&str]) -> Sightings {
        let identity = Identity::default();
        let places = paths.iter().map(|path| (HostPath::new(path), identity)).collect();
        Sightings { places, led: BTreeMap::new() }
    }

    fn names_of(kept: &Kept, work: u32) -> Vec<String> {
        let all = kept.dirs.iter().flat_map(|dir| dir.names.iter().map(move |seen| (dir, seen)));
        let of = all.filter(|(_, seen)| seen.works >> work & 1 == 1);
        of.map(|(dir, seen)| {
            let path = [&*dir.path, b"|", &*seen.name].concat();
            String::from_utf8(path).unwrap()
        })
        .collect()
    }

    #[test]
    fn a_path_that_several_works_saw_is_kept_once_and_belongs_to_each() {
        let more = vec![(done("a"), seen(&["/x/1", "/x/2"])), (done("b"), seen(&["/x/2", "/"]))];
        let kept = Kept::default().with(more);
        assert_eq!(kept.dirs.iter().map(|dir| dir.names.len()).sum::<usize>(), 3);
        assert_eq!(names_of(&kept, 0), ["/x|1", "/x|2"]);
        assert_eq!(names_of(&kept, 1), ["/|", "/x|2"]);
        let rest = kept.only(&HashSet::from(["b".to_owned()]));
        assert_eq!((rest.works.len(), names_of(&rest, 0)), (1, names_of(&kept, 1)));
        assert_eq!(Kept::from_bytes(&kept.to_bytes()).unwrap(), kept);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = Kept::from_bytes(&bytes);
        }

        #[test]
        fn a_cut_or_lengthened_file_is_refused(cut in 0usize..200, more: Vec<u8>) {
            let bytes = Kept::default().with(vec![(done("a"), seen(&["/x/1", "/y/2"]))]).to_bytes();
            let cut = bytes.get(..cut.min(bytes.len() - 1)).unwrap();
            prop_assert!(Kept::from_bytes(cut).is_none());
            let longer = [bytes.as_slice(), &more].concat();
            prop_assert_eq!(Kept::from_bytes(&longer).is_some(), more.is_empty());
        }
    }
}
