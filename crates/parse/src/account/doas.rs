//! doas.conf(5).

use super::Table;
use crate::{BadLine, Line, Text, lines};

/// One rule of doas. The last rule that fits decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoasRule {
    /// Line number in the file.
    pub line: u32,
    /// `permit`; `deny` otherwise.
    pub permit: bool,
    /// `nopass`, `nolog`, `persist`, `keepenv`, and `setenv` without its list.
    pub options: Vec<Text>,
    /// The user, or `:group`.
    pub identity: Text,
    /// `as` whom; root when absent.
    pub target: Option<Text>,
    /// `cmd`; any command when absent.
    pub command: Option<Text>,
    /// `args`; any when absent.
    pub arguments: Option<Vec<Text>>,
}

/// Reads doas.conf.
pub fn doas(content: &[u8]) -> Table<DoasRule> {
    let mut table = Table::default();
    let mut words: Vec<Text> = Vec::new();
    let mut start = None;
    for line in lines(content) {
        let line = match line {
            Ok(line) => line,
            Err(bad) => {
                table.refuse(bad);
                continue;
            }
        };
        let first = *start.get_or_insert(line);
        let Some(continued) = split(line.bytes, &mut words) else {
            table.refuse(BadLine::new(line, "quote without end"));
            words.clear();
            start = None;
            continue;
        };
        if !continued {
            start = None;
            let said = std::mem::take(&mut words);
            if !said.is_empty() {
                table.take(rule(first, said));
            }
        }
    }
    table
}

/// Adds the words of one line; `Some(true)` when a backslash continues it, `None` when a quote
/// stays open.
fn split(line: &[u8], words: &mut Vec<Text>) -> Option<bool> {
    let (mut word, mut in_word, mut quoted) = (Vec::new(), false, false);
    let mut bytes = line.iter().copied();
    let mut continued = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => match bytes.next() {
                Some(next) => {
                    word.push(next);
                    in_word = true;
                }
                None => continued = true,
            },
            b'"' => {
                quoted = !quoted;
                in_word = true;
            }
            b'#' if !quoted => break,
            b' ' | b'\t' | b'\r' | b'{' | b'}' if !quoted => {
                finish(&mut word, &mut in_word, words);
                if matches!(byte, b'{' | b'}') {
                    words.push(Text::new([byte]));
                }
            }
            _ => {
                word.push(byte);
                in_word = true;
            }
        }
    }
    finish(&mut word, &mut in_word, words);
    (!quoted).then_some(continued)
}

fn finish(word: &mut Vec<u8>, in_word: &mut bool, words: &mut Vec<Text>) {
    if std::mem::take(in_word) {
        words.push(Text::new(std::mem::take(word)));
    }
}

fn rule(line: Line<'_>, words: Vec<Text>) -> Result<DoasRule, BadLine> {
    let bad = |reason| BadLine::new(line, reason);
    let mut words = words.into_iter().peekable();
    let permit = match words.next() {
        Some(word) if word == "permit" => true,
        Some(word) if word == "deny" => false,
        _ => return Err(bad("neither permit nor deny")),
    };
    let mut options = Vec::new();
    while let Some(option) = words.next_if(is_option) {
        if option == "setenv" {
            skip_braces(&mut words);
        }
        options.push(option);
    }
    let identity = words.next().ok_or_else(|| bad("no user"))?;
    let target = after(&mut words, "as");
    let command = after(&mut words, "cmd");
    let arguments = words.next_if(|word| *word == "args").map(|_| words.by_ref().collect());
    if words.next().is_some() {
        return Err(bad("text behind a rule"));
    }
    Ok(DoasRule { line: line.number, permit, options, identity, target, command, arguments })
}

fn is_option(word: &Text) -> bool {
    matches!(word.as_bytes(), b"nopass" | b"nolog" | b"persist" | b"keepenv" | b"setenv")
}

fn skip_braces(words: &mut impl Iterator<Item = Text>) {
    let _ = words.find(|word| *word == "}");
}

fn after(words: &mut std::iter::Peekable<std::vec::IntoIter<Text>>, name: &str) -> Option<Text> {
    words.next_if(|word| *word == *name)?;
    words.next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn options_target_command_and_arguments_are_read() {
        let table = doas(
            b"# x\npermit nopass setenv { A B=c } :wheel as root cmd \"/bin/a b\" args -x\ndeny bob\n",
        );
        let rule = &table.entries[0];
        assert!(table.bad.is_empty());
        assert_eq!((rule.line, rule.permit), (2, true));
        assert_eq!(rule.options, [Text::from("nopass"), Text::from("setenv")]);
        assert_eq!(rule.identity, ":wheel");
        assert_eq!(rule.command, Some(Text::from("/bin/a b")));
        assert_eq!(rule.arguments, Some(vec![Text::from("-x")]));
        assert!(!table.entries[1].permit);
    }

    #[test]
    fn a_backslash_continues_a_rule_and_nonsense_is_bad() {
        let table = doas(b"permit \\\n nopass alice\nallow bob\npermit \"x\n");
        assert_eq!((table.entries[0].line, &table.entries[0].identity), (1, &"alice".into()));
        assert_eq!(table.bad.len(), 2);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(content: Vec<u8>) {
            let _ = doas(&content);
        }
    }
}
