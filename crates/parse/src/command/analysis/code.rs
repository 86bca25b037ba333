//! Code of other languages: one-liners, and whole scripts by their first line.

use super::super::shell::{Command, How, Role, decode_base64, decode_hex};
use super::walk::Walk;
use super::{Kind, Language, Strength};

/// Whether `text` has any of the words.
fn any_of(text: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| memchr::memmem::find(text, word.as_bytes()).is_some())
}

/// Whether `text` has all of the words.
fn all_of(text: &[u8], words: &[&str]) -> bool {
    words.iter().all(|word| any_of(text, &[word]))
}

/// Whether one of `second` follows one of `first` within `reach` bytes.
fn near(text: &[u8], first: &[&str], second: &[&str], reach: usize) -> bool {
    first.iter().any(|word| {
        memchr::memmem::find_iter(text, word.as_bytes()).any(|at| {
            let from = at + word.len();
            let end = from.saturating_add(reach).min(text.len());
            any_of(text.get(from..end).unwrap_or_default(), second)
        })
    })
}

const SHELL_NAMES: [&str; 7] =
    ["/bin/sh", "/bin/bash", "/bin/dash", "'sh'", "\"sh\"", "'bash'", "\"bash\""];

/// An interpreter with code on its command line or in a here-document.
pub(super) fn command(command: &Command, walk: &mut Walk<'_>) {
    let Some(language) = Language::named(command.name()) else { return };
    if language == Language::Shell {
        return;
    }
    let words = command.argv().iter().skip(1).map(|word| word.text.as_slice());
    let given = command.redirects.iter().filter(|redirect| redirect.how == How::Text);
    let given = given.map(|redirect| redirect.target.text.as_slice());
    let text = words.chain(given).collect::<Vec<_>>().join(&b' ');
    if let Some((kind, technique)) = network_shell(language, &text, true) {
        walk.raise(kind, Strength::Certain, technique, &command.span);
    }
    encoded(language, &text, &command.span, walk);
    let fetched = command.inner.iter().any(|inner| {
        matches!(inner.role, Role::Output(_)) && super::fetch::script_fetches(&inner.script)
    });
    if fetched
        && command.argv().iter().any(|word| matches!(word.text.as_slice(), b"-c" | b"-e" | b"-r"))
    {
        let technique = "interpreter given fetched code";
        walk.raise(Kind::FetchAndRun, Strength::Likely, technique, &command.span);
    }
}

/// A whole script in a language other than the shell's.
pub(super) fn whole(language: Language, text: &[u8], walk: &mut Walk<'_>) {
    let everything = walk.everything();
    if let Some((kind, technique)) = network_shell(language, text, false) {
        walk.raise(kind, Strength::Certain, technique, &everything);
    }
    encoded(language, text, &everything, walk);
    if language == Language::Php && web_shell(text) {
        walk.raise(Kind::WebShell, Strength::Certain, "runs what a request sends", &everything);
    }
    strings(text, walk);
}

/// Decoded code of unknown language.
pub(super) fn any(text: &[u8], walk: &mut Walk<'_>) {
    use Language::{Lua, Node, Perl, Php, Python, Ruby};
    let everything = walk.everything();
    for language in [Python, Perl, Ruby, Php, Lua, Node] {
        if let Some((kind, technique)) = network_shell(language, text, false) {
            walk.raise(kind, Strength::Certain, technique, &everything);
        }
    }
}

/// Shell one-liners in strings of other languages: `os.system("bash -i >& /dev/tcp/..")`.
fn strings(text: &[u8], walk: &mut Walk<'_>) {
    let runs = any_of(text, &["system(", "exec(", "popen(", "Popen(", "spawn(", "subprocess", "`"]);
    if !runs || !any_of(text, &["/dev/tcp/", "/dev/udp/"]) {
        return;
    }
    let everything = walk.everything();
    if near(text, &["bash -i", "sh -i", "exec 5<>", "0<&"], &["/dev/tcp/", "/dev/udp/"], 80) {
        let technique = "shell tied to a network address";
        walk.raise(Kind::ReverseShell, Strength::Certain, technique, &everything);
    }
}

/// A socket and a shell in one piece of code. One-liners need less to be sure: no daemon is one.
fn network_shell(language: Language, text: &[u8], short: bool) -> Option<(Kind, &'static str)> {
    let (found, listens) = match language {
        Language::Python => (python(text, short), all_of(text, &[".bind(", ".listen("])),
        Language::Perl => (perl(text, short), any_of(text, &["listen(", "Listen"])),
        Language::Ruby => (ruby(text, short), any_of(text, &["TCPServer"])),
        Language::Php => {
            (php(text, short), any_of(text, &["socket_listen", "stream_socket_server"]))
        }
        Language::Lua => (lua(text), any_of(text, &[".bind(", ":listen("])),
        Language::Node => (node(text, short), any_of(text, &["createServer", ".listen("])),
        Language::Awk => (awk(text), any_of(text, &["/inet/tcp/0/0/0"])),
        Language::Tcl => {
            let socket = any_of(text, &["[socket ", "socket -server"]);
            (socket && short && any_of(text, &["exec "]), any_of(text, &["-server"]))
        }
        Language::Shell | Language::Other | Language::Binary => return None,
    };
    let kind = if listens { Kind::BindShell } else { Kind::ReverseShell };
    found.then_some((kind, "code that ties a shell to a socket"))
}

fn python(text: &[u8], short: bool) -> bool {
    let socket = any_of(text, &["socket.socket(", "socket(", "create_connection("]);
    let shell = any_of(text, &SHELL_NAMES);
    let duplicated = any_of(text, &["dup2("]) && any_of(text, &["fileno()"]);
    let started = any_of(text, &["subprocess", "os.system", "popen", "exec", "pty.spawn"]);
    let remote = any_of(text, &[".recv("]) && any_of(text, &[".connect("]);
    let runs_input = near(text, &[".recv("], &["shell=True", "os.popen(", "os.system("], 400);
    socket
        && ((short && (any_of(text, &["dup2(", "pty.spawn"]) || (shell && started)))
            || (duplicated && (shell || any_of(text, &["pty.spawn"])))
            || (remote && runs_input))
}

fn perl(text: &[u8], short: bool) -> bool {
    let socket = any_of(text, &["Socket"]);
    let tied = any_of(text, &["open(STDIN", "open STDIN", "STDIN->fdopen", "open(STDIN,"])
        && any_of(text, &[">&", "fdopen"]);
    let started = any_of(text, &["exec", "system"]);
    let shell = any_of(text, &SHELL_NAMES);
    let prompt = any_of(text, &["system$_", "system $_", "exec$_", "`$_`"]);
    socket && ((tied && started && (short || shell)) || (short && (prompt || (shell && started))))
}

fn ruby(text: &[u8], short: bool) -> bool {
    let socket = any_of(text, &["TCPSocket", "TCPServer"]);
    let started = any_of(text, &["exec", "spawn", "IO.popen", "system", "`"]);
    socket && started && (any_of(text, &SHELL_NAMES) || (short && any_of(text, &["gets", "read"])))
}

fn php(text: &[u8], short: bool) -> bool {
    let socket = any_of(
        text,
        &[
            "fsockopen(",
            "pfsockopen(",
            "stream_socket_client(",
            "socket_connect(",
            "stream_socket_server(",
        ],
    );
    let started = any_of(text, &["exec(", "system(", "passthru(", "popen(", "proc_open(", "`"]);
    let shell = any_of(text, &SHELL_NAMES) || any_of(text, &["sh -i"]);
    socket && started && (shell || short)
}

fn lua(text: &[u8]) -> bool {
    any_of(text, &["socket.tcp(", "socket\")", "socket')", "socket.bind("])
        && any_of(text, &["os.execute(", "io.popen("])
        && (any_of(text, &SHELL_NAMES) || any_of(text, &["receive("]))
}

fn node(text: &[u8], short: bool) -> bool {
    let net = any_of(text, &["require('net')", "require(\"net\")", "require(`net`)", "from 'net'"])
        || (short && any_of(text, &["net.Socket", "net.connect"]));
    let child = any_of(text, &["child_process"]) && any_of(text, &["spawn", "exec"]);
    net && child && (any_of(text, &SHELL_NAMES) || (short && any_of(text, &[".pipe("])))
}

/// gawk's `/inet` files: a line read from the connection is run as a command.
fn awk(text: &[u8]) -> bool {
    let connected = any_of(text, &["/inet/tcp/", "/inet/udp/", "/inet4/", "/inet6/"]);
    let reads = ["|& getline", "|&getline", "| getline", "|getline"];
    let count: usize =
        reads.iter().map(|word| memchr::memmem::find_iter(text, word.as_bytes()).count()).sum();
    connected && (count >= 2 || any_of(text, &["system("]))
}

/// Code that runs what it decodes, and code that runs what it fetches.
fn encoded(language: Language, text: &[u8], span: &super::super::shell::Span, walk: &mut Walk<'_>) {
    let (runs, decodes, fetches): (&[&str], &[&str], &[&str]) = match language {
        Language::Python => (
            &["exec(", "eval(", "os.system(", "compile("],
            &[
                "b64decode",
                "b32decode",
                "b85decode",
                "decompress(",
                "fromhex(",
                "unhexlify(",
                "marshal.loads(",
                "'base64')",
                "rot13",
                "rot_13",
            ],
            &["urlopen(", "requests.get(", "urlretrieve("],
        ),
        Language::Perl => (
            &["eval"],
            &[
                "decode_base64",
                "unpack u",
                "unpack(u",
                "unpack(\"u",
                "unpack('u",
                "pack(\"H",
                "pack('H",
                "pack q",
                "pack+q",
            ],
            &["get(\"http", "get('http", "LWP::Simple"],
        ),
        Language::Ruby => (
            &["eval(", "eval "],
            &["decode64", "unpack('m", "unpack(\"m", "unpack1("],
            &["open-uri", "Net::HTTP"],
        ),
        Language::Php => (
            &["eval(", "assert("],
            &[
                "base64_decode(",
                "gzinflate(",
                "str_rot13(",
                "hex2bin(",
                "gzuncompress(",
                "convert_uudecode(",
            ],
            &["file_get_contents(\"http", "file_get_contents('http"],
        ),
        Language::Node => (&["eval(", "Function("], &["'base64'", "\"base64\"", "atob("], &[]),
        _ => return,
    };
    if near(text, runs, decodes, 120) {
        let technique = "code that runs what it decodes";
        walk.raise(Kind::DecodeAndRun, Strength::Likely, technique, span);
        literals(text, span, walk);
    }
    if near(text, runs, fetches, 80) {
        walk.raise(Kind::FetchAndRun, Strength::Likely, "code that runs what it fetches", span);
    }
}

/// Analyses what the encoded strings in code say.
fn literals(text: &[u8], span: &super::super::shell::Span, walk: &mut Walk<'_>) {
    let alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let strings = text.split(|byte| !alphabet(byte)).filter(|string| string.len() >= 24);
    for string in strings.take(8) {
        let hexadecimal = string.iter().all(u8::is_ascii_hexdigit);
        let decoded = if hexadecimal { Some(decode_hex(string)) } else { decode_base64(string) };
        if let Some(decoded) = decoded {
            walk.decoded(&decoded, span);
        }
    }
}

/// PHP that runs what a request sends.
fn web_shell(text: &[u8]) -> bool {
    let runs = ["system(", "exec(", "passthru(", "popen(", "eval(", "assert(", "proc_open(", "`"];
    near(text, &runs, &["$_GET", "$_POST", "$_REQUEST", "$_COOKIE", "php://input"], 40)
}
