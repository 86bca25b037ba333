//! A golden host: what its packages and nobody else put into the places where programs and their settings
//! live, as it is now.

mod names;
mod places;

use std::collections::BTreeMap;
use std::path::Path;

use coroner_baseline::{Package, PackageDb};
use coroner_host::{Blocked, FileType, HostPath, OpenFile, ReadError, Root, Stat};
use coroner_pack::{FileKind, PackFile, PackageFiles, PackageId, Source, SourceKind};
use coroner_parse::Text;
use rayon::prelude::*;

use crate::bounds::MOST_ENTRIES;
use crate::content::content;
use crate::{BuildError, Built, Refused};
use names::Names;
use places::Share;

/// Names of one directory.
const MOST_NAMES: usize = 500_000;

/// A path that is to be taken.
struct Found {
    path: HostPath,
    stat: Stat,
    package: Option<PackageId>,
    conffile: bool,
}

/// Reads a host's root, and gives its package manager. `say` hears what is being done.
///
/// # Errors
/// No package database, or a file that cannot be read: a golden image with holes would call the same
/// files of its siblings unknown.
pub fn golden(
    root: &Path,
    say: &(dyn Fn(&str) + Sync),
) -> Result<(Built, &'static str), BuildError> {
    let wrong = |reason| BuildError { path: root.to_owned(), reason };
    let host = Root::open(root).map_err(|error| wrong(Refused::Read(error)))?;
    say("package database");
    let db = PackageDb::load(&host);
    let manager = db.packages().first().map(|package| package.manager.name());
    let manager = manager.ok_or_else(|| wrong(Refused::Malformed("no package database in it")))?;
    let found = Walk { root: &host, db: &db, found: Vec::new() };
    let found = found.run().map_err(wrong)?;
    say("hashing");
    let names = Names::load(&host);
    let files: Vec<_> = found.par_iter().map(|found| file(&host, &names, found)).collect();
    let mut packages: BTreeMap<PackageId, Vec<PackFile>> = BTreeMap::new();
    for (found, file) in found.iter().zip(files) {
        let id = found.package.clone().unwrap_or_else(nobody);
        // What vanished in between is as if it had not been there.
        packages.entry(id).or_default().extend(file.map_err(wrong)?);
    }
    let packages = packages.into_iter().map(|(id, files)| PackageFiles { id, files }).collect();
    let (os, os_version) = names::release(&host);
    let name = names::host_name(&host);
    let source = Source { kind: SourceKind::Root, name, sha256: None, date: None, signer: None };
    Ok((Built { packages, sources: vec![source], os, os_version, ..Built::default() }, manager))
}

/// The package of files that no package owns.
fn nobody() -> PackageId {
    let empty = Text::default;
    PackageId { name: empty(), version: empty(), architecture: empty() }
}

struct Walk<'a> {
    root: &'a Root,
    db: &'a PackageDb,
    found: Vec<Found>,
}

impl Walk<'_> {
    fn run(mut self) -> Result<Vec<Found>, Refused> {
        for (top, share) in places::tops() {
            match self.root.stat(&top) {
                Ok(stat) => self.take(top, stat, share)?,
                Err(ReadError::Absent) => {}
                Err(error) => return Err(blocked(&top, error)),
            }
        }
        Ok(self.found)
    }

    /// Takes a path and what is below it. Mounts are followed: /usr or /boot may be one.
    fn take(&mut self, top: HostPath, stat: Stat, share: Share) -> Result<(), Refused> {
        let mut todo = vec![(top, stat)];
        while let Some((path, stat)) = todo.pop() {
            if places::is_own(&path) {
                continue;
            }
            if stat.is_dir() {
                todo.extend(self.below(&path)?);
            }
            self.keep(path, stat, share)?;
        }
        Ok(())
    }

    fn below(&self, path: &HostPath) -> Result<Vec<(HostPath, Stat)>, Refused> {
        match self.root.list_with_stats(path, MOST_NAMES) {
            Ok((_, true)) => Err(Refused::entry(path.as_bytes(), "has too many files in it")),
            Ok((entries, false)) => {
                Ok(entries.into_iter().map(|(entry, stat)| (entry.path, stat)).collect())
            }
            Err(ReadError::Absent) => Ok(Vec::new()),
            Err(error) => Err(blocked(path, error)),
        }
    }

    fn keep(&mut self, path: HostPath, stat: Stat, share: Share) -> Result<(), Refused> {
        let entry = self.db.entry(&path);
        let package = self.db.owner(&path).map(id);
        if package.is_none() && share == Share::Packaged {
            return Ok(());
        }
        if self.found.len() >= MOST_ENTRIES {
            return Err(Refused::Malformed("more files than a host has"));
        }
        let conffile = entry.is_some_and(|entry| entry.conffile);
        self.found.push(Found { path, stat, package, conffile });
        Ok(())
    }
}

/// Databases of several architectures name packages with theirs; packs do not.
fn id(package: &Package) -> PackageId {
    let suffix = [b":", package.architecture.as_bytes()].concat();
    let name = package.name.as_bytes();
    PackageId {
        name: Text::from(name.strip_suffix(suffix.as_slice()).unwrap_or(name)),
        version: package.version.clone(),
        architecture: package.architecture.clone(),
    }
}

fn file(root: &Root, names: &Names, found: &Found) -> Result<Option<PackFile>, Refused> {
    let kind = match kind(root, found) {
        Ok(kind) => kind,
        Err(None) => return Ok(None),
        Err(Some(refused)) => return Err(refused),
    };
    Ok(Some(PackFile {
        path: found.path.text().clone(),
        kind,
        mode: found.stat.mode & 0o7777,
        user: names.user(found.stat.uid),
        group: names.group(found.stat.gid),
        conffile: found.conffile,
    }))
}

/// `Err(None)` is a file that is gone.
fn kind(root: &Root, found: &Found) -> Result<FileKind, Option<Refused>> {
    let path = &found.path;
    let failed = |error: ReadError| error.blocked().map(|_| blocked(path, error));
    match found.stat.kind {
        FileType::Directory => Ok(FileKind::Directory),
        FileType::Link => Ok(FileKind::Link(root.read_link(path).map_err(failed)?)),
        FileType::Regular => {
            let file = root.open_file_itself(path).map_err(failed)?;
            let read = content(&mut Reading(&file));
            let reason = |_| Some(Refused::entry(path.as_bytes(), "cannot be read to its end"));
            read.map(FileKind::Regular).map_err(reason)
        }
        _ => Ok(FileKind::Special),
    }
}

fn blocked(path: &HostPath, error: ReadError) -> Refused {
    let denied = error.blocked() == Some(Blocked::Denied);
    let reason = if denied { "may not be read: run it as root" } else { "cannot be read" };
    Refused::entry(path.as_bytes(), reason)
}

/// A host's file as a reader.
struct Reading<'a>(&'a OpenFile);

impl std::io::Read for Reading<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer).map_err(|_| std::io::Error::other("unreadable"))
    }
}
