//! Shells over the network: reverse shells and bind shells made of shell commands.

use std::ops::Range;

use super::super::programs::{is_interpreter, is_shell};
use super::super::shell::{Command, Script, Span, base_name};
use super::descriptors::{Descriptors, is_network_file};
use super::stages::{pipeline_span, stage};
use super::walk::Walk;
use super::{Kind, Strength};

const NETCATS: [&[u8]; 8] =
    [b"nc", b"ncat", b"netcat", b"nc.traditional", b"nc.openbsd", b"cryptcat", b"sbd", b"pwncat"];

/// A shell or interpreter that takes its commands from standard input.
pub(super) fn reads_commands(command: &Command) -> bool {
    let name = command.name();
    let arguments = command.argv().get(1..).unwrap_or_default();
    if matches!(name, b"." | b"source") {
        return arguments.first().is_some_and(|word| is_stdin(&word.text));
    }
    if !is_interpreter(name) || is_awk(name) || name == b"java" {
        return false;
    }
    let through_xargs = command.words.iter().take(command.program_at);
    if is_shell(name) && through_xargs.into_iter().any(|word| base_name(&word.text) == b"xargs") {
        return true;
    }
    let mut operands =
        arguments.iter().filter(|word| !word.text.starts_with(b"-") || word.text == b"-");
    let first = operands.next();
    let code = arguments.iter().any(|word| code_option(&word.text));
    let explicit = is_shell(name) && arguments.iter().any(|word| word.text == b"-s");
    explicit || (!code && first.is_none_or(|word| is_stdin(&word.text)))
}

fn is_stdin(path: &[u8]) -> bool {
    matches!(path, b"-" | b"/dev/stdin" | b"/dev/fd/0" | b"/proc/self/fd/0")
}

/// `-c`, `-lc`, `-e`, `-r`, `-m`, `-V`: the code is on the command line, or there is none.
fn code_option(word: &[u8]) -> bool {
    match word {
        b"--version" | b"--help" | b"--eval" | b"--print" => true,
        [b'-', b'-', ..] | [b'-'] => false,
        [b'-', letters @ ..] => letters.iter().any(|letter| b"cermVnp".contains(letter)),
        _ => false,
    }
}

fn is_awk(name: &[u8]) -> bool {
    name.ends_with(b"awk")
}

fn is_interactive_shell(command: &Command) -> bool {
    is_shell(command.name())
        && command.argv().iter().skip(1).any(|word| match word.text.as_slice() {
            [b'-', b'-', ..] => false,
            [b'-', letters @ ..] => letters.contains(&b'i'),
            _ => false,
        })
}

pub(super) fn command(command: &Command, descriptors: Descriptors, walk: &mut Walk<'_>) {
    exec_redirects(command, descriptors, walk);
    redirected_shell(command, descriptors, walk);
    remote_lines(command, walk);
    match command.name() {
        name if NETCATS.contains(&name) => netcat(command, walk),
        b"socat" => socat(command, walk),
        b"xterm" if command.has("-display") && names_any(command, is_remote_display) => {
            raise(Kind::ReverseShell, "xterm on another host's display", command, walk);
        }
        // zsh's own sockets (zshmodules(1), zsh/net/tcp).
        b"ztcp" => {
            walk.state.connected = Some(command.span.clone());
            walk.state.network = Descriptors::default().after(&[network_redirect()]);
        }
        b"telnetd" | b"in.telnetd" if command.has("-l") && names_any(command, is_shell) => {
            raise(Kind::BindShell, "telnetd that gives a shell", command, walk);
        }
        b"socket" if names_any(command, runs_a_shell) => {
            raise(Kind::BindShell, "socket that gives a shell", command, walk);
        }
        _ => {}
    }
}

fn names_any(command: &Command, wanted: impl Fn(&[u8]) -> bool) -> bool {
    command.argv().iter().skip(1).any(|word| wanted(&word.text))
}

fn raise(kind: Kind, technique: &'static str, command: &Command, walk: &mut Walk<'_>) {
    walk.raise(kind, Strength::Certain, technique, &command.span);
}

/// A descriptor that is a connection, as `exec 10<>/dev/tcp/..` makes it.
fn network_redirect() -> super::super::shell::Redirect {
    use super::super::shell::{How, Redirect, Word};
    let target = Word { text: b"/dev/tcp/".to_vec(), known: true, span: 0..0 };
    Redirect { descriptor: 10, both: false, how: How::ReadWrite, target }
}

fn is_remote_display(word: &[u8]) -> bool {
    memchr::memchr(b':', word).is_some_and(|at| at > 0)
        && word.first().is_some_and(u8::is_ascii_digit)
}

/// `exec 5<>/dev/tcp/..` ties a descriptor for all that follows.
fn exec_redirects(command: &Command, descriptors: Descriptors, walk: &mut Walk<'_>) {
    let network = command.redirects.iter().any(|redirect| is_network_file(&redirect.target.text));
    if network {
        walk.state.connected = Some(command.span.clone());
    }
    let only_exec =
        command.words.iter().all(|word| word.text == b"exec") && !command.words.is_empty();
    if only_exec {
        walk.state.network = descriptors;
    }
}

fn redirected_shell(command: &Command, descriptors: Descriptors, walk: &mut Walk<'_>) {
    let takes_commands = is_shell(command.name()) && reads_commands(command);
    let from_network = takes_commands && descriptors.has(0);
    let both_ways = is_interactive_shell(command) && (descriptors.has(0) || descriptors.has(1));
    if from_network || both_ways {
        raise(Kind::ReverseShell, "shell tied to a network address", command, walk);
    }
}

/// Lines read from somewhere and run: with a connection open, they come from there.
fn remote_lines(command: &Command, walk: &mut Walk<'_>) {
    if command.name() == b"read" {
        let names = command.argv().iter().skip(1).filter(|word| !word.text.starts_with(b"-"));
        walk.state.read.extend(names.map(|word| word.text.clone()));
    }
    let argv = command.argv();
    let runs = match command.name() {
        b"eval" => argv.get(1..).unwrap_or_default(),
        name if is_shell(name) => argv.get(1..).unwrap_or_default(),
        _ => argv.get(..1).unwrap_or_default(),
    };
    let ran = runs.iter().filter_map(|word| variable(&word.text));
    let mut ran = ran.filter(|name| walk.state.read.contains(*name));
    if ran.next().is_some() {
        walk.state.ran_read = Some(command.span.clone());
    }
}

/// The name in `$name` or `${name}`.
pub(super) fn variable(word: &[u8]) -> Option<&[u8]> {
    let name = word.strip_prefix(b"$")?;
    let name = name.strip_prefix(b"{").and_then(|name| name.strip_suffix(b"}")).unwrap_or(name);
    let plain = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    (plain && !name.is_empty()).then_some(name)
}

pub(super) fn conclude(walk: &mut Walk<'_>) {
    if walk.state.connected.is_some()
        && let Some(span) = walk.state.ran_read.clone()
    {
        let technique = "runs lines read from a connection";
        walk.raise(Kind::ReverseShell, Strength::Certain, technique, &span);
    }
}

/// Whether text given to `-e` and its like starts a shell.
fn runs_a_shell(text: &[u8]) -> bool {
    let words = text.split(|byte| byte.is_ascii_whitespace() || b",;'\"".contains(byte));
    words.into_iter().any(|word| is_shell(word) || base_name(word) == b"login")
}

fn netcat(command: &Command, walk: &mut Walk<'_>) {
    let words = command.argv();
    let short = |letters: &[u8]| {
        words.iter().skip(1).position(|word| match word.text.as_slice() {
            [b'-', b'-', ..] => false,
            [b'-', options @ ..] => options.iter().any(|letter| letters.contains(letter)),
            _ => false,
        })
    };
    let listens = short(b"l").is_some() || command.has("--listen");
    let kind = if listens { Kind::BindShell } else { Kind::ReverseShell };
    let attached = words.iter().find_map(|word| {
        let text = word.text.strip_prefix(b"--exec=");
        text.or_else(|| word.text.strip_prefix(b"--sh-exec="))
            .or_else(|| word.text.strip_prefix(b"-e"))
    });
    let named =
        words.iter().position(|word| matches!(word.text.as_slice(), b"--exec" | b"--sh-exec"));
    let at = short(b"ec").map(|at| at + 1).or(named);
    let value = at.and_then(|at| words.get(at + 1)).map(|word| word.text.as_slice());
    let given = attached.filter(|text| !text.is_empty()).or(value);
    if given.is_some_and(runs_a_shell) {
        raise(kind, "netcat that gives a shell", command, walk);
    } else if short(b"e").is_some() || named.is_some() {
        walk.raise(kind, Strength::Likely, "netcat that gives a program", &command.span);
    }
}

fn socat(command: &Command, walk: &mut Walk<'_>) {
    let words: Vec<Vec<u8>> =
        command.argv().iter().skip(1).map(|word| word.text.to_ascii_lowercase()).collect();
    let starts = |prefix: &[u8]| words.iter().any(|word| word.starts_with(prefix));
    let shell = words.iter().any(|word| {
        [&b"exec:"[..], b"system:", b"shell:"]
            .iter()
            .any(|prefix| word.strip_prefix(*prefix).is_some_and(runs_a_shell))
    });
    if !shell {
        return;
    }
    let listens = words.iter().any(|word| memchr::memmem::find(word, b"listen:").is_some());
    if listens || starts(b"tcp4-l:") || starts(b"tcp-l:") {
        raise(Kind::BindShell, "socat that gives a shell", command, walk);
    } else if [&b"tcp"[..], b"udp", b"openssl", b"ssl", b"sctp", b"vsock", b"socks"]
        .iter()
        .any(|prefix| starts(prefix))
    {
        raise(Kind::ReverseShell, "socat that gives a shell", command, walk);
    }
}

/// A program whose input and output are a connection.
fn is_network_client(command: &Command) -> bool {
    match command.name() {
        name if NETCATS.contains(&name) => command.argv().len() > 1,
        b"telnet" => command.argv().len() > 1,
        b"openssl" => command.has("s_client"),
        b"socat" => command.argv().iter().any(|word| {
            let word = word.text.to_ascii_lowercase();
            word.starts_with(b"tcp") || word.starts_with(b"openssl") || word.starts_with(b"udp")
        }),
        _ => false,
    }
}

fn listens(command: &Command) -> bool {
    command.argv().iter().skip(1).any(|word| match word.text.as_slice() {
        [b'-', b'-', rest @ ..] => rest == b"listen",
        [b'-', letters @ ..] => NETCATS.contains(&command.name()) && letters.contains(&b'l'),
        word => memchr::memmem::find(&word.to_ascii_lowercase(), b"listen:").is_some(),
    })
}

/// A shell and a network client in one pipeline: the mkfifo trick, `nc host | sh`, two telnets.
pub(super) fn pipeline(script: &Script, stages: &[Range<usize>], walk: &mut Walk<'_>) {
    let commands = || stages.iter().flat_map(|range| stage(script, range));
    let Some(client) = commands().find(|command| is_network_client(command)) else { return };
    let shell = commands().any(|command| {
        is_shell(command.name()) && (reads_commands(command) || is_interactive_shell(command))
    });
    if shell {
        let kind = if listens(client) { Kind::BindShell } else { Kind::ReverseShell };
        let span: Span = pipeline_span(script, stages);
        walk.raise(kind, Strength::Certain, "shell piped to a network client", &span);
    }
}
