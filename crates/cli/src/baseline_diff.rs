//! `coroner baseline diff`: in which packages and files two packs differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::ExitCode;

use coroner_core::Text;
use coroner_pack::{Pack, PackFile, Package, PackageId};
use serde_json::{Value, json};

use crate::baseline_args::DiffArgs;
use crate::baseline_files::{file_json, files, open};
use crate::failure::Failure;
use crate::output::{pretty, print};

/// A file of a package that both packs have.
struct Changed {
    path: Text,
    old: Option<PackFile>,
    new: Option<PackFile>,
}

/// What differs.
#[derive(Default)]
struct Difference {
    gone: Vec<PackageId>,
    added: Vec<PackageId>,
    changed: Vec<(PackageId, Vec<Changed>)>,
}

pub(crate) fn run(args: &DiffArgs) -> Result<ExitCode, Failure> {
    let (old, new) = (open(&args.old)?, open(&args.new)?);
    let mut out =
        Difference { gone: missing(&old, &new), added: missing(&new, &old), changed: Vec::new() };
    for package in old.packages() {
        let Some(other) = same(&new, package) else { continue };
        let before = files(&args.old, &old, package)?;
        let changed = compare(before, files(&args.new, &new, other)?);
        if !changed.is_empty() {
            out.changed.push((package.id.clone(), changed));
        }
    }
    print(&if args.json { pretty(&out.json()) } else { out.text() })
}

fn same<'p>(pack: &'p Pack, package: &Package) -> Option<&'p Package> {
    let id = &package.id;
    pack.find(id.name.as_bytes(), id.version.as_bytes(), id.architecture.as_bytes())
}

/// Packages of the first that the second lacks.
fn missing(first: &Pack, second: &Pack) -> Vec<PackageId> {
    let lacks = first.packages().iter().filter(|package| same(second, package).is_none());
    lacks.map(|package| package.id.clone()).collect()
}

fn compare(old: Vec<PackFile>, new: Vec<PackFile>) -> Vec<Changed> {
    let by_path = |files: Vec<PackFile>| -> BTreeMap<Text, PackFile> {
        files.into_iter().map(|file| (file.path.clone(), file)).collect()
    };
    let (mut old, mut new) = (by_path(old), by_path(new));
    let paths: BTreeSet<Text> = old.keys().chain(new.keys()).cloned().collect();
    let changed = paths.into_iter().map(|path| {
        let (old, new) = (old.remove(&path), new.remove(&path));
        Changed { path, old, new }
    });
    changed.filter(|changed| changed.old != changed.new).collect()
}

impl Difference {
    fn text(&self) -> String {
        let mut out = String::new();
        for (sign, ids) in [('-', &self.gone), ('+', &self.added)] {
            for id in ids {
                let _ = writeln!(out, "{sign} {} {} {}", id.name, id.version, id.architecture);
            }
        }
        for (id, files) in &self.changed {
            let _ = writeln!(out, "! {} {} {}", id.name, id.version, id.architecture);
            for file in files {
                let sign = match (&file.old, &file.new) {
                    (Some(_), None) => '-',
                    (None, _) => '+',
                    (Some(_), Some(_)) => '!',
                };
                let _ = writeln!(out, "  {sign} {}", file.path);
            }
        }
        if out.is_empty() { "the same packages and files\n".to_owned() } else { out }
    }

    fn json(&self) -> Value {
        let id = |id: &PackageId| json!({ "name": id.name, "version": id.version, "architecture": id.architecture });
        let file = |changed: &Changed| {
            let side = |file: &Option<PackFile>| file.as_ref().map(file_json);
            json!({ "path": changed.path, "old": side(&changed.old), "new": side(&changed.new) })
        };
        let package = |(package, files): &(PackageId, Vec<Changed>)| {
            let files: Vec<Value> = files.iter().map(file).collect();
            json!({ "package": id(package), "files": files })
        };
        json!({
            "only_old": self.gone.iter().map(id).collect::<Vec<_>>(),
            "only_new": self.added.iter().map(id).collect::<Vec<_>>(),
            "changed": self.changed.iter().map(package).collect::<Vec<_>>(),
        })
    }
}
