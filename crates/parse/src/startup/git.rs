//! git's configuration, as far as it names programs that git will run (git-config(1)).

use crate::line::continued_where;
use crate::{BadLine, Text};

use super::{Found, trim};

/// A section's name longer than this is cut: it would be copied into every command below it.
const LONGEST_SECTION: usize = 256;

/// A setting whose value is run, or leads to what is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitCommand {
    /// `core.pager`, `alias.x`, ... in lower case but for a subsection.
    pub name: Text,
    /// The command; the `!` of an alias or credential helper is taken off.
    pub command: Text,
}

/// Keys whose values are commands. `credential.helper` counts only with a `!` or a path.
const COMMANDS: &[&str] = &[
    "core.pager",
    "core.editor",
    "core.sshcommand",
    "core.fsmonitor",
    "core.askpass",
    "core.gitproxy",
    "core.alternaterefscommand",
    "sequence.editor",
    "diff.external",
    "gpg.program",
    "gpg.ssh.program",
    "uploadpack.packobjectshook",
];
/// Sections whose subsections have commands under these keys.
const BY_SUBSECTION: &[(&str, &[&str])] = &[
    ("pager", &[]),
    ("diff", &["command", "textconv"]),
    ("merge", &["driver"]),
    ("filter", &["clean", "smudge", "process"]),
    ("difftool", &["cmd", "path"]),
    ("mergetool", &["cmd", "path"]),
];

/// The commands of a git configuration file.
pub fn commands(content: &[u8]) -> Vec<Result<Found<GitCommand>, BadLine>> {
    of_settings(content, command)
}

/// The directories that `core.hooksPath` names.
pub fn hook_directories(content: &[u8]) -> Vec<Result<Found<Text>, BadLine>> {
    of_settings(content, |name, value| (name == "core.hookspath").then(|| Text::from(value)))
}

fn of_settings<T>(
    content: &[u8],
    take: impl Fn(&str, &[u8]) -> Option<T>,
) -> Vec<Result<Found<T>, BadLine>> {
    let mut found = Vec::new();
    let mut section = String::new();
    for line in continued_where(content, |line| !matches!(trim(line).first(), Some(b'#' | b';'))) {
        match line {
            Err(bad) => found.push(Err(bad)),
            Ok((number, bytes)) => {
                let mut text = trim(&bytes);
                if let Some((name, rest)) = section_header(text) {
                    section = name;
                    text = rest;
                }
                let Some((key, value)) = super::key_value(text) else { continue };
                let key = String::from_utf8_lossy(key).to_ascii_lowercase();
                let value = unquoted(value);
                let got = take(&format!("{section}.{key}"), &value);
                found.extend(got.map(|value| Ok(Found { line: number, value })));
            }
        }
    }
    found
}

/// `[section]` or `[section "sub"]`, and what follows on the same line.
fn section_header(text: &[u8]) -> Option<(String, &[u8])> {
    let inner = text.strip_prefix(b"[")?;
    let end = memchr::memchr(b']', inner)?;
    let (name, rest) = (inner.get(..end.min(LONGEST_SECTION))?, inner.get(end + 1..)?);
    let name = String::from_utf8_lossy(name);
    let name = match name.split_once('"') {
        Some((section, sub)) => {
            format!("{}.{}", section.trim().to_ascii_lowercase(), sub.trim_end_matches('"'))
        }
        None => name.trim().to_ascii_lowercase(),
    };
    Some((name, trim(rest)))
}

fn command(name: &str, value: &[u8]) -> Option<GitCommand> {
    let shell = value.strip_prefix(b"!");
    let (section, key) = name.rsplit_once('.')?;
    let runs = COMMANDS.contains(&name)
        || (section == "alias" && shell.is_some())
        || (section.starts_with("credential")
            && key == "helper"
            && (shell.is_some() || value.starts_with(b"/")))
        || in_subsection(section, key);
    let off = matches!(value, b"" | b"true" | b"false");
    (runs && !off).then(|| GitCommand { name: name.into(), command: shell.unwrap_or(value).into() })
}

fn in_subsection(section: &str, key: &str) -> bool {
    let main = section.split_once('.').map_or(section, |(main, _)| main);
    let listed = BY_SUBSECTION.iter().find(|(known, _)| *known == main);
    listed.is_some_and(|(_, keys)| keys.is_empty() || keys.contains(&key))
}

/// Double quotes and their escapes resolved; a comment outside quotes ends the value.
fn unquoted(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut quoted = false;
    let mut bytes = value.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' => match bytes.next() {
                Some(b'n') => out.push(b'\n'),
                Some(b't') => out.push(b'\t'),
                Some(&other) => out.push(other),
                None => {}
            },
            b'#' | b';' if !quoted => break,
            other => out.push(other),
        }
    }
    out.trim_ascii().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Vec<(u32, String, String)> {
        let all = commands(text.as_bytes()).into_iter().flatten();
        all.map(|f| (f.line, f.value.name.to_string(), f.value.command.to_string())).collect()
    }

    #[test]
    fn a_pager_with_quotes_is_a_command() {
        let got = of("[user]\n name = x\n[core]\n\tpager = \"nohup sh -c 'a; b' & less\"\n");
        assert_eq!(got, [(4, "core.pager".into(), "nohup sh -c 'a; b' & less".into())]);
    }

    #[test]
    fn aliases_and_helpers_count_only_when_they_run_a_shell() {
        let got = of("[alias]\n st = status\n x = !id # c\n[credential]\n helper = store\n");
        assert_eq!(got, [(3, "alias.x".into(), "id".into())]);
    }

    #[test]
    fn subsections_keep_their_name() {
        let got = of("[filter \"lfs\"]\n smudge = git-lfs smudge -- %f\n required = true\n");
        assert_eq!(got[0].1, "filter.lfs.smudge");
        assert_eq!(got.len(), 1);
    }

    #[test]
    fn a_builtin_file_monitor_is_no_command() {
        assert!(of("[core]\n fsmonitor = true\n").is_empty());
    }

    #[test]
    fn the_directory_of_hooks_is_found() {
        let got = hook_directories(b"[core]\nhooksPath = /opt/h\n");
        assert_eq!(got[0].as_ref().unwrap().value, "/opt/h");
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            commands(&bytes);
            hook_directories(&bytes);
        }
    }
}
