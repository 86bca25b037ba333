//! polkit rules that say yes to everybody (polkit(8); pklocalauthority(8) for the older form).

use crate::{BadLine, Text};

use super::{Found, ini};

/// One is enough to judge; finding the line of each costs a pass over the file.
const MOST_FOUND: usize = 16;

/// `addRule` functions that return `YES` without asking anything, by line of the `return`.
///
/// This reads JavaScript only as far as needed: comments and strings are blanked, then a function
/// counts when a `YES` is returned and none of `if`, `?`, `&&`, `||`, `switch` or a comparison
/// stands before it in the same function.
pub fn unconditional_yes(content: &[u8]) -> Vec<Found<Text>> {
    let code = without_comments_and_strings(content);
    let starts: Vec<usize> = memchr::memmem::find_iter(&code, b"addRule").collect();
    let mut found = Vec::new();
    for (index, &start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(code.len());
        let body = code.get(start..end).unwrap_or_default();
        if let Some(at) = unasked_yes(body) {
            let line = line_of(&code, start + at);
            found.push(Found { line, value: source_line(content, line) });
            if found.len() == MOST_FOUND {
                break;
            }
        }
    }
    found
}

fn unasked_yes(body: &[u8]) -> Option<usize> {
    const ASKS: [&[u8]; 7] = [b"if", b"?", b"&&", b"||", b"switch", b"==", b"match"];
    let at = memchr::memmem::find(body, b"Result.YES")?;
    let before = body.get(..at)?;
    let returned = memchr::memmem::rfind(before, b"return")?;
    let asked = ASKS.iter().any(|ask| memchr::memmem::find(before, ask).is_some());
    (!asked).then_some(returned)
}

fn line_of(code: &[u8], at: usize) -> u32 {
    let newlines = memchr::memchr_iter(b'\n', code.get(..at).unwrap_or_default()).count();
    u32::try_from(newlines).unwrap_or(u32::MAX).saturating_add(1)
}

fn source_line(content: &[u8], line: u32) -> Text {
    let nth = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
    let text = content.split(|&byte| byte == b'\n').nth(nth).unwrap_or_default();
    Text::from(text.trim_ascii().get(..200).unwrap_or(text.trim_ascii()))
}

/// The same length and lines, with blanks where comments and strings were.
fn without_comments_and_strings(content: &[u8]) -> Vec<u8> {
    let mut code = Vec::with_capacity(content.len());
    let mut inside = Inside::Code;
    let mut previous = 0;
    for (&byte, next) in content.iter().zip(content.iter().skip(1).chain(std::iter::once(&0))) {
        let was = inside;
        inside = inside.step(previous, byte, *next);
        let visible = was == Inside::Code && inside == Inside::Code;
        code.push(if visible || byte == b'\n' { byte } else { b' ' });
        previous = if previous == b'\\' { 0 } else { byte };
    }
    code
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Code,
    Line,
    Block,
    Quoted(u8),
}

impl Inside {
    fn step(self, previous: u8, byte: u8, next: u8) -> Self {
        match (self, byte) {
            (Self::Code, b'/') if next == b'/' => Self::Line,
            (Self::Code, b'/') if next == b'*' => Self::Block,
            (Self::Code, b'"' | b'\'' | b'`') => Self::Quoted(byte),
            (Self::Line | Self::Quoted(b'"' | b'\''), b'\n') => Self::Code,
            (Self::Block, b'/') if previous == b'*' => Self::Code,
            (Self::Quoted(open), _) if byte == open && previous != b'\\' => Self::Code,
            (unchanged, _) => unchanged,
        }
    }
}

/// An entry of a `.pkla` file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PklaEntry {
    /// Line of the last setting read.
    pub line: u32,
    /// `unix-user:*;unix-group:adm`
    pub identity: Text,
    /// `*`, or action names with wildcards.
    pub action: Text,
    /// `ResultAny`, `ResultActive` or `ResultInactive` that say `yes`.
    pub yes: Vec<Text>,
}

impl PklaEntry {
    /// Everybody may do everything without a password.
    pub fn is_catch_all(&self) -> bool {
        let any = |list: &Text, all: &[&[u8]]| {
            list.as_bytes().split(|&byte| byte == b';').any(|part| all.contains(&part.trim_ascii()))
        };
        any(&self.identity, &[b"unix-user:*", b"unix-group:*", b"*"])
            && any(&self.action, &[b"*", b"org.*", b"org.freedesktop.*"])
            && !self.yes.is_empty()
    }
}

/// The entries of a `.pkla` file.
pub fn pkla(content: &[u8]) -> (Vec<PklaEntry>, Vec<BadLine>) {
    let (settings, bad) = ini::read(content);
    let mut entries: Vec<(Text, PklaEntry)> = Vec::new();
    for setting in settings {
        if entries.last().is_none_or(|(section, _)| *section != setting.section) {
            entries.push((setting.section.clone(), PklaEntry::default()));
        }
        let Some((_, entry)) = entries.last_mut() else { continue };
        entry.line = setting.line;
        match setting.key.as_bytes() {
            b"Identity" => entry.identity = setting.value,
            b"Action" => entry.action = setting.value,
            key if key.starts_with(b"Result") && setting.value == "yes" => {
                entry.yes.push(setting.key);
            }
            _ => {}
        }
    }
    (entries.into_iter().map(|(_, entry)| entry).collect(), bad)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_function_that_always_says_yes_is_found_with_its_line() {
        let text = b"// if\npolkit.addRule(function(action, subject) {\n  return polkit.Result.YES;\n});\n";
        let got = unconditional_yes(text);
        assert_eq!((got.len(), got[0].line), (1, 3));
        assert_eq!(got[0].value, "return polkit.Result.YES;");
    }

    #[test]
    fn a_function_that_asks_first_is_not() {
        let text = b"polkit.addRule(function(a, s) {\n if (s.isInGroup(\"wheel\")) {\n\
            return polkit.Result.YES;\n }\n});\n";
        assert!(unconditional_yes(text).is_empty());
    }

    #[test]
    fn one_asking_function_does_not_hide_the_next() {
        let text = b"polkit.addRule(function(a,s){ if (a) return polkit.Result.YES; });\n\
            polkit.addRule(function(a,s){ return polkit.Result.YES; });\n";
        assert_eq!(unconditional_yes(text)[0].line, 2);
    }

    #[test]
    fn an_if_inside_a_string_or_comment_asks_nothing() {
        let text = b"polkit.addRule(function(a,s){ /* if */ var x = \"if ?\"; return polkit.Result.YES; });";
        assert_eq!(unconditional_yes(text).len(), 1);
    }

    #[test]
    fn a_catch_all_of_the_older_form_is_found() {
        let all = "[x]\nIdentity=unix-user:*\nAction=*\nResultAny=yes\n";
        assert!(pkla(all.as_bytes()).0[0].is_catch_all());
        let one = "[x]\nIdentity=unix-user:*\nAction=org.a.b\nResultAny=yes\n";
        assert!(!pkla(one.as_bytes()).0[0].is_catch_all());
        let no = "[x]\nIdentity=unix-user:*\nAction=*\nResultAny=auth_admin\n";
        assert!(!pkla(no.as_bytes()).0[0].is_catch_all());
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            unconditional_yes(&bytes);
            pkla(&bytes);
        }
    }
}
