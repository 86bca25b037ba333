//! What a path says about who put a file there.

use coroner_core::{Draft, HostPath, Items, PackageState};
use coroner_parse::Text;

/// Directories anybody can write to, or that are gone after a reboot.
const THROWAWAY: &[&str] =
    &["/tmp", "/var/tmp", "/dev", "/run/shm", "/run/user", "/run/lock", "/var/lock"];
/// Directories of logs, spools and caches, where no program belongs.
const DATA: &[&str] = &["/var/log", "/var/spool", "/var/mail", "/var/cache", "/var/crash"];
/// Directories an administrator puts own programs into.
const ADMIN: &[&str] = &["/usr/local", "/opt", "/srv", "/home", "/root"];
/// Where bare program names are found.
const PATH: &[&str] =
    &["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"];
/// Programs that run what they are told, so that being packaged says nothing.
const INTERPRETERS: &[&str] = &[
    "sh", "bash", "dash", "ash", "zsh", "ksh", "busybox", "python", "perl", "ruby", "php", "lua",
    "node", "awk", "gawk", "mawk", "nawk", "env", "nohup", "setsid", "nc", "ncat", "netcat",
    "socat", "telnet", "curl", "wget",
];

fn under_any(path: &HostPath, dirs: &[&str]) -> bool {
    dirs.iter().any(|dir| path.is_under(dir))
}

/// A place for temporary files, a file name that hides, or a place for data alone.
pub(crate) fn is_odd(path: &HostPath) -> bool {
    under_any(path, THROWAWAY) || under_any(path, DATA) || is_hidden_file(path)
}

/// The file's own name begins with a dot; hidden directories of homes are ordinary.
pub(crate) fn is_hidden_file(path: &HostPath) -> bool {
    path.name().starts_with(b".")
}

/// Where an administrator's own programs usually lie.
pub(crate) fn is_administrators(path: &HostPath) -> bool {
    under_any(path, ADMIN) && !is_odd(path)
}

/// Whether the root has the file and no package owns it.
pub(crate) fn is_unowned(items: &Items, path: &HostPath) -> bool {
    items.file(path).is_some_and(|file| file.state == PackageState::Unowned)
}

/// Whether a package owns the file, whatever its content.
pub(crate) fn is_packaged(items: &Items, path: &HostPath) -> bool {
    items.file(path).is_some_and(|file| file.package.is_some())
}

/// The file a command's first word names: as it stands, or where a bare name is found.
pub(crate) fn program(items: &Items, word: &Text) -> Option<HostPath> {
    let bytes = word.as_bytes();
    if bytes.starts_with(b"/") {
        return Some(HostPath::new(bytes));
    }
    if bytes.is_empty() || bytes.contains(&b'/') {
        return None;
    }
    let mut candidates = PATH.iter().map(|dir| HostPath::new(dir).join(bytes));
    candidates.find(|path| items.file(path).is_some())
}

/// Whether the program, whoever packaged it, runs what its arguments say.
pub(crate) fn is_interpreter(program: &Text) -> bool {
    let name = program.as_bytes().rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let stem = name.iter().position(|byte| byte.is_ascii_digit() || *byte == b'.');
    let stem = name.get(..stem.unwrap_or(name.len())).unwrap_or_default();
    INTERPRETERS.iter().any(|known| known.as_bytes() == stem)
}

/// The program is no package's, or is an interpreter, which says nothing of what runs.
pub(crate) fn is_nobodys_or_interpreter(items: &Items, word: &Text) -> bool {
    is_interpreter(word) || program(items, word).is_some_and(|path| is_unowned(items, &path))
}

/// Adds a file and what is known of it to a finding: hash, owner, package and time.
pub(crate) fn show(draft: &mut Draft, items: &Items, name: &str, path: &HostPath) {
    draft.evidence(name, path);
    let Some(file) = items.file(path) else { return };
    if let Some(sha256) = file.sha256 {
        draft.evidence("sha256", sha256);
    }
    draft.evidence("owner", format!("{}:{}, mode {:o}", file.uid, file.gid, file.mode));
    draft.evidence("package", file.package.unwrap_or_else(|| Text::from("none")));
    draft
        .evidence("modified", file.modified.to_string())
        .evidence("changed", file.changed.to_string());
}
