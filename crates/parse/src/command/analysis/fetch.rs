//! Running what was fetched from elsewhere.

use std::net::IpAddr;
use std::ops::Range;

use super::super::programs::{interpreted, is_interpreter, is_shell};
use super::super::shell::{Command, How, Role, Script, Word, base_name};
use super::descriptors::is_network_file;
use super::network::{reads_commands, variable};
use super::stages::{pipeline_span, stage};
use super::state::{Fetched, Origin};
use super::walk::Walk;
use super::{Kind, Place, Strength, place};

/// Fetched files that are followed.
const MOST_FILES: usize = 64;

/// Whether the command prints or stores what another host sends.
pub(super) fn fetches(command: &Command) -> bool {
    match command.name() {
        b"curl" | b"wget" | b"fetch" | b"aria2c" | b"axel" | b"lwp-download" | b"lwp-request"
        | b"GET" | b"http" | b"https" | b"tftp" | b"wget2" => command.argv().len() > 1,
        b"lynx" | b"links" | b"elinks" | b"w3m" => {
            let dumps = |word: &Word| {
                [&b"-source"[..], b"-dump", b"-dump_source"].contains(&word.text.as_slice())
            };
            command.argv().iter().any(dumps)
        }
        b"cat" | b"head" | b"tail" => {
            command.redirects.iter().any(|redirect| is_network_file(&redirect.target.text))
        }
        name => is_interpreter(name) && !is_shell(name) && fetches_by_code(command),
    }
}

/// `python -c 'print(urlopen(..).read())'`.
fn fetches_by_code(command: &Command) -> bool {
    const WORDS: [&str; 5] =
        ["urlopen(", "requests.get(", "LWP::Simple", "open-uri", "file_get_contents('http"];
    command.argv().iter().skip(1).any(|word| {
        WORDS.iter().any(|wanted| memchr::memmem::find(&word.text, wanted.as_bytes()).is_some())
    })
}

/// Whether any command of the script fetches.
pub(super) fn script_fetches(script: &Script) -> bool {
    script.commands.iter().any(fetches)
}

/// Where it is fetched from makes it surer: a bare public address, a paste site, a tunnel.
fn strength(commands: &[Command]) -> Strength {
    let words = commands.iter().flat_map(Command::argv);
    if words.into_iter().any(|word| odd_source(&word.text)) {
        Strength::Certain
    } else {
        Strength::Likely
    }
}

fn odd_source(word: &[u8]) -> bool {
    const SITES: [&str; 16] = [
        "pastebin.com",
        "paste.ee",
        "transfer.sh",
        "ngrok",
        ".onion",
        "trycloudflare.com",
        "anonfiles",
        "ix.io",
        "termbin.com",
        "0x0.st",
        "oshi.at",
        "tor2web",
        "bashupload",
        "temp.sh",
        "file.io",
        "serveo.net",
    ];
    let text = String::from_utf8_lossy(word);
    let after = text.split_once("://").map_or(text.as_ref(), |(_, after)| after);
    let host = after.split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    if SITES.iter().any(|site| host.ends_with(site) || (site == &"ngrok" && host.contains(site))) {
        return true;
    }
    let name = host.trim_start_matches('[').split(']').next().unwrap_or_default();
    let name =
        if name.matches(':').count() == 1 { name.split(':').next().unwrap_or(name) } else { name };
    name.parse::<IpAddr>().is_ok_and(|address| !is_own(address))
}

/// Addresses of one's own networks, where a site's mirrors and deployment servers are.
fn is_own(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

pub(super) fn command(command: &Command, walk: &mut Walk<'_>) {
    substitutions(command, walk);
    runs_tainted(command, walk);
    stores(command, walk);
    runs_stored(command, walk);
}

/// `sh -c "$(curl ..)"`, `eval $(..)`, `bash <(curl ..)`, `$(curl ..)` as a command.
fn substitutions(command: &Command, walk: &mut Walk<'_>) {
    for inner in &command.inner {
        if !script_fetches(&inner.script) {
            continue;
        }
        if runs_inner(command, inner.role, Origin::Fetched, walk) {
            let strength = strength(&inner.script.commands);
            walk.raise(Kind::FetchAndRun, strength, "runs what it fetches", &command.span);
        }
    }
}

/// Whether a command runs what a substitution in it puts out; one that stores it in a variable only
/// taints that variable.
pub(super) fn runs_inner(
    command: &Command,
    role: Role,
    origin: Origin,
    walk: &mut Walk<'_>,
) -> bool {
    match role {
        Role::Output(usize::MAX) => {
            taint(command, origin, walk);
            false
        }
        Role::Output(at) => runs_argument(command, at),
        Role::ReadFrom(_) => {
            is_interpreter(command.name()) || matches!(command.name(), b"." | b"source")
        }
        _ => false,
    }
}

/// Whether the word with number `at` is run: the program itself, or the text of `sh -c` and `eval`.
pub(super) fn runs_argument(command: &Command, at: usize) -> bool {
    if at == command.program_at {
        return true;
    }
    let name = command.name();
    let code = command.words.get(at.wrapping_sub(1)).is_some_and(|before| {
        before.text.starts_with(b"-") && before.text.last().is_some_and(|last| b"ce".contains(last))
    });
    at > command.program_at && (name == b"eval" || (is_shell(name) && (code || command.has("-c"))))
}

/// Remembers the variables a command sets as fetched or decoded.
pub(super) fn taint(command: &Command, origin: Origin, walk: &mut Walk<'_>) {
    if walk.state.tainted.len() < MOST_FILES {
        let names = command.assignments.iter().map(|pair| (pair.name.clone(), origin));
        walk.state.tainted.extend(names);
    }
}

/// `eval "$x"`, `sh -c "$x"`, `bash <<< "$x"` and `$x` itself, when `x` holds what was fetched.
fn runs_tainted(command: &Command, walk: &mut Walk<'_>) {
    let run = command.words.iter().enumerate().filter(|(at, _)| runs_argument(command, *at));
    let given = command.redirects.iter().filter(|redirect| {
        redirect.how == How::Text && is_shell(command.name()) && reads_commands(command)
    });
    let texts = run.map(|(_, word)| word.text.as_slice());
    let texts = texts.chain(given.map(|redirect| redirect.target.text.trim_ascii()));
    let origins: Vec<Origin> = texts
        .filter_map(variable)
        .filter_map(|name| walk.state.tainted.get(name).copied())
        .collect();
    raise_tainted(&origins, command, walk);
}

fn raise_tainted(origins: &[Origin], command: &Command, walk: &mut Walk<'_>) {
    for origin in origins {
        let (kind, technique) = match origin {
            Origin::Fetched => (Kind::FetchAndRun, "runs a variable that holds what it fetched"),
            Origin::Decoded => (Kind::DecodeAndRun, "runs a variable that holds what it decoded"),
        };
        walk.raise(kind, Strength::Likely, technique, &command.span);
    }
}

/// Notes the files that a fetch writes.
fn stores(command: &Command, walk: &mut Walk<'_>) {
    if !fetches(command) || walk.state.fetched.len() >= MOST_FILES {
        return;
    }
    let strength = strength(std::slice::from_ref(command));
    let written = command.redirects.iter().filter(|redirect| {
        matches!(redirect.how, How::Write | How::Append) && redirect.descriptor == 1
    });
    let mut paths: Vec<Vec<u8>> = written.map(|redirect| redirect.target.text.clone()).collect();
    paths.extend(output_files(command));
    let real =
        paths.into_iter().filter(|path| !matches!(path.as_slice(), b"-" | b"/dev/null" | b""));
    walk.state.fetched.extend(real.map(|path| Fetched { path, strength }));
}

/// The files that the options of curl and wget name, or that the address gives.
fn output_files(command: &Command) -> Vec<Vec<u8>> {
    let is_curl = command.name() == b"curl";
    let words = command.argv();
    let mut files = Vec::new();
    let mut by_address = !is_curl;
    for (at, word) in words.iter().enumerate().skip(1) {
        let next = words.get(at + 1).map(|word| word.text.clone());
        match word.text.as_slice() {
            b"--output" | b"--output-document" | b"--out" => files.extend(next),
            b"--remote-name" | b"--remote-name-all" => by_address = true,
            [b'-', b'-', long @ ..] => {
                let value = [&b"output="[..], b"output-document="]
                    .iter()
                    .find_map(|prefix| long.strip_prefix(*prefix));
                files.extend(value.map(<[u8]>::to_vec));
            }
            [b'-', letters @ ..] if letters.contains(&b'O') && is_curl => by_address = true,
            [b'-', letters @ ..] => {
                let option = if is_curl { b'o' } else { b'O' };
                if letters.last() == Some(&option) {
                    files.extend(next);
                } else if let Some(at) = letters.iter().position(|&letter| letter == option) {
                    files.extend(letters.get(at + 1..).map(<[u8]>::to_vec));
                }
            }
            _ => {}
        }
    }
    if by_address && files.is_empty() {
        let addresses = words.iter().skip(1).filter(|word| is_address(&word.text));
        files.extend(addresses.map(|word| file_of_address(&word.text).to_vec()));
    }
    files
}

fn is_address(word: &[u8]) -> bool {
    memchr::memmem::find(word, b"://").is_some()
        || (!word.starts_with(b"-") && word.contains(&b'/'))
}

fn file_of_address(word: &[u8]) -> &[u8] {
    let end = word.iter().position(|byte| b"?#".contains(byte)).unwrap_or(word.len());
    base_name(word.get(..end).unwrap_or(word))
}

/// Running or making executable what was fetched before.
fn runs_stored(command: &Command, walk: &mut Walk<'_>) {
    if walk.state.fetched.is_empty() {
        return;
    }
    let program = command.argv().first().map(|word| word.text.clone());
    let started = program.into_iter().chain(interpreted(command));
    for path in started {
        if let Some(file) = find(&path, walk) {
            let technique = "fetches a file and runs it";
            walk.raise(Kind::FetchAndRun, file.strength, technique, &command.span);
        }
    }
    if command.name() == b"chmod" && makes_executable(command) {
        for word in command.argv().iter().skip(2) {
            if let Some(file) = find(&word.text, walk) {
                let odd = place(&file.path) != Place::Ordinary;
                let strength = if odd { file.strength } else { Strength::Weak };
                let technique = "fetches a file and makes it executable";
                walk.raise(Kind::FetchAndRun, strength, technique, &command.span);
            }
        }
    }
}

fn find(path: &[u8], walk: &Walk<'_>) -> Option<Fetched> {
    let relative = |path: &[u8]| !path.starts_with(b"/");
    let same = |file: &&Fetched| {
        let either = relative(&file.path) || relative(path);
        file.path == path
            || (either && path.contains(&b'/') && base_name(&file.path) == base_name(path))
            || (either && is_named_script(path) && base_name(&file.path) == base_name(path))
    };
    walk.state.fetched.iter().find(same).cloned()
}

/// A bare name given to an interpreter is a file beside it.
fn is_named_script(path: &[u8]) -> bool {
    !path.contains(&b'/') && path.len() > 1
}

fn makes_executable(command: &Command) -> bool {
    let Some(mode) = command.argv().iter().skip(1).find(|word| !word.text.starts_with(b"-R"))
    else {
        return false;
    };
    let text = mode.text.as_slice();
    let octal =
        text.iter().all(u8::is_ascii_digit) && text.iter().any(|digit| (digit - b'0') & 1 == 1);
    octal || (text.contains(&b'+') && text.contains(&b'x'))
}

/// `curl .. | sh`, with whatever stands between.
pub(super) fn pipeline(script: &Script, stages: &[Range<usize>], walk: &mut Walk<'_>) {
    let mut fetched: Option<Strength> = None;
    let mut tainted: Vec<Origin> = Vec::new();
    for range in stages {
        let commands = stage(script, range);
        let runs = commands.iter().any(reads_commands);
        if let Some(strength) = fetched.filter(|_| runs) {
            let span = pipeline_span(script, stages);
            walk.raise(Kind::FetchAndRun, strength, "pipes what it fetches to a shell", &span);
        }
        if runs && let Some(last) = commands.last() {
            raise_tainted(&tainted, last, walk);
        }
        if commands.iter().any(fetches) {
            fetched = Some(strength(commands));
        }
        let printed =
            commands.iter().filter(|command| matches!(command.name(), b"echo" | b"printf"));
        let words = printed.flat_map(Command::argv).filter_map(|word| variable(&word.text));
        tainted.extend(words.filter_map(|name| walk.state.tainted.get(name).copied()));
    }
}
