//! pam.d(5): the stacks of modules that decide who comes in.

use super::Table;
use crate::{BadLine, Line, Text, lines};

/// One line of a file in /etc/pam.d.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PamLine {
    /// Number of its first line.
    pub line: u32,
    /// What it says.
    pub statement: PamStatement,
}

/// The kinds of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PamStatement {
    /// `@include NAME` (Debian).
    Include(Text),
    /// A module in a stack.
    Module {
        /// `auth`, `account`, `password` or `session`, in lower case.
        group: String,
        /// What its answer does.
        control: PamControl,
        /// `pam_unix.so` or a path; for `include` and `substack` the name of a file.
        module: Text,
        /// Its arguments.
        arguments: Vec<Text>,
    },
}

/// What a module's answer does to the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PamControl {
    /// `required`, `sufficient`, `include`, ..., in lower case.
    Word(String),
    /// `[success=done default=ignore]`: pairs of answer and action.
    Actions(Vec<(Text, Text)>),
}

impl PamControl {
    /// Whether a success of this module ends the stack with success (or jumps over `n` modules).
    pub fn success_ends(&self) -> bool {
        match self {
            Self::Word(word) => word == "sufficient",
            Self::Actions(actions) => self_or_default(actions, "success") == Some(&b"done"[..]),
        }
    }

    /// How many modules a success jumps over.
    pub fn success_jumps(&self) -> usize {
        let Self::Actions(actions) = self else { return 0 };
        let action = self_or_default(actions, "success").and_then(|a| std::str::from_utf8(a).ok());
        action.and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}

fn self_or_default<'a>(actions: &'a [(Text, Text)], answer: &str) -> Option<&'a [u8]> {
    let find = |name: &str| actions.iter().find(|(answer, _)| *answer == *name);
    find(answer).or_else(|| find("default")).map(|(_, action)| action.as_bytes())
}

/// Reads a file of /etc/pam.d; includes are for the caller to follow.
pub fn pam(content: &[u8]) -> Table<PamLine> {
    let mut table = Table::default();
    let mut joined: Option<(u32, Vec<u8>)> = None;
    for line in lines(content) {
        let line = match line {
            Ok(line) => line,
            Err(bad) => {
                table.refuse(bad);
                continue;
            }
        };
        let text = line.bytes.split(|&b| b == b'#').next().unwrap_or_default();
        let (number, mut so_far) = joined.take().unwrap_or((line.number, Vec::new()));
        match text.strip_suffix(b"\\") {
            Some(text) if so_far.len() < 64 * 1024 => {
                so_far.extend_from_slice(text);
                so_far.push(b' ');
                joined = Some((number, so_far));
            }
            _ => {
                so_far.extend_from_slice(text);
                if !so_far.trim_ascii().is_empty() {
                    table.take(record(Line { number, bytes: &so_far }));
                }
            }
        }
    }
    // libpam takes a last line whose continuation never comes.
    if let Some((number, so_far)) = joined.filter(|(_, text)| !text.trim_ascii().is_empty()) {
        table.take(record(Line { number, bytes: &so_far }));
    }
    table
}

fn record(line: Line<'_>) -> Result<PamLine, BadLine> {
    let (first, rest) = word(line.bytes.trim_ascii());
    if first == b"@include" {
        let name = Text::from(word(rest).0);
        return Ok(PamLine { line: line.number, statement: PamStatement::Include(name) });
    }
    let group = first.strip_prefix(b"-").unwrap_or(first);
    let group = String::from_utf8_lossy(group).to_ascii_lowercase();
    if !matches!(group.as_str(), "auth" | "account" | "password" | "session") {
        return Err(BadLine::new(line, "no such kind of stack"));
    }
    let (control, rest) = control(rest).ok_or(BadLine::new(line, "no control"))?;
    let (module, rest) = word(rest);
    if module.is_empty() {
        return Err(BadLine::new(line, "no module"));
    }
    let statement =
        PamStatement::Module { group, control, module: module.into(), arguments: arguments(rest) };
    Ok(PamLine { line: line.number, statement })
}

fn control(text: &[u8]) -> Option<(PamControl, &[u8])> {
    let Some(inner) = text.strip_prefix(b"[") else {
        let (first, rest) = word(text);
        let name = String::from_utf8_lossy(first).to_ascii_lowercase();
        return (!first.is_empty()).then_some((PamControl::Word(name), rest));
    };
    let end = inner.iter().position(|&b| b == b']')?;
    let (pairs, rest) = inner.split_at_checked(end)?;
    let pair = |text: &[u8]| {
        let at = text.iter().position(|&b| b == b'=')?;
        Some((Text::from(text.get(..at)?), Text::from(text.get(at + 1..)?)))
    };
    let actions = pairs.split(u8::is_ascii_whitespace).filter_map(pair).collect();
    Some((PamControl::Actions(actions), rest.get(1..)?.trim_ascii_start()))
}

fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    let (first, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    (first, rest.trim_ascii_start())
}

/// Arguments; one in brackets may hold blanks.
fn arguments(text: &[u8]) -> Vec<Text> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let bracketed = rest.strip_prefix(b"[").and_then(|inner| {
            let end = inner.iter().position(|&b| b == b']')?;
            Some((inner.get(..end)?, inner.get(end + 1..)?.trim_ascii_start()))
        });
        let (argument, after) = bracketed.unwrap_or_else(|| word(rest));
        out.push(Text::from(argument));
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_brackets_and_includes_are_read() {
        let table = pam(
            b"# x\nauth\t[success=2 default=ignore]\tpam_unix.so nullok [a b] # c\n-auth sufficient \\\n pam_permit.so\n@include common-auth\n",
        );
        assert!(table.bad.is_empty());
        let PamStatement::Module { control, module, arguments, .. } = &table.entries[0].statement
        else {
            panic!("no module")
        };
        assert_eq!((control.success_jumps(), control.success_ends()), (2, false));
        assert_eq!((module, arguments.len()), (&Text::from("pam_unix.so"), 2));
        let PamStatement::Module { control, group, .. } = &table.entries[1].statement else {
            panic!("no module")
        };
        assert!(control.success_ends() && group == "auth");
        assert_eq!(table.entries[1].line, 3);
        assert_eq!(table.entries[2].statement, PamStatement::Include("common-auth".into()));
    }

    #[test]
    fn a_default_of_done_ends_the_stack_too() {
        let table = pam(b"auth [default=done] pam_permit.so\n");
        let PamStatement::Module { control, .. } = &table.entries[0].statement else {
            panic!("no module")
        };
        assert!(control.success_ends());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(content: Vec<u8>) {
            let _ = pam(&content);
        }

        #[test]
        fn any_text_of_the_grammar_is_read(content in "(auth|account)? ?[a-z\\[\\]=@ \n\\\\#.-]{0,120}") {
            let _ = pam(content.as_bytes());
        }
    }
}
