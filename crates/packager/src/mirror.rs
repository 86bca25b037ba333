//! A mirror folder of Debian's layout, followed from the signature of each suite to the files of each
//! package: `InRelease`, the index of each architecture, each .deb. Nothing is believed but by that chain.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use coroner_openpgp::{Keyring, ValidAt};
use coroner_pack::{PackageFiles, PackageId, Source, SourceKind};
use coroner_parse::Text;
use coroner_parse::package::dpkg::{Indexed, Release, indexed};
use rayon::prelude::*;

use crate::archive::{Counted, Signed, fingerprint, signed};
use crate::bounds::read_all;
use crate::deb::deb;
use crate::unpack::unpack;
use crate::{BuildError, Built, Refused};

/// Bytes of an `InRelease` and of an index; Debian's have 150 KB and 60 MB.
const LARGEST_RELEASE: u64 = 16 << 20;
const LARGEST_INDEX: u64 = 1 << 30;

/// What to take from which mirrors.
#[derive(Debug)]
pub struct Mirror<'a> {
    /// Folders with `dists` and `pool` in them. Each suite is taken from the first that has it.
    pub folders: &'a [PathBuf],
    /// Suites by codename or name, such as `bookworm` and `bookworm-security`.
    pub suites: &'a [String],
    /// Architectures, such as `amd64`.
    pub architectures: &'a [String],
    /// Components, such as `main`.
    pub components: &'a [String],
    /// Packages to take; all where there is no list.
    pub wanted: Option<&'a BTreeSet<String>>,
    /// Keys that archives are signed with.
    pub keyring: &'a Keyring,
    /// Now, in seconds since 1970.
    pub now: u64,
    /// Takes what was signed in its time, and is valid no more.
    pub allow_expired: bool,
    /// Leaves out, and tells, packages whose .deb the folders do not have.
    pub skip_missing: bool,
}

/// A .deb that is wanted, with its place in the chain.
struct Wanted {
    path: PathBuf,
    id: PackageId,
    signed: Signed,
}

/// Follows the chain. `say` hears what is being done.
///
/// # Errors
/// Whatever breaks the chain, with the file where it breaks.
pub fn mirror(ask: &Mirror<'_>, say: &(dyn Fn(&str) + Sync)) -> Result<Built, BuildError> {
    let mut built = Built::default();
    let mut wanted = BTreeMap::new();
    for suite in ask.suites {
        say(suite);
        let suite = Suite::open(ask, suite)?;
        suite.describe(&mut built)?;
        for architecture in ask.architectures {
            for component in ask.components {
                suite.index(ask, component, architecture, &mut wanted)?;
            }
        }
    }
    let is_there = |wanted: &Wanted| !ask.skip_missing || wanted.path.exists();
    let (debs, missing): (Vec<_>, Vec<_>) = wanted.into_values().partition(is_there);
    built.missing = missing.iter().map(|wanted| Text::from(&*shown(&wanted.id))).collect();
    let packages = debs.par_iter().map(|wanted| {
        say(&wanted.id.name.to_string());
        wanted.read()
    });
    built.packages = packages.collect::<Result<_, _>>()?;
    Ok(built)
}

impl Wanted {
    fn read(&self) -> Result<PackageFiles, BuildError> {
        let package = signed(&self.path, &self.signed, |reader| deb(reader))?;
        if package.id == self.id {
            return Ok(package);
        }
        let text = format!("it is {}, and the index says {}", shown(&package.id), shown(&self.id));
        Err(BuildError { path: self.path.clone(), reason: Refused::Chain(text) })
    }
}

fn shown(id: &PackageId) -> String {
    format!("{} {} {}", id.name, id.version, id.architecture)
}

/// A suite whose signature was believed.
struct Suite {
    /// The mirror's folder.
    top: PathBuf,
    /// `dists/SUITE` in it.
    at: PathBuf,
    text: Vec<u8>,
    source: Source,
}

impl Suite {
    fn open(ask: &Mirror<'_>, name: &str) -> Result<Self, BuildError> {
        let plain = |part: &str| !matches!(part, "" | "." | "..");
        let places = ask.folders.iter().map(|top| (top, top.join("dists").join(name)));
        let found = places
            .into_iter()
            .filter(|_| name.split('/').all(plain))
            .find(|(_, at)| at.join("InRelease").exists());
        let Some((top, at)) = found else {
            let path = ask.folders.first().cloned().unwrap_or_default();
            let reason = Refused::Chain(format!("no dists/{name}/InRelease in it"));
            return Err(BuildError { path, reason });
        };
        let path = at.join("InRelease");
        let (text, source) = believe(ask, &path, name).map_err(BuildError::at(&path))?;
        Ok(Self { top: top.clone(), at, text, source })
    }

    /// Adds to what the pack says of itself: the first suite with a number says which release it is.
    fn describe(&self, built: &mut Built) -> Result<(), BuildError> {
        let release = Release::parse(&self.text);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase();
        let os = Some(text(release.origin)).filter(|os| !os.is_empty());
        if built.os.is_some() && os.is_some() && built.os != os {
            let reason = "another distribution than the suites before it";
            let path = self.at.join("InRelease");
            return Err(BuildError { path, reason: Refused::Malformed(reason) });
        }
        built.os = built.os.take().or(os);
        let number = release.version.map(text);
        let major = number.and_then(|number| Some(number.split('.').next()?.to_owned()));
        built.os_version = built.os_version.take().or(major);
        built.sources.push(self.source.clone());
        Ok(())
    }

    /// Adds the wanted packages of one index.
    fn index(
        &self,
        ask: &Mirror<'_>,
        component: &str,
        architecture: &str,
        wanted: &mut BTreeMap<PackageId, Wanted>,
    ) -> Result<(), BuildError> {
        let place = format!("{component}/binary-{architecture}/Packages");
        let (path, ending, index) = self.find(&place)?;
        let text = signed(&path, &index, |reader| {
            read_all(unpack(ending.as_bytes(), reader.whole, reader)?, LARGEST_INDEX)
        })?;
        let add = |package: Option<Indexed<'_>>| {
            let incomplete = Refused::Malformed("a package in it lacks a field, or has one twice");
            let package = package.ok_or(incomplete)?;
            if is_wanted(ask, package.name) { self.add(wanted, package) } else { Ok(()) }
        };
        indexed(&text).try_for_each(add).map_err(BuildError::at(&path))
    }

    /// Adds a package, unless an index before has the same.
    fn add(
        &self,
        wanted: &mut BTreeMap<PackageId, Wanted>,
        package: Indexed<'_>,
    ) -> Result<(), Refused> {
        let text = Text::from;
        let (name, version) = (text(package.name), text(package.version));
        let id = PackageId { name, version, architecture: text(package.architecture) };
        let signed = Signed { sha256: package.sha256, size: package.size };
        match wanted.entry(id) {
            Entry::Vacant(slot) => {
                let (path, id) = (self.top.join(package.file), slot.key().clone());
                slot.insert(Wanted { path, id, signed });
                Ok(())
            }
            Entry::Occupied(before) if before.get().signed == signed => Ok(()),
            Entry::Occupied(before) => {
                Err(Refused::Chain(format!("{} with two contents", shown(before.key()))))
            }
        }
    }

    /// The form of an index that is in the folder, with the ending of its compression.
    fn find(&self, place: &str) -> Result<(PathBuf, &'static str, Signed), BuildError> {
        let release = Release::parse(&self.text);
        let mut listed = false;
        for ending in [".xz", ".gz", ""] {
            let plain = format!("{place}{ending}");
            let Some((sha256, size)) = release.files.get(plain.as_bytes()) else { continue };
            listed = true;
            let path = self.at.join(plain);
            let by_hash = path.with_file_name("by-hash").join("SHA256").join(sha256.hex());
            let signed = Signed { sha256: sha256.clone(), size: *size };
            if let Some(path) = [by_hash, path].into_iter().find(|path| path.exists()) {
                return Ok((path, ending, signed));
            }
        }
        let reason = if listed { "is not in the folder" } else { "is not in its InRelease" };
        Err(BuildError { path: self.at.join(place), reason: Refused::Malformed(reason) })
    }
}

fn is_wanted(ask: &Mirror<'_>, name: &[u8]) -> bool {
    let listed = |wanted: &BTreeSet<String>| {
        std::str::from_utf8(name).is_ok_and(|name| wanted.contains(name))
    };
    ask.wanted.is_none_or(listed)
}

/// The signed text of an `InRelease`, if it is the suite that was asked for.
fn believe(ask: &Mirror<'_>, path: &Path, name: &str) -> Result<(Vec<u8>, Source), Refused> {
    let mut reader = Counted::open(path)?;
    let bytes = read_all(&mut reader, LARGEST_RELEASE)?;
    let (sha256, _) = reader.finish()?;
    let at = if ask.allow_expired { ValidAt::Signing } else { ValidAt::Time(ask.now) };
    let (text, signer) = ask.keyring.verify_cleartext(&bytes, at)?;
    let release = Release::parse(&text);
    if ![release.suite, release.codename].contains(&name.as_bytes()) {
        let (codename, suite) = (Text::from(release.codename), Text::from(release.suite));
        let text = format!("it is the index of {codename} ({suite}), not of {name}");
        return Err(Refused::Chain(text));
    }
    check_time(ask, &release)?;
    let date = release.date.map(|date| String::from_utf8_lossy(date).into_owned());
    let name = String::from_utf8_lossy(release.codename).into_owned();
    let signer = Some(fingerprint(&signer));
    let source = Source { kind: SourceKind::Release, name, sha256: Some(sha256), date, signer };
    Ok((text, source))
}

/// An index that is valid no more may be one that an intruder kept back.
fn check_time(ask: &Mirror<'_>, release: &Release<'_>) -> Result<(), Refused> {
    let Some(until) = release.valid_until.filter(|_| !ask.allow_expired) else { return Ok(()) };
    let text = String::from_utf8_lossy(until);
    match seconds(&text) {
        Some(end) if end > ask.now => Ok(()),
        Some(_) => Err(Refused::Expired(Text::from(until).to_string())),
        None => Err(Refused::Chain(format!("Valid-Until is no time: {}", Text::from(until)))),
    }
}

/// `Sat, 10 Feb 2024 11:07:25 UTC`: RFC 2822, but for the zone's name.
fn seconds(text: &str) -> Option<u64> {
    let text = text.strip_suffix("UTC").map(|text| format!("{text}+0000"));
    let time = jiff::fmt::rfc2822::parse(&text?).ok()?;
    time.timestamp().as_second().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_archives_write_it() {
        assert_eq!(seconds("Sat, 10 Feb 2024 11:07:25 UTC"), Some(1_707_563_245));
        assert_eq!(seconds("tomorrow"), None);
        assert_eq!(seconds("Thu, 01 Jan 1960 00:00:00 UTC"), None);
    }
}
