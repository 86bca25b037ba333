//! Right-hand sides of nft matches: `22`, `!= 22`, `{ 22, 80-90 }`, `@set`, `vmap { ... }`.

use super::super::address::PortRange;
use super::super::model::Condition;
use super::super::names;
use super::lexer::{Kind, Token};
use crate::Text;

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A right-hand side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value<'a> {
    pub(super) operator: Operator,
    /// The members of a set, or the one value.
    pub(super) members: Vec<&'a [u8]>,
    /// `@name`.
    pub(super) set: Option<&'a [u8]>,
}

impl Value<'_> {
    pub(super) fn negated(&self) -> bool {
        self.operator == Operator::NotEqual
    }

    /// The members as texts, in lower case.
    pub(super) fn texts(&self) -> Vec<Text> {
        self.members.iter().map(|member| Text::from(member.to_ascii_lowercase())).collect()
    }

    /// The ports that match, when all members are ports.
    pub(super) fn ports(&self) -> Option<Vec<PortRange>> {
        let ports: Option<Vec<PortRange>> =
            self.members.iter().map(|member| PortRange::parse(member)).collect();
        let ports = ports?;
        let bound = ports.first()?;
        let range = |first, last| Some(vec![PortRange { first, last }]);
        match self.operator {
            Operator::Equal | Operator::NotEqual => Some(ports),
            Operator::Less => range(0, bound.first.saturating_sub(1)),
            Operator::LessOrEqual => range(0, bound.last),
            Operator::Greater => range(bound.last.saturating_add(1), u16::MAX),
            Operator::GreaterOrEqual => range(bound.first, u16::MAX),
        }
    }
}

/// Reads the operator at the start of `tokens`; the count of tokens it took.
pub(super) fn operator(tokens: &[Token<'_>]) -> (Operator, usize) {
    let found = match tokens.first().map(|token| token.bytes) {
        Some(b"==" | b"=" | b"eq") => Operator::Equal,
        Some(b"!=" | b"ne" | b"!") => Operator::NotEqual,
        Some(b"<" | b"lt") => Operator::Less,
        Some(b"<=" | b"le") => Operator::LessOrEqual,
        Some(b">" | b"gt") => Operator::Greater,
        Some(b">=" | b"ge") => Operator::GreaterOrEqual,
        _ => return (Operator::Equal, 0),
    };
    (found, 1)
}

/// Reads a value; the count of tokens it took.
pub(super) fn value<'a>(tokens: &[Token<'a>]) -> Option<(Value<'a>, usize)> {
    let (operator, skipped) = operator(tokens);
    let rest = tokens.get(skipped..)?;
    let first = rest.first()?;
    if first.is("{") {
        let end = closing(rest);
        let members = members(rest.get(1..end).unwrap_or_default());
        return Some((Value { operator, members, set: None }, skipped + end + 1));
    }
    if let Some(name) = first.bytes.strip_prefix(b"@").filter(|_| first.kind == Kind::Word) {
        return Some((Value { operator, members: Vec::new(), set: Some(name) }, skipped + 1));
    }
    // `established,related` and `established | related` are lists without braces.
    let mut members = vec![first.bytes];
    let mut taken = 1;
    while let Some([mark, next]) = rest.get(taken..taken + 2) {
        if !(mark.is(",") || mark.is("|")) {
            break;
        }
        members.push(next.bytes);
        taken += 2;
    }
    Some((Value { operator, members, set: None }, skipped + taken))
}

/// Where the brace that `tokens` starts with closes; the end when it does not.
pub(super) fn closing(tokens: &[Token<'_>]) -> usize {
    let mut depth = 0_u32;
    for (at, token) in tokens.iter().enumerate() {
        if token.is("{") {
            depth += 1;
        } else if token.is("}") {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at;
            }
        }
    }
    tokens.len()
}

/// The members of a set: the first word between commas; what follows it (a comment, a timeout, a
/// map's data) is no member.
fn members<'a>(tokens: &[Token<'a>]) -> Vec<&'a [u8]> {
    tokens
        .split(|token| token.is(","))
        .filter_map(|member| member.first().map(|token| token.bytes))
        .collect()
}

/// Reads what follows `tcp flags`; the condition, whether it is negated, and the tokens it took.
pub(super) fn tcp_flags(tokens: &[Token<'_>]) -> Option<(Condition, bool, usize)> {
    let taken = tokens.iter().take_while(|token| belongs_to_flags(token)).count();
    let tokens = tokens.get(..taken)?;
    let text = |tokens: &[Token<'_>]| {
        let kept = tokens.iter().filter(|token| !token.is("(") && !token.is(")"));
        kept.flat_map(|token| token.bytes).copied().collect::<Vec<u8>>()
    };
    let flags = |tokens: &[Token<'_>]| flag_value(&text(tokens));
    let part = |word: &str| {
        let at = tokens.iter().position(|token| token.is(word))?;
        Some((tokens.get(..at)?, tokens.get(at + 1..)?))
    };
    let exactly = |mask, values| Condition::TcpFlags { mask, values };
    if let Some((value, mask)) = part("/") {
        let (value, negated) = value.strip_prefix_not();
        return Some((exactly(flags(mask)?, vec![flags(value)?]), negated, taken));
    }
    if let Some((_, right)) = part("&") {
        let at = right.iter().position(|token| token.is("==") || token.is("!="));
        let Some(at) = at else { return Some((exactly(flags(right)?, vec![0]), true, taken)) };
        let negated = right.get(at)?.is("!=");
        let value = flags(right.get(at + 1..)?)?;
        return Some((exactly(flags(right.get(..at)?)?, vec![value]), negated, taken));
    }
    let first = tokens.first()?;
    if first.is("{") {
        let inner = tokens.get(1..closing(tokens))?;
        let values: Option<Vec<u8>> = inner.split(|token| token.is(",")).map(flags).collect();
        return Some((exactly(0xff, values?), false, taken));
    }
    match first.bytes {
        b"==" => Some((exactly(0xff, vec![flags(tokens.get(1..)?)?]), false, taken)),
        b"!=" => Some((exactly(0xff, vec![flags(tokens.get(1..)?)?]), true, taken)),
        b"!" => Some((exactly(flags(tokens.get(1..)?)?, vec![0]), false, taken)),
        _ => Some((exactly(flags(tokens)?, vec![0]), true, taken)),
    }
}

trait StripNot {
    fn strip_prefix_not(&self) -> (&Self, bool);
}

impl StripNot for [Token<'_>] {
    fn strip_prefix_not(&self) -> (&Self, bool) {
        match self.split_first() {
            Some((first, rest)) if first.is("!=") || first.is("!") => (rest, true),
            Some((first, rest)) if first.is("==") => (rest, false),
            _ => (self, false),
        }
    }
}

/// Names or numbers, joined by `,` or `|`.
fn flag_value(text: &[u8]) -> Option<u8> {
    text.split(|&byte| matches!(byte, b',' | b'|')).try_fold(0, |flags, part| {
        let digits = std::str::from_utf8(part).ok()?;
        let number = match digits.strip_prefix("0x") {
            Some(hex) => u8::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok(),
        };
        Some(flags | number.or_else(|| names::tcp_flags(part))?)
    })
}

fn belongs_to_flags(token: &Token<'_>) -> bool {
    let marks = ["(", ")", "{", "}", ",", "|", "&", "/", "!", "!=", "=="];
    marks.iter().any(|mark| token.is(mark)) || flag_value(token.bytes).is_some()
}
