//! What packs say, laid over what the host's own databases say.
//!
//! A pack's word on a path comes before the host's, and stands although the host's list leaves the
//! path out. Packages that share files, and files that moved from one package to another, make
//! several packages speak of one path: the package that owns it by the host's lists is asked first.

use std::sync::Arc;

use coroner_core::packages::{EditedLine, Proof, Proven, VendorFile};
use coroner_host::{HostPath, Root};
use coroner_pack::{FileKind, PackFile};
use coroner_parse::{Algorithm, Digest, Text};

use crate::index::PackageDb;
use crate::package::{Entry, Manager, Package, Trouble, TroubleKind};
use crate::packs::{Packs, TrustedPack};

/// Edited lines that are kept of one package.
const MOST_EDITED: usize = 100;

/// Lays every pack's word over the database.
pub(crate) fn apply(db: &mut PackageDb, root: &Root, packs: &Packs) {
    for why in packs.refused() {
        tell(db, why.clone());
    }
    let installed = u32::try_from(db.packages.len()).unwrap_or(u32::MAX);
    let mut unlisted = Vec::new();
    for id in 0..installed {
        unlisted.extend(package(db, root, packs, id));
    }
    for word in unlisted {
        word.settle(db);
    }
    for manager in [Manager::Dpkg, Manager::Rpm, Manager::Apk, Manager::Pacman] {
        for packed in packs.of_manager(manager.name()).filter(|packed| packed.is_image()) {
            image(db, root, packed, manager);
        }
    }
}

fn tell(db: &mut PackageDb, why: String) {
    let (path, kind) = (HostPath::new("/"), TroubleKind::PackRefused);
    db.troubles.push(Trouble { path, kind, line: None, detail: Some(why) });
}

/// What packs say of one installed package; gives back what the host's lists do not have for it.
fn package(db: &mut PackageDb, root: &Root, packs: &Packs, id: u32) -> Vec<Unlisted> {
    let Some(package) = db.packages.get(id as usize) else { return Vec::new() };
    if db.unsettled.contains(&id) {
        return Vec::new();
    }
    let name = plain_name(package).to_vec();
    let manager = package.manager.name();
    let (version, architecture) = (package.version.clone(), package.architecture.clone());
    let (mut unlisted, mut other_version) = (Vec::new(), false);
    for packed in packs.of_manager(manager) {
        let pack = &packed.pack;
        let of = |architecture| pack.find(&name, version.as_bytes(), architecture);
        let Some(known) = of(architecture.as_bytes()).or_else(|| of(b"all")) else {
            other_version |= !pack.named(&name).is_empty();
            continue;
        };
        match pack.files(known) {
            Ok(files) => {
                let unlisted = &mut unlisted;
                Proving { db, root, packed, id, name: &name, unlisted }.files(&files);
            }
            Err(error) => tell(db, format!("pack {}: {error}", packed.name)),
        }
    }
    let Some(package) = db.packages.get_mut(id as usize) else { return unlisted };
    if package.proof == Proof::None && other_version {
        package.proof = Proof::UnknownVersion;
    }
    unlisted
}

/// The name without the architecture that `dpkg-query` puts behind it.
fn plain_name(package: &Package) -> &[u8] {
    let name = package.name.as_bytes();
    let without = name.strip_suffix(package.architecture.as_bytes());
    let without = without.and_then(|name| name.strip_suffix(b":"));
    without.filter(|_| package.manager == Manager::Dpkg).unwrap_or(name)
}

/// One package of one pack.
struct Proving<'a> {
    db: &'a mut PackageDb,
    root: &'a Root,
    packed: &'a TrustedPack,
    id: u32,
    name: &'a [u8],
    unlisted: &'a mut Vec<Unlisted>,
}

impl Proving<'_> {
    fn files(&mut self, files: &[PackFile]) {
        let package = self.db.packages.get_mut(self.id as usize);
        let package = package.filter(|package| package.proof == Proof::None && self.packed.trusted);
        if let Some(package) = package {
            package.proof = Proof::Pack { name: self.packed.name.to_string() };
        }
        for file in files {
            if let Some(vendor) = self.packed.word_on(file) {
                self.file(file, vendor);
            }
        }
    }

    fn file(&mut self, file: &PackFile, mut vendor: VendorFile) {
        let place = self.db.place_of(self.root, file.path.as_bytes(), self.name);
        let Some(place) = place else { return };
        let (package, conffile) = (self.id, may_change(file));
        let entry = self.db.entries.get_mut(&place).filter(|entry| entry.package == package);
        let Some(entry) = entry else {
            return self.unlisted.push(Unlisted { package, place, vendor, conffile });
        };
        if entry.vendor.is_some() && !conffile {
            return;
        }
        if let Some(mode) = entry.access.as_ref().and_then(|access| access.mode) {
            vendor.mode = mode;
        }
        let edited = edited(&place, entry, &vendor).filter(|_| !conffile);
        entry.conffile = conffile;
        entry.may_be_missing = conffile;
        entry.directory = false;
        entry.vendor = Some(Box::new(vendor));
        if let Some(line) = edited {
            note(self.db, package, line);
        }
    }
}

/// What a pack has of a package at a place that is not the package's by the host's lists.
struct Unlisted {
    package: u32,
    place: Box<[u8]>,
    vendor: VendorFile,
    conffile: bool,
}

impl Unlisted {
    fn settle(self, db: &mut PackageDb) {
        let Self { package, place, vendor, conffile } = self;
        // By the host's lists another package has it. Where a pack knows that one, its word stands.
        if let Some(entry) = db.entries.get_mut(&place) {
            entry.vendor.get_or_insert_with(|| Box::new(vendor));
            return;
        }
        if let Proven::File { listed: Some(digest), .. } = &vendor.content
            && vendor.trusted
            && !conffile
        {
            let (path, vendor) = (HostPath::new(&*place), digest.clone());
            note(db, package, EditedLine { path, listed: None, vendor });
        }
        let vendor = Some(Box::new(vendor));
        let may_be_missing = conffile;
        let entry = Entry { package, conffile, may_be_missing, vendor, ..Entry::default() };
        db.add_entry(place, entry);
    }
}

fn note(db: &mut PackageDb, package: u32, line: EditedLine) {
    let lines = db.edited.entry(package).or_default();
    if lines.len() < MOST_EDITED {
        lines.push(line);
    }
}

/// The host's line on a file, when it is not the vendor's.
fn edited(place: &[u8], entry: &Entry, vendor: &VendorFile) -> Option<EditedLine> {
    let Proven::File { listed: Some(vendors), .. } = &vendor.content else { return None };
    let listed = entry.expected.clone().filter(|listed| vendor.trusted && listed != vendors)?;
    let path = HostPath::new(place);
    Some(EditedLine { path, listed: Some(listed), vendor: vendors.clone() })
}

/// Configuration files, and links among them, are an administrator's to change.
fn may_change(file: &PackFile) -> bool {
    let link = matches!(file.kind, FileKind::Link(_));
    file.conffile || (link && file.path.as_bytes().starts_with(b"/etc/"))
}

impl TrustedPack {
    /// What it says of a path; `None` for directories and devices.
    fn word_on(&self, file: &PackFile) -> Option<VendorFile> {
        let content = match &file.kind {
            FileKind::Regular(content) => {
                let md5 = || Digest::new(Algorithm::Md5, &content.md5);
                let listed = if self.is_image() { None } else { md5() };
                Proven::File { sha256: content.sha256(), listed }
            }
            FileKind::Link(target) => Proven::Link(target.clone()),
            FileKind::Directory | FileKind::Special => return None,
        };
        let (by, trusted) = (Arc::clone(&self.name), self.trusted);
        Some(VendorFile { by, trusted, content, mode: file.mode })
    }
}

/// Lays a host's files that no package owned over the database, as a package of the image's name.
fn image(db: &mut PackageDb, root: &Root, packed: &TrustedPack, manager: Manager) {
    for known in packed.pack.named(b"") {
        let files = match packed.pack.files(known) {
            Ok(files) => files,
            Err(error) => return tell(db, format!("pack {}: {error}", packed.name)),
        };
        let name = Text::from(packed.name.as_bytes());
        let (version, architecture) = (known.id.version.clone(), known.id.architecture.clone());
        let package = db.add_package(Package {
            name,
            version,
            architecture,
            manager,
            weight: 0,
            files: 0,
            with_digest: 0,
            vendor: None,
            proof: Proof::Pack { name: packed.name.to_string() },
        });
        db.images.insert(package);
        for file in &files {
            image_file(db, root, packed, package, file);
        }
    }
}

fn image_file(
    db: &mut PackageDb,
    root: &Root,
    packed: &TrustedPack,
    package: u32,
    file: &PackFile,
) {
    let Some(vendor) = packed.word_on(file).map(Box::new) else { return };
    let Some(place) = db.place(root, file.path.as_bytes()) else { return };
    // What a package brought since then is that package's.
    if db.entries.contains_key(&place) {
        return;
    }
    let made = is_made_on_the_host(file);
    let entry = Entry {
        package,
        conffile: made,
        may_be_missing: made,
        vendor: Some(vendor),
        ..Entry::default()
    };
    db.add_entry(place, entry);
}

/// Unpackaged files that ordinary work and upgrades write: configuration, state, caches. What is run
/// (executable, a library, a module of an interpreter) and what an administrator installed below
/// /usr/local and /opt is not.
fn is_made_on_the_host(file: &PackFile) -> bool {
    let path = file.path.as_bytes();
    let below = |dirs: &[&str]| dirs.iter().any(|dir| path.starts_with(dir.as_bytes()));
    if below(&["/etc/", "/var/", "/home/", "/root/", "/srv/", "/tmp/", "/run/", "/boot/"]) {
        return true;
    }
    let link = matches!(file.kind, FileKind::Link(_));
    let runs = !link && file.mode & 0o111 != 0;
    let loaded = [&b".so"[..], b".ko", b".py", b".pl", b".pm", b".rb", b".sh", b".js", b".php"];
    let loaded = !link && loaded.iter().any(|ending| path.ends_with(ending));
    !(runs || loaded || below(&["/usr/local/", "/opt/"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, mode: u32) -> PackFile {
        let kind = FileKind::Special;
        let (path, user, group) = (Text::from(path), Text::from("root"), Text::from("root"));
        PackFile { path, kind, mode, user, group, conffile: false }
    }

    #[test]
    fn what_upgrades_and_administrators_write_may_change_and_what_runs_may_not() {
        for path in [
            "/etc/hosts",
            "/usr/lib/modules/6.1.0/modules.dep",
            "/usr/share/mime/mime.cache",
            "/usr/lib/python3/dist-packages/__pycache__/apt.cpython-311.pyc",
            "/boot/initrd.img-6.1.0",
        ] {
            assert!(is_made_on_the_host(&file(path, 0o644)), "{path}");
        }
        for (path, mode) in [
            ("/usr/local/bin/deploy", 0o755),
            ("/usr/local/share/tool/data", 0o644),
            ("/usr/bin/kubectl", 0o755),
            ("/usr/lib/x/hook.py", 0o644),
            ("/opt/app/lib/libapp.so", 0o644),
        ] {
            assert!(!is_made_on_the_host(&file(path, mode)), "{path}");
        }
    }
}
