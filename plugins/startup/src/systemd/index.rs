//! What lies in the unit directories of one manager, by name, the strongest place first.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use coroner_core::{Cx, DirEntry, FileType, HostPath, Text};
use coroner_parse::startup::search::{self, UnitPlace};
use coroner_parse::startup::unit_name::UnitName;

use super::links;

/// A directory that holds units.
#[derive(Debug, Clone)]
pub(super) struct UnitDir {
    pub(super) path: HostPath,
    pub(super) place: UnitPlace,
}

/// A unit file, or a link in its place.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) path: HostPath,
    pub(super) place: UnitPlace,
    pub(super) is_link: bool,
}

/// A drop-in, and the name that orders it.
#[derive(Debug, Clone)]
pub(super) struct DropIn {
    pub(super) name: Text,
    pub(super) path: HostPath,
    pub(super) is_link: bool,
}

/// The units, drop-ins and links of a set of directories.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) units: BTreeMap<Text, Vec<Candidate>>,
    /// By the name of the directory: `ssh.service.d`.
    pub(super) drop_ins: BTreeMap<Text, Vec<DropIn>>,
    /// Names that links in `.wants` and the like pull in, and the templates of those names.
    pub(super) pulled_in: BTreeSet<Text>,
    /// Other names of a unit, by the name it really has.
    pub(super) aliases: BTreeMap<Text, Vec<Text>>,
    /// The directories it was made of, links followed.
    places: HashSet<HostPath>,
}

impl Index {
    /// Lists the directories, in order. One that is the same as an earlier one (merged /usr) is
    /// left out.
    pub(super) fn of(cx: &mut Cx<'_>, dirs: &[UnitDir]) -> Self {
        let mut index = Self::default();
        let mut distinct = Vec::new();
        for dir in dirs {
            let real = cx.resolve(&dir.path);
            if real.is_some_and(|real| index.places.insert(real)) {
                distinct.push(dir);
            }
        }
        for dir in distinct {
            for entry in cx.list(&dir.path) {
                index.take(cx, dir.place, entry);
            }
        }
        index
    }

    pub(super) fn is_empty(&self) -> bool {
        self.units.is_empty() && self.drop_ins.is_empty() && self.pulled_in.is_empty()
    }

    fn take(&mut self, cx: &mut Cx<'_>, place: UnitPlace, entry: DirEntry) {
        if let Some(unit) = pulling_unit(&entry.name) {
            for link in cx.list(&entry.path) {
                let template =
                    UnitName::parse(link.name.as_bytes()).and_then(|name| name.template());
                self.pulled_in.extend(template);
                links::emit(cx, &link, Some(&unit));
                self.pulled_in.insert(link.name);
            }
        } else if entry.name.as_bytes().ends_with(b".d") && entry.kind != FileType::Regular {
            let files = cx.list(&entry.path);
            self.drop_ins.entry(entry.name).or_default().extend(files.into_iter().map(drop_in));
        } else if UnitName::parse(entry.name.as_bytes()).is_some() {
            self.unit(cx, place, entry);
        }
    }

    fn unit(&mut self, cx: &mut Cx<'_>, place: UnitPlace, entry: DirEntry) {
        let is_link = entry.kind == FileType::Link;
        let target = if is_link { links::emit(cx, &entry, None) } else { None };
        if let Some(real) = target.and_then(|target| self.other_name(&entry.name, &target)) {
            if self.units.get(&entry.name).is_none_or(Vec::is_empty) {
                self.aliases.entry(real).or_default().push(entry.name);
            }
            return;
        }
        let candidate = Candidate { path: entry.path, place, is_link };
        self.units.entry(entry.name).or_default().push(candidate);
    }

    /// The unit that a link of this name is only another name of. A link out of the unit
    /// directories is no alias: it brings its target's content in under the link's own name.
    fn other_name(&self, name: &Text, target: &HostPath) -> Option<Text> {
        let parent = target.parent()?;
        let known = search::SYSTEM.iter().chain(search::USER);
        let inside =
            self.places.contains(&parent) || known.into_iter().any(|dir| parent.is_under(dir.path));
        let real = Text::from(target.name());
        let other = inside && real != *name && is_unit_file(&real) && !is_instance_of(name, &real);
        other.then_some(real)
    }
}

fn is_unit_file(name: &Text) -> bool {
    UnitName::parse(name.as_bytes()).is_some()
}

fn is_instance_of(name: &Text, template: &Text) -> bool {
    UnitName::parse(name.as_bytes()).and_then(|name| name.template()).as_ref() == Some(template)
}

fn drop_in(entry: DirEntry) -> DropIn {
    DropIn { is_link: entry.kind == FileType::Link, name: entry.name, path: entry.path }
}

/// `multi-user.target` of `multi-user.target.wants`.
fn pulling_unit(name: &Text) -> Option<Text> {
    let suffixes: [&[u8]; 3] = [b".wants", b".requires", b".upholds"];
    let stem = suffixes.iter().find_map(|suffix| name.as_bytes().strip_suffix(*suffix))?;
    Some(Text::from(stem))
}
