//! PATH: which directories come before the system's own, and what in them takes a tool's place.

use std::collections::BTreeSet;

use coroner_core::{Cx, FileType, HostPath, Text};
use coroner_parse::lines;

use super::places::Places;
use crate::items::{PathDirectory, Shadow};
use crate::table;

/// Files that set PATH for everyone or for root, and the variables they set it by.
static SOURCES: &[(&str, &[&str])] = &[
    ("/etc/environment", &["PATH"]),
    ("/etc/login.defs", &["ENV_SUPATH", "ENV_PATH"]),
    ("/etc/profile", &["PATH"]),
    ("/etc/bash.bashrc", &["PATH"]),
    ("/etc/bashrc", &["PATH"]),
    ("/etc/zsh/zshenv", &["PATH"]),
    ("/etc/zshenv", &["PATH"]),
    ("/root/.bashrc", &["PATH"]),
    ("/root/.profile", &["PATH"]),
    ("/root/.bash_profile", &["PATH"]),
];

/// Directories that every distribution's PATH has before /usr/bin, whatever the files say.
static USUAL: &[&str] = &["/usr/local/sbin", "/usr/local/bin"];
/// Directories that login scripts add to a user's PATH when they are there.
static OF_HOMES: &[&str] = &["bin", ".local/bin"];
/// Homes that are looked into.
const MOST_HOMES: usize = 1000;

pub(super) fn directories(cx: &mut Cx<'_>, places: &Places) {
    let mut first: BTreeSet<HostPath> = USUAL.iter().map(HostPath::new).collect();
    for &(file, variables) in SOURCES {
        let file = HostPath::new(file);
        let Some(content) = cx.read(&file) else { continue };
        for entry in path_directories(&file, &content.bytes, variables) {
            let directory = HostPath::new(entry.directory.as_bytes());
            if entry.directory.as_bytes().starts_with(b"/") && comes_first(cx, places, &directory) {
                first.insert(directory);
            }
            cx.emit(entry);
        }
    }
    for dir in first {
        shadows(cx, places, &dir, "everyone");
    }
    for home in homes(cx) {
        let owner = home.name().to_vec();
        for below in OF_HOMES {
            shadows(cx, places, &home.join(below), &Text::new(owner.clone()).lossy());
        }
    }
}

/// Position does not matter for what is not the system's own: it is looked at either way.
fn comes_first(cx: &mut Cx<'_>, places: &Places, directory: &HostPath) -> bool {
    cx.resolve(directory).is_some_and(|real| !places.has(&real))
}

fn homes(cx: &mut Cx<'_>) -> Vec<HostPath> {
    let entries = cx.list(&HostPath::new("/home"));
    let dirs = entries.into_iter().filter(|entry| entry.kind == FileType::Directory);
    let homes = dirs.map(|entry| entry.path).take(MOST_HOMES);
    std::iter::once(HostPath::new("/root")).chain(homes).collect()
}

fn shadows(cx: &mut Cx<'_>, places: &Places, dir: &HostPath, whose: &str) {
    for entry in cx.list(dir) {
        let name = entry.name.as_bytes();
        if table::tool(name).is_none_or(|tool| tool.name.as_bytes() != name) {
            continue;
        }
        let system = places.programs.iter().map(|dir| dir.join(name));
        let Some(shadows) = system.into_iter().find(|path| cx.stat_followed(path).is_some()) else {
            continue;
        };
        cx.want(&entry.path);
        cx.emit(Shadow { path: entry.path, shadows, whose: Text::from(whose) });
    }
}

/// The directories that assignments to one of `variables` name.
fn path_directories(file: &HostPath, content: &[u8], variables: &[&str]) -> Vec<PathDirectory> {
    let good = lines(content).flatten();
    let assigned = good.filter_map(|line| {
        let (variable, value) = assignment(line.bytes, variables)?;
        Some((line.number, variable, value))
    });
    assigned
        .flat_map(|(line, variable, value)| {
            let parts = value.split(|&byte| byte == b':').zip(0..64_u32);
            parts.map(move |(part, position)| PathDirectory {
                file: file.clone(),
                line,
                variable: variable.to_owned(),
                position,
                directory: Text::from(part),
            })
        })
        .filter(|entry| !entry.directory.as_bytes().contains(&b'$'))
        .collect()
}

/// `PATH=...`, `export PATH=...`, `ENV_PATH PATH=...` and `ENV_PATH ...`, quotes and what follows
/// them taken off.
fn assignment<'v, 'l>(line: &'l [u8], variables: &[&'v str]) -> Option<(&'v str, &'l [u8])> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"export ").unwrap_or(line).trim_ascii_start();
    variables.iter().find_map(|variable| {
        let rest = line.strip_prefix(variable.as_bytes())?;
        let value = match rest.first()? {
            b'=' => rest.get(1..)?,
            blank if blank.is_ascii_whitespace() => {
                let rest = rest.trim_ascii_start();
                rest.strip_prefix(b"PATH=").unwrap_or(rest)
            }
            _ => return None,
        };
        Some((*variable, unquoted(value)))
    })
}

fn unquoted(value: &[u8]) -> &[u8] {
    let quote = value.first().copied().filter(|byte| matches!(byte, b'"' | b'\''));
    if let Some(quote) = quote {
        let inner = value.get(1..).unwrap_or_default();
        return inner.split(|&byte| byte == quote).next().unwrap_or(inner);
    }
    let end = value.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b';' | b'#'));
    end.and_then(|end| value.get(..end)).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(content: &str, variables: &[&str]) -> Vec<(u32, String)> {
        let file = HostPath::new("/etc/x");
        let found = path_directories(&file, content.as_bytes(), variables);
        found.into_iter().map(|entry| (entry.line, entry.directory.to_string())).collect()
    }

    #[test]
    fn every_way_to_write_an_assignment_gives_its_directories() {
        let dirs = |line| vec![(line, "/a".to_owned()), (line, "/b".to_owned())];
        assert_eq!(of("PATH=/a:/b", &["PATH"]), dirs(1));
        assert_eq!(of("# x\nexport PATH=\"/a:/b:$PATH\"; y", &["PATH"]), dirs(2));
        assert_eq!(of("  PATH='/a:/b' # why", &["PATH"]), dirs(1));
        assert_eq!(of("ENV_PATH\tPATH=/a:/b", &["ENV_PATH"]), dirs(1));
        assert_eq!(of("ENV_PATH /a:/b", &["ENV_PATH"]), dirs(1));
    }

    #[test]
    fn other_variables_and_comments_give_none() {
        assert_eq!(of("MANPATH=/a\n#PATH=/a\nPATHS=/a\nPATH", &["PATH"]), []);
    }

    #[test]
    fn an_empty_part_is_the_current_directory() {
        assert_eq!(of("PATH=/a:", &["PATH"])[1], (1, String::new()));
    }

    #[test]
    fn nothing_panics_on_odd_bytes() {
        for content in [&b"PATH=\""[..], b"PATH='", b"PATH=\xff:\xfe", b"export ", b"ENV_PATH "] {
            path_directories(&HostPath::new("/x"), content, &["PATH", "ENV_PATH"]);
        }
    }
}
