//! udev rules: the programs they run and the units they pull in (udev(7)).

use crate::{BadLine, Line, Text, lines};

/// One rule: matches and assignments of one (joined) line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UdevRule {
    /// The line the rule begins in.
    pub line: u32,
    /// In the order they stand.
    pub tokens: Vec<UdevToken>,
}

/// `KEY{attribute}op"value"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UdevToken {
    /// `RUN`, `KERNEL`, `ENV`.
    pub key: Text,
    /// What stands in braces, or empty.
    pub attribute: Text,
    /// How key and value are related.
    pub operator: Operator,
    /// Unquoted.
    pub value: Text,
}

/// Relation of key and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `=`
    Assign,
    /// `+=`
    Add,
    /// `-=`
    Remove,
    /// `:=`
    AssignFinal,
}

/// How a rule starts something.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum UdevStart {
    /// `RUN`: after the event.
    Run,
    /// `PROGRAM`: while matching.
    Program,
    /// `IMPORT{program}`: while matching, its output becomes properties.
    Import,
    /// `ENV{SYSTEMD_WANTS}`: a unit of the system.
    Wants,
    /// `ENV{SYSTEMD_USER_WANTS}`: a unit of every user's manager.
    UserWants,
}

impl UdevToken {
    /// What this token starts, if anything.
    pub fn starts(&self) -> Option<UdevStart> {
        let attribute = self.attribute.as_bytes();
        let assigns = !matches!(self.operator, Operator::Equal | Operator::Unequal);
        match (self.key.as_bytes(), attribute) {
            (b"RUN", b"" | b"program") if self.operator != Operator::Remove => Some(UdevStart::Run),
            (b"PROGRAM", b"") => Some(UdevStart::Program),
            (b"IMPORT", b"program") => Some(UdevStart::Import),
            (b"ENV", b"SYSTEMD_WANTS") if assigns => Some(UdevStart::Wants),
            (b"ENV", b"SYSTEMD_USER_WANTS") if assigns => Some(UdevStart::UserWants),
            _ => None,
        }
    }
}

impl UdevRule {
    /// Everything this rule starts, with the value that names it.
    pub fn starts(&self) -> impl Iterator<Item = (UdevStart, &Text)> {
        let told = self.tokens.iter().filter(|token| !token.value.is_empty());
        told.filter_map(|token| Some((token.starts()?, &token.value)))
    }

    /// The value a key is compared with by `==`.
    pub fn matched(&self, key: &str, attribute: &str) -> Option<&Text> {
        let same = |token: &&UdevToken| {
            token.operator == Operator::Equal && token.key == key && token.attribute == attribute
        };
        self.tokens.iter().find(same).map(|token| &token.value)
    }
}

/// The rules of a file.
pub fn rules(content: &[u8]) -> Vec<Result<UdevRule, BadLine>> {
    let mut found = Vec::new();
    let mut joined: Option<(u32, Vec<u8>)> = None;
    for line in lines(content) {
        let line = match line {
            Ok(line) => line,
            Err(bad) => {
                joined = None;
                found.push(Err(bad));
                continue;
            }
        };
        let text = line.bytes.trim_ascii();
        if text.starts_with(b"#") {
            continue;
        }
        let (start, mut whole) = joined.take().unwrap_or((line.number, Vec::new()));
        if whole.len() > crate::line::LONGEST_LINE {
            found.push(Err(BadLine::new(line, "continued for too long")));
        } else if let Some(part) = text.strip_suffix(b"\\") {
            whole.extend_from_slice(part);
            joined = Some((start, whole));
        } else {
            whole.extend_from_slice(text);
            found.extend(rule(Line { number: start, bytes: &whole }));
        }
    }
    if let Some((number, bytes)) = joined {
        found.extend(rule(Line { number, bytes: &bytes }));
    }
    found
}

fn rule(line: Line<'_>) -> Option<Result<UdevRule, BadLine>> {
    let mut tokens = Vec::new();
    let mut rest = skip_blanks(line.bytes);
    while !rest.is_empty() {
        let Some((token, after)) = token(rest) else {
            return Some(Err(BadLine::new(line, "not key, operator and quoted value")));
        };
        tokens.push(token);
        rest = skip_blanks(after);
    }
    (!tokens.is_empty()).then_some(Ok(UdevRule { line: line.number, tokens }))
}

fn skip_blanks(bytes: &[u8]) -> &[u8] {
    let count = bytes.iter().take_while(|b| b.is_ascii_whitespace() || **b == b',').count();
    bytes.get(count..).unwrap_or_default()
}

fn token(bytes: &[u8]) -> Option<(UdevToken, &[u8])> {
    let end = bytes.iter().position(|byte| b"={+-!: \t".contains(byte))?;
    let (key, mut rest) = bytes.split_at_checked(end)?;
    let mut attribute: &[u8] = b"";
    if let Some(inner) = rest.strip_prefix(b"{") {
        let close = memchr::memchr(b'}', inner)?;
        attribute = inner.get(..close)?;
        rest = inner.get(close + 1..)?;
    }
    let (operator, rest) = operator(rest.trim_ascii_start())?;
    let (value, rest) = quoted(rest.trim_ascii_start())?;
    let (key, attribute) = (Text::from(key), Text::from(attribute));
    Some((UdevToken { key, attribute, operator, value }, rest))
}

fn operator(bytes: &[u8]) -> Option<(Operator, &[u8])> {
    const WRITTEN: [(&[u8], Operator); 6] = [
        (b"==", Operator::Equal),
        (b"!=", Operator::Unequal),
        (b"+=", Operator::Add),
        (b"-=", Operator::Remove),
        (b":=", Operator::AssignFinal),
        (b"=", Operator::Assign),
    ];
    WRITTEN.iter().find_map(|(sign, op)| Some((*op, bytes.strip_prefix(*sign)?)))
}

/// A quoted value; `\"` is a quote in it. `e"..."` and `i"..."` are taken as plain ones.
fn quoted(bytes: &[u8]) -> Option<(Text, &[u8])> {
    let bytes = bytes.strip_prefix(b"e").or_else(|| bytes.strip_prefix(b"i")).unwrap_or(bytes);
    let mut rest = bytes.strip_prefix(b"\"")?;
    let mut value = Vec::new();
    loop {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some((Text::new(value), rest)),
            b'\\' if rest.first() == Some(&b'"') => {
                value.push(b'"');
                rest = rest.get(1..)?;
            }
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn starts(text: &str) -> Vec<(UdevStart, String)> {
        let all = rules(text.as_bytes());
        let one = |(kind, value): (UdevStart, &Text)| (kind, value.to_string());
        all.iter().flatten().flat_map(|rule| rule.starts().map(one).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn run_program_import_and_wants_start_something() {
        let text = "ACTION==\"add\", RUN+=\"/bin/a b\", PROGRAM=\"c\"\n\
            IMPORT{program}=\"d\", ENV{SYSTEMD_WANTS}+=\"e.service\"\n";
        let got = starts(text);
        assert_eq!(got[0], (UdevStart::Run, "/bin/a b".into()));
        assert_eq!(got[1].0, UdevStart::Program);
        assert_eq!(got[2].0, UdevStart::Import);
        assert_eq!(got[3], (UdevStart::Wants, "e.service".into()));
    }

    #[test]
    fn builtins_and_comparisons_start_nothing() {
        let text = "RUN{builtin}+=\"kmod load\", ENV{SYSTEMD_WANTS}==\"x\"\n\
            IMPORT{db}=\"A\"\nRUN-=\"/bin/x\"\n";
        assert!(starts(text).is_empty());
    }

    #[test]
    fn a_rule_may_go_on_over_lines_with_comments_between() {
        let all = rules(b"# x\nKERNEL==\"sda\", \\\n# y\n  RUN+=\"/bin/a\"\nKERNEL==\"b\"\n");
        let first = all[0].as_ref().unwrap();
        assert_eq!((first.line, first.tokens.len()), (2, 2));
        assert_eq!(all[1].as_ref().unwrap().line, 5);
    }

    #[test]
    fn quotes_inside_values_are_unescaped() {
        assert_eq!(starts(r#"RUN+="/bin/sh -c \"x, y\"""#)[0].1, r#"/bin/sh -c "x, y""#);
    }

    #[test]
    fn a_broken_rule_is_bad_and_the_next_is_read() {
        let all = rules(b"RUN+=\"open\nKERNEL==\"b\"\n");
        assert!(all[0].is_err() && all[1].is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            rules(&bytes);
        }
    }
}
