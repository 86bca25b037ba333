//! Output that the text itself tells: `echo`, `printf` and simple decoders behind them.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurposeConfig;
use base64::engine::{DecodePaddingMode, GeneralPurpose};

use super::{Command, How, Script, Word, unescape, unescape_echo};

/// No output that is worked out grows beyond this.
const LONGEST: usize = 256 * 1024;

/// Takes base64 with and without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What a script prints, when it is one pipeline of known parts.
pub(super) fn of(script: &Script) -> Option<Vec<u8>> {
    let commands = script.commands.len();
    match script.pipelines.as_slice() {
        [] if commands == 1 => piped(script, std::slice::from_ref(&(0..1))),
        [only] if only.last().map(|stage| stage.end) == Some(commands) => piped(script, only),
        _ => None,
    }
}

/// What the stages print, each a single command.
pub fn piped(script: &Script, stages: &[Range<usize>]) -> Option<Vec<u8>> {
    let mut text: Option<Vec<u8>> = None;
    for stage in stages {
        let [command] = script.commands.get(stage.clone())? else { return None };
        let next = match text {
            None => first(command)?,
            Some(input) => filter(command, input)?,
        };
        text = (next.len() <= LONGEST).then_some(next);
        text.as_ref()?;
    }
    text
}

/// A command that needs no input.
fn first(command: &Command) -> Option<Vec<u8>> {
    let arguments = command.argv().get(1..)?;
    if let Some(given) = command.redirects.iter().rev().find(|found| found.how == How::Text) {
        return filter(command, given.target.text.clone());
    }
    let known = arguments.iter().all(|word| word.known);
    match command.name() {
        b"echo" if known => Some(echo(arguments)),
        b"printf" if known => printf(arguments),
        b"which" | b"command" | b"type" if known => found_program(arguments),
        _ => None,
    }
}

/// `which NAME` and `command -v NAME` print the way to a program; its name is enough here.
fn found_program(arguments: &[Word]) -> Option<Vec<u8>> {
    let name = arguments.last()?;
    let plain = !name.text.starts_with(b"-") && !name.text.is_empty();
    plain.then(|| name.text.clone())
}

fn echo(arguments: &[Word]) -> Vec<u8> {
    let is_option = |word: &&Word| {
        matches!(word.text.as_slice(), [b'-', letters @ ..]
            if !letters.is_empty() && letters.iter().all(|letter| b"neE".contains(letter)))
    };
    let options = arguments.iter().take_while(is_option).count();
    let (options, texts) = arguments.split_at_checked(options).unwrap_or((&[], arguments));
    let texts: Vec<&[u8]> = texts.iter().map(|word| word.text.as_slice()).collect();
    let text = texts.join(&b' ');
    // dash's echo always decodes escapes, bash's only with -e.
    if options.iter().any(|word| word.text.contains(&b'e')) { unescape_echo(&text) } else { text }
}

/// `printf FORMAT ARGUMENT..` with `%s` and `%b` alone.
fn printf(arguments: &[Word]) -> Option<Vec<u8>> {
    let (format, mut values) = arguments.split_first()?;
    let format = unescape(&format.text);
    let mut out = Vec::new();
    loop {
        let left = values.len();
        let mut bytes = format.iter();
        while let Some(&byte) = bytes.next() {
            match (byte, (byte == b'%').then(|| bytes.next()).flatten()) {
                (b'%', Some(kind @ (b's' | b'b'))) => {
                    if let Some((value, rest)) = values.split_first() {
                        match kind {
                            b'b' => out.extend(unescape_echo(&value.text)),
                            _ => out.extend(&value.text),
                        }
                        values = rest;
                    }
                }
                (b'%', Some(b'%')) => out.push(b'%'),
                (b'%', _) => return None,
                (other, _) => out.push(other),
            }
        }
        if values.is_empty() || values.len() == left || out.len() > LONGEST {
            return Some(out);
        }
    }
}

/// A command that turns `input` into something else.
fn filter(command: &Command, input: Vec<u8>) -> Option<Vec<u8>> {
    let decodes = ["-d", "-D", "--decode", "-di", "-id"].iter().any(|flag| command.has(flag));
    match command.name() {
        b"cat" | b"tee" => Some(input),
        b"base64" if decodes => decode_base64(&input),
        b"openssl" if decodes && (command.has("base64") || command.has("-base64")) => {
            decode_base64(&input)
        }
        b"xxd" if command.argv().iter().any(|word| word.text.starts_with(b"-r")) => {
            Some(decode_hex(&input))
        }
        b"rev" => Some(reversed(&input)),
        b"tr" => translate(command, &input),
        _ => None,
    }
}

/// Decodes base64, blanks inside put aside; a tail that does not decode is dropped.
pub fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if digits.is_empty() || digits.len() > LONGEST {
        return None;
    }
    LENIENT.decode(&digits).ok()
}

/// Decodes pairs of hex digits, everything else put aside.
pub fn decode_hex(text: &[u8]) -> Vec<u8> {
    let digits: Vec<u32> = text.iter().filter_map(|&byte| char::from(byte).to_digit(16)).collect();
    let pairs = digits.chunks_exact(2);
    pairs
        .filter_map(|pair| u8::try_from(pair.iter().fold(0, |sum, digit| sum * 16 + digit)).ok())
        .collect()
}

fn reversed(text: &[u8]) -> Vec<u8> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let lines = text.split(|&byte| byte == b'\n');
    let turned: Vec<Vec<u8>> = lines.map(|line| line.iter().rev().copied().collect()).collect();
    turned.join(&b'\n')
}

/// `tr -d SET`, and `tr SET SET` with sets of plain letters and ranges.
fn translate(command: &Command, input: &[u8]) -> Option<Vec<u8>> {
    match command.argv().get(1..)? {
        [option, set] if option.text == b"-d" => {
            let removed = expanded_set(&set.text);
            Some(input.iter().copied().filter(|byte| !removed.contains(byte)).collect())
        }
        [from, to] if !from.text.starts_with(b"-") => {
            let (from, to) = (expanded_set(&from.text), expanded_set(&to.text));
            let last = to.last().copied()?;
            let turn = |byte: &u8| match from.iter().position(|other| other == byte) {
                Some(at) => to.get(at).copied().unwrap_or(last),
                None => *byte,
            };
            Some(input.iter().map(turn).collect())
        }
        _ => None,
    }
}

fn expanded_set(set: &[u8]) -> Vec<u8> {
    let set = unescape(set);
    let mut out = Vec::new();
    let mut rest = set.as_slice();
    while let Some((&first, after)) = rest.split_first() {
        if let [b'-', last, tail @ ..] = after
            && *last >= first
        {
            out.extend(first..=*last);
            rest = tail;
        } else {
            out.push(first);
            rest = after;
        }
    }
    out.truncate(1024);
    out
}
