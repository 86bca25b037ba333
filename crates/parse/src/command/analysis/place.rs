//! Programs run from places where programs do not belong.

use super::super::programs::interpreted;
use super::super::shell::Command;
use super::walk::Walk;
use super::{Kind, Strength};

/// What is odd about where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Nothing.
    Ordinary,
    /// Under a name that `ls` does not show.
    Hidden,
    /// Under a name that looks like nothing: dots, blanks, control characters.
    Disguised,
    /// Where everybody may write.
    Temporary,
    /// Logs, mail, devices: no place for programs.
    Odd,
}

/// Directories anyone may write to, or that are gone after a restart.
const TEMPORARY: [&str; 9] = [
    "/tmp/",
    "/var/tmp/",
    "/dev/shm/",
    "/run/user/",
    "/var/run/user/",
    "/run/shm/",
    "/run/lock/",
    "/var/lock/",
    "/dev/mqueue/",
];

/// Directories that hold data of one kind, never programs.
const ODD: [&str; 7] =
    ["/var/log/", "/var/mail/", "/var/spool/mail/", "/dev/", "/lost+found/", "/proc/", "/sys/"];

/// Hidden directories that well-known tools keep programs in, below a home or a project.
const KNOWN_HIDDEN: &[&str] = &[
    ".local",
    ".cargo",
    ".rustup",
    ".nvm",
    ".pyenv",
    ".rbenv",
    ".rvm",
    ".nodenv",
    ".goenv",
    ".jenv",
    ".acme.sh",
    ".deno",
    ".bun",
    ".npm",
    ".npm-global",
    ".npm-packages",
    ".yarn",
    ".pnpm",
    ".venv",
    ".env",
    ".virtualenv",
    ".virtualenvs",
    ".tox",
    ".poetry",
    ".dotnet",
    ".sdkman",
    ".asdf",
    ".mise",
    ".volta",
    ".go",
    ".krew",
    ".vscode-server",
    ".vscode-remote",
    ".cursor-server",
    ".oh-my-zsh",
    ".fzf",
    ".vim",
    ".emacs.d",
    ".git",
    ".steam",
    ".wine",
    ".nix-profile",
    ".linuxbrew",
    ".composer",
    ".gem",
    ".config",
    ".phpenv",
    ".plenv",
    ".cabal",
    ".ghcup",
    ".stack",
    ".opam",
    ".juliaup",
    ".foundry",
    ".dapr",
    ".pulumi",
    ".tfenv",
    ".docker",
    ".gvm",
    ".conda",
    ".jdks",
    ".profile",
    ".bashrc",
    ".bash_profile",
    ".bash_aliases",
    ".bash_logout",
    ".bash_completion",
    ".zshrc",
    ".zprofile",
    ".zshenv",
    ".kshrc",
    ".shrc",
    ".mkshrc",
    ".profile.d",
    ".bashrc.d",
    ".env.local",
    ".envrc",
    ".xsessionrc",
    ".xprofile",
    ".xinitrc",
    ".xsession",
    ".aliases",
    ".lessfilter",
    ".bash_functions",
    ".exports",
    ".functions",
    ".byobu",
    ".iterm2",
    ".iterm2_shell_integration.bash",
    ".fzf.bash",
    ".sdkman-init.sh",
];

/// Judges a path as it is written.
pub fn place(path: &[u8]) -> Place {
    let path = collapsed(path);
    if let Some(found) = path.split(|&byte| byte == b'/').map(part).find(|p| *p == Place::Disguised)
    {
        return found;
    }
    let starts = |list: &[&str]| list.iter().any(|prefix| path.starts_with(prefix.as_bytes()));
    if starts(&TEMPORARY) {
        return Place::Temporary;
    }
    if starts(&ODD) && !standard_device(&path) {
        return Place::Odd;
    }
    let hidden = path.split(|&byte| byte == b'/').any(|name| part(name) == Place::Hidden);
    if hidden { Place::Hidden } else { Place::Ordinary }
}

fn standard_device(path: &[u8]) -> bool {
    matches!(path, b"/dev/stdin" | b"/dev/null" | b"/dev/tty" | b"/proc/self/exe")
        || path.starts_with(b"/dev/fd/")
        || path.starts_with(b"/proc/self/fd/")
}

/// Without doubled slashes and `/./`, with `/..` taken back.
fn collapsed(path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for (at, name) in path.split(|&byte| byte == b'/').enumerate() {
        match name {
            b"" | b"." if at > 0 => {}
            b".." if parts.last().is_some_and(|last| !matches!(*last, b".." | b"." | b"")) => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join(&b'/')
}

fn part(name: &[u8]) -> Place {
    let dots_or_blanks = name.len() > 2 || name.contains(&b' ');
    if dots_or_blanks && !name.is_empty() && name.iter().all(|byte| b". ".contains(byte)) {
        return Place::Disguised;
    }
    if name.ends_with(b" ") || name.iter().any(u8::is_ascii_control) {
        return Place::Disguised;
    }
    let known = KNOWN_HIDDEN.iter().any(|known| known.as_bytes() == name);
    let hidden = name.len() > 1 && name != b".." && name.starts_with(b".") && !known;
    if hidden { Place::Hidden } else { Place::Ordinary }
}

pub(super) fn command(command: &Command, walk: &mut Walk<'_>) {
    if command.name() == b"cd"
        && let Some(word) = command.argv().get(1)
    {
        walk.state.directory = Some(word.text.clone());
    }
    let sourced = matches!(command.name(), b"." | b"source");
    let program = command.argv().first().filter(|word| word.known && !sourced);
    let started = program.map(|word| word.text.clone());
    for path in started.into_iter().chain(interpreted(command)) {
        let path = absolute(path, walk);
        raise(&path, sourced, command, walk);
    }
}

/// `./x` after `cd /tmp` is `/tmp/x`.
fn absolute(path: Vec<u8>, walk: &Walk<'_>) -> Vec<u8> {
    match (&walk.state.directory, path.strip_prefix(b"./")) {
        (Some(directory), Some(name)) => [directory.as_slice(), b"/", name].concat(),
        _ => path,
    }
}

fn raise(path: &[u8], sourced: bool, command: &Command, walk: &mut Walk<'_>) {
    // A name without a slash is looked up along PATH; `.x` alone is read from where one stands.
    // Code and binary rubbish taken for a command is no path.
    let plausible = [&b"/"[..], b"./", b"../", b"~"].iter().any(|start| path.starts_with(start));
    let (kind, technique) = match place(path) {
        Place::Ordinary => return,
        Place::Disguised if !plausible => return,
        _ if !path.contains(&b'/') => return,
        // Settings are often read from hidden files.
        Place::Hidden if sourced => return,
        Place::Hidden => (Kind::HiddenPlace, "runs from a hidden place"),
        Place::Disguised => (Kind::HiddenPlace, "runs from a place with a disguised name"),
        Place::Temporary => (Kind::TemporaryPlace, "runs from a temporary place"),
        Place::Odd => (Kind::OddPlace, "runs from a place without programs"),
    };
    walk.raise(kind, Strength::Likely, technique, &command.span);
}
