//! Libraries that relied-on programs load, and what tells the loader to take others.

use coroner_core::{Cx, HostPath, Text};
use coroner_parse::elf::loader::{self, LibraryPath};

use super::places::Places;
use crate::items::{LibraryDirectory, Preloaded, SecondLibrary};
use crate::{names, table};

const CACHE: &str = "/etc/ld.so.cache";
/// A cache of 100,000 libraries is smaller than this.
const LARGEST_CACHE: usize = 16 << 20;
/// `include` of an include of an include is all that is followed.
const DEEPEST_INCLUDE: usize = 3;

pub(super) fn want_libraries(cx: &mut Cx<'_>, places: &Places) {
    for dir in &places.libraries {
        for entry in cx.list(dir) {
            if names::is_relied_on_library(entry.name.as_bytes()) {
                cx.want(&entry.path);
            }
        }
    }
}

/// `/etc/ld.so.preload`: every library in it runs inside every program.
pub(super) fn preloads(cx: &mut Cx<'_>, places: &Places) {
    let file = HostPath::new("/etc/ld.so.preload");
    let Some(content) = cx.read(&file) else { return };
    cx.want(&file);
    for entry in loader::preloads(&content.bytes) {
        match entry {
            Err(bad) => cx.bad_line(&file, &bad),
            Ok(entry) => {
                let found = find_library(cx, places, &entry.library);
                if let Some(found) = &found {
                    cx.want(found);
                }
                let file = file.clone();
                cx.emit(Preloaded { file, line: entry.line, library: entry.library, found });
            }
        }
    }
}

/// Where a preloaded library lies. `$LIB` is the loader's own library directory, whichever the
/// distribution chose; a name without a slash is searched for.
fn find_library(cx: &mut Cx<'_>, places: &Places, library: &Text) -> Option<HostPath> {
    let written = library.as_bytes();
    let candidates: Vec<HostPath> = if !written.contains(&b'/') {
        places.libraries.iter().map(|dir| dir.join(written)).collect()
    } else if library.lossy().contains('$') {
        places.libraries.iter().map(|dir| filled(library, dir)).collect()
    } else {
        vec![HostPath::new(written)]
    };
    candidates.into_iter().find(|path| cx.stat_followed(path).is_some())
}

/// `$LIB` replaced by a library directory as the loader names it: without a leading `/usr`.
fn filled(library: &Text, dir: &HostPath) -> HostPath {
    let dir = dir.text().lossy();
    let dir = dir.strip_prefix("/usr/").unwrap_or(dir.trim_start_matches('/'));
    HostPath::new(library.lossy().replace("${LIB}", dir).replace("$LIB", dir))
}

/// Directories and cache entries that come before the system's own libraries.
pub(super) fn search_order(cx: &mut Cx<'_>, places: &Places) {
    let mut found = Vec::new();
    configured(cx, &HostPath::new("/etc/ld.so.conf"), DEEPEST_INCLUDE, &mut found);
    for item in found {
        let real = cx.resolve(&item.directory).unwrap_or_else(|| item.directory.clone());
        if !places.has(&real) {
            second_libraries(cx, &item);
            cx.emit(item);
        }
    }
    cached(cx, places);
}

fn configured(cx: &mut Cx<'_>, file: &HostPath, depth: usize, found: &mut Vec<LibraryDirectory>) {
    let Some(content) = cx.read(file) else { return };
    for path in loader::library_paths(&content.bytes) {
        match path {
            Err(bad) => cx.bad_line(file, &bad),
            Ok((line, LibraryPath::Directory(directory))) => {
                let directory = HostPath::new(directory.as_bytes());
                found.push(LibraryDirectory { file: file.clone(), line, directory });
            }
            Ok((_, LibraryPath::Include(pattern))) if depth > 0 => {
                for included in included(cx, file, &pattern) {
                    configured(cx, &included, depth - 1, found);
                }
            }
            Ok((_, LibraryPath::Include(_))) => {}
        }
    }
}

/// Distributions write `include ld.so.conf.d/*.conf`; one `*` in the last component is understood.
fn included(cx: &mut Cx<'_>, file: &HostPath, pattern: &Text) -> Vec<HostPath> {
    let dir = file.parent().unwrap_or_else(|| HostPath::new("/"));
    let whole = dir.join(pattern.as_bytes());
    let name = whole.name().to_vec();
    let Some(star) = name.iter().position(|&byte| byte == b'*') else { return vec![whole] };
    let (start, end) = name.split_at(star);
    let end = end.get(1..).unwrap_or_default();
    let entries = whole.parent().map(|dir| cx.list(&dir)).unwrap_or_default();
    let fits = |name: &[u8]| {
        name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
    };
    entries.into_iter().filter(|e| fits(e.name.as_bytes())).map(|entry| entry.path).collect()
}

fn second_libraries(cx: &mut Cx<'_>, directory: &LibraryDirectory) {
    cx.want(&directory.directory);
    for entry in cx.list(&directory.directory) {
        if table::library(entry.name.as_bytes()).is_some()
            && names::ends_as_library(entry.name.as_bytes())
        {
            cx.want(&entry.path);
            let because = directory.file.clone();
            cx.emit(SecondLibrary { path: entry.path, name: entry.name, because });
        }
    }
}

/// The loader believes the cache before it looks at any directory.
fn cached(cx: &mut Cx<'_>, places: &Places) {
    let file = HostPath::new(CACHE);
    let Some(content) = cx.read_up_to(&file, LARGEST_CACHE) else { return };
    let Some(entries) = loader::cached_libraries(&content.bytes) else { return };
    let relied = entries.filter(|entry| table::library(entry.name.as_bytes()).is_some());
    let relied: Vec<_> = relied.take(1000).collect();
    for entry in relied {
        let path = HostPath::new(entry.path.as_bytes());
        let real = cx.resolve(&path).unwrap_or_else(|| path.clone());
        let own = [&path, &real].iter().any(|p| p.parent().is_some_and(|dir| places.has(&dir)));
        if !own {
            cx.want(&path);
            cx.emit(SecondLibrary { path, name: entry.name, because: file.clone() });
        }
    }
}
