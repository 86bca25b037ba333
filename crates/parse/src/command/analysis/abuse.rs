//! What a stolen host is used for: coins, floods, fights with rivals, the way out of a container.

use std::ops::Range;

use super::super::shell::{Command, Script, base_name};
use super::stages::{pipeline_span, stage};
use super::walk::Walk;
use super::{Kind, Strength};

/// Names of miners.
const MINERS: [&str; 19] = [
    "xmrig",
    "xmr-stak",
    "minerd",
    "cpuminer",
    "kdevtmpfsi",
    "kinsing",
    "cryptonight",
    "nbminer",
    "t-rex",
    "ethminer",
    "phoenixminer",
    "lolminer",
    "ccminer",
    "cgminer",
    "xmrigdaemon",
    "c3pool",
    "moneroocean",
    "nanominer",
    "srbminer",
];

/// Programs whose only use is flooding.
const FLOODERS: [&str; 11] = [
    "t50",
    "slowloris",
    "goldeneye",
    "hulk",
    "torshammer",
    "mhddos",
    "pyloris",
    "synflood",
    "udpflood",
    "xerxes",
    "slowhttptest",
];

pub(super) fn command(command: &Command, walk: &mut Walk<'_>) {
    miner(command, walk);
    flood(command, walk);
    rivals(command, walk);
    container(command, walk);
    kernel_hooks(command, walk);
}

fn contains(text: &[u8], word: &str) -> bool {
    memchr::memmem::find(text, word.as_bytes()).is_some()
}

fn miner(command: &Command, walk: &mut Walk<'_>) {
    if is_search_or_kill(command) {
        return;
    }
    let words = || command.argv().iter().map(|word| word.text.as_slice());
    let pool = words().any(|word| {
        ["stratum+tcp://", "stratum+ssl://", "stratum+tls://", "stratum2+tcp://"]
            .iter()
            .any(|scheme| contains(word, scheme))
    });
    let name = base_name(command.name()).to_ascii_lowercase();
    let named = MINERS.iter().any(|miner| miner.as_bytes() == name);
    let flags = [
        "--donate-level",
        "--cpu-max-threads-hint",
        "--randomx-",
        "--algo=rx/",
        "--coin=monero",
        "--nicehash",
    ];
    let asked =
        words().skip(1).any(|word| flags.iter().any(|flag| word.starts_with(flag.as_bytes())));
    if pool || named || asked {
        walk.raise(Kind::Miner, Strength::Certain, "starts a miner", &command.span);
    }
}

/// `pgrep xmrig` and `grep stratum` look for miners; they are none.
fn is_search_or_kill(command: &Command) -> bool {
    matches!(
        command.name(),
        b"pkill"
            | b"killall"
            | b"kill"
            | b"pgrep"
            | b"grep"
            | b"egrep"
            | b"fgrep"
            | b"ps"
            | b"awk"
            | b"sed"
            | b"echo"
            | b"printf"
            | b"rm"
            | b"iptables"
            | b"logger"
            | b""
            | b"test"
            | b"["
    )
}

fn flood(command: &Command, walk: &mut Walk<'_>) {
    let name = command.name().to_ascii_lowercase();
    let stem = name.strip_suffix(b".py").or_else(|| name.strip_suffix(b".pl")).unwrap_or(&name);
    let known = FLOODERS.iter().any(|flooder| flooder.as_bytes() == stem);
    let hping = matches!(stem, b"hping" | b"hping2" | b"hping3");
    let floods = hping
        && (command.has("--flood") || command.has("--rand-source") || command.has("--faster"));
    let ping =
        stem == b"ping" && command.argv().len() > 2 && command.has("-f") && command.background;
    if known || floods || ping {
        walk.raise(Kind::Flood, Strength::Certain, "starts a flood", &command.span);
    }
}

/// Killing other miners one by one is what miners do.
fn rivals(command: &Command, walk: &mut Walk<'_>) {
    if !matches!(command.name(), b"pkill" | b"killall" | b"kill") {
        return;
    }
    let named = command.argv().iter().skip(1).any(|word| {
        let text = word.text.to_ascii_lowercase();
        MINERS.iter().any(|miner| contains(&text, miner)) || contains(&text, "stratum")
    });
    if named {
        walk.state.rivals += 1;
        walk.raise(Kind::KillRivals, Strength::Weak, "kills a miner", &command.span);
    }
}

pub(super) fn conclude(walk: &mut Walk<'_>) {
    if walk.state.rivals >= 3 {
        let span = walk.everything();
        walk.raise(Kind::KillRivals, Strength::Likely, "kills rival miners", &span);
    }
}

/// `ps aux | awk '{if($3>80) print $2}' | xargs kill -9`: whoever uses the processor dies.
pub(super) fn pipeline(script: &Script, stages: &[Range<usize>], walk: &mut Walk<'_>) {
    let commands = || stages.iter().flat_map(|range| stage(script, range));
    let lists = commands().any(|command| command.name() == b"ps");
    let by_use = commands().any(|command| {
        command.name().ends_with(b"awk")
            && command
                .argv()
                .iter()
                .skip(1)
                .any(|word| contains(&word.text, "$3>") || contains(&word.text, "$3 >"))
    });
    let kills = commands().any(|command| command.name() == b"kill");
    if lists && by_use && kills {
        let span = pipeline_span(script, stages);
        walk.raise(Kind::KillRivals, Strength::Likely, "kills whatever uses the processor", &span);
    }
}

fn container(command: &Command, walk: &mut Walk<'_>) {
    let escape = |walk: &mut Walk<'_>, strength, technique| {
        walk.raise(Kind::ContainerEscape, strength, technique, &command.span);
    };
    let first = command.words.iter().map(|word| base_name(&word.text));
    let enters = first.clone().take(command.program_at + 1).any(|name| name == b"nsenter");
    if enters && targets_init(command) {
        escape(walk, Strength::Likely, "enters the host's namespaces");
    }
    if matches!(command.name(), b"docker" | b"podman" | b"nerdctl" | b"ctr") && owns_host(command) {
        escape(walk, Strength::Likely, "starts a container that owns the host");
    }
}

fn targets_init(command: &Command) -> bool {
    let words: Vec<&[u8]> = command.words.iter().map(|word| word.text.as_slice()).collect();
    let pairs = words.windows(2).any(|pair| matches!(pair, [b"-t" | b"--target", b"1"]));
    pairs || words.iter().any(|word| matches!(*word, b"-t1" | b"--target=1"))
}

/// A container with the host's whole file tree.
fn owns_host(command: &Command) -> bool {
    let starts = command.has("run") || command.has("create");
    let words = command.argv();
    let mounts = words.iter().enumerate().any(|(at, word)| {
        let option = matches!(word.text.as_slice(), b"-v" | b"--volume");
        let next = words.get(at + 1).map(|next| next.text.as_slice()).filter(|_| option);
        let value = next
            .or_else(|| word.text.strip_prefix(b"--volume="))
            .or_else(|| word.text.strip_prefix(b"-v"));
        value.is_some_and(|value| value.starts_with(b"/:"))
    });
    // Monitoring agents mount the host read-only; those that write are few.
    let read_only = words
        .iter()
        .any(|word| word.text.split(|byte| b":,".contains(byte)).any(|option| option == b"ro"));
    let privileged = command.has("--privileged") || command.has("--pid=host");
    starts
        && mounts
        && !read_only
        && (privileged || command.argv().iter().any(|word| base_name(&word.text) == b"chroot"))
}

/// Files through which the kernel starts a program of one's choice; emptying them is tidy.
fn kernel_hooks(command: &Command, walk: &mut Walk<'_>) {
    let says_nothing = matches!(command.name(), b"echo" | b"" | b":") && command.argv().len() < 2;
    if says_nothing {
        return;
    }
    let written = command.redirects.iter().map(|redirect| redirect.target.text.as_slice());
    let tee = command.argv().iter().skip(1).filter(|_| command.name() == b"tee");
    let mut targets = written.chain(tee.map(|word| word.text.as_slice()));
    let hook = targets.any(|path| {
        base_name(path) == b"release_agent"
            || path == b"/proc/sys/kernel/modprobe"
            || path == b"/sys/kernel/uevent_helper"
    });
    if hook {
        let technique = "sets a program that the kernel starts";
        walk.raise(Kind::ContainerEscape, Strength::Likely, technique, &command.span);
    }
}
