//! Running what was decoded first.

use std::ops::Range;

use super::super::shell::{Command, How, Script, piped};
use super::fetch::runs_inner;
use super::network::reads_commands;
use super::stages::{pipeline_span, stage};
use super::state::Origin;
use super::walk::Walk;
use super::{Kind, Strength};

/// Whether the command turns unreadable text into readable.
fn decodes(command: &Command) -> bool {
    let asked = |flags: &[&str]| flags.iter().any(|flag| command.has(flag));
    match command.name() {
        b"base64" | b"base32" | b"basenc" | b"b64decode" => {
            asked(&["-d", "-D", "--decode", "-di", "-id", "-dw0"])
        }
        b"openssl" => asked(&["-d"]),
        b"xxd" => command.argv().iter().skip(1).any(|word| word.text.starts_with(b"-r")),
        b"uudecode" | b"gunzip" | b"zcat" | b"bunzip2" | b"bzcat" | b"unxz" | b"xzcat" | b"rev" => {
            true
        }
        b"gzip" | b"bzip2" | b"xz" | b"zstd" => command.argv().iter().skip(1).any(|word| {
            word.text == b"--decompress"
                || (word.text.starts_with(b"-")
                    && !word.text.starts_with(b"--")
                    && word.text.contains(&b'd'))
        }),
        b"gpg" | b"gpg2" => asked(&["-d", "--decrypt"]),
        // Turning letters around (rot13) is no ordinary preparation of a script.
        b"tr" => command.argv().iter().skip(1).any(|word| {
            [&b"n-za-m"[..], b"N-ZA-M"]
                .iter()
                .any(|set| memchr::memmem::find(&word.text, set).is_some())
        }),
        _ => false,
    }
}

fn script_decodes(script: &Script) -> bool {
    script.commands.iter().any(decodes)
}

pub(super) fn command(command: &Command, walk: &mut Walk<'_>) {
    for inner in &command.inner {
        if !script_decodes(&inner.script) {
            continue;
        }
        if runs_inner(command, inner.role, Origin::Decoded, walk) {
            raise(command, walk);
            if let Some(text) = whole_output(&inner.script) {
                walk.decoded(&text, &command.span);
            }
        }
    }
    runs_written(command, walk);
}

fn raise(command: &Command, walk: &mut Walk<'_>) {
    walk.raise(Kind::DecodeAndRun, Strength::Likely, "runs what it decodes", &command.span);
}

fn whole_output(script: &Script) -> Option<Vec<u8>> {
    match script.pipelines.as_slice() {
        [] => piped(script, std::slice::from_ref(&(0..script.commands.len()))),
        [first, ..] => piped(script, first),
    }
}

/// `base64 -d <<< text > file`, and then `sh file`.
fn runs_written(command: &Command, walk: &mut Walk<'_>) {
    if decodes(command) && walk.state.decoded.len() < 64 {
        let written = command.redirects.iter().filter(|redirect| redirect.how == How::Write);
        walk.state.decoded.extend(written.map(|redirect| redirect.target.text.clone()));
    }
    let program = command.argv().first().map(|word| word.text.clone());
    let script = super::super::programs::interpreted(command);
    let mut started = program.into_iter().chain(script);
    if started.any(|path| walk.state.decoded.contains(&path)) {
        raise(command, walk);
    }
}

/// `.. | base64 -d | sh`; text that is known is worked out and analysed, encoded or not.
pub(super) fn pipeline(script: &Script, stages: &[Range<usize>], walk: &mut Walk<'_>) {
    let mut decoded = false;
    for (at, range) in stages.iter().enumerate() {
        let commands = stage(script, range);
        // at(1) has a shell run what it reads, only later.
        let hands_over = |command: &Command| {
            reads_commands(command) || matches!(command.name(), b"at" | b"batch")
        };
        if at > 0 && commands.iter().any(hands_over) {
            let span = pipeline_span(script, stages);
            if decoded {
                let technique = "pipes what it decodes to a shell";
                walk.raise(Kind::DecodeAndRun, Strength::Likely, technique, &span);
            }
            if let Some(text) = stages.get(..at).and_then(|before| piped(script, before)) {
                walk.decoded(&text, &span);
            }
        }
        decoded |= commands.iter().any(decodes);
    }
}
