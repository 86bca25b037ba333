//! Words of commands that a person is to paste.

use std::fmt::Write;

/// A word as a shell takes it, with nothing in it that acts on a terminal: in quotes where it needs
/// them, and in `$'..'` (POSIX.1-2024, XCU 2.2.4) where it holds more than printable ASCII.
pub fn shell_word(word: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-@:+/=,".contains(byte);
    let printable = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    let shown = || word.iter().copied().map(char::from).collect::<String>();
    if !word.is_empty() && word.iter().all(plain) {
        shown()
    } else if word.iter().all(printable) {
        format!("'{}'", shown().replace('\'', r"'\''"))
    } else {
        escaped(word)
    }
}

fn escaped(word: &[u8]) -> String {
    let mut text = String::from("$'");
    for &byte in word {
        match byte {
            b'\'' | b'\\' => text.extend(['\\', char::from(byte)]),
            byte if byte.is_ascii_graphic() || byte == b' ' => text.push(char::from(byte)),
            // Three octal digits end by themselves, whatever follows.
            byte => drop(write!(text, "\\{byte:03o}")),
        }
    }
    text.push('\'');
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::command::shell;

    #[test]
    fn words_are_quoted_when_they_need_it() {
        assert_eq!(shell_word(b"eth0.7"), "eth0.7");
        assert_eq!(shell_word(b""), "''");
        assert_eq!(shell_word(b"a;b"), "'a;b'");
        assert_eq!(shell_word(b"a'b"), r"'a'\''b'");
        assert_eq!(shell_word(b"\x1b[2J'7\xff"), r"$'\033[2J\'7\377'");
    }

    proptest! {
        #[test]
        fn a_shell_reads_the_same_word_and_a_terminal_only_text(word in "[^\\x00]{0,40}") {
            let quoted = shell_word(word.as_bytes());
            prop_assert!(quoted.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '));
            let script = shell::parse([b"x ", quoted.as_bytes()].concat().as_slice());
            let words: Vec<&[u8]> =
                script.commands[0].words.iter().map(|word| word.text.as_slice()).collect();
            prop_assert_eq!(words, [b"x".as_slice(), word.as_bytes()]);
        }
    }
}
