//! Text that a command hands to a shell.

use super::{Command, How, Role, Word};

/// Programs that read shell commands.
pub const SHELLS: [&[u8]; 11] = [
    b"sh", b"bash", b"dash", b"ash", b"zsh", b"ksh", b"ksh93", b"mksh", b"rbash", b"fish", b"hush",
];

/// Texts that `command` has run, now or later.
pub(super) fn texts(command: &Command) -> Vec<(Role, Vec<u8>)> {
    let mut found: Vec<(Role, Vec<u8>)> = Vec::new();
    let arguments = command.argv().get(1..).unwrap_or_default();
    match command.name() {
        name if SHELLS.contains(&name) => {
            found.extend(shell_text(command, arguments).map(|text| (Role::Run, text)));
        }
        b"su" | b"runuser" | b"flock" | b"script" => {
            found.extend(after_c(arguments).map(|text| (Role::Run, text)));
        }
        b"eval" | b"watch" => found.push((Role::Run, joined(arguments))),
        b"env" => found.extend(split_string(arguments).map(|text| (Role::Run, text))),
        b"tmux" => found.extend(arguments.last().map(|word| (Role::Run, word.text.clone()))),
        b"at" | b"batch" => found.extend(given_text(command).map(|text| (Role::Later, text))),
        b"trap" => found.extend(arguments.first().map(|word| (Role::Later, word.text.clone()))),
        b"alias" => found.extend(arguments.iter().filter_map(alias)),
        _ => {}
    }
    let prompt = command.assigned("PROMPT_COMMAND").map(|text| (Role::Later, text.to_vec()));
    found.extend(prompt);
    found
}

fn joined(words: &[Word]) -> Vec<u8> {
    let texts: Vec<&[u8]> = words.iter().map(|word| word.text.as_slice()).collect();
    texts.join(&b' ')
}

fn alias(word: &Word) -> Option<(Role, Vec<u8>)> {
    let at = word.text.iter().position(|&byte| byte == b'=')?;
    Some((Role::Later, word.text.get(at + 1..)?.to_vec()))
}

/// `-c TEXT`, or the text of a here-document when the shell has no script to read.
fn shell_text(command: &Command, arguments: &[Word]) -> Option<Vec<u8>> {
    after_c(arguments).or_else(|| {
        let script = arguments.iter().find(|word| !word.text.starts_with(b"-"));
        if script.is_some() && !command.has("-s") { None } else { given_text(command) }
    })
}

/// The word after an option cluster with `c` in it, further options put aside.
fn after_c(arguments: &[Word]) -> Option<Vec<u8>> {
    let mut asked = false;
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.text.as_slice() {
            b"--command" => return words.next().map(|word| word.text.clone()),
            b"--" if asked => {}
            [b'-', b'-', long @ ..] => {
                if let Some(text) = long.strip_prefix(b"command=") {
                    return Some(text.to_vec());
                }
                // `bash --rcfile FILE`
                if matches!(long, b"rcfile" | b"init-file") {
                    words.next();
                }
            }
            [b'-' | b'+', letters @ ..] if !letters.is_empty() => {
                asked |= letters.contains(&b'c') && word.text.starts_with(b"-");
                if matches!(letters.last(), Some(b'o' | b'O')) {
                    words.next();
                }
            }
            text if asked => return Some(text.to_vec()),
            _ => {}
        }
    }
    None
}

/// `env -S 'text'`.
fn split_string(arguments: &[Word]) -> Option<Vec<u8>> {
    let at = arguments.iter().position(|word| word.text.starts_with(b"-S"))?;
    let attached = arguments.get(at)?.text.get(2..)?;
    if attached.is_empty() {
        arguments.get(at + 1).map(|word| word.text.clone())
    } else {
        Some(attached.to_vec())
    }
}

/// The text of `<<` or `<<<`.
fn given_text(command: &Command) -> Option<Vec<u8>> {
    let found = command.redirects.iter().rev().find(|redirect| redirect.how == How::Text)?;
    Some(found.target.text.clone())
}
