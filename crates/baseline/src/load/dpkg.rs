//! dpkg's database: /var/lib/dpkg.

use std::borrow::Cow;
use std::collections::HashMap;

use coroner_core::packages::{Proof, Rewritten};
use coroner_host::{HostPath, Root, Timestamp};
use coroner_parse::Digest;
use coroner_parse::Text;
use coroner_parse::package::dpkg::{
    self, ConffileDigest, MultiArch, Package as Stanza, State, stat_overrides, sums,
};

use super::diversions;
use super::reading::{bad_line, read};
use crate::alternatives;
use crate::exclude::Excludes;
use crate::index::PackageDb;
use crate::package::{Access, Entry, Manager, Package, Trouble, TroubleKind};

const STATUS: &str = "/var/lib/dpkg/status";
const INFO: &str = "/var/lib/dpkg/info";
const OVERRIDES: &str = "/var/lib/dpkg/statoverride";

/// A status file is some 2 KB a package; a list is some 80 bytes a file.
const LARGEST_STATUS: usize = 64 << 20;
const LARGEST_LIST: usize = 32 << 20;
const LARGEST_OVERRIDES: usize = 1 << 20;
const MOST_INFO_FILES: usize = 400_000;
const MOST_PACKAGES: usize = 100_000;

/// Reads the database, if there is one.
pub(super) fn load(db: &mut PackageDb, root: &Root) {
    let path = HostPath::new(STATUS);
    let Some(status) = read(db, root, &path, LARGEST_STATUS) else { return };
    db.known = true;
    db.excludes = Excludes::load(root);
    db.diversions = diversions::load(db, root);
    let info = HostPath::new(INFO);
    let mut loading = Loading { info, names: info_names(db, root), db, root };
    for stanza in dpkg::packages(&status).take(MOST_PACKAGES) {
        match stanza {
            Ok(stanza) => loading.package(&stanza),
            Err(bad) => bad_line(loading.db, &path, &bad),
        }
    }
    forget_copied_times(db);
    overrides(db, root);
    alternatives::load(db, root);
}

/// The files of the info directory, with the times at which they were written.
fn info_names(db: &mut PackageDb, root: &Root) -> HashMap<Text, Timestamp> {
    let info = HostPath::new(INFO);
    let place = root.resolve(&info);
    match place.and_then(|place| root.list_with_stats(&place, MOST_INFO_FILES)) {
        Ok((entries, _)) => {
            entries.into_iter().map(|(entry, stat)| (entry.name, stat.modified)).collect()
        }
        Err(error) => {
            db.trouble(&info, error);
            HashMap::new()
        }
    }
}

/// A copy that did not keep times (`cp -r`, an image unpacked anew) writes every list anew, in
/// whatever order: then the times tell nothing.
fn forget_copied_times(db: &mut PackageDb) {
    if db.rewritten.len() > (db.packages.len() / 10).max(5) {
        db.rewritten.clear();
    }
}

struct Loading<'a> {
    db: &'a mut PackageDb,
    root: &'a Root,
    info: HostPath,
    names: HashMap<Text, Timestamp>,
}

type Sums<'a> = HashMap<Cow<'a, [u8]>, Digest>;

impl Loading<'_> {
    fn package(&mut self, stanza: &Stanza<'_>) {
        if stanza.state == State::NotInstalled {
            return;
        }
        let id = self.db.add_package(Package {
            name: full_name(stanza),
            version: Text::from(stanza.version),
            architecture: Text::from(stanza.architecture),
            manager: Manager::Dpkg,
            weight: stanza.installed_size.unwrap_or(0).saturating_mul(1024),
            files: 0,
            with_digest: 0,
            vendor: None,
            proof: Proof::None,
        });
        if !stanza.state.is_unpacked() {
            self.db.unsettled.insert(id);
        }
        let (list_path, list, installed) = self.info_file(stanza, ".list");
        let (sums_path, sums, written) = self.info_file(stanza, ".md5sums");
        self.compare_times(id, installed, written);
        let sums = self.sums(&sums_path, &sums);
        if sums.is_empty() && stanza.state.is_unpacked() {
            self.tell_of_no_digests(&list_path, &list);
        }
        self.listed(stanza, id, (&list_path, &list), sums);
        self.conffiles(stanza, id);
    }

    /// A file of the package's in the info directory, and where it would be; packages that several
    /// architectures can share carry theirs in its name. Each file is read for one package alone.
    fn info_file(
        &mut self,
        stanza: &Stanza<'_>,
        suffix: &str,
    ) -> (HostPath, Vec<u8>, Option<Timestamp>) {
        let with = [stanza.name, b":", stanza.architecture, suffix.as_bytes()].concat();
        let without = [stanza.name, suffix.as_bytes()].concat();
        let shared = stanza.multi_arch == MultiArch::Same;
        let (first, second) = if shared { (with, without) } else { (without, with) };
        let mut both = [first.as_slice(), &second].into_iter();
        let found = both.find_map(|name| Some((name, self.names.remove(&Text::from(name))?)));
        let path = self.info.join(found.map_or(first.as_slice(), |(name, _)| name));
        let content = found.and_then(|_| read(self.db, self.root, &path, LARGEST_LIST));
        (path, content.unwrap_or_default(), found.map(|(_, modified)| modified))
    }

    /// dpkg writes the list of files when it installs, and takes the digests from the package with the
    /// time at which that was built. Digests that are younger were written by somebody else.
    fn compare_times(&mut self, id: u32, installed: Option<Timestamp>, written: Option<Timestamp>) {
        if let (Some(installed), Some(written)) = (installed, written)
            && written.seconds > installed.seconds + 1
        {
            let times = Rewritten { digests: written.into(), installed: installed.into() };
            self.db.rewritten.insert(id, times);
        }
    }

    fn sums<'a>(&mut self, path: &HostPath, content: &'a [u8]) -> Sums<'a> {
        let mut known = HashMap::with_capacity(content.len() / 80);
        for sum in sums(content) {
            match sum {
                Ok(sum) => drop(known.insert(sum.path, sum.digest)),
                Err(bad) => bad_line(self.db, path, &bad),
            }
        }
        known
    }

    fn tell_of_no_digests(&mut self, path: &HostPath, list: &[u8]) {
        let mut names = dpkg::listed(list).flatten().filter(|path| *path != b"/.").peekable();
        let has_files = std::iter::from_fn(|| Some((names.next()?, names.peek().copied())))
            .any(|(path, next)| !is_parent(path, next));
        if has_files {
            let path = path.clone();
            let kind = TroubleKind::NoDigests;
            self.db.troubles.push(Trouble { path, kind, line: None, detail: None });
        }
    }

    fn listed(
        &mut self,
        stanza: &Stanza<'_>,
        package: u32,
        (path, list): (&HostPath, &[u8]),
        mut sums: Sums<'_>,
    ) {
        let mut lines = dpkg::listed(list).peekable();
        while let Some(line) = lines.next() {
            let listed = match line {
                Ok(b"/." | b"/") => continue,
                Ok(listed) => listed,
                Err(bad) => {
                    bad_line(self.db, path, &bad);
                    continue;
                }
            };
            let next = lines.peek().and_then(|next| next.as_ref().ok().copied());
            let digest = sums.remove(listed.get(1..).unwrap_or_default());
            let directory = digest.is_none() && is_parent(listed, next);
            let settled = stanza.state.is_unpacked();
            let Some(place) = self.place(stanza, listed) else { continue };
            self.db.add_entry(
                place,
                Entry {
                    package,
                    expected: digest.filter(|_| settled),
                    may_be_missing: !settled,
                    directory,
                    ..Entry::default()
                },
            );
        }
    }

    fn conffiles(&mut self, stanza: &Stanza<'_>, package: u32) {
        for conffile in &stanza.conffiles {
            let Some(place) = self.place(stanza, conffile.path) else { continue };
            let known = match &conffile.digest {
                ConffileDigest::Known(digest) => Some(digest.clone()),
                ConffileDigest::New | ConffileDigest::Bad => None,
            };
            match self.db.entries.get_mut(&place) {
                Some(entry) if entry.package == package => {
                    entry.conffile = true;
                    entry.may_be_missing = true;
                    entry.directory = false;
                    entry.expected = known.or(entry.expected.take());
                }
                // Another package has it by now; what this one once shipped says nothing.
                Some(_) => {}
                None => self.db.add_entry(
                    place,
                    Entry {
                        package,
                        expected: known,
                        conffile: true,
                        may_be_missing: true,
                        ..Entry::default()
                    },
                ),
            }
        }
    }

    fn place(&mut self, stanza: &Stanza<'_>, path: &[u8]) -> Option<Box<[u8]>> {
        self.db.place_of(self.root, path, stanza.name)
    }
}

/// `dpkg-query` names packages so: with the architecture where several can be installed.
fn full_name(stanza: &Stanza<'_>) -> Text {
    if stanza.multi_arch == MultiArch::Same {
        Text::new([stanza.name, b":", stanza.architecture].concat())
    } else {
        Text::from(stanza.name)
    }
}

/// Lists name a directory right before what is in it.
fn is_parent(path: &[u8], next: Option<&[u8]>) -> bool {
    next.and_then(|next| next.strip_prefix(path)).is_some_and(|rest| rest.starts_with(b"/"))
}

fn overrides(db: &mut PackageDb, root: &Root) {
    let path = HostPath::new(OVERRIDES);
    let Some(content) = read(db, root, &path, LARGEST_OVERRIDES) else { return };
    for line in stat_overrides(&content) {
        let line = match line {
            Ok(line) => line,
            Err(bad) => {
                bad_line(db, &path, &bad);
                continue;
            }
        };
        let Some(place) = db.place(root, line.path) else { continue };
        if let Some(entry) = db.entries.get_mut(&place) {
            entry.access = Some(Box::new(Access {
                mode: Some(line.mode),
                user: Some(Text::from(line.user)),
                group: Some(Text::from(line.group)),
                ..Access::default()
            }));
        }
    }
}
