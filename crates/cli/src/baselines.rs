//! Which packs an audit uses: found, read within bounds, and believed or refused. All of it is the
//! auditor's own: packs are believed for what they hold, wherever they lie.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use coroner_baseline::{Packs, VendorKeys, holds_public_keys};
use coroner_core::{BaselineUse, Text};
use coroner_pack::trust::{self, Keys, Trust};
use coroner_pack::{Pack, shipped};

use crate::baseline_args::BaselineArgs;
use crate::failure::Failure;
use crate::own_medium::{self, binary};

/// A distribution's whole archive takes less.
pub(crate) const LARGEST_PACK: u64 = 64 << 20;
/// A minisign key or signature has a few lines.
const LARGEST_TEXT: u64 = 64 << 10;
/// A file of many vendors' OpenPGP keys.
const LARGEST_KEYS: u64 = 4 << 20;
/// Packs of one audit, and names of a folder that are looked at.
const MOST_PACKS: usize = 64;
const MOST_NAMES: usize = 10_000;
/// Folders above the binary's own that may hold `baselines`: `target/<triple>/release` lies three
/// below the tree.
pub(crate) const FOLDERS_ABOVE: usize = 4;

/// The packs of an audit, and what the report says of them.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) packs: Packs,
    /// Keys of packages that are signed one by one.
    pub(crate) vendor_keys: VendorKeys,
    pub(crate) uses: Vec<BaselineUse>,
    /// What else decides how files are judged: the keys that were given, the packs that were refused.
    pub(crate) inputs: Vec<Text>,
}

/// Loads the packs that speak of the distribution `os` (`ID` of os-release(5)).
///
/// One that was named and is refused is a usage error; one that merely lay beside the binary is a gap,
/// but on a medium every pack must be as its manifest says.
pub(crate) fn load(args: &BaselineArgs, os: &Text) -> Result<Loaded, Failure> {
    let (keys, vendor_keys) = keys(&args.key)?;
    let mut loading = Loading {
        keys,
        shipped: shipped(),
        allow_unsigned: args.allow_unsigned,
        os,
        seen: Vec::new(),
        out: Loaded { vendor_keys, ..Loaded::default() },
    };
    for named in &args.baseline {
        let wrong = |why: String| Failure::usage(format!("--baseline {why}"));
        for path in packs_at(named).map_err(wrong)? {
            let refused = |why| wrong(format!("{}: {why}", path.display()));
            loading.take(&path).map_err(refused)?;
        }
    }
    if args.baseline.is_empty() {
        for path in packs_beside_the_binary() {
            if let Err(why) = loading.take(&path) {
                let why = format!("pack {}: {why}", path.display());
                if own_medium::own().is_some() {
                    return Err(Failure::Broken(why));
                }
                loading.out.packs.refuse(why);
            }
        }
    }
    let mut inputs = key_inputs(&args.key);
    inputs.extend(loading.out.packs.refused().iter().map(|why| Text::from(why.as_str())));
    Ok(Loaded { inputs, ..loading.out })
}

struct Loading<'a> {
    keys: Keys,
    shipped: Vec<coroner_core::Digest>,
    allow_unsigned: bool,
    os: &'a Text,
    /// Hashes of the packs so far.
    seen: Vec<coroner_core::Digest>,
    out: Loaded,
}

impl Loading<'_> {
    fn take(&mut self, path: &Path) -> Result<(), String> {
        let bytes = read(path, LARGEST_PACK).map_err(|error| error.to_string())?;
        let sha256 = trust::sha256(&bytes);
        if self.seen.contains(&sha256) {
            return Ok(());
        }
        if self.seen.len() >= MOST_PACKS {
            return Err(format!("more than {MOST_PACKS} packs: name those that are needed"));
        }
        let trust = self.trust(path, &bytes, &sha256)?;
        let pack = Pack::parse(bytes).map_err(|error| error.to_string())?;
        self.seen.push(sha256.clone());
        if pack.header().os.as_bytes() != self.os.as_bytes() {
            return Ok(());
        }
        let name = pack.header().name.clone();
        let trusted = trust.proves();
        let key = match trust {
            Trust::Signed(key) => Some(key.0),
            Trust::Shipped | Trust::Unsigned => None,
        };
        self.out.uses.push(BaselineUse { name, sha256: sha256.hex(), key, trusted });
        self.out.packs.add(pack, trusted);
        Ok(())
    }

    fn trust(
        &self,
        path: &Path,
        pack: &[u8],
        sha256: &coroner_core::Digest,
    ) -> Result<Trust, String> {
        if self.shipped.contains(sha256) {
            return Ok(Trust::Shipped);
        }
        match trust_of(path, pack, &self.keys, &self.shipped) {
            Err(_) if self.allow_unsigned => Ok(Trust::Unsigned),
            decided => decided,
        }
    }
}

/// Who vouches for a pack, by its hash or by the signature beside it.
pub(crate) fn trust_of(
    path: &Path,
    pack: &[u8],
    keys: &Keys,
    shipped: &[coroner_core::Digest],
) -> Result<Trust, String> {
    let mut signature = path.as_os_str().to_owned();
    signature.push(".minisig");
    let signature = match read(Path::new(&signature), LARGEST_TEXT) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(format!("its .minisig file: {error}")),
    };
    let decided = trust::of(pack, signature.as_deref(), keys, shipped);
    decided.map_err(|refused| refused.to_string())
}

/// The keys as they were given, with what the files among them hold.
fn key_inputs(given: &[String]) -> Vec<Text> {
    let content = |key: &String| read(Path::new(key), LARGEST_KEYS).unwrap_or_default();
    given.iter().flat_map(|key| [Text::from(key.as_str()), Text::new(content(key))]).collect()
}

/// The operator's keys: those that were given, and those that lie with the binary itself, since
/// whoever can change them there can change the binary as well.
pub(crate) fn keys(given: &[String]) -> Result<(Keys, VendorKeys), Failure> {
    let (mut keys, mut vendor_keys) = (Keys::default(), VendorKeys::shipped());
    for given in given {
        let wrong = |why: &dyn std::fmt::Display| Failure::usage(format!("--key {given}: {why}"));
        let bytes = match read(Path::new(given), LARGEST_KEYS) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => given.clone().into_bytes(),
            Err(error) => return Err(wrong(&error)),
        };
        if holds_public_keys(&bytes) {
            vendor_keys.add(&bytes).map_err(|error| wrong(&error))?;
        } else {
            let text = String::from_utf8_lossy(&bytes);
            keys.add(&text).map_err(|error| wrong(&error))?;
        }
    }
    for path in keys_beside_the_binary() {
        let text = match read(&path, LARGEST_TEXT) {
            Err(error) if own_medium::own().is_some() => {
                return Err(Failure::Broken(format!("key {}: {error}", path.display())));
            }
            other => other.unwrap_or_default(),
        };
        // Other kinds of key may lie there as well.
        let _ = keys.add(&String::from_utf8_lossy(&text));
    }
    Ok((keys, vendor_keys))
}

/// A pack, or the packs of a folder.
pub(crate) fn packs_at(path: &Path) -> Result<Vec<PathBuf>, String> {
    let shown = path.display();
    let meta = std::fs::metadata(path).map_err(|error| format!("{shown}: {error}"))?;
    if !meta.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let packs = names_in(path, "pack");
    if packs.is_empty() {
        return Err(format!("{shown}: no file in it is called *.pack"));
    }
    Ok(packs)
}

fn keys_beside_the_binary() -> Vec<PathBuf> {
    let Some(folder) = binary().and_then(|binary| Some(binary.parent()?.to_owned())) else {
        return Vec::new();
    };
    on_medium("baselines/keys", "pub")
        .unwrap_or_else(|| names_in(&folder.join("baselines/keys"), "pub"))
}

/// On a medium: what is there and what should be there, and nothing of the folders above, which are
/// the host's.
fn on_medium(folder: &str, ending: &str) -> Option<Vec<PathBuf>> {
    let medium = own_medium::own()?;
    let mut paths = names_in(&medium.dir().join(folder), ending);
    paths.extend(own_medium::listed(medium, folder, ending));
    paths.sort();
    paths.dedup();
    Some(paths)
}

pub(crate) fn packs_beside_the_binary() -> Vec<PathBuf> {
    if let Some(packs) = on_medium("baselines", "pack") {
        return packs;
    }
    let Some(binary) = binary() else { return Vec::new() };
    let above = binary.ancestors().skip(1).take(1 + FOLDERS_ABOVE);
    let shared = binary.ancestors().nth(2).map(|prefix| prefix.join("share/coroner/baselines"));
    let folders = above.map(|folder| folder.join("baselines")).chain(shared);
    folders
        .map(|folder| names_in(&folder, "pack"))
        .find(|packs| !packs.is_empty())
        .unwrap_or_default()
}

/// The files of a folder with this ending, sorted; nothing when there is no such folder.
fn names_in(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.take(MOST_NAMES).filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|e| e == ending)).collect();
    paths.sort();
    paths
}

/// Reads a file of the auditor's; one on the medium must be as the manifest says. The folders above the binary may be the audited host's, so what is
/// no regular file is not waited for.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    let file: File = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let room = usize::try_from(meta.len().min(limit)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(room + 1);
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("larger than {} MB", limit >> 20)));
    }
    own_medium::vouch(path, &bytes)
        .map_err(|altered| io::Error::other(altered.why().to_owned()))?;
    Ok(bytes)
}
