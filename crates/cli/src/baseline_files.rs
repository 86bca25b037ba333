//! Packs as files, and what they say of the files of a package.

use std::path::Path;

use coroner_core::hex;
use coroner_pack::{FileKind, Pack, PackFile, Package};
use serde_json::{Value, json};

use crate::baselines::{self, LARGEST_PACK};
use crate::failure::Failure;

/// Reads a pack, whoever vouches for it.
pub(crate) fn open(path: &Path) -> Result<Pack, Failure> {
    let wrong = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let bytes = baselines::read(path, LARGEST_PACK).map_err(|error| wrong(error.to_string()))?;
    Pack::parse(bytes).map_err(|error| wrong(error.to_string()))
}

/// A package's files.
pub(crate) fn files(path: &Path, pack: &Pack, package: &Package) -> Result<Vec<PackFile>, Failure> {
    let wrong = |error| Failure::usage(format!("{}: {}: {error}", path.display(), package.id.name));
    pack.files(package).map_err(wrong)
}

/// A file as JSON; what its kind does not have is left out.
pub(crate) fn file_json(file: &PackFile) -> Value {
    let (what, more) = kind_json(&file.kind);
    let mut row = json!({
        "path": file.path, "kind": what, "mode": format!("{:04o}", file.mode), "user": file.user,
        "group": file.group, "conffile": file.conffile,
    });
    if let (Some(row), Value::Object(more)) = (row.as_object_mut(), more) {
        row.extend(more);
    }
    row
}

fn kind_json(kind: &FileKind) -> (&'static str, Value) {
    match kind {
        FileKind::Regular(content) => (
            "regular",
            json!({
                "size": content.size, "sha256": hex(&content.sha256), "md5": hex(&content.md5),
                "build_id": content.build_id.as_deref().map(hex),
            }),
        ),
        FileKind::Directory => ("directory", Value::Null),
        FileKind::Link(target) => ("link", json!({ "target": target })),
        FileKind::Special => ("special", Value::Null),
    }
}
